"""What stands below the data set: whether it is there, how it gets there, and the folder it is looked for in."""

import html
import re
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.theme import Colours


@dataclass(frozen=True)
class DataSight:
    """How a data set stands."""

    text: str
    """In a sentence; addresses in it can be clicked."""
    tip: str = ""
    root: str = ""
    """The folder below which it is looked for; empty: it is not shown."""
    tone: str = "muted"
    """`muted`, `good` or `danger`: a colour of the theme."""
    can_download: bool = False
    can_look_again: bool = False
    can_change_root: bool = False


@dataclass(frozen=True)
class DownloadSight:
    """How far a download is. `done` is a share, None where it is not known."""

    text: str
    done: float | None
    state: Literal["on", "cancelled", "failed"] = "on"
    """`cancelled`: Cancel was pressed, it ends in a moment; `failed`: it is over, `text` says why."""

    @property
    def is_on(self) -> bool:
        """Tell whether it is at work."""
        return self.state != "failed"


class DataNote(QWidget):
    """Shows a DataSight, and the download that is on, whatever set it is of."""

    download_requested = Signal(bool)
    cancel_requested = Signal(bool)
    look_requested = Signal(bool)
    root_requested = Signal(bool)
    """Another data root is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sight: DataSight | None = None
        self._progressing: DownloadSight | None = None
        self._busy = False
        self._status = _linked(self, "dataStatus")
        self._download = self._button("Download", "dataDownload", "Fetch it now, beside the window")
        self._look = self._button("Look again", "dataLookAgain", "Look at the folder again")
        self._root = ElidedLabel(self)
        self._root.setObjectName("dataRoot")
        self._change = self._button("Change …", "dataRootChange", "Choose the folder below which all data sets stand")
        self._progress = _linked(self, "dataProgress")
        self._bar = QProgressBar(self)
        self._bar.setObjectName("dataBar")
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(10)
        self._cancel = self._button("Cancel", "dataCancel", "Stop the download; it goes on from there next time")
        self._arrange()
        self._connect()
        theme.follow(self, self._colour)
        self._show_sight()
        self.set_download(None)

    def set_sight(self, sight: DataSight | None) -> None:
        """Show how the chosen data set stands; None: there is nothing to say."""
        if sight != self._sight:  # style sheets are slow, and every keystroke comes by here
            self._sight = sight
            self._show_sight()

    def _show_sight(self) -> None:
        sight = self._sight
        shown = sight or DataSight("")
        self._status.setText(with_links(shown.text))
        self._status.setToolTip(f"<p>{html.escape(shown.tip)}</p>" if shown.tip else "")
        self._status.setVisible(bool(shown.text))
        self._root.set_text(f"In {shown.root}", shown.root)
        for widget, wanted in (
            (self._download, shown.can_download),
            (self._look, shown.can_look_again),
            (self._root, bool(shown.root)),
            (self._change, shown.can_change_root),
        ):
            widget.setVisible(wanted)
        self._fit()

    def set_download(self, download: DownloadSight | None) -> None:
        """Show how far the download is; None: none is on."""
        self._progressing = download
        self._busy = download is not None and download.is_on
        self._progress.setVisible(download is not None)
        for widget in (self._bar, self._cancel):
            widget.setVisible(self._busy)
        if download is not None:
            self._progress.setText(with_links(download.text))
            self._bar.setRange(0, 0 if download.done is None else 1000)
            self._bar.setValue(round((download.done or 0) * 1000))
            self._cancel.setEnabled(download.state == "on")
        self._fit()

    def _fit(self) -> None:
        self._download.setEnabled(not self._busy)
        self._change.setEnabled(not self._busy)  # what comes in belongs to the folder as it is
        self.setVisible(self._sight is not None or self._progressing is not None)
        self._colour(theme.colours())

    def _button(self, text: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(f"<p>{tip}.</p>")
        return button

    def _connect(self) -> None:
        self._download.clicked.connect(self.download_requested)
        self._look.clicked.connect(self.look_requested)
        self._change.clicked.connect(self.root_requested)
        self._cancel.clicked.connect(self.cancel_requested)

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(4)
        layout.addWidget(self._status)
        layout.addLayout(_row((self._root, 1), (self._change, 0)))
        layout.addLayout(_row((self._download, 0), (self._look, 0), (None, 1)))
        layout.addWidget(self._progress)
        layout.addLayout(_row((self._bar, 1), (self._cancel, 0)))

    def _colour(self, colours: Colours) -> None:
        tone = self._sight.tone if self._sight else "muted"
        self._status.setStyleSheet(f"color: {getattr(colours, tone)}")
        self._root.setStyleSheet(f"color: {colours.muted}")
        failed = self._progressing is not None and not self._progressing.is_on
        self._progress.setStyleSheet(f"color: {colours.danger if failed else colours.muted}")


_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:)]")


def with_links(text: str) -> str:
    """Give a plain text as rich text in which addresses can be clicked."""
    return _ADDRESS.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', html.escape(text))


def _row(*members: tuple[QWidget | None, int]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget, stretch in members:
        if widget is None:
            row.addStretch(stretch)
        else:
            row.addWidget(widget, stretch)
    return row


def _linked(parent: QWidget, name: str) -> QLabel:
    """Make a label of several lines whose text can be copied, and its addresses clicked."""
    label = QLabel(parent)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
    label.setOpenExternalLinks(True)
    return label
