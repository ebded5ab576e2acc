"""Visual prompts: pad, add, clamp, normalise, and the gradients that reach prompt and image."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from tests.conformance.cases import DTYPES, Array, Case, Precision
from tests.conformance.configs import prompt_spec
from tests.conformance.report import Report, num_different, worst_relative
from vpns_engine.nn.normalization import clamp_unit
from vpns_engine.nn.prompts import Offset, VisualPrompt, build_prompt, margins
from vpns_engine.specs.prompt import PromptSpec

_LIMITS = {"f32": 1e-6, "f64": 1e-9}


def replay(case: Case, precision: Precision, report: Report) -> None:
    """Pass through each prompt; one that moves is passed through as often as it was recorded, at the recorded places."""
    expected = case.arrays("expected")
    for entry in case.settings["prompts"]:
        _compare_prompt(case, entry, expected, precision, report)
    if precision == "f32":
        recorded = case.settings.get("trained_region_counts_224", [])
        found = [_spec(entry).num_values(entry["input_size"]) for entry in recorded]
        report.equal("number of tunable values", found, [entry["trained_values"] for entry in recorded])


def _compare_prompt(
    case: Case, entry: Mapping[str, Any], expected: dict[str, Array], precision: Precision, report: Report
) -> None:
    name, limit = entry["name"], _LIMITS[precision]
    prompt = _prompt(case, entry, expected, precision)
    words = f"{name} {entry['kind']}"
    report.equal(f"{words}: margins", margins(entry["output_size"], entry["input_size"]), (entry["left"], entry["right"]))
    for suffix in _passes(name, expected, precision):
        for key, array in _pass(case, prompt, name, precision).items():
            recorded = expected[f"{name}.{precision}.{key}{suffix}"]
            report.add(f"{words}: {key}{suffix}", worst_relative(array, recorded, floor=1.0), limit)
    if f"{name}.region" in expected:
        region = prompt.region.broadcast_to(expected[f"{name}.region"].shape)
        report.add(f"{words}: region", num_different(region.numpy().astype("uint8"), expected[f"{name}.region"]), 0)
    count = int(3 * prompt.region.sum())
    report.equal(f"{words}: tunable values", _spec(entry).num_values(entry["input_size"]), count)
    if f"{name}.{precision}.y_nonorm" in expected:
        _compare_clamped(case, entry, expected, precision, report)


def _compare_clamped(
    case: Case, entry: Mapping[str, Any], expected: dict[str, Array], precision: Precision, report: Report
) -> None:
    """Compare the prompted image before normalisation; the recorder's places start anew for it."""
    name = entry["name"]
    prompt = _prompt(case, entry, expected, precision)
    with torch.no_grad():
        clamped = clamp_unit(prompt.pad_image(case.tensor(f"{name}.x", precision)) + prompt.added(fixed=False))
    gap = worst_relative(clamped.numpy(), expected[f"{name}.{precision}.y_nonorm"], floor=1.0)
    report.add(f"{name} {entry['kind']}: before normalisation", gap, _LIMITS[precision])


def _passes(name: str, expected: Mapping[str, Array], precision: Precision) -> list[str]:
    """Name the recorded passes: one without a suffix, or `.0`, `.1`, ..."""
    prefix = f"{name}.{precision}.y"
    return sorted(key.removeprefix(prefix) for key in expected if key == prefix or key.startswith(f"{prefix}."))


def _pass(case: Case, prompt: VisualPrompt, name: str, precision: Precision) -> dict[str, Array]:
    x = case.tensor(f"{name}.x", precision).requires_grad_()
    prompt.delta.grad = None
    y = prompt(x)
    y.backward(case.tensor(f"{name}.g", precision))
    assert prompt.delta.grad is not None and x.grad is not None
    return {"y": y.detach().numpy(), "g_program": prompt.delta.grad.numpy(), "g_x": x.grad.numpy()}


def _prompt(case: Case, entry: Mapping[str, Any], expected: Mapping[str, Array], precision: Precision) -> VisualPrompt:
    places = _places(expected.get(f"{entry['name']}.offsets", ()))
    prompt = build_prompt(_spec(entry), entry["input_size"], lambda: next(places)).to(DTYPES[precision])
    with torch.no_grad():
        prompt.delta.copy_(case.tensor(f"{entry['name']}.program", precision))
    return prompt


def _places(recorded: Any) -> Iterator[Offset]:
    return ((int(row), int(column)) for row, column in recorded)


def _spec(entry: Mapping[str, Any]) -> PromptSpec:
    return prompt_spec(entry["kind"], entry["output_size"], pad=entry.get("pad_size"), square=entry.get("mask_size"))
