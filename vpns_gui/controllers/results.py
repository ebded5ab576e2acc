"""The results view: one row for each saved state of the run."""

from collections.abc import Iterator, Mapping
from functools import partial

from PySide6.QtCore import QObject

from vpns_engine.density import Density, densities_of
from vpns_engine.events import EpochEnded, Event, LevelSaved, RunStarted, Tested
from vpns_engine.history import LevelHistory, RunHistory
from vpns_engine.saved_states import TUNING_LABELS, dense_tests, epoch_place, tuning_of
from vpns_engine.store import RunStore
from vpns_engine.words import percent, sparsity_of
from vpns_gui.background import Background
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.results import ResultsView

Row = tuple[str, ...]

_CHOSEN = "Validation chooses the tuned epoch; the test images are read after training, for each saved state."
_LAST = "Nothing is held back for validation: the tuned state is that of the last epoch."
_CHANCE = "Differences of a point or two between runs may be chance: compare several seeds."


class ResultsController(QObject):
    """Fills the table when something new is known."""

    def __init__(self, session: Session, view: ResultsView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._densities: Mapping[str, Density] = {}
        self._asked: frozenset[str] = frozenset()
        self._counter = Background(self)
        self._counter.done.connect(self._take_densities)
        self._mark = refresh.add(view, self._fill)
        session.run_changed.connect(self._change_run)
        session.level_changed.connect(self._mark)
        session.told.connect(self._take)

    def _change_run(self) -> None:
        self._counter.drop()
        self._densities, self._asked = {}, frozenset()
        self._mark()

    def _take_densities(self, densities: Mapping[str, Density]) -> None:
        self._densities = densities
        self._mark()

    def _count(self, store: RunStore, history: RunHistory) -> None:
        """Have the masks of the saved states counted, when there are new ones."""
        paths = frozenset(saved.state_path for level in history.levels.values() for saved in level.saved)
        if paths != self._asked:
            self._asked = paths
            num_source = len(history.started.source_classes) if history.started else 0
            self._counter.start(partial(densities_of, store, paths, num_source))

    def _take(self, told: Event) -> None:
        if isinstance(told, RunStarted | EpochEnded | LevelSaved | Tested):
            self._mark()

    def _fill(self) -> None:
        history = self._session.history
        if history is None or history.started is None:
            self._view.set_accuracies(())
            return
        if self._session.store is not None:
            self._count(self._session.store, history)
        rows = accuracy_rows(history, self._densities)
        self._view.set_accuracies(rows, accuracy_note(history) if rows else "")


def accuracy_note(history: RunHistory) -> str:
    """Say how the tuned states were chosen, and what differences mean."""
    assert history.started is not None
    trained = any(phase.info.kind == "finetune" and phase.epochs for phase in history.phases)
    how = _CHOSEN if history.started.num_validation else _LAST
    return f"{how} {_CHANCE}" if trained else _CHANCE


def accuracy_rows(history: RunHistory, densities: Mapping[str, Density]) -> list[Row]:
    """Give the rows of the dense reference, then one for each saved state, level by level.

    `densities` are by the paths of their files, as far as counted.
    """
    dense = [_dense_row(label, tested) for label, tested in dense_tests(history)]
    levels = sorted(history.levels)
    return [*dense, *(row for number in levels for row in _level_rows(history, history.levels[number], densities))]


def _dense_row(label: str, tested: Tested) -> Row:
    return (sparsity_of(1.0), label, "-", "100 %", "-", "-", "-", percent(tested.accuracy), "-")


def _level_rows(history: RunHistory, level: LevelHistory, densities: Mapping[str, Density]) -> Iterator[Row]:
    for saved in level.saved:
        found = history.measured_at(saved)
        density = densities.get(saved.state_path)
        kind = history.phases[saved.phase].info.kind
        tested = level.test(kind)
        yield (
            sparsity_of(level.density),
            TUNING_LABELS[tuning_of(history, saved)] + ("" if saved.complete else ", stopped"),
            epoch_place(history, saved),
            _kept(history, found, density),
            percent(density.without_unused_rows if density else None),
            percent(found.val_accuracy if found else None),
            percent(found.val_accuracy_prompted if found else None),
            percent(tested.accuracy if tested else None),
            percent(tested.accuracy_prompted if tested else None),
        )


def _kept(history: RunHistory, found: EpochEnded | None, density: Density | None) -> str:
    if density is not None:
        kept, total = density.num_kept, density.num_scored
    elif found is not None and found.kept and history.started is not None:
        kept, total = sum(found.kept), sum(layer.numel for layer in history.started.layers)
    else:
        return "-"
    return f"{kept:,}\n{kept / total * 100:.3g} %"
