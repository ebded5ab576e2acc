"""The honest report in the window: what a state gains and what not, a button that measures it, and what is to be saved."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from vpns_engine.gains.page import Page
from vpns_gui import theme
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.gains_section import HeadlineView, SayingView, SectionView, muted, plain
from vpns_gui.views.heading import heading

NOT_YET = "Not measured on this machine yet: the accuracies are the run's own. Measure takes about a minute."
_THOUSANDTHS = 1000


class GainsView(QWidget):
    """Shows a report; no figure is computed here."""

    state_requested = Signal(int)
    """Another saved state is chosen: its place in the list."""
    measure_requested = Signal(bool)
    """Measure the state; whether quickly."""
    cancel_requested = Signal()
    """Give the measurement up."""
    save_requested = Signal(str)
    """Save the report: `html` or `json`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gains")
        self.setAccessibleName("What the pruned network gains")
        self.page: Page | None = None
        content = QWidget(self)
        self._make_bar(content)
        self._scroll = QScrollArea(content)
        self._scroll.setObjectName("gainsScroll")
        self._scroll.setAccessibleName("Report")
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 8, 0, 0)
        inner.setSpacing(6)
        inner.addLayout(self._bar())
        inner.addWidget(self._caution)
        inner.addWidget(self._scroll, 1)
        note = EmptyNote(
            "Nothing to report on yet",
            "When a level's mask is found, what it gains is reported here: size, speed, memory and accuracy, before and after, "
            "measured on this machine.",
            self,
        )
        self._stack = NoteOrContent(note, content, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.set_idle()

    def _make_bar(self, content: QWidget) -> None:
        self._states = QComboBox(content)
        self._states.setObjectName("gainsState")
        self._states.setAccessibleName("Saved state that is reported on")
        self._states.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._states.setMinimumContentsLength(24)
        self._states.currentIndexChanged.connect(self.state_requested)
        self._quick = QCheckBox("Quick", content)
        self._quick.setObjectName("gainsQuick")
        self._quick.setAccessibleName("Measure quickly")
        self._quick.setToolTip("Fewer rounds of timing: less exact, and about half as long")
        self._measure = _button("Measure", "gainsMeasure", content)
        self._measure.setToolTip("Measure sizes, times and memory of the dense and of the pruned network on this machine")
        self._measure.clicked.connect(lambda: self.measure_requested.emit(self._quick.isChecked()))
        self._save = _button("Save report", "gainsSave", content)
        self._save.setToolTip("Write the report as one HTML file, or its figures as JSON")
        menu = QMenu(self._save)
        for words, kind in (("As &HTML, one file …", "html"), ("Figures as &JSON …", "json")):
            menu.addAction(words).triggered.connect(lambda _checked=False, kind=kind: self.save_requested.emit(kind))
        self._save.setMenu(menu)
        self._progress = QProgressBar(content)
        self._progress.setObjectName("gainsProgress")
        self._progress.setAccessibleName("Measurement")
        self._progress.setRange(0, _THOUSANDTHS)
        self._doing = QLabel(content)
        self._doing.setObjectName("gainsDoing")
        self._cancel = _button("Cancel", "gainsCancel", content)
        self._cancel.clicked.connect(self.cancel_requested)
        self._caution = QLabel(content)
        self._caution.setObjectName("gainsCaution")
        self._caution.setWordWrap(True)
        self._caution.setTextFormat(Qt.TextFormat.PlainText)
        self._caution.hide()
        theme.follow(self._caution, lambda scheme: self._caution.setStyleSheet(f"color: {scheme.warning}"))

    def _bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 10, 0)
        bar.addWidget(heading("State", self))
        bar.addWidget(self._states, 1)
        for part in (self._doing, self._progress, self._cancel, self._quick, self._measure, self._save):
            bar.addWidget(part)
        return bar

    def set_states(self, labels: Sequence[str], chosen: int) -> None:
        """Offer saved states; without any the view is empty."""
        with QSignalBlocker(self._states):
            if [self._states.itemText(place) for place in range(self._states.count())] != list(labels):
                self._states.clear()
                self._states.addItems(list(labels))
            self._states.setCurrentIndex(chosen if labels else -1)
        self._stack.show_content(bool(labels))
        if not labels:
            self.page = None

    def set_caution(self, text: str) -> None:
        """Say what speaks against measuring now; empty where nothing does."""
        self._caution.setText(text)
        self._caution.setVisible(bool(text))

    def set_page(self, page: Page, *, can_save_figures: bool) -> None:
        """Show a report; where the reader was in it stays."""
        for action in self._save.menu().actions()[1:]:
            action.setEnabled(can_save_figures)
        self._measure.setText("Measure again" if page.measured else "Measure")
        if page == self.page:
            return
        kept = self._scroll.verticalScrollBar().value() if self.page is not None and page.state == self.page.state else 0
        self.page = page
        self._scroll.setWidget(_report(page, self._scroll))
        self._scroll.verticalScrollBar().setValue(kept)

    def set_busy(self, text: str, done: float | None) -> None:
        """Say how far the measurement is."""
        self._show_work(True)
        self._doing.setText(text)
        self._progress.setRange(0, 0 if done is None else _THOUSANDTHS)
        if done is not None:
            self._progress.setValue(round(done * _THOUSANDTHS))

    def set_idle(self) -> None:
        """Nothing is measured now."""
        self._show_work(False)

    def _show_work(self, on: bool) -> None:
        working: tuple[QWidget, ...] = (self._doing, self._progress, self._cancel)
        resting: tuple[QWidget, ...] = (self._quick, self._measure, self._save)
        for part in (*working, *resting):
            part.setVisible((part in working) == on)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return self._stack.is_empty


def _button(text: str, name: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    button.setAccessibleName(text)
    return button


def _report(page: Page, parent: QWidget) -> QWidget:
    report = QWidget(parent)
    report.setObjectName("gainsReport")
    layout = QVBoxLayout(report)
    layout.setContentsMargins(0, 0, 14, 12)
    layout.setSpacing(4)
    layout.addWidget(muted(page.measured or NOT_YET, report))
    for warning in page.warnings:
        layout.addWidget(_warning(warning, report))
    layout.addWidget(HeadlineView(page.headlines, report))
    for saying in page.sayings:
        layout.addWidget(SayingView(saying, report))
    for section in page.sections:
        layout.addWidget(SectionView(section, report))
    layout.addStretch(1)
    return report


def _warning(text: str, parent: QWidget) -> QLabel:
    label = plain(f"!  {text}", parent)
    theme.follow(label, lambda scheme: label.setStyleSheet(f"color: {scheme.warning}"))
    return label
