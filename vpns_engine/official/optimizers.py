"""States of optimizers and schedules, as a checkpoint of the released code holds them.

A run keeps no moments of its optimizers: in the stage that wrote the checkpoint they stand at zero, which is where an optimizer
begins, and rates and counts stand where the schedule had got to. What newer versions of torch put there besides is left out.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from vpns_engine.nn.optim import build_optimizer, build_schedule
from vpns_engine.specs.optim import OptimSpec

_NEWER = {"sgd": ("fused",), "adam": ("decoupled_weight_decay",)}
_SCHEDULE = ("base_lrs", "last_epoch", "verbose", "_step_count", "_get_lr_called_within_step", "_last_lr")
_OWN = {"cosine": ("T_max", "eta_min"), "multistep": ("milestones", "gamma")}


State = dict[str, Any]


def states_of(spec: OptimSpec, values: Sequence[Tensor], epochs: int, done: int | None) -> tuple[State, State]:
    """Give the states of optimizer and schedule.

    Args:
        spec: their settings.
        values: what the optimizer trains.
        epochs: epochs planned.
        done: epochs done; None: nothing has begun.
    """
    optimizer = build_optimizer(spec, [nn.Parameter(value) for value in values])
    schedule = build_schedule(spec, optimizer, epochs)
    for _ in range(done or 0):
        optimizer.step()  # without gradients: it moves nothing, and the schedule expects it
        schedule.step()
    return _optimizer(spec, optimizer, begun=done is not None), _schedule(spec, schedule.state_dict())


def _optimizer(spec: OptimSpec, optimizer: Optimizer, *, begun: bool) -> State:
    newer = _NEWER[spec.kind]
    given = optimizer.state_dict()["param_groups"]
    groups = [{name: value for name, value in group.items() if name not in newer} for group in given]
    for group in groups:
        group.update({name: None for name in ("foreach", "fused") if name in group})
    values = [value for group in optimizer.param_groups for value in group["params"]]
    moments = _moments(spec, optimizer, values) if begun else {}
    return {"state": moments, "param_groups": groups}


def _moments(spec: OptimSpec, optimizer: Optimizer, values: Sequence[Tensor]) -> dict[int, dict[str, Tensor | None]]:
    if isinstance(optimizer, Adam):
        return {
            number: {"step": torch.tensor(0.0), "exp_avg": torch.zeros_like(value), "exp_avg_sq": torch.zeros_like(value)}
            for number, value in enumerate(values)
        }
    if not spec.momentum:
        return {number: {"momentum_buffer": None} for number in range(len(values))}
    return {number: {"momentum_buffer": torch.zeros_like(value)} for number, value in enumerate(values)}


def _schedule(spec: OptimSpec, state: State) -> State:
    found: State = {"verbose": False, "_get_lr_called_within_step": False} | state
    if "eta_min" in found:
        found["eta_min"] = int(found["eta_min"])  # a whole number then
    return {name: found[name] for name in (*_OWN[spec.schedule], *_SCHEDULE)}
