"""Optimizers and schedules as a spec describes them."""

from collections.abc import Iterable

from torch import Tensor
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, MultiStepLR

from vpns_engine.specs.optim import OptimSpec


def build_optimizer(spec: OptimSpec, values: Iterable[Tensor]) -> Optimizer:
    """Make the optimizer over `values`. Decay is coupled: added to the gradient, for Adam as for SGD."""
    given = list(values)
    fused = all(value.device.type in ("cpu", "cuda") for value in given)
    match spec.kind:
        case "adam":
            return Adam(given, lr=spec.lr, weight_decay=spec.weight_decay, fused=fused)
        case "sgd":
            return SGD(given, lr=spec.lr, momentum=spec.momentum, weight_decay=spec.weight_decay, fused=fused)


def build_schedule(spec: OptimSpec, optimizer: Optimizer, epochs: int) -> LRScheduler:
    """Make the schedule; it is stepped once at the end of each epoch."""
    match spec.schedule:
        case "cosine":
            return CosineAnnealingLR(optimizer, T_max=epochs)
        case "multistep":
            return MultiStepLR(optimizer, milestones=[int(0.5 * epochs), int(0.72 * epochs)], gamma=0.1)


def learning_rate(optimizer: Optimizer) -> float:
    """Give the rate in force."""
    return float(optimizer.param_groups[0]["lr"])
