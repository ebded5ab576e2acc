"""Made-up but realistic data for the views' tests: a run's events, layers, masks, prompts."""

import math

import numpy as np

from tests.engine.run_events import fold
from vpns_engine.events import (
    EpochEnded,
    Event,
    LabelsMapped,
    LayerInfo,
    LevelSaved,
    PhaseEnded,
    PhaseInfo,
    PhaseStarted,
    RunEnded,
    RunStarted,
    StepDone,
    Tested,
)
from vpns_engine.history import RunHistory

LAYERS = tuple(
    LayerInfo(name=name, shape=shape)
    for name, shape in (
        ("conv1", (16, 3, 3, 3)),
        *((f"layer1.{b}.conv{c}", (16, 16, 3, 3)) for b in range(3) for c in (1, 2)),
        ("layer2.0.conv1", (32, 16, 3, 3)),
        *((f"layer2.{b}.conv{c}", (32, 32, 3, 3)) for b in range(3) for c in (1, 2) if (b, c) != (0, 1)),
        ("layer3.0.conv1", (64, 32, 3, 3)),
        *((f"layer3.{b}.conv{c}", (64, 64, 3, 3)) for b in range(3) for c in (1, 2) if (b, c) != (0, 1)),
        ("fc", (37, 64)),
    )
)
TOTAL = sum(layer.numel for layer in LAYERS)
T0 = 1_790_000_000.0


def started(densities=(0.1,), *, search=30, tune=20, validation=50, prompt_values=336, iterations=4) -> RunStarted:
    """Give the first event of a run with these levels."""
    phases = []
    for level, density in enumerate(densities):
        phases += [
            PhaseInfo(kind="rewind", level=level, density=density),
            PhaseInfo(kind="map", level=level, density=density, epochs=1, iterations=iterations),
            PhaseInfo(kind="search", level=level, density=density, epochs=search, iterations=iterations),
            PhaseInfo(kind="finetune", level=level, density=density, epochs=tune, iterations=iterations),
        ]
    return RunStarted(
        time=T0, method="vpns" if prompt_values else "control", phases=tuple(phases), layers=LAYERS,
        source_classes=tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"), target_classes=tuple("0123456789"), num_train=200,
        num_validation=validation, num_test=600, num_prompt_values=prompt_values, half_steps=2, device="cpu", threads=1,
    )  # fmt: skip


def kept(density: float) -> tuple[int, ...]:
    """Share the kept weights out over the layers, early layers denser, as a search does."""
    weight = np.linspace(2.4, 0.45, len(LAYERS))
    weight[-2] = 0.03
    weight *= density * TOTAL / sum(w * layer.numel for w, layer in zip(weight, LAYERS, strict=True))
    return tuple(min(layer.numel, round(w * layer.numel)) for w, layer in zip(weight, LAYERS, strict=True))


def run_events(first: RunStarted, *, until: float = 1.0, end: str | None = "finished") -> list[Event]:
    """Give the events of a run up to a share of its phases' epochs (`until`, 0 to 1)."""
    random = np.random.default_rng(7)
    found: list[Event] = [first]
    clock = T0
    total = sum(max(1, p.epochs) for p in first.phases)
    spent = 0
    for index, info in enumerate(first.phases):
        if spent >= until * total:
            break
        found.append(PhaseStarted(time=clock, phase=index))
        spent += max(1, info.epochs)
        if info.kind == "rewind":
            clock += 0.1
        elif info.kind == "map":
            clock += 0.8
            found.append(LabelsMapped(time=clock, phase=index, level=info.level, sources=tuple(range(10)), counts=(18,) * 10))
        else:
            spent -= info.epochs
            for epoch in range(info.epochs + 1):
                if spent >= until * total and epoch > 0:
                    return found
                for step in range(1, info.iterations + 1) if epoch else ():
                    clock += 0.1
                    found.append(_step(first, index, epoch, step, random, clock))
                found.append(_epoch(first, index, epoch, random, clock))
                spent += epoch > 0
            path = f"artifacts/{index}/state.safetensors"
            best = info.epochs - 3 if info.kind == "finetune" else info.epochs
            found.append(LevelSaved(time=clock, phase=index, level=info.level, epoch=best, complete=True, state_path=path))
        found.append(PhaseEnded(time=clock, phase=index))
        if info.kind == "finetune":
            prompted = 0.981 if first.num_prompt_values else None
            found.append(Tested(time=clock, level=info.level, stage="search", accuracy=0.94, accuracy_prompted=prompted))
            found.append(Tested(time=clock, level=info.level, stage="finetune", accuracy=0.971, accuracy_prompted=prompted))
    if end is not None:
        found.append(RunEnded(time=clock, status=end, text="" if end != "failed" else "no space left in the run folder"))
    return found


def history(first: RunStarted | None = None, **choices) -> RunHistory:
    """Fold such events."""
    return fold(run_events(first or started(), **choices))


def _progress(first, index, epoch):
    info = first.phases[index]
    before = first.phases[index - 1].epochs if info.kind == "finetune" else 0
    return epoch + before


def _loss(first, index, position):
    return 0.12 + 2.4 * math.exp(-_progress(first, index, position) / 9)


def _step(first, index, epoch, step, random, clock):
    base = _loss(first, index, epoch - 1 + step / first.phases[index].iterations)
    losses = tuple(float(base * k * (1 + 0.25 * random.standard_normal())) for k in (1.15, 1.0))
    return StepDone(time=clock, phase=index, epoch=epoch, step=step, losses=losses, accuracies=(0.8, 0.9))


def _epoch(first, index, epoch, random, clock):
    share = 1 - math.exp(-_progress(first, index, epoch) / 8)
    noise = random.standard_normal(4) * 0.006
    base = 0.12 + 0.85 * share
    has_prompt, has_validation = first.num_prompt_values > 0, first.num_validation > 0
    loss = _loss(first, index, epoch)
    return EpochEnded(
        time=clock, phase=index, epoch=epoch, loss=loss if epoch else None, loss_prompted=loss * 1.15 if epoch else None,
        train_accuracy=min(1, base + 0.03 + noise[0]) if epoch else None,
        train_accuracy_prompted=min(1, base - 0.02 + noise[1]) if epoch else None,
        val_accuracy=min(1, base + noise[2]) if has_validation else None,
        val_accuracy_prompted=min(1, base + 0.015 + noise[3]) if has_validation and has_prompt else None,
        kept=kept(first.phases[index].density), threshold=0.021, seconds=0.4,
    )  # fmt: skip
