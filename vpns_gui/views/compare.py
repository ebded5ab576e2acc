"""Several runs side by side: accuracy over sparsity, curves on top of each other, and a table of the same numbers."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QColor, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from vpns_gui import theme
from vpns_gui.theme import Colours
from vpns_gui.views.accuracy_chart import CHART_HINT, AccuracyChart
from vpns_gui.views.chart_data import ChartLine
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.flow_layout import FlowLayout
from vpns_gui.views.overlay import CURVES_HINT, MEASURES, TOP_SPAN, OverlayView, RunCurves
from vpns_gui.views.picture import scrolled
from vpns_gui.views.text_table import Rows, fill_table, text_table, whole_table

COMPARE_COLUMNS = ("Sparsity", "Method", "State", "Seeds", "Test %\nno prompt", "Test %\nwith prompt", "Published %\nno prompt")
CHART, CURVES, TABLE = range(3)
_PAGES = ("Accuracy over sparsity", "Curves", "Table")
STATES = {"finetune": "Tuned", "search": "Mask found, untuned"}
ACCURACIES = {"plain": "Without the prompt", "prompted": "With the prompt", "both": "Both"}
_SCALES = {"sparsity": "Sparsity", "kept": "Remaining weights, logarithmic"}
NO_STUDY = ""
_EMPTY = (
    "No runs chosen",
    "Choose one or several runs in the Library tab (Ctrl or Shift adds to the choice). Their curves and their accuracies over "
    "sparsity appear here, beside what was published of the same network and data set.",
)


class CompareView(QWidget):
    """Three pages; what is on them is worked out elsewhere."""

    options_changed = Signal()
    """Another state, accuracy, study or sparsity is asked for."""
    save_requested = Signal()
    """The page is to be written to a file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare")
        self.setAccessibleName("Comparison of runs")
        self._said = {CHART: CHART_HINT, CURVES: CURVES_HINT}
        content = QWidget(self)
        self.chart = AccuracyChart(content)
        self.overlay = OverlayView(content)
        self.table = text_table(COMPARE_COLUMNS, "compareTable", content)
        self.table.setAccessibleName("Accuracies")
        self._make_controls(content)
        self._lay_out(content)
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), content, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.chart.said.connect(lambda text: self._say(CHART, text))
        self.overlay.said.connect(lambda text: self._say(CURVES, text))
        theme.follow(self, self._recolour)
        self._turn(CHART)

    def _make_controls(self, content: QWidget) -> None:
        self._pages = QTabBar(content)
        self._pages.setObjectName("comparePages")
        self._pages.setDrawBase(False)
        for title in _PAGES:
            self._pages.addTab(title)
        self._pages.currentChanged.connect(self._turn)
        self._save = QPushButton("Save …", content)
        self._save.setObjectName("saveComparison")
        self._save.setToolTip("Write this page as a table (CSV), a picture (PNG) or a drawing (SVG)")
        self._save.clicked.connect(self.save_requested)
        self._all = QPushButton("Show all", content)
        self._all.setObjectName("showAllCompared")
        self._all.setToolTip("Undo zooming and moving. The wheel zooms, dragging moves.")
        self._all.clicked.connect(self._show_all)
        self._state = _choice("compareState", "State", STATES, "Which state of the network was tested", content)
        self._accuracy = _choice(
            "compareAccuracy", "Accuracy", ACCURACIES, "Published accuracies are without the prompt in most studies", content
        )
        self._scale = _choice("compareScale", "Axis", _SCALES, "What runs along the axis", content)
        self._study = _choice("compareStudy", "Published", {NO_STUDY: "None"}, "Published numbers drawn beside yours", content)
        self._sparsity = _choice("compareSparsity", "Sparsity", {}, "Which level of the runs is drawn", content)
        for choice in (self._state, self._accuracy, self._study, self._sparsity):
            choice.currentIndexChanged.connect(self.options_changed)
        self._scale.currentIndexChanged.connect(lambda _: self.chart.set_scale(self._scale.currentData()))
        self._top = QCheckBox("Zoom to the top", content)
        self._top.setObjectName("zoomTopCompared")
        self._top.setToolTip(f"Show the uppermost {TOP_SPAN:g} % of the accuracies alone")
        self._top.toggled.connect(self.overlay.zoom_to_top)
        self._measures = {measure.key: QAction(measure.title, content) for measure in MEASURES}
        menu = QMenu(content)
        for measure in MEASURES:
            action = self._measures[measure.key]
            action.setObjectName(f"measure_{measure.key}")
            action.setCheckable(True)
            action.setChecked(measure.shown)
            action.toggled.connect(lambda on, key=measure.key: self.overlay.want(key, on))
            menu.addAction(action)
        self._choose_measures = QPushButton("Measures", content)
        self._choose_measures.setObjectName("measures")
        self._choose_measures.setToolTip("What is drawn, a plot each")
        self._choose_measures.setMenu(menu)

    def _lay_out(self, content: QWidget) -> None:
        top = QHBoxLayout()
        top.addWidget(self._pages)
        top.addStretch(1)
        top.addWidget(self._all)
        top.addWidget(self._save)
        self._inner = QStackedWidget(content)
        published = _labelled("Published", self._study, content)
        self._study_row = published
        choices = [
            _labelled("State", self._state, content),
            _labelled("Accuracy", self._accuracy, content),
            _labelled("Axis", self._scale, content),
            published,
        ]
        self._inner.addWidget(_page(content, choices, scrolled(self.chart, content)))
        boxes = [_labelled("Sparsity", self._sparsity, content), self._choose_measures, self._top]
        self._inner.addWidget(_page(content, boxes, scrolled(self.overlay, content)))
        self._inner.addWidget(_page(content, [], self.table))
        self._readout = QLabel(content)
        self._readout.setObjectName("compareReadout")
        self._readout.setWordWrap(True)
        self._readout.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._readout.setAlignment(Qt.AlignmentFlag.AlignTop)
        # room for three lines at once: nothing jumps while the pointer moves
        self._readout.setFixedHeight(3 * self._readout.fontMetrics().lineSpacing() + 4)
        self._warning = QLabel(content)
        self._warning.setObjectName("compareWarning")
        self._warning.setWordWrap(True)
        for label in (self._readout, self._warning):
            label.setTextFormat(Qt.TextFormat.PlainText)  # a run's name may look like markup
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 8, 10, 8)
        inner.setSpacing(6)
        inner.addLayout(top)
        inner.addWidget(self._warning)
        inner.addWidget(self._inner, 1)
        inner.addWidget(self._readout)

    @property
    def page(self) -> int:
        """The page that is seen: `CHART`, `CURVES` or `TABLE`."""
        return self._pages.currentIndex()

    @property
    def state(self) -> str:
        """The state asked for: a key of `STATES`."""
        return str(self._state.currentData())

    @property
    def accuracy(self) -> str:
        """The accuracy asked for: a key of `ACCURACIES`."""
        return str(self._accuracy.currentData())

    @property
    def study(self) -> str:
        """The published study asked for; `NO_STUDY` for none."""
        return str(self._study.currentData() or NO_STUDY)

    @property
    def density(self) -> float | None:
        """The density whose curves are asked for; None where no run has a level."""
        found = self._sparsity.currentData()
        return None if found is None else float(found)

    @property
    def picture(self) -> QWidget:
        """What is worth a picture on the page that is seen."""
        match self.page:
            case 0:
                return self.chart
            case 1:
                return self.overlay
            case _:
                return whole_table(self.table)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return self._stack.is_empty

    def set_studies(self, studies: Mapping[str, str]) -> None:
        """Offer published studies by their key; one that was chosen stays chosen, at first the first is."""
        _offer(self._study, {**studies, NO_STUDY: "None"})
        self._study_row.setVisible(bool(studies))

    def set_densities(self, densities: Mapping[float, str], usual: float | None) -> None:
        """Offer levels by their density; one that was chosen stays chosen, at first `usual` is."""
        _offer(self._sparsity, densities, usual)

    def set_content(self, lines: Sequence[ChartLine], note: str, rows: Rows) -> None:
        """Show chart and table."""
        self.chart.set_lines(lines, note)
        fill_table(self.table, rows, first_number=4)
        self._stack.show_content(True)

    def set_curves(self, runs: Sequence[RunCurves], note: str) -> None:
        """Show the curves of one level."""
        self.overlay.set_runs(runs, note)
        for key, action in self._measures.items():
            action.setEnabled(self.overlay.has(key))

    def set_warning(self, text: str) -> None:
        """Say what could not be read; empty says nothing."""
        self._warning.setText(text)
        self._warning.setVisible(bool(text))

    def clear(self) -> None:
        """Show nothing."""
        self._stack.show_content(False)

    def _turn(self, page: int) -> None:
        self._readout.setText(self._said.get(page, ""))
        self._inner.setCurrentIndex(page)
        self._all.setVisible(page != TABLE)
        self._readout.setVisible(page != TABLE)

    def _show_all(self) -> None:
        (self.chart if self.page == CHART else self.overlay).show_all()

    def _say(self, page: int, text: str) -> None:
        self._said[page] = text
        if page == self.page:
            self._readout.setText(text)

    def _recolour(self, scheme: Colours) -> None:
        self._readout.setStyleSheet(f"color: {scheme.text}")
        self._warning.setStyleSheet(f"color: {scheme.warning}")
        outlined = QPalette()  # Fusion outlines a box in its window's colour, which is hardly seen on a dark ground
        outlined.setColor(QPalette.ColorRole.Window, QColor(scheme.grid))
        self._top.setPalette(outlined)


