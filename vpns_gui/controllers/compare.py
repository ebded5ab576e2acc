"""The comparison: the runs chosen in the library, read beside the window; again as they grow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from vpns_engine.compare import HEADER, Comparison, ReadRun, cells_of, compare, read_run, rows_of
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, Event, RunEnded, Tested
from vpns_gui.background import Background
from vpns_gui.controllers.compare_lines import chart_lines, curve_rows, curves_at, densities_of_runs, studies_of
from vpns_gui.controllers.saving import Rows, Savable
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.compare import CURVES, CompareView

LOOK_AGAIN_MS = 3000
"""How often runs that other processes write are looked at, while the view is on screen."""

MAX_COMPARED = 200
"""Runs that are read for a comparison; of a longer choice the first ones."""

Stamp = tuple[int, int]
"""Time of change and size of a run's events."""
Known = Mapping[Path, tuple[Stamp, ReadRun]]


@dataclass(frozen=True)
class _Found:
    """What was read of the chosen runs."""

    folders: tuple[Path, ...]
    known: Known
    comparison: Comparison
    refused: tuple[str, ...]


class CompareController(QObject):
    """Draws the chosen runs; a run is read again only when its events have grown."""

    def __init__(self, session: Session, view: CompareView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._known: Known = {}
        self._comparison: Comparison | None = None
        self._reader = Background(self)
        self._reader.done.connect(self._take)
        self._mark = refresh.add(view, self._read)
        session.chosen_changed.connect(self._mark)
        session.told.connect(self._hear)
        view.options_changed.connect(self._show)
        timer = QTimer(self)
        timer.setInterval(LOOK_AGAIN_MS)
        timer.timeout.connect(self._look_again)
        timer.start()
        self._mark()

    def savable(self) -> Savable | None:
        """Give what can be saved of the page that is seen; the table is that of all numbers, whatever the page."""
        comparison = self._comparison
        if comparison is None or self._view.is_empty:
            return None
        name = ("accuracy_over_sparsity", "curves", "accuracies")[self._view.page]
        tables: list[tuple[str, Callable[[], Rows]]] = [("Accuracies", lambda: (HEADER, rows_of(comparison)))]
        if self._view.page == CURVES:
            tables.insert(0, ("Curves", lambda: curve_rows(curves_at(comparison, self._view.density)[0])))
        return Savable(name, tables, lambda: self._view.picture)

    def _hear(self, told: Event) -> None:
        store = self._session.store
        if isinstance(told, EpochEnded | Tested | RunEnded) and store is not None and store.folder in self._session.chosen:
            self._mark()

    def _look_again(self) -> None:
        if self._view.isVisible() and self._session.chosen and not self._reader.busy:
            self._mark()

    def _read(self) -> None:
        if self._session.chosen:
            self._reader.start(partial(_read, self._session.chosen, self._known))
        else:
            self._reader.drop()
            self._known, self._comparison = {}, None
            self._view.clear()

    def _take(self, found: _Found) -> None:
        if found.folders != self._session.chosen:
            return
        same = found.known == self._known and self._comparison is not None
        self._known, self._comparison = found.known, found.comparison
        self._view.set_warning("\n".join(found.refused))
        if not same:
            self._show()

    def _show(self) -> None:
        comparison = self._comparison
        if comparison is None:
            return
        view = self._view
        view.set_studies(studies_of(comparison))
        view.set_densities(*densities_of_runs(comparison.runs))
        lines, note = chart_lines(comparison, view.state, view.accuracy, view.study)
        view.set_content(lines, note, cells_of(comparison))
        view.set_curves(*curves_at(comparison, view.density))


def _read(folders: tuple[Path, ...], known: Known) -> _Found:
    found: dict[Path, tuple[Stamp, ReadRun]] = {}
    refused: list[str] = []
    left = len(folders) - MAX_COMPARED
    if left > 0:
        refused.append(f"The first {MAX_COMPARED} of {len(folders):,} chosen runs are compared: choose fewer to see others.")
    for folder in folders[:MAX_COMPARED]:
        stamp, before = _stamp(folder), known.get(folder)
        if before is not None and before[0] == stamp:
            found[folder] = before
            continue
        try:
            found[folder] = (stamp, read_run(folder))
        except EngineError as error:
            refused.append(str(error))
    return _Found(folders, found, compare([run for _, run in found.values()]), tuple(refused))


def _stamp(folder: Path) -> Stamp:
    try:
        state = (folder / "events.jsonl").stat()
    except OSError:  # none yet, or gone
        return 0, 0
    return state.st_mtime_ns, state.st_size
