"""Predict: an export or a run is tried on a folder of one's own pictures; a table and a contact sheet of what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.models.picture_cache import PictureCache
from vpns_gui.models.predicted_table import (
    CHANGED,
    FILE,
    PLAIN,
    PLAIN_SURE,
    PROMPTED,
    PROMPTED_SURE,
    PredictedRow,
    PredictedTable,
)
from vpns_gui.theme import Colours
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.heading import heading
from vpns_gui.views.predict_cells import ROW_THUMB_PX, ConfidenceDelegate, FileDelegate, TileDelegate

TABLE, SHEET = range(2)
_PAGES = ("Table", "Contact sheet")
_WHICH = {"all": "All pictures", "changed": "Changed by the prompt", "same": "Not changed", "broken": "Could not be read"}
_EMPTY = (
    "Try it on pictures of your own",
    "Choose a network (the open run, another one, or an export) and a folder of pictures, and press Predict: each picture "
    "appears here with the class it is taken for, with and without the prompt. Both can also be dropped here.",
)
_WIDTHS = {FILE: 270, PLAIN: 160, PLAIN_SURE: 100, PROMPTED: 160, PROMPTED_SURE: 100, CHANGED: 80}
_FILTER_MS = 150


@dataclass(frozen=True)
class SubjectChoice:
    """A network that can be tried: a run's state or an export."""

    key: object
    label: str
    tip: str = ""


