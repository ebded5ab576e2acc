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
    stamps: Mapping[Path, Stamp]
    known: Known
    comparison: Comparison
    refused: tuple[str, ...]


class CompareController(QObject):
    """Draws the chosen runs; a run is read again only when its events have grown."""

    def __init__(self, session: Session, view: CompareView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._found: _Found | None = None
        self._drawn: tuple[Comparison, float | None] | None = None
        """Of which comparison the curves of which density are drawn."""
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
        if self._found is None or self._view.is_empty:
            return None
        comparison = self._found.comparison
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
            self._reader.start(partial(_read, self._session.chosen, self._found))
        else:
            self._reader.drop()
            self._found = None
            self._view.clear()

    def _take(self, found: _Found) -> None:
        if found.folders == self._session.chosen and found is not self._found:
            self._found = found
            self._view.set_warning("\n".join(found.refused))
            self._show()

    def _show(self) -> None:
        if self._found is None:
            return
        view, comparison = self._view, self._found.comparison
        view.set_studies(studies_of(comparison))
        view.set_densities(*densities_of_runs(comparison.runs))
        lines, note = chart_lines(comparison, view.state, view.accuracy, view.study)
        view.set_content(lines, note, cells_of(comparison))
        if self._drawn is None or self._drawn[0] is not comparison or self._drawn[1] != view.density:
            view.set_curves(*curves_at(comparison, view.density))
            self._drawn = (comparison, view.density)


def _read(folders: tuple[Path, ...], before: _Found | None) -> _Found:
    """Read what is not known yet; gives what was found before where nothing has changed."""
    stamps = {folder: _stamp(folder) for folder in folders[:MAX_COMPARED]}
    known = before.known if before is not None else {}
    if before is not None and (before.folders, before.stamps) == (folders, stamps):
        return before
    found: dict[Path, tuple[Stamp, ReadRun]] = {}
    refused: list[str] = []
    if len(folders) > MAX_COMPARED:
        refused.append(f"The first {MAX_COMPARED} of {len(folders):,} chosen runs are compared: choose fewer to see others.")
    for folder, stamp in stamps.items():
        if folder in known and known[folder][0] == stamp:
            found[folder] = known[folder]
            continue
        try:
            found[folder] = (stamp, read_run(folder))
        except EngineError as error:
            refused.append(str(error))
    return _Found(folders, stamps, found, compare([run for _, run in found.values()]), tuple(refused))


def _stamp(folder: Path) -> Stamp:
    try:
        state = (folder / "events.jsonl").stat()
    except OSError:  # none yet, or gone
        return 0, 0
    return state.st_mtime_ns, state.st_size
