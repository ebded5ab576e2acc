"""A list to choose from that is searched by typing; its entries stand in groups."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from vpns_gui import theme
from vpns_gui.forms.entries import Entry, Heading, Line, begins_with, lines_of
from vpns_gui.forms.fields import MANY

LINE_PX = 24
MARGIN_PX = 8
MAX_HEIGHT_PX = 620
MAX_WIDTH_PX = 520
_GAP_PX = 24
_LINE = Qt.ItemDataRole.UserRole


class PickList(QFrame):
    """Opens below a widget; typing narrows it, Enter or a click chooses."""

    chosen = Signal(object)
    """The value of an entry (str)."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("pickList")
        self.setAttribute(Qt.WidgetAttribute.WA_NoMouseReplay)  # a click on its own box closes it and does not open it again
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._entries: tuple[Entry, ...] = ()
        self._search = QLineEdit(self)
        self._search.setObjectName("pickSearch")
        self._search.setPlaceholderText("Type to search")
        self._search.setAccessibleName("Search")
        self._search.setClearButtonEnabled(True)
        self._nothing = QLabel("Nothing matches.", self)
        self._nothing.setContentsMargins(MARGIN_PX, 2, MARGIN_PX, 4)
        self._model = QStandardItemModel(self)
        self._view = self._make_view()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        for widget in (self._search, self._nothing, self._view):
            layout.addWidget(widget)
        self._search.textChanged.connect(self._narrow)
        self._view.clicked.connect(self._choose)
        self._view.entered.connect(self._point_at)

    def open_below(self, anchor: QWidget, entries: Sequence[Entry], current: object, typed: str = "") -> None:
        """Show the entries with the current value marked; `typed` narrows them at once."""
        self._entries = tuple(entries)
        self._search.setVisible(len(self._entries) >= MANY)
        self._search.clear()
        self._narrow("")
        self._mark(current)
        self._place(anchor)
        self.show()
        (self if self._search.isHidden() else self._search).setFocus()
        self._search.setText(typed)
        self._view.scrollTo(self._view.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)

    def shown(self) -> tuple[Line, ...]:
        """Give the lines as they stand."""
        return tuple(self._model.item(row).data(_LINE) for row in range(self._model.rowCount()))

    def _make_view(self) -> QListView:
        view = QListView(self)
        view.setObjectName("pickView")
        view.setModel(self._model)
        view.setItemDelegate(_LineDelegate(view))
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setMouseTracking(True)
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys come from the line above it, or from the frame
        return view

    def _narrow(self, typed: str) -> None:
        self._model.clear()
        for line in lines_of(self._entries, typed):
            self._model.appendRow(_item(line))
        self._nothing.setVisible(not self._model.rowCount())
        rows = [row for row, line in enumerate(self.shown()) if _can_be_chosen(line)]
        if rows:
            best = next((row for row in rows if begins_with(self.shown()[row].text, typed)), rows[0])
            self._view.setCurrentIndex(self._model.index(best, 0))

    def _mark(self, current: object) -> None:
        row = next((row for row, line in enumerate(self.shown()) if isinstance(line, Entry) and line.value == current), None)
        if row is not None:
            self._view.setCurrentIndex(self._model.index(row, 0))

    def _place(self, anchor: QWidget) -> None:
        """Be as large as the entries need, and stand above the anchor where there is more room."""
        below = anchor.mapToGlobal(QPoint(0, anchor.height()))
        above = anchor.mapToGlobal(QPoint(0, 0))
        screen = anchor.screen().availableGeometry()
        wanted = self._wanted_size(anchor.width())
        under = screen.bottom() - below.y() >= min(wanted.height(), above.y() - screen.top())
        room = screen.bottom() - below.y() if under else above.y() - screen.top()
        height = min(wanted.height(), room)
        left = max(screen.left(), min(below.x(), screen.right() - wanted.width()))
        self.setGeometry(left, below.y() if under else above.y() - height, wanted.width(), height)

    def _wanted_size(self, at_least: int) -> QSize:
        rows = range(self._model.rowCount())
        hints = [self._view.sizeHintForIndex(self._model.index(row, 0)) for row in rows]
        width = max((hint.width() for hint in hints), default=0) + self._view.verticalScrollBar().sizeHint().width() + 12
        height = sum(hint.height() for hint in hints) + 12
        if not self._search.isHidden():
            height += self._search.sizeHint().height() + 4
        return QSize(max(at_least, min(width, MAX_WIDTH_PX)), min(height, MAX_HEIGHT_PX))

    def _point_at(self, index: QModelIndex) -> None:
        if _can_be_chosen(index.data(_LINE)):
            self._view.setCurrentIndex(index)

    def _choose(self, index: QModelIndex | QPersistentModelIndex) -> None:
        line = index.data(_LINE)
        if isinstance(line, Entry) and not line.off:
            self.hide()
            self.chosen.emit(line.value)

    def _step(self, steps: int) -> None:
        """Go to the next entry that can be chosen, headings passed over."""
        rows = [row for row, line in enumerate(self.shown()) if _can_be_chosen(line)]
        if rows:
            here = self._view.currentIndex().row()
            place = rows.index(here) + steps if here in rows else 0
            self._view.setCurrentIndex(self._model.index(rows[max(0, min(place, len(rows) - 1))], 0))

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Choose by the keys that a list has, wherever the focus is."""
        keys = Qt.Key
        steps = {keys.Key_Up: -1, keys.Key_Down: 1, keys.Key_PageUp: -10, keys.Key_PageDown: 10}
        if pressed.key() in steps:
            self._step(steps[Qt.Key(pressed.key())])
        elif pressed.key() in (keys.Key_Return, keys.Key_Enter):
            self._choose(self._view.currentIndex())
        elif pressed.key() == keys.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(pressed)


class _LineDelegate(QStyledItemDelegate):
    """Draws a name with its hint at the end of the line, or a name with the reason why it is off below it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw a line."""
        line: Line = index.data(_LINE)
        painter.save()
        box = option.rect.adjusted(MARGIN_PX, 0, -MARGIN_PX, 0)
        if isinstance(line, Heading):
            _draw_heading(painter, box, line)
        else:
            super().paint(painter, option, index)  # the ground of what is pointed at
            _draw_entry(painter, box, line, pointed=index == _view_of(option).currentIndex())
        painter.restore()

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Give the width that name and hint need side by side."""
        line: Line = index.data(_LINE)
        metrics = QFontMetrics(_view_of(option).font())
        if isinstance(line, Heading):
            return QSize(metrics.horizontalAdvance(line.text) + 3 * MARGIN_PX, LINE_PX + 2)
        hint = 0 if line.off or not line.hint else _GAP_PX + metrics.horizontalAdvance(line.hint)
        width = max(metrics.horizontalAdvance(line.text) + hint, metrics.horizontalAdvance(line.off)) + 4 * MARGIN_PX
        return QSize(width, LINE_PX + (metrics.height() if line.off else 0))


