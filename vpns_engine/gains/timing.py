"""Seconds a batch takes: the variants take turns, round by round, so that what disturbs one disturbs the others too."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vpns_engine.gains.model import Spread, Variant

Pass = Callable[[Tensor], Any]
"""Computes one batch, and comes back when that is done."""
Beat = Callable[[float], object]
"""Is told the share that is done."""


@dataclass(frozen=True)
class Effort:
    """How long one comparison may take: `least` rounds in any case, then until `seconds` are over or `most` are done."""

    least: int
    most: int
    seconds: float
    warm_up_seconds: float


QUICK = Effort(least=5, most=30, seconds=1.0, warm_up_seconds=0.2)
FULL = Effort(least=9, most=300, seconds=6.0, warm_up_seconds=1.0)
_WARM_UP_LEAST = 2


@dataclass(frozen=True)
class Timed:
    """Seconds of each variant, and pruned over dense, round by round."""

    seconds: dict[Variant, Spread]
    ratio: Spread


def time_passes(passes: Mapping[Variant, Pass], batch: Tensor, effort: Effort, beat: Beat) -> Timed:
    """Time several ways to compute a batch, one after another in every round, in an order that is drawn each time."""
    _warm_up(passes, batch, effort)
    names = list(passes)
    taken: dict[Variant, list[float]] = {name: [] for name in names}
    began, rounds, order = time.perf_counter(), 0, random.Random(0)
    while rounds < effort.least or (rounds < effort.most and time.perf_counter() - began < effort.seconds):
        for name in order.sample(names, len(names)):  # who follows whom decides what lies in the processor's cache
            taken[name].append(_seconds(passes[name], batch))
        rounds += 1
        spent = (time.perf_counter() - began) / max(effort.seconds, 1e-9)
        beat(min(1.0, max(min(rounds / effort.least, spent), rounds / effort.most)))
    ratios = np.array(taken["pruned"]) / np.array(taken["dense"])
    return Timed({name: spread_of(values) for name, values in taken.items()}, spread_of(ratios))


def spread_of(values: Any) -> Spread:  # noqa: ANN401 - any sequence of numbers
    """Give median and quartiles."""
    low, median, high = np.quantile(np.asarray(values, np.float64), (0.25, 0.5, 0.75))
    return Spread(median=float(median), low=float(low), high=float(high), rounds=len(values))


def _warm_up(passes: Mapping[Variant, Pass], batch: Tensor, effort: Effort) -> None:
    began, rounds = time.perf_counter(), 0
    while rounds < _WARM_UP_LEAST or time.perf_counter() - began < effort.warm_up_seconds:
        for compute in passes.values():
            compute(batch)
        rounds += 1


def _seconds(compute: Pass, batch: Tensor) -> float:
    began = time.perf_counter()
    with torch.inference_mode():
        compute(batch)
    return time.perf_counter() - began
