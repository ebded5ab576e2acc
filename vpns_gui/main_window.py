"""The window: set-up on the left, views in the middle, log at the bottom, menus. Layout only."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QTabWidget, QVBoxLayout, QWidget

from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.menus import Menus
from vpns_gui.settings import Settings
from vpns_gui.views.library import LibraryView
from vpns_gui.views.log import LogView
from vpns_gui.views.moment_bar import MomentBar
from vpns_gui.views.offer_bar import OfferBar
from vpns_gui.views.predict import PredictView
from vpns_gui.views.prompt import PromptView
from vpns_gui.views.queue import QueueView
from vpns_gui.views.results import ResultsView
from vpns_gui.views.run_bar import RunBar
from vpns_gui.views.summary import SummaryView
from vpns_gui.window_layout import WindowLayout

_FIRST_SIZE = (1360, 860)
_SETUP_WIDTH, _LOG_HEIGHT = 400, 165


class MainWindow(QMainWindow):
    """Holds the parts. What they do is in `vpns_gui.controllers`."""

    close_asked = Signal(object)
    """The person closes the window; its QCloseEvent, already refused. Accept it to let it close."""
    dropped = Signal(object)
    """A file or folder was dropped on the window (Path)."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("main")
        self.setWindowTitle("VPNs Studio")
        self.setup = SetupPanel(self)
        self.prompt = PromptView(self)
        self.curves_page, self.masks_page, self.compare_page = _page(self), _page(self), _page(self)
        self.classes_page, self.gains_page, self.predict_page = _page(self), _page(self), _page(self)
        self.predict = PredictView(self.predict_page)
        put(self.predict, self.predict_page)
        self.results = ResultsView(self)
        self.summary = SummaryView(self)
        self.library = LibraryView(self)
        self.working_bar = OfferBar("workingBar", self)
        self.offer_bar = OfferBar("offerBar", self)
        self.moment_bar = MomentBar(self)
        self.run_bar = RunBar(self)
        self.log = LogView(self)
        self.queue = QueueView(self)
        self.tabs = self._make_tabs()
        self.menus = Menus(self)
        self._lay_out()
        self.setAcceptDrops(True)
        self.resize(*_FIRST_SIZE)
        self.arrangement = WindowLayout(self, self.tabs, (self.run_bar,), settings)
        self.arrangement.restore()

    def _make_tabs(self) -> QTabWidget:
        tabs = QTabWidget(self)
        tabs.setObjectName("tabs")
        tabs.setDocumentMode(True)
        tabs.tabBar().setDrawBase(False)
        for number, (view, title) in enumerate(
            (
                (self.curves_page, "Curves"),
                (self.prompt, "Prompt"),
                (self.masks_page, "Masks"),
                (self.classes_page, "Classes"),
                (self.results, "Results"),
                (self.gains_page, "Gains"),
                (self.predict_page, "Predict"),
                (self.summary, "Summary"),
                (self.library, "Library"),
                (self.compare_page, "Compare"),
            )
        ):
            tabs.addTab(view, title)
            key = (number + 1) % 10  # the tenth is Ctrl+0
            tabs.setTabToolTip(number, f"{title} (Ctrl+{key})")
            shortcut = QShortcut(QKeySequence(f"Ctrl+{key}"), self)
            shortcut.setWhatsThis(title)
            shortcut.activated.connect(lambda index=number: tabs.setCurrentIndex(index))
        return tabs

    def _lay_out(self) -> None:
        middle = QWidget(self)
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.working_bar)
        layout.addWidget(self.offer_bar)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.moment_bar)
        layout.addWidget(self.run_bar)
        self.setCentralWidget(middle)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        setup = self._dock("Set-up", "setupDock", self.setup, Qt.DockWidgetArea.LeftDockWidgetArea)
        log = self._dock("Log", "logDock", self.log, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.queue_dock = self._dock("Queue", "queueDock", self.queue, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.tabifyDockWidget(log, self.queue_dock)
        log.raise_()
        self.resizeDocks([setup], [_SETUP_WIDTH], Qt.Orientation.Horizontal)
        self.resizeDocks([log], [_LOG_HEIGHT], Qt.Orientation.Vertical)

    def _dock(self, title: str, name: str, content: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setTitleBarWidget(_title_bar(title, dock))
        dock.setWidget(content)
        self.addDockWidget(area, dock)
        self.menus.view.addAction(dock.toggleViewAction())
        return dock

    def dragEnterEvent(self, entered: QDragEnterEvent) -> None:  # noqa: N802
        """Take files and folders of this machine."""
        if any(url.isLocalFile() for url in entered.mimeData().urls()):
            entered.acceptProposedAction()

    def dropEvent(self, let_go: QDropEvent) -> None:  # noqa: N802
        """Say what was dropped; of several the first."""
        for url in let_go.mimeData().urls():
            if url.isLocalFile():
                let_go.acceptProposedAction()
                self.dropped.emit(Path(url.toLocalFile()))
                return

    def closeEvent(self, closing: QCloseEvent) -> None:  # noqa: N802
        """Ask whoever knows whether something is at work."""
        closing.ignore()
        self.close_asked.emit(closing)
        if closing.isAccepted():
            self.arrangement.save()


def put(view: QWidget, page: QWidget) -> None:
    """Fill a page with its view."""
    layout = page.layout()
    assert layout is not None
    layout.addWidget(view)


def _page(parent: QWidget) -> QWidget:
    """Make an empty page; its view comes once the window is on screen (see vpns_gui.plots)."""
    page = QWidget(parent)
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    return page


def _title_bar(title: str, parent: QWidget) -> QLabel:
    """Make a title to drag the dock by; it is closed in the View menu, so it needs no small buttons."""
    bar = QLabel(title, parent)
    bar.setContentsMargins(10, 6, 10, 4)
    font = bar.font()
    font.setBold(True)
    bar.setFont(font)
    return bar