def _draw_heading(painter: QPainter, box: QRect, line: Heading) -> None:
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(theme.colours().muted)
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, line.text)


def _draw_entry(painter: QPainter, box: QRect, line: Entry, *, pointed: bool) -> None:
    colours, metrics = theme.colours(), painter.fontMetrics()
    box = box.adjusted(MARGIN_PX if line.group else 0, 0, 0, 0)
    top = QRect(box.left(), box.top(), box.width(), LINE_PX)
    lit = pointed and not line.off
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.setPen(colours.on_accent if lit else colours.muted if line.off else colours.text)
    painter.drawText(top, Qt.AlignmentFlag.AlignLeft | middle, line.text)
    painter.setPen(colours.on_accent if lit else colours.muted)
    if line.hint and not line.off:
        painter.drawText(top, Qt.AlignmentFlag.AlignRight | middle, line.hint)
    if line.off:
        below = QRect(box.left(), box.top() + LINE_PX - 4, box.width(), metrics.height() + 2)
        reason = metrics.elidedText(line.off, Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | middle, reason)


def _item(line: Line) -> QStandardItem:
    item = QStandardItem()
    item.setData(line, _LINE)
    item.setData(line.text, Qt.ItemDataRole.AccessibleTextRole)
    item.setEditable(False)
    if not _can_be_chosen(line):
        item.setFlags(Qt.ItemFlag.NoItemFlags)
    if isinstance(line, Entry) and line.off:
        item.setToolTip(f"<p>{line.off}</p>")
    return item


def _can_be_chosen(line: Line) -> bool:
    return isinstance(line, Entry) and not line.off


def _view_of(option: QStyleOptionViewItem) -> QListView:
    view = option.widget
    assert isinstance(view, QListView)
    return view
