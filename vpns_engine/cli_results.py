"""The tables of a run: results, layers, label mappings."""

from collections.abc import Iterator, Mapping

from vpns_engine.cli_tables import table
from vpns_engine.density import Density
from vpns_engine.events import EpochEnded, RunStarted
from vpns_engine.history import LevelHistory, RunHistory
from vpns_engine.saved_states import saved_name
from vpns_engine.words import percent, printable, sparsity_of

_HEADERS = ("Level", "Sparsity", "State", "Validation", "with prompt", "Test", "with prompt", "Kept", "Density", "used rows")
_NOTE = "Density: kept share of the scored weights; used rows: without the classifier's rows that no class of the task uses."


def results(history: RunHistory, densities: Mapping[str, Density]) -> str:
    """Give the table of results: each saved state of each level with its test accuracies; empty where none is saved.

    `densities` are the saved states' by the paths of their files; what is missing there is taken from the events.
    """
    rows = [row for level in sorted(history.levels) for row in _level_rows(history, level, densities)]
    return "\n".join([*table(_HEADERS, rows), _NOTE]) if rows else ""


def _level_rows(history: RunHistory, index: int, densities: Mapping[str, Density]) -> Iterator[tuple[str, ...]]:
    level = history.levels[index]
    for saved in level.saved:
        tested = level.test(history.phases[saved.phase].info.kind)
        measured = history.measured_at(saved)
        density = densities.get(saved.state_path) or _density(history, measured)
        yield (
            str(index + 1),
            sparsity_of(level.density),
            saved_name(history, saved),
            percent(measured.val_accuracy if measured else None, 2),
            percent(measured.val_accuracy_prompted if measured else None, 2),
            percent(tested.accuracy if tested else None, 2),
            percent(tested.accuracy_prompted if tested else None, 2),
            "-" if density is None else f"{density.num_kept:,}",
            percent(density.share if density else None, 2),
            percent(density.without_unused_rows if density else None, 2),
        )


def _density(history: RunHistory, measured: EpochEnded | None) -> Density | None:
    total = sum(layer.numel for layer in history.started.layers) if history.started else 0
    return Density(sum(measured.kept), total, None) if measured and measured.kept and total else None


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
