"""The library's table: which runs are shown and in which order, their tags, and what is done with those that are chosen."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from vpns_engine.errors import EngineError
from vpns_engine.removal import Removed, remove_runs
from vpns_engine.run_columns import COLUMNS, name_of, sorted_rows, table_of
from vpns_engine.run_rows import STATE_LABELS, Filter, RunRow
from vpns_engine.store import RunStore
from vpns_engine.words import size_text
from vpns_gui.background import Background
from vpns_gui.controllers.library_rows import Found, IndexReader, Item, Looked, MarksWriter, common_tags
from vpns_gui.controllers.saving import Savable
from vpns_gui.dialogs.question import ask
from vpns_gui.models.runs_table import Head, Order
from vpns_gui.notices import Notices
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.settings import Settings
from vpns_gui.views.library import LibraryView
from vpns_gui.views.run_marks import MarksEdit, MarksSight

HEADS = tuple(Head(column.title, column.tip, column.is_number) for column in COLUMNS)
WIDTHS = (19, 15, 12, 10, 11, 9, 10, 10, 13, 8, 6, 19, 8, 16)
"""Of each column, in letters."""
STATE_COLUMN = next(place for place, column in enumerate(COLUMNS) if column.name == "state")
_DATE_COLUMN = next(place for place, column in enumerate(COLUMNS) if column.name == "date")
LOOK_MS = 2000
"""Least time between two looks at the folder; one that takes long is followed by a rest ten times as long."""
_REST = 10
_NAMES_SHOWN = 8
_COLUMNS_KEPT = f"library-columns-{len(COLUMNS)}"


class LibraryTable(QObject):
    """Fills the library's view."""

    open_requested = Signal(object)
    """A run is to be shown (its folder)."""
    opened = Signal(bool)
    """The run that was to be shown is."""
    resume_requested = Signal(object)
    """A run is to go on (its folder)."""
    clear_requested = Signal(object)
    """Something of these runs is to be removed (tuple of folders)."""
    settings_read = Signal(object)
    """The settings of a run are to be those of the form (RunConfig)."""
    refused = Signal(str)
    """Something could not be done: why."""

    def __init__(
        self, session: Session, notices: Notices, view: LibraryView, runs: Path, settings: Settings, refresh: Refresh
    ) -> None:
        super().__init__(view)
        self._session, self._notices, self._view, self._settings = session, notices, view, settings
        self._runs = runs.absolute()
        self._items: dict[Path, Item] = {}
        self._shown: list[RunRow] = []
        self._filter = Filter()
        self._order = Order(_DATE_COLUMN, falling=True)
        self._progress: Found | None = None
        self._looked = False
        self._opening: Path | None = None
        self._make_workers()
        self._connect_view()
        self._mark = refresh.add(view, self._look)
        self._pause = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._pause.timeout.connect(self._mark)
        self._mark()
        view.set_columns(HEADS, WIDTHS, STATE_COLUMN)
        if (columns := self._settings.kept(_COLUMNS_KEPT)) is not None:
            view.restore_columns(columns)
        view.columns_changed.connect(partial(self._settings.keep, _COLUMNS_KEPT))
        view.set_order(self._order)
        self._offer_choices()
        self._fill()

    def _make_workers(self) -> None:
        self._reader = IndexReader(self)
        self._reader.found.connect(self._take)
        self._reader.done.connect(self._rest)
        self._reader.failed.connect(self._fail)
        self._marks = MarksWriter(self)
        self._marks.done.connect(lambda _done: self.look())
        self._marks.failed.connect(self._fail_marks)
        self._configs = Background(self)
        self._configs.done.connect(self.settings_read)
        self._configs.failed.connect(self.refused)
        self._removal = Background(self, matters=True)
        self._removal.done.connect(self._say_removed)
        self._removal.failed.connect(self.refused)

    def _connect_view(self) -> None:
        view = self._view
        view.filter_changed.connect(self._set_filter)
        view.order_requested.connect(self._set_order)
        view.chosen_changed.connect(self._choose)
        view.act_requested.connect(self._act)
        view.marks.edited.connect(self._note)
        self._session.run_changed.connect(self._change_run)

    def _change_run(self, store: RunStore | None) -> None:
        self._fill()
        if store is not None and store.folder == self._opening:
            self._opening = None
            self.opened.emit(True)

    @property
    def rows(self) -> tuple[RunRow, ...]:
        """The runs that are shown, in their order."""
        return tuple(self._shown)

    def set_runs(self, runs: Path) -> None:
        """Show another folder of runs."""
        self._runs = runs.absolute()
        self._items.clear()
        self._looked, self._progress = False, None
        self._reader.leave()
        self._fill()
        self.look()

    def look(self) -> None:
        """Look for changes as soon as the table is seen."""
        self._mark()

    def _look(self) -> None:
        if self._reader.busy:
            self._pause.start(LOOK_MS)
        else:
            self._reader.look(self._runs)

    def _take(self, found: Found) -> None:
        if found.runs != self._runs:
            return
        self._progress = found
        for folder in found.gone:
            self._items.pop(folder, None)
        self._items.update((item.row.folder, item) for item in found.items)
        if found.items or found.gone:
            self._offer_choices()
            self._fill()

    def _rest(self, looked: Looked) -> None:
        if looked.runs != self._runs:
            self._mark()
            return
        first, self._progress, self._looked = not self._looked, None, True
        if first or any(item.row.goes_on for item in self._items.values()):
            self._fill()
        self._say_count()
        self._pause.start(max(LOOK_MS, int(looked.seconds * 1000 * _REST)))

    def _fail(self, why: str) -> None:
        self._looked = False
        self._view.set_nothing("The runs cannot be listed", why)
        self._pause.start(LOOK_MS * _REST)

    def _fill(self) -> None:
        """Choose and sort what is known, and show it."""
        open_folder = self._session.store.folder.absolute() if self._session.store is not None else None
        for folder, item in self._items.items():
            self._items[folder] = item.renewed(is_open=folder == open_folder)
        if self._items:
            wanted = self._filter.of(item.row for item in self._items.values())
            self._shown = sorted_rows(wanted, COLUMNS[self._order.column].name, falling=self._order.falling)
            self._view.set_lines([self._items[row.folder].line for row in self._shown])
        else:
            self._shown = []
            self._view.set_lines(())
            self._say_nothing()
        self._say_count()
        self._show_chosen()

    def _say_nothing(self) -> None:
        if self._looked:
            where = f"Runs that are started here or by `vpns run`, or copied to {self._runs}, appear here with their results."
            self._view.set_nothing("No runs yet", where)
        else:
            self._view.set_nothing("Looking for runs …", str(self._runs))

    def _offer_choices(self) -> None:
        tags = sorted({tag for item in self._items.values() for tag in item.row.tags}, key=str.casefold)
        self._view.set_choices(
            [("", "All states"), *STATE_LABELS.items()], [("", "All tags"), *((tag, tag) for tag in tags)]
        )
        self._view.marks.set_known_tags(tags)

    def _say_count(self) -> None:
        shown, total = len(self._shown), len(self._items)
        text = _runs(total) if shown == total else f"{shown:,} of {_runs(total)}"
        text += f" · {size_text(sum(row.num_bytes for row in self._shown))}"
        if chosen := len(self._session.chosen):
            text += f" · {chosen:,} chosen"
        if self._progress is not None and self._progress.looked < self._progress.total:
            text += f" · reading {self._progress.looked:,} of {self._progress.total:,}"
        self._view.set_count(text)

    def _set_filter(self, wanted: tuple[str, str, str]) -> None:
        self._filter = Filter(text=wanted[0], state=wanted[1], tag=wanted[2])
        self._fill()

    def _set_order(self, order: Order) -> None:
        self._order = order
        self._fill()

    def _choose(self, folders: tuple[Path, ...]) -> None:
        self._session.choose_runs(folders)
        self._say_count()
        self._show_chosen()

    def _chosen(self) -> list[RunRow]:
        return [item.row for folder in self._session.chosen if (item := self._items.get(folder)) is not None]

    def _show_chosen(self) -> None:
        """Show tags and note of the chosen runs, and what can be done with them."""
        rows = self._chosen()
        folders = tuple(row.folder for row in rows)
        note = rows[0].note if len(rows) == 1 else None
        self._view.marks.set_sight(MarksSight(folders, ", ".join(common_tags(rows)), note))
        self._view.set_possible(_possible(rows))

    def _note(self, edit: MarksEdit) -> None:
        try:
            self._marks.write(edit)
            self._items |= {folder: self._items[folder].noted(edit) for folder in edit.folders if folder in self._items}
        except EngineError as error:
            self._fail_marks(str(error))
        self._offer_choices()
        self._fill()

    def _fail_marks(self, why: str) -> None:
        self._notices.say(f"Tags or note were not kept: {why}", "error")
        self._reader.leave()  # and begin with what stands on the disk
        self.look()

    def _act(self, name: str) -> None:
        rows = self._chosen()
        if name not in _possible(rows):
            return
        folders = tuple(row.folder for row in rows)
        match name:
            case "open":
                self._opening = folders[0]
                self.open_requested.emit(folders[0])
            case "resume":
                self._opening = folders[0]
                self.resume_requested.emit(folders[0])
            case "use_settings":
                self._configs.start(lambda: RunStore.open(folders[0]).config)
            case "reveal":
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(folders[0])))
            case "clear":
                self.clear_requested.emit(folders)
            case "remove":
                self._ask_remove(rows)

    def _ask_remove(self, rows: list[RunRow]) -> None:
        names = [name_of(row) for row in rows[:_NAMES_SHOWN]] + ["…"] * (len(rows) > _NAMES_SHOWN)
        size = size_text(sum(row.num_bytes for row in rows))
        ask(
            self._view.window(),
            f"Remove {'this run' if len(rows) == 1 else _runs(len(rows))}?",
            f"{size} are deleted: the folders with everything in them, exports inside too.\n" + "\n".join(names),
            accept="Remove",
            refuse="Keep",
            accepted=partial(self._remove, tuple(row.folder for row in rows)),
        )

    def _remove(self, folders: tuple[Path, ...]) -> None:
        store = self._session.store
        if store is not None and not self._session.live and store.folder.absolute() in folders:
            self._session.close()
        self._removal.start(partial(remove_runs, folders, self._runs))

    def _say_removed(self, removed: Removed) -> None:
        if removed.folders:
            self._notices.say(f"Removed {_runs(len(removed.folders))}: {', '.join(folder.name for folder in removed.folders)}")
        if removed.refused:
            self.refused.emit("\n".join(removed.refused[:_NAMES_SHOWN]))
        self.look()

    def savable(self) -> Savable | None:
        """Give the table, as it is shown, for a file; and the tab's looks."""
        table = ("Runs", partial(table_of, tuple(self._shown)))
        return Savable("runs", (table,), lambda: self._view) if self._shown else None


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"


def _possible(rows: list[RunRow]) -> tuple[str, ...]:
    """Name what can be done with these runs."""
    if not rows:
        return ()
    several = ("clear", "remove")
    if len(rows) > 1:
        return several
    settings = ("use_settings",) if rows[0].opens else ()
    return (*several, "open", "reveal", *settings, *(("resume",) if rows[0].resumable else ()))
