"""The tables of a run: results, layers, label mappings."""

from collections.abc import Iterator

from vpns_engine.cli_tables import table
from vpns_engine.events import EpochEnded, LevelSaved, RunStarted
from vpns_engine.export.source import measured_at
from vpns_engine.history import LevelHistory, RunHistory
from vpns_engine.specs.phase import PHASE_LABELS
from vpns_engine.words import percent, printable, sparsity_of


def results(history: RunHistory) -> str:
    """Give the table of results: each saved stage of each level with its test accuracies; empty where none is saved."""
    rows = [row for level in sorted(history.levels) for row in _level_rows(history, level, history.levels[level])]
    if not rows:
        return ""
    headers = ("Level", "Sparsity", "Stage", "Epoch", "Validation", "with prompt", "Test", "with prompt", "Kept", "Density")
    return "\n".join(table(headers, rows))


def _level_rows(history: RunHistory, index: int, level: LevelHistory) -> Iterator[tuple[str, ...]]:
    total = sum(layer.numel for layer in history.started.layers) if history.started else 0
    for saved in level.saved:
        phase = history.phases[saved.phase].info
        tested = level.test(phase.kind)
        measured = measured_at(history, saved)
        kept = _kept_at(history, saved)
        yield (
            str(index + 1),
            sparsity_of(level.density),
            PHASE_LABELS[phase.kind] + ("" if saved.complete else " (stopped early)"),
            f"{saved.epoch} of {phase.epochs}" if phase.epochs else "-",
            percent(measured.val_accuracy if measured else None, 2),
            percent(measured.val_accuracy_prompted if measured else None, 2),
            percent(tested.accuracy if tested else None, 2),
            percent(tested.accuracy_prompted if tested else None, 2),
            "-" if kept is None else f"{kept:,}",
            "-" if kept is None or not total else percent(kept / total, 2),
        )


def _kept_at(history: RunHistory, saved: LevelSaved) -> int | None:
    epochs = history.phases[saved.phase].epochs
    found = [epoch for epoch in epochs if epoch.epoch == saved.epoch and epoch.kept] or [e for e in epochs if e.kept]
    return sum(found[-1].kept) if found else None


def layers(history: RunHistory) -> str:
    """Give the table of layers with what each level keeps of them; empty where nothing was counted yet."""
    started = history.started
    kept = _last_kept(history)
    if started is None or not kept:
        return ""
    levels = sorted(kept)
    rows = [
        (
            printable(layer.name),
            " x ".join(map(str, layer.shape)),
            f"{layer.numel:,}",
            *(_share(kept[level].kept, index, layer.numel) for level in levels),
        )
        for index, layer in enumerate(started.layers)
    ]
    columns = (f"Kept at {sparsity_of(history.levels[level].density)}" for level in levels)
    return "\n".join(table(("Layer", "Shape", "Weights", *columns), rows))


def _share(kept: tuple[int, ...], index: int, numel: int) -> str:
    return percent(kept[index] / numel, 2) if index < len(kept) and numel else "-"


def _last_kept(history: RunHistory) -> dict[int, EpochEnded]:
    """Give, for each level, the last epoch that counted the kept weights."""
    return {phase.info.level: epoch for phase in history.phases for epoch in phase.epochs if epoch.kept}


def mappings(history: RunHistory) -> str:
    """Give each level's label mapping by name; empty where none is known."""
    started = history.started
    if started is None:
        return ""
    return "\n\n".join(_mapping(started, level) for _, level in sorted(history.levels.items()) if level.sources)


def _mapping(started: RunStarted, level: LevelHistory) -> str:
    rows = [
        (
            printable(target),
            f"{source}",
            printable(started.source_classes[source]) if source < len(started.source_classes) else "?",
            str(level.counts[index]) if index < len(level.counts) else "-",
        )
        for index, (target, source) in enumerate(zip(started.target_classes, level.sources, strict=False))
    ]
    title = f"Label mapping at sparsity {sparsity_of(level.density)}"
    return "\n".join([title, *table(("Class", "Source", "Source class", "Training images taken for it"), rows)])
