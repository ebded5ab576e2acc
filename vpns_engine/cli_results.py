"""The tables of a run: results, layers, label mappings; and the one of several runs."""

from collections.abc import Iterable, Iterator, Mapping

from vpns_engine.cli_tables import table
from vpns_engine.density import Density
from vpns_engine.events import EpochEnded, RunStarted, Tested
from vpns_engine.history import LevelHistory, RunHistory
from vpns_engine.saved_states import dense_tests, saved_name
from vpns_engine.summary import COLUMNS, NOTE, Family
from vpns_engine.words import percent, printable, sparsity_of

_HEADERS = ("Level", "Sparsity", "State", "Validation", "with prompt", "Test", "with prompt", "Kept", "Density", "used rows")
_NOTE = "Density: kept share of the scored weights; used rows: without the classifier's rows that no class of the task uses."


def results(history: RunHistory, densities: Mapping[str, Density]) -> str:
    """Give the table of results: the dense reference, then each saved state of each level; empty where nothing is known.

    `densities` are the saved states' by the paths of their files; what is missing there is taken from the events.
    """
    rows = [row for level in sorted(history.levels) for row in _level_rows(history, level, densities)]
    dense = [_dense_row(label, tested) for label, tested in dense_tests(history)]
    return "\n".join([*table(_HEADERS, [*dense, *rows]), *([_NOTE] if rows else [])]) if dense or rows else ""


def _dense_row(label: str, tested: Tested) -> tuple[str, ...]:
    return ("-", sparsity_of(1.0), label, "-", "-", percent(tested.accuracy, 2), "-", "-", percent(1.0, 2), "-")


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
    levels = [phase for phase in history.phases if not phase.info.is_dense]
    return {phase.info.level: epoch for phase in levels for epoch in phase.epochs if epoch.kept}


def mappings(history: RunHistory) -> str:
    """Give the dense network's and each level's label mapping by name; empty where none is known."""
    started = history.started
    if started is None:
        return ""
    titled = [(f"at sparsity {sparsity_of(level.density)}", level) for _, level in sorted(history.levels.items())]
    if history.dense is not None:
        titled.insert(0, ("of the dense network", history.dense))
    return "\n\n".join(_mapping(f"Label mapping {where}", started, level) for where, level in titled if level.sources)


def _mapping(title: str, started: RunStarted, level: LevelHistory) -> str:
    rows = [
        (
            printable(target),
            f"{source}",
            printable(started.source_classes[source]) if source < len(started.source_classes) else "?",
            str(level.counts[index]) if index < len(level.counts) else "-",
        )
        for index, (target, source) in enumerate(zip(started.target_classes, level.sources, strict=False))
    ]
    return "\n".join([title, *table(("Class", "Source", "Source class", "Training images taken for it"), rows)])


def summaries(families: Iterable[Family]) -> str:
    """Give a table for each family of runs; empty where there is none."""
    texts = ("\n".join([printable(family.title), *_summary(family)]) for family in families)
    found = "\n\n".join(texts)
    return f"{found}\n{NOTE}" if found else ""


def _summary(family: Family) -> list[str]:
    return table(COLUMNS, [line.cells for line in family.lines])
