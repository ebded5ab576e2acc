"""Optimizer traces and learning-rate sequences."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from tests.conformance.cases import Array, Case, Precision
from tests.conformance.report import Report, worst_difference, worst_relative
from vpns_engine.nn.optim import build_optimizer, build_schedule, learning_rate
from vpns_engine.specs.optim import OptimSpec

_LIMITS = {"f32": 1e-7, "f64": 1e-12}
_SCHEDULES = ("cosine", "multistep")


def replay(case: Case, precision: Precision, report: Report) -> None:
    """Step each optimizer along the recorded gradients, and each schedule along its epochs."""
    expected = case.arrays("expected")
    for kind, values in case.settings["optim"].items():
        trace = _trace(case, kind, values, precision)
        report.add(f"{kind}: trace", worst_difference(trace, expected[f"{kind}.{precision}.trace"]), _LIMITS[precision])
        report.equal(f"{kind}: further settings", *_further(kind, values))
    if precision == "f64":
        for name in sorted(expected):
            schedule, kind, *rest = name.split(".")
            if schedule in _SCHEDULES:
                rates = _rates(_spec(kind, case.settings["optim"][kind], schedule), int(rest[0]))
                report.add(f"rates: {name}", worst_relative(rates, expected[name]), 1e-12)


def _spec(kind: str, values: Mapping[str, Any], schedule: str) -> OptimSpec:
    known = {name: values[name] for name in ("lr", "momentum", "weight_decay") if name in values}
    return OptimSpec.model_validate({"kind": kind, "schedule": schedule, **known})


def _trace(case: Case, kind: str, values: Mapping[str, Any], precision: Precision) -> Array:
    """Step as the case says: an absent gradient leaves value and optimizer alone; the schedule moves after some steps."""
    said = case.settings["traces"]
    spec = _spec(kind, values, "cosine")
    epochs = int(re.findall(r"T_max (\d+)", said)[0])
    moves = {int(step) for step in re.findall(r"after steps ([\d, ]+)", said)[0].replace(",", " ").split()}
    value = case.tensor(f"{kind}.p0", precision).clone()
    optimizer = build_optimizer(spec, [value])
    schedule = build_schedule(spec, optimizer, epochs)
    trace = []
    for step, gradient in enumerate(case.tensor(f"{kind}.g", precision), 1):
        value.grad = gradient.clone() if case.inputs[f"{kind}.has_grad"][step - 1] else None
        optimizer.step()
        trace.append(value.numpy().copy())
        if step in moves:
            schedule.step()
    return np.array(trace)


def _further(kind: str, values: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """Give what a spec does not say of an optimizer (Adam's betas and eps): ours and the recorded."""
    optimizer = build_optimizer(_spec(kind, values, "cosine"), [torch.zeros(1)])
    names = [name for name in ("betas", "eps") if name in values]
    ours = [float(v) for name in names for v in np.ravel(optimizer.defaults[name])]
    return ours, [float(v) for name in names for v in np.ravel(values[name])]


def _rates(spec: OptimSpec, epochs: int) -> Array:
    optimizer = build_optimizer(spec, [torch.zeros(1)])
    schedule = build_schedule(spec, optimizer, epochs)
    rates = [learning_rate(optimizer)]
    for _ in range(epochs):
        optimizer.step()
        schedule.step()
        rates.append(learning_rate(optimizer))
    return np.array(rates)
