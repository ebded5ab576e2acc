"""The task's classes: what each is recognised by, how often, what it is taken for instead, and the images that go wrong."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from vpns_gui.elided_label import ElidedLabel
from vpns_gui.models.class_table import ClassRow
from vpns_gui.terms import tip
from vpns_gui.views.classes_ask import AskToRead
from vpns_gui.views.classes_sheet import ContactSheet
from vpns_gui.views.classes_tables import AccuracyTable, MappingTable
from vpns_gui.views.confusion_panel import ConfusionPanel
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent

PROMPTS = {"plain": "Without the prompt", "prompted": "With the prompt"}
CONFUSION, ACCURACY, MAPPING = range(3)
"""Places of the three parts."""
_EMPTY = (
    "No classes yet",
    "Once a run has found its label mapping and read its test images, this shows which source class stands for each target "
    "class, which classes are mistaken for which, and the images that go wrong.",
)


class ClassesView(QWidget):
    """Three parts beside a contact sheet; shows what it is given and asks for the rest."""

    state_requested = Signal(int)
    """Index of the tested state that should be shown."""
    prompt_requested = Signal(str)
    """`plain` or `prompted`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classes")
        self.setAccessibleName("Classes")
        self._part = CONFUSION
        content = QWidget(self)
        self.state = self._combo("classesState", "Tested state", "Which state of the network was tested", content)
        self.state.activated.connect(self.state_requested)
        self.prompt = self._combo("classesPrompt", "Prompt", "Predictions without the prompt, or with it", content)
        for key, name in PROMPTS.items():
            self.prompt.addItem(name, key)
        self.prompt.activated.connect(lambda _: self.prompt_requested.emit(self.prompt.currentData()))
        self._summary = ElidedLabel(content)
        self._summary.setObjectName("classesSummary")
        self.confusion = ConfusionPanel(content)
        self.accuracies = AccuracyTable(content)
        self.mapping = MappingTable(content)
        self.parts = self._make_parts(content)
        self.sheet = ContactSheet(content)
        self.ask = AskToRead(content)
        self._right = QStackedWidget(content)
        self._either = NoteOrContent(EmptyNote(*_EMPTY, self), content, self)
        self._lay_out(content)
        self.set_asking("", "")
        self.show_content(False)

    def _combo(self, name: str, accessible: str, tip: str, parent: QWidget) -> QComboBox:
        box = QComboBox(parent)
        box.setObjectName(name)
        box.setAccessibleName(accessible)
        box.setToolTip(tip)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return box

    def _make_parts(self, parent: QWidget) -> QTabWidget:
        parts = QTabWidget(parent)
        parts.setObjectName("classesParts")
        parts.setDocumentMode(True)
        parts.tabBar().setDrawBase(False)
        parts.tabBar().setUsesScrollButtons(False)  # the controls beside them would hide the last one
        for widget, title in ((self.confusion, "Confusion"), (self.accuracies, "Accuracy"), (self.mapping, "Mapping")):
            parts.addTab(widget, title)
        for part, term in ((CONFUSION, "confusion matrix"), (ACCURACY, "accuracy"), (MAPPING, "label mapping")):
            parts.setTabToolTip(part, tip(term))
        parts.setCornerWidget(self.confusion.controls, Qt.Corner.TopRightCorner)
        parts.currentChanged.connect(self._change_part)
        return parts

    def _lay_out(self, content: QWidget) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.state)
        top.addWidget(self.prompt)
        top.addWidget(self._summary, 1)
        for side in (self.ask, self.sheet):
            self._right.addWidget(side)
        split = QSplitter(Qt.Orientation.Horizontal, content)
        split.setObjectName("classesSplit")
        split.setChildrenCollapsible(False)
        split.addWidget(self.parts)
        split.addWidget(self._right)
        split.setSizes([570, 350])
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 10, 10, 8)
        inner.setSpacing(6)
        inner.addLayout(top)
        inner.addWidget(split, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._either)

    def show_content(self, shown: bool) -> None:
        """Show the parts, or say what will be here."""
        self._either.show_content(shown)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show yet."""
        return self._either.is_empty

    def set_states(self, names: Sequence[str], chosen: int | None) -> None:
        """Offer the states that were tested, or could be."""
        self.state.clear()
        self.state.addItems(list(names))
        self.state.setCurrentIndex(-1 if chosen is None else chosen)
        self.state.setEnabled(bool(names))

    def set_prompt(self, key: str, *, has_prompt: bool) -> None:
        """Say which predictions are shown; without a prompt there is no choice."""
        self.prompt.setCurrentIndex(self.prompt.findData(key))
        self.prompt.setVisible(has_prompt)

    def set_summary(self, text: str) -> None:
        """Say the state's figures in a line."""
        self._summary.set_text(text, text)

    @property
    def summary(self) -> str:
        """The line about the state."""
        return self._summary.whole

    def set_accuracies(self, rows: Sequence[ClassRow], *, has_prompt: bool) -> None:
        """Show the accuracy of each class."""
        self.accuracies.set_rows(rows, has_prompt=has_prompt)

    def set_figures_shown(self) -> None:
        """Show the parts that need predictions, and their images."""
        self._right.setCurrentWidget(self.sheet)
        self._enable(True)

    def set_asking(self, title: str, text: str, *, can_read: bool = False) -> None:
        """Show the mapping alone, and say why there is nothing else."""
        self.ask.say(title, text, can_read=can_read)
        self._right.setCurrentWidget(self.ask)
        self.confusion.set_picture(None)
        self.set_accuracies((), has_prompt=False)
        self._enable(False)

    def _enable(self, there: bool) -> None:
        wanted = self._part  # what a person chose stays, also while it cannot be shown
        for part in (CONFUSION, ACCURACY):
            self.parts.setTabEnabled(part, there)
        self.parts.setCurrentIndex(wanted if there else MAPPING)
        self._part = wanted

    def _change_part(self, part: int) -> None:
        self._part = part
        self.confusion.controls.setVisible(part == CONFUSION)
