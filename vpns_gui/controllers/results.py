"""The results view: one row for each saved state of the run, and the mapping of the level that is looked at."""

from collections.abc import Iterator

from PySide6.QtCore import QObject

from vpns_engine.events import EpochEnded, Event, LabelsMapped, LevelSaved, RunStarted, Tested
from vpns_engine.history import LevelHistory, RunHistory
from vpns_engine.words import percent, sparsity_of
from vpns_gui.controllers.offers import measured_at
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.results import ResultsView

Row = tuple[str, ...]

NOTE = (
    "Validation chooses the tuned epoch; the test images are read once, after that choice. "
    "Differences of a point or two between runs may be chance: compare several seeds."
)


class ResultsController(QObject):
    """Fills the two tables when something new is known."""

    def __init__(self, session: Session, view: ResultsView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._mark = refresh.add(view, self._fill)
        session.run_changed.connect(self._mark)
        session.level_changed.connect(self._mark)
        session.told.connect(self._take)

    def _take(self, told: Event) -> None:
        if isinstance(told, RunStarted | EpochEnded | LabelsMapped | LevelSaved | Tested):
            self._mark()

    def _fill(self) -> None:
        history = self._session.history
        if history is None or history.started is None:
            self._view.set_accuracies(())
            self._view.set_mapping(())
            return
        rows = accuracy_rows(history)
        self._view.set_accuracies(rows, NOTE if rows else "")
        level = history.levels.get(self._session.level)
        if level is not None:
            title = f"Label mapping at {sparsity_of(level.density)} sparsity"
            self._view.set_mapping(mapping_rows(history.started, level), title)


def accuracy_rows(history: RunHistory) -> list[Row]:
    """Give a row for each saved state, level by level."""
    return [row for number in sorted(history.levels) for row in _level_rows(history, history.levels[number])]


def _level_rows(history: RunHistory, level: LevelHistory) -> Iterator[Row]:
    for saved in level.saved:
        found = measured_at(history, saved)
        kind = history.phases[saved.phase].info.kind
        tested = level.test(kind)
        yield (
            sparsity_of(level.density),
            ("Tuned" if kind == "finetune" else "Mask, untuned") + ("" if saved.complete else ", stopped"),
            f"{saved.epoch} / {history.phases[saved.phase].info.epochs}",
            _kept(history, found),
            percent(found.val_accuracy if found else None),
            percent(found.val_accuracy_prompted if found else None),
            percent(tested.accuracy if tested else None),
            percent(tested.accuracy_prompted if tested else None),
        )


def _kept(history: RunHistory, found: EpochEnded | None) -> str:
    if found is None or not found.kept or history.started is None:
        return "-"
    kept, total = sum(found.kept), sum(layer.numel for layer in history.started.layers)
    return f"{kept:,} ({kept / total * 100:.3g} %)"


def mapping_rows(started: RunStarted, level: LevelHistory) -> list[Row]:
    """Give a row for each target class; empty before the mapping is found."""
    return [
        (target, _name(started.source_classes, source), f"{count:,}")
        for target, source, count in zip(started.target_classes, level.sources, level.counts, strict=False)
    ]


def _name(classes: tuple[str, ...], index: int) -> str:
    return classes[index] if 0 <= index < len(classes) else str(index)
