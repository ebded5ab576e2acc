"""Any run of the folder beside the open one: its levels, and the masks or prompts of a level; read beside the window."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from vpns_engine.events import EpochEnded, Event, LevelSaved
from vpns_engine.history import RunHistory
from vpns_engine.index import RunIndex
from vpns_engine.run_rows import RunRow
from vpns_engine.store import RunStore
from vpns_engine.words import printable, sparsity_of
from vpns_gui.background import Background
from vpns_gui.controllers.offers import Offer, at, still_there
from vpns_gui.controllers.run_bar import title_of
from vpns_gui.session import Session
from vpns_gui.views.moment_picker import MomentPicker, RunChoice

OffersOf = Callable[[RunHistory, int], list[Offer]]
"""What of a level can be looked at: `masks_of` or `prompts_of`."""


@dataclass(frozen=True)
class OtherMoment:
    """A file of a run, and where in the run it belongs. `label` says run, sparsity and epoch."""

    store: RunStore
    history: RunHistory
    level: int
    offer: Offer
    label: str

    @property
    def path(self) -> Path:
        """Place of the file.

        Raises:
            EngineError: it is outside the run's folder, or that is gone.
        """
        return self.store.path(self.offer.path)


@dataclass(frozen=True)
class _Run:
    store: RunStore
    history: RunHistory


class OtherRun(QObject):
    """Fills a MomentPicker. One that follows begins with what the window shows, and keeps to it until a run is chosen."""

    chosen = Signal(object)
    """Another file is chosen (OtherMoment), or none is (None): `without` names a run that has none."""
    refused = Signal(str)
    """The run could not be read: why."""

    def __init__(
        self, session: Session, picker: MomentPicker, offers_of: OffersOf, parent: QObject, *, follows: bool = False
    ) -> None:
        super().__init__(parent)
        self._session, self._picker, self._offers_of, self._follows = session, picker, offers_of, follows
        self._run: _Run | None = None
        self._level = 0
        self._wanted = ""
        """Label of the moment that a person chose; empty for the newest."""
        self._offers: list[Offer] = []
        self._moment: OtherMoment | None = None
        self._told_without = ""
        self._rows: list[RunRow] = []
        self._runs: Path | None = None
        self._lister = Background(self)
        self._lister.done.connect(self._take_rows)
        self._reader = Background(self)
        self._reader.done.connect(self._take_run)
        self._reader.failed.connect(self._refuse)
        picker.run_requested.connect(self.choose_run)
        picker.level_requested.connect(self.choose_level)
        picker.moment_requested.connect(self._choose_moment)
        picker.look_requested.connect(self.look)
        picker.folder_requested.connect(self._ask_folder)
        session.run_changed.connect(self._change_run)
        session.told.connect(self._hear)
        if follows:
            session.level_changed.connect(lambda _level: self._follow())
            session.moment_changed.connect(lambda _moment: self._move())

    @property
    def moment(self) -> OtherMoment | None:
        """What is chosen; None while nothing is."""
        return self._moment

    @property
    def without(self) -> str:
        """Name of the run that is shown where its level has nothing to choose; else empty."""
        run = self._shown()
        return "" if run is None or self._offers else _title(run.store)

    def look(self) -> None:
        """Look for runs again, in the folder in which the open one lies."""
        store = self._session.store
        if store is not None:
            self._lister.start(partial(_rows_of, store.folder.absolute().parent))

    def choose_run(self, folder: Path | None) -> None:
        """Take a run's newest moment of the level that is nearest to the one chosen; None: follow the window."""
        self._wanted = ""
        if folder is None:
            self._reader.drop()
            self._run = None
            self._follow()
            self._offer_runs()
        elif self._is_open(folder):
            self._reader.drop()
            self._take_open()
        else:
            self._reader.start(partial(_read, folder))

    def choose_level(self, level: int) -> None:
        """Take another level of the run; of the window, where that is followed."""
        if self._follows and self._run is None:
            self._session.choose_level(level)
        else:
            self._level = level
            self._show()

    def choose_place(self, place: int) -> None:
        """Take a moment by its place in the list."""
        self._choose_moment(place)

    def close(self) -> None:
        """Choose no run any more."""
        self._reader.drop()
        self._run, self._wanted = None, ""
        self._show()

    def _choose_moment(self, place: int) -> None:
        if not 0 <= place < len(self._offers):
            return
        if self._follows and self._run is None:
            self._session.choose_moment(self._offers[place].moment)
        else:
            self._wanted = self._offers[place].label
            self._tell(place)

    def _is_open(self, folder: Path) -> bool:
        store = self._session.store
        return store is not None and store.folder.absolute() == folder.absolute()

    def _take_open(self) -> None:
        store, history = self._session.store, self._session.history
        if store is not None and history is not None:
            self._take_run(_Run(store, history))

    def _take_run(self, run: _Run) -> None:
        density = self._density()
        self._run = run
        levels = {number: level.density for number, level in run.history.levels.items()}
        self._level = min(levels, key=lambda number: (abs(levels[number] - density), number), default=0)
        self._show()
        self._offer_runs()

    def _density(self) -> float:
        """Give the density that is looked at: of the level chosen here, else of the window's."""
        for history, level in (
            (self._run.history if self._run is not None else None, self._level),
            (self._session.history, self._session.level),
        ):
            if history is not None and level in history.levels:
                return history.levels[level].density
        return 0.0

    def _refuse(self, why: str) -> None:
        self._offer_runs()
        self.refused.emit(why)

    def _change_run(self, _store: RunStore | None) -> None:
        if self._follows and self._run is None:
            self._follow()
        elif self._run is not None and self._is_open(self._run.store.folder):
            self._take_history()
        self._offer_runs()

    def _hear(self, told: Event) -> None:
        if not isinstance(told, EpochEnded | LevelSaved):
            return
        if self._follows and self._run is None:
            self._follow()
        elif self._run is not None and self._is_open(self._run.store.folder):
            self._take_history()

    def _take_history(self) -> None:
        """Go on with the open run's own history, which grows."""
        if self._run is not None and self._session.history is not None:
            self._run = _Run(self._run.store, self._session.history)
            self._show()

    def _follow(self) -> None:
        """Show what the window shows."""
        if not self._follows or self._run is not None:
            return
        store, history, level = self._session.store, self._session.history, self._session.level
        if store is None or history is None:
            self._fill(None, 0)
            self._tell(None)
            return
        self._fill(_Run(store, history), level)
        self._tell(self._place_in_window())

    def _move(self) -> None:
        """Go to the window's moment: what there is to choose from is the same."""
        if self._follows and self._run is None and self._offers:
            self._tell(self._place_in_window())

    def _place_in_window(self) -> int | None:
        found = at(self._offers, self._session.moment)
        return 0 if found is None and self._offers else found

    def _show(self) -> None:
        self._fill(self._run, self._level)
        labels = [offer.label for offer in self._offers]
        place = labels.index(self._wanted) if self._wanted in labels else len(labels) - 1 if labels else None
        self._tell(place)

    def _fill(self, run: _Run | None, level: int) -> None:
        """Offer the levels of a run, and the moments of one."""
        if run is None:
            self._offers = []
            self._picker.set_levels((), None)
            return
        levels = [(number, sparsity_of(run.history.levels[number].density)) for number in sorted(run.history.levels)]
        self._offers = still_there(self._offers_of(run.history, level), run.store.folder)
        self._picker.set_levels(levels, level)

    def _tell(self, place: int | None) -> None:
        self._picker.set_moments([offer.label for offer in self._offers], place)
        run = self._shown()
        level = self._level if self._run is not None else self._session.level
        if place is None or run is None:
            moment = None
        else:
            moment = OtherMoment(run.store, run.history, level, self._offers[place], _label(run, level, self._offers[place]))
        if (moment, self.without) != (self._moment, self._told_without):
            self._moment, self._told_without = moment, self.without
            self.chosen.emit(moment)

    def _shown(self) -> _Run | None:
        store, history = self._session.store, self._session.history
        if self._run is not None or not self._follows or store is None or history is None:
            return self._run
        return _Run(store, history)

    def _take_rows(self, rows: list[RunRow]) -> None:
        self._rows = rows
        self._offer_runs()

    def _offer_runs(self) -> None:
        """List the open run first, then the others, newest first."""
        store = self._session.store
        choices: list[RunChoice] = []
        if store is not None:
            choices.append(RunChoice(store.folder.absolute(), f"This run: {_title(store)}", store.folder.name))
        first = {choice.folder for choice in choices}
        others = (row for row in self._rows if row.opens and row.folder not in first)
        choices += [RunChoice(row.folder, _row_label(row), row.folder.name) for row in others]
        folder = self._run.store.folder.absolute() if self._run is not None else None
        if self._run is not None and folder is not None and folder not in {choice.folder for choice in choices}:
            choices.append(RunChoice(folder, _title(self._run.store), str(folder)))
        self._picker.set_runs(choices, folder)

    def _ask_folder(self) -> None:
        store = self._session.store
        start = str(store.folder.parent) if store is not None else ""
        dialog = QFileDialog(self._picker.window(), "Choose a run folder", start)
        dialog.setObjectName("otherRunDialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda folder: self.choose_run(Path(folder)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _rows_of(runs: Path) -> list[RunRow]:
    with RunIndex(runs) as index:
        rows = {row.folder: row for row in index.rows()}
        for changes in index.refresh():
            for folder in changes.gone:
                rows.pop(folder, None)
            rows.update((row.folder, row) for row in changes.rows)
    return sorted(rows.values(), key=lambda row: row.folder.name, reverse=True)


def _read(folder: Path) -> _Run:
    store = RunStore.open(folder.absolute())
    return _Run(store, store.read(steps=False).history)


def _title(store: RunStore) -> str:
    return printable(title_of(store.config))


def _row_label(row: RunRow) -> str:
    sparsities = ", ".join(map(sparsity_of, row.densities))
    when = f"{row.started:%Y-%m-%d %H:%M}" if row.started else ""
    named = (row.name,) if row.name else ()
    seed = () if row.seed is None else (f"seed {row.seed}",)
    parts = (*named, row.method, f"{row.architecture} on {row.data}", f"sparsity {sparsities}", *seed, when)
    return printable(" · ".join(part for part in parts if part))


def _label(run: _Run, level: int, offer: Offer) -> str:
    density = run.history.levels[level].density
    return f"{_title(run.store).split(' · sparsity')[0]}, seed {run.store.config.seed}, {sparsity_of(density)}, {offer.label}"
