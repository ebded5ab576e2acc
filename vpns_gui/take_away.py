"""Every picture and table can be taken along: a menu on it copies and saves, and Ctrl+C copies where it has the focus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QTableView, QTableWidget, QWidget

from vpns_engine.csv_text import csv_text
from vpns_engine.errors import EngineError
from vpns_gui.drawing import png_of
from vpns_gui.tables import Rows, selected_rows, tab_separated, texts_of, whole_table

COPY_PICTURE, SAVE_PICTURE = "Copy &picture", "Save p&icture …"
COPY_ROWS, COPY_TABLE, SAVE_TABLE = "Copy selected &rows", "Copy &table", "&Save table …"


@dataclass(frozen=True)
class Savable:
    """What there is to save; asked for when it is saved."""

    name: str
    """What the file is called at first, without an ending."""
    tables: Sequence[tuple[str, Callable[[], Rows]]] = ()
    """Each with what it is."""
    picture: Callable[[], QWidget] | None = None
    pictures: Sequence[tuple[str, Callable[[], QWidget]]] = ()
    """Further ones, each with what it is."""


class Desk(QObject):
    """Where a window takes in what is to be saved: a child of it; whoever writes files connects to it."""

    asked = Signal(object)
    """A file is wanted (Savable)."""
    failed = Signal(str)
    """Something could not be copied: why."""


def offer(
    widget: QWidget,
    name: str | Callable[[], str],
    *,
    table: Callable[[], Rows] | None = None,
    picture: Callable[[], QWidget] | None = None,
) -> "TakeAway":
    """Let a person copy and save what a widget shows.

    Args:
        name: what it is, for the menus and as the file's name.
        table: gives its figures, a header and rows; a table widget's own cells where it is left out.
        picture: gives the widget to draw; the widget itself, or the whole of a table, where it is left out.

    A widget whose context menu is made of its actions gets these at the end; one with a menu of its own keeps that one.
    """
    for earlier in _own(widget):
        earlier.deleteLater()
        earlier.setParent(None)
    if isinstance(widget, QTableView) and table is None:
        table = partial(texts_of, widget)
    if picture is None:
        picture = partial(whole_table, widget) if isinstance(widget, QTableWidget) else lambda: widget
    return TakeAway(widget, name, table, picture)


@dataclass(frozen=True)
class _Entry:
    words: str
    act: Callable[[], None]
    enabled: bool


class TakeAway(QObject):
    """What `offer` adds to a widget; lives as long as that."""

    def __init__(
        self,
        widget: QWidget,
        name: str | Callable[[], str],
        table: Callable[[], Rows] | None,
        picture: Callable[[], QWidget],
    ) -> None:
        super().__init__(widget)
        self._widget, self._name, self._table, self._picture = widget, name, table, picture
        widget.installEventFilter(self)
        if isinstance(widget, QAbstractScrollArea):
            widget.viewport().installEventFilter(self)
        if widget.contextMenuPolicy() == Qt.ContextMenuPolicy.ActionsContextMenu:
            self._join_menu()

    @property
    def name(self) -> str:
        """What it is."""
        return self._name if isinstance(self._name, str) else self._name()

    @property
    def visible(self) -> bool:
        """Tell whether the widget is on screen."""
        return self._widget.isVisible()

    @property
    def has_table(self) -> bool:
        """Tell whether there are figures to take along now."""
        return self._table is not None and bool(self._table()[1])

    @property
    def has_picture(self) -> bool:
        """Tell whether there is something to draw."""
        return not self._widget.size().isEmpty()

    @property
    def savable(self) -> Savable:
        """What can be saved of it."""
        tables = [(self.name, self._table)] if self._table is not None and self.has_table else []
        return Savable(self.name.lower(), tables, None, [(self.name, self._picture)])

    def copy(self) -> None:
        """Copy what is most useful: the selected rows of a table, else all of them; of a picture the picture."""
        if self._chosen():
            self.copy_rows()
        elif self.has_table and isinstance(self._widget, QTableView):
            self.copy_table()
        else:
            self.copy_picture()

    def copy_rows(self) -> None:
        """Put the selected rows on the clipboard."""
        if isinstance(self._widget, QTableView):
            _copy_text(texts_of(self._widget, selected=True))

    def copy_table(self) -> None:
        """Put the figures on the clipboard: tabs between cells, and as CSV."""
        if self._table is not None:
            _copy_text(self._table())

    def copy_picture(self) -> None:
        """Put a picture at twice the size on the clipboard."""
        try:
            image = QImage.fromData(png_of(self._picture()))
        except EngineError as error:
            self._fail(str(error))
            return
        QGuiApplication.clipboard().setImage(image)

    def save_table(self) -> None:
        """Ask for a file for the figures."""
        if self._table is not None:
            self._ask(Savable(self.name.lower(), [(self.name, self._table)]))

    def save_picture(self) -> None:
        """Ask for a file for the picture."""
        self._ask(Savable(self.name.lower(), picture=self._picture))

    def menu(self, parent: QWidget) -> QMenu:
        """Make the menu; other menus can take its actions in."""
        menu = QMenu(parent)
        menu.setObjectName("takeAway")
        menu.setTitle(self.name)
        for entry in self._entries():
            action = menu.addAction(entry.words)
            action.setEnabled(entry.enabled)
            action.triggered.connect(lambda _checked=False, act=entry.act: act())
        return menu

    def _ask(self, savable: Savable) -> None:
        desk = _desk_of(self._widget)
        if desk is not None:
            desk.asked.emit(savable)

    def _fail(self, why: str) -> None:
        desk = _desk_of(self._widget)
        if desk is not None:
            desk.failed.emit(why)

    def _entries(self) -> list[_Entry]:
        entries, saves = [], _desk_of(self._widget) is not None
        if self._chosen():
            entries.append(_Entry(COPY_ROWS, self.copy_rows, True))
        if self._table is not None:
            entries.append(_Entry(COPY_TABLE, self.copy_table, self.has_table))
            entries.append(_Entry(SAVE_TABLE, self.save_table, saves and self.has_table))
        entries.append(_Entry(COPY_PICTURE, self.copy_picture, self.has_picture))
        entries.append(_Entry(SAVE_PICTURE, self.save_picture, saves and self.has_picture))
        return entries

    def _join_menu(self) -> None:
        entries = self._entries()
        parting = QAction(self._widget)
        parting.setSeparator(True)
        self._widget.addAction(parting)
        for entry in entries:
            action = QAction(entry.words, self._widget)
            action.triggered.connect(lambda _checked=False, act=entry.act: act())
            self._widget.addAction(action)

    @property
    def _has_own_menu(self) -> bool:
        return self._widget.contextMenuPolicy() != Qt.ContextMenuPolicy.DefaultContextMenu

    def _chosen(self) -> list[int]:
        return selected_rows(self._widget) if isinstance(self._widget, QTableView) else []

    def _open(self, where: QPoint) -> None:
        menu = self.menu(self._widget)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    def eventFilter(self, watched: QObject, happened: QEvent) -> bool:  # noqa: N802
        """See the menu asked for, and Ctrl+C."""
        match happened:
            case QContextMenuEvent() if happened.type() == QEvent.Type.ContextMenu and not self._has_own_menu:
                self._open(happened.globalPos())
                return True
            case QKeyEvent() if happened.type() == QEvent.Type.KeyPress and happened.matches(QKeySequence.StandardKey.Copy):
                self.copy()
                return True
        return super().eventFilter(watched, happened)


def nearest(widget: QWidget | None) -> TakeAway | None:
    """Give what is offered of a widget, or of the nearest one around it."""
    while widget is not None:
        for found in _own(widget):
            return found
        widget = widget.parentWidget()
    return None


def shown_in(widget: QWidget) -> list[TakeAway]:
    """Give all that is offered of what is on screen in a widget."""
    return [found for found in widget.findChildren(TakeAway) if found.visible]


def _desk_of(widget: QWidget) -> Desk | None:
    """Give the desk of the window a widget is in, or of the window that one belongs to."""
    around: QObject | None = widget
    while around is not None:
        for child in around.children():
            if isinstance(child, Desk):
                return child
        around = around.parent()
    return None


def _own(widget: QWidget) -> list[TakeAway]:
    return [child for child in widget.children() if isinstance(child, TakeAway)]


def _copy_text(rows: Rows) -> None:
    data = QMimeData()
    data.setText(tab_separated(*rows))
    data.setData("text/csv", csv_text(*rows).encode("utf-8", "replace"))
    QGuiApplication.clipboard().setMimeData(data)
