"""The Masks tab: one mask, or two compared; a switch at the top chooses."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

ONE, TWO = range(2)
_PAGES = (
    ("One mask", "What one mask keeps, layer by layer"),
    ("Compare two", "What two masks have in common, and what only one of them keeps"),
)


class MaskPage(QWidget):
    """Holds the view of one mask and the comparison. A page may put a widget beside the switch, to save a line."""

    page_changed = Signal(int)
    """ONE or TWO is seen now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("maskPage")
        self.setAccessibleName("Masks")
        self.switch = self._make_switch()
        self._beside = _narrow(QStackedWidget(self))
        self._stack = QStackedWidget(self)
        self._rooms = tuple(_room(self._stack) for _ in _PAGES)
        self._rooms_beside = tuple(_room(self._beside) for _ in _PAGES)
        top = QHBoxLayout()
        top.setContentsMargins(10, 4, 10, 0)
        top.setSpacing(12)
        top.addWidget(self.switch)
        top.addWidget(self._beside, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        self.switch.currentChanged.connect(self._turn)

    def _make_switch(self) -> QTabBar:
        switch = QTabBar(self)
        switch.setObjectName("maskSwitch")
        switch.setAccessibleName("One mask or two")
        switch.setDrawBase(False)
        switch.setExpanding(False)
        switch.setUsesScrollButtons(False)
        switch.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for number, (title, tip) in enumerate(_PAGES):
            switch.addTab(title)
            switch.setTabToolTip(number, tip)
        return switch

    def put(self, page: int, view: QWidget) -> None:
        """Show `view` on a page (ONE or TWO)."""
        _fill(self._rooms[page], view)

    def put_beside(self, page: int, widget: QWidget) -> None:
        """Show a widget of one line beside the switch while a page is seen."""
        _fill(self._rooms_beside[page], widget)

    @property
    def page(self) -> int:
        """Which page is seen."""
        return self._stack.currentIndex()

    def show_page(self, page: int) -> None:
        """Turn to a page."""
        self.switch.setCurrentIndex(page)

    def _turn(self, page: int) -> None:
        self._stack.setCurrentIndex(page)
        self._beside.setCurrentIndex(page)
        self.page_changed.emit(page)


def _room(stack: QStackedWidget) -> QWidget:
    room = QWidget(stack)
    stack.addWidget(room)
    layout = QVBoxLayout(room)
    layout.setContentsMargins(0, 0, 0, 0)
    return room


def _fill(room: QWidget, widget: QWidget) -> None:
    layout = room.layout()
    assert layout is not None
    layout.addWidget(widget)


def _narrow(stack: QStackedWidget) -> QStackedWidget:
    stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
    return stack