class PredictView(QWidget):
    """Shows what it is given; what is to be tried on what is asked for with signals."""

    subject_requested = Signal(object)
    """A network of the list was chosen (its key)."""
    subject_folder_requested = Signal()
    """A run or an export is to be looked for."""
    pictures_requested = Signal()
    """A folder of pictures is to be looked for."""
    pictures_typed = Signal(str)
    """A folder of pictures was typed."""
    inner_changed = Signal(bool)
    """Pictures in folders below are wanted too, or not."""
    start_requested = Signal()
    cancel_requested = Signal()
    dropped = Signal(object)
    """A file or folder was dropped (Path)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predict")
        self.setAccessibleName("Predict")
        self.setAcceptDrops(True)
        self.rows = PredictedTable(self)
        self.pictures = PictureCache(self)
        self._keys: tuple[object, ...] = ()
        self._count_words = ""
        self._make_choices()
        self._make_results()
        self._lay_out()
        self._settle = QTimer(self, singleShot=True, interval=_FILTER_MS)
        self._settle.timeout.connect(self._filter)
        self.pictures.come.connect(self._draw_again)
        theme.follow(self, self._recolour)

    def _make_choices(self) -> None:
        self.subject = QComboBox(self)
        self.subject.setObjectName("predictSubject")
        self.subject.setAccessibleName("Network")
        self.subject.setToolTip("The network that looks at the pictures: a run's saved state, or an export")
        self.subject.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.subject.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.subject.activated.connect(lambda place: self.subject_requested.emit(self._keys[place]))
        self.find_subject = _button("predictFindSubject", "Export or &run …", self)
        self.find_subject.setToolTip("Choose the folder of an export or of a run")
        self.find_subject.clicked.connect(lambda: self.subject_folder_requested.emit())
        self.folder = QLineEdit(self)
        self.folder.setObjectName("predictFolder")
        self.folder.setAccessibleName("Folder of pictures")
        self.folder.setPlaceholderText("A folder of pictures")
        self.folder.textEdited.connect(self.pictures_typed)
        self.find_folder = _button("predictFindFolder", "&Folder …", self)
        self.find_folder.setToolTip("Choose the folder of pictures")
        self.find_folder.clicked.connect(lambda: self.pictures_requested.emit())
        self.inner = QCheckBox("Folders &below it too", self)
        self.inner.setObjectName("predictInner")
        self.inner.toggled.connect(self.inner_changed)
        self.start = _button("predictStart", "&Predict", self)
        self.start.clicked.connect(lambda: self.start_requested.emit())
        self.folder.returnPressed.connect(self.start.click)
        self.cancel = _button("predictCancel", "&Cancel", self)
        self.cancel.clicked.connect(lambda: self.cancel_requested.emit())
        self.cancel.hide()

    def _make_results(self) -> None:
        self.pages = QTabBar(self)
        self.pages.setObjectName("predictPages")
        self.pages.setAccessibleName("Table or contact sheet")
        self.pages.setDrawBase(False)
        self.pages.setExpanding(False)
        self.pages.setUsesScrollButtons(False)
        for title in _PAGES:
            self.pages.addTab(title)
        self.words = QLineEdit(self)
        self.words.setObjectName("predictFilter")
        self.words.setAccessibleName("Words to look for")
        self.words.setPlaceholderText("File or class")
        self.words.setClearButtonEnabled(True)
        self.words.setMaximumWidth(200)
        self.words.textChanged.connect(lambda _text: self._settle.start())
        self.which = QComboBox(self)
        self.which.setObjectName("predictWhich")
        self.which.setAccessibleName("Which pictures")
        for key, text in _WHICH.items():
            self.which.addItem(text, key)
        self.which.currentIndexChanged.connect(lambda _place: self._filter())
        self._count = ElidedLabel(self)
        self._count.setObjectName("predictCount")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._note = QLabel(self)
        self._note.setObjectName("predictNote")
        self._note.setWordWrap(True)
        self._note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._bar = QProgressBar(self)
        self._bar.setObjectName("predictProgress")
        self._bar.setAccessibleName("Progress")
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(8)
        self.table = self._make_table()
        self.sheet = self._make_sheet()
        self._views = QStackedWidget(self)
        self._views.addWidget(self.table)
        self._views.addWidget(self.sheet)
        self.pages.currentChanged.connect(self._views.setCurrentIndex)

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        table.setObjectName("predictTable")
        table.setAccessibleName("Predictions")
        table.setModel(self.rows)
        table.setItemDelegateForColumn(FILE, FileDelegate(self.pictures, table))
        for column in (PLAIN_SURE, PROMPTED_SURE):
            table.setItemDelegateForColumn(column, ConfidenceDelegate(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.horizontalHeader().setSortIndicatorClearable(True)
        table.setSortingEnabled(True)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW_THUMB_PX + 6)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setStretchLastSection(True)
        for column, width in _WIDTHS.items():
            table.setColumnWidth(column, width)
        return table

    def _make_sheet(self) -> QListView:
        sheet = QListView(self)
        sheet.setObjectName("predictSheet")
        sheet.setAccessibleName("Contact sheet")
        sheet.setModel(self.rows)
        delegate = TileDelegate(self.pictures, sheet)
        sheet.setItemDelegate(delegate)
        sheet.setViewMode(QListView.ViewMode.IconMode)
        sheet.setMovement(QListView.Movement.Static)
        sheet.setResizeMode(QListView.ResizeMode.Adjust)
        sheet.setLayoutMode(QListView.LayoutMode.Batched)
        sheet.setBatchSize(500)
        sheet.setUniformItemSizes(True)
        sheet.setSpacing(2)
        sheet.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        sheet.setSelectionModel(self.table.selectionModel())
        return sheet

    def _lay_out(self) -> None:
        choices = QGridLayout()
        choices.setHorizontalSpacing(8)
        choices.setVerticalSpacing(6)
        for row, (title, wide, near) in enumerate(
            (("Network", self.subject, self.find_subject), ("Pictures", self.folder, self.find_folder))
        ):
            label = heading(title, self)
            label.setBuddy(wide)
            choices.addWidget(label, row, 0)
            choices.addWidget(wide, row, 1)
            choices.addWidget(near, row, 2)
        choices.addWidget(self.inner, 1, 3)
        acts = QHBoxLayout()
        acts.addWidget(self.start)
        acts.addWidget(self.cancel)
        choices.addLayout(acts, 0, 3)
        choices.setColumnStretch(1, 1)
        results = QWidget(self)
        bar = QHBoxLayout()
        bar.setSpacing(8)
        for widget in (self.pages, self.which, self.words):
            bar.addWidget(widget)
        bar.addWidget(self._count, 1)
        inner = QVBoxLayout(results)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        inner.addLayout(bar)
        inner.addWidget(self._views, 1)
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), results, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 8)
        layout.setSpacing(6)
        layout.addLayout(choices)
        layout.addWidget(self._note)
        layout.addWidget(self._bar)
        layout.addWidget(self._stack, 1)
        self._bar.hide()
        self._note.hide()

    def set_subjects(self, choices: Sequence[SubjectChoice], chosen: object) -> None:
        """Offer networks; `chosen` is the key of the one that is taken."""
        self._keys = tuple(choice.key for choice in choices)
        self.subject.clear()
        for number, choice in enumerate(choices):
            self.subject.addItem(choice.label)
            self.subject.setItemData(number, choice.tip, Qt.ItemDataRole.ToolTipRole)
        self.subject.setCurrentIndex(self._keys.index(chosen) if chosen in self._keys else -1)
        self.subject.setEnabled(bool(choices))
        self.subject.setPlaceholderText("Choose an export or a run")

    def set_pictures(self, folder: str) -> None:
        """Show which folder the pictures come from."""
        if self.folder.text() != folder:
            self.folder.setText(folder)

    def set_possible(self, possible: bool, why_not: str = "") -> None:
        """Let it be started, or say what is missing."""
        self.start.setEnabled(possible)
        self.start.setToolTip(why_not)

    def set_working(self, working: bool) -> None:
        """Show that pictures are being looked at."""
        had_focus = self.start.hasFocus() or self.cancel.hasFocus()
        self.start.setVisible(not working)
        self.cancel.setVisible(working)
        self._bar.setVisible(working)
        for widget in (self.subject, self.find_subject, self.folder, self.find_folder, self.inner):
            widget.setEnabled(not working)
        if had_focus:
            (self.cancel if working else self.start).setFocus()

    def set_progress(self, text: str, done: float | None) -> None:
        """Say how far it is; None: not known."""
        self._bar.setRange(0, 0 if done is None else 1000)
        self._bar.setValue(round((done or 0.0) * 1000))
        self._bar.setToolTip(text)
        self._bar.setAccessibleDescription(text)

    def set_note(self, text: str, *, bad: bool = False) -> None:
        """Say a line above the results; nothing: none."""
        self._note.setProperty("bad", bad)
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self._recolour(theme.colours())

    def clear(self, has_prompt: bool) -> None:
        """Show no pictures; columns of the prompt only where there is one."""
        self.rows.clear()
        self.pictures.clear()
        for column in (PROMPTED, PROMPTED_SURE, CHANGED):
            self.table.setColumnHidden(column, not has_prompt)
        self._stack.show_content(False)
        self._say_count()

    def append(self, rows: Sequence[PredictedRow]) -> None:
        """Add pictures."""
        self.rows.append(rows)
        self._stack.show_content(bool(self.rows.rows))
        self._say_count()

    def set_count(self, words: str) -> None:
        """Say what all pictures come to."""
        self._count_words = words
        self._say_count()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to see yet."""
        return self._stack.is_empty

    @property
    def note(self) -> str:
        """The line above the results."""
        return self._note.text()

    def _filter(self) -> None:
        self._settle.stop()
        self.rows.set_filter(self.words.text(), self.which.currentData())
        self._say_count()

    def _say_count(self) -> None:
        shown, total = self.rows.num_shown, len(self.rows.rows)
        self._count.set_text(f"{shown:,} of {total:,} shown" if shown != total else self._count_words, self._count_words)

    def _draw_again(self) -> None:
        for view in (self.table, self.sheet):
            view.viewport().update()

    def _recolour(self, scheme: Colours) -> None:
        self._count.setStyleSheet(f"color: {scheme.muted}")
        self._note.setStyleSheet(f"color: {scheme.danger if self._note.property('bad') else scheme.text}")

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


def _button(name: str, text: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    return button