def _choice(name: str, title: str, words: Mapping[str, str], tip: str, parent: QWidget) -> QComboBox:
    choice = QComboBox(parent)
    choice.setObjectName(name)
    choice.setAccessibleName(title)
    choice.setToolTip(tip)
    for key, text in words.items():
        choice.addItem(text, key)
    return choice


def _offer(choice: QComboBox, words: Mapping[float, str] | Mapping[str, str], usual: object = None) -> None:
    """Change what is offered; what was chosen stays so, if it is still there."""
    before, known = choice.currentData(), choice.count() > 1
    items = list(words.items())
    if [(choice.itemData(place), choice.itemText(place)) for place in range(choice.count())] == items:
        return
    with QSignalBlocker(choice):
        choice.clear()
        for key, text in items:
            choice.addItem(text, key)
        keys = [key for key, _ in items]
        wanted = before if known and before in keys else usual
        choice.setCurrentIndex(keys.index(wanted) if wanted in keys else 0)


def _labelled(title: str, choice: QComboBox, parent: QWidget) -> QWidget:
    holder = QWidget(parent)
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 10, 0)
    label = QLabel(title, holder)
    label.setBuddy(choice)
    layout.addWidget(label)
    layout.addWidget(choice)
    return holder


def _page(parent: QWidget, controls: Sequence[QWidget], content: QWidget) -> QWidget:
    page = QWidget(parent)
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    if controls:
        row = QWidget(page)
        flow = FlowLayout(row, gap=6)
        for control in controls:
            flow.addWidget(control)
        layout.addWidget(row)
    layout.addWidget(content, 1)
    return page
