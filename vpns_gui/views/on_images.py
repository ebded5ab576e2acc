"""What a prompt does with an image and with what the network takes it for: before, after, difference, confidences."""

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.models.on_image import SeenImage, bars_of, verdict
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.terms import tip
from vpns_gui.theme import Colours
from vpns_gui.views import prompt_pictures
from vpns_gui.views.heading import heading
from vpns_gui.views.on_images_bars import ConfidenceBars
from vpns_gui.views.on_images_changes import ChangesBar
from vpns_gui.views.on_images_chooser import ImageChooser
from vpns_gui.views.picture import Picture
from vpns_gui.views.prompt_pictures import Channel, FloatArray, Rgb

_NOTHING = "Images with and without the prompt appear here, with what the network takes them for."
_CAPTIONS = ("Before", "After", "Difference")
_LEAST_PICTURE_PX = 76


class OnImagesPanel(QWidget):
    """Shows what it is given. Which image is asked for with the signals of `chooser`, lists with those of `changes`.

    Whoever shows the prompt beside it gives `set_scale` the amplification and the channel of its picture.
    """

    file_dropped = Signal(object)
    """A picture file was dropped here (Path)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("onImages")
        self.setAccessibleName("On images")
        self.setAcceptDrops(True)
        self._seen: SeenImage | None = None
        self._endings: frozenset[str] = frozenset()
        self._classes: tuple[str, ...] = ()
        self._factor: float = 1
        self._channel: Channel = "mean"
        self.chooser = ImageChooser(self)
        self.before, self.after, self.difference = (self._picture(name) for name in _CAPTIONS)
        self._captions = [QLabel(name, self) for name in _CAPTIONS]
        self.bars = ConfidenceBars(self)
        self.changes = ChangesBar(self)
        self._name = heading("", self)
        self._name.setObjectName("imageName")
        self._name.setWordWrap(True)
        self._network, self._verdicts = self._text("imageNetwork"), self._text("imageVerdicts")
        for picture, name in zip((self.before, self.after, self.difference), _CAPTIONS, strict=True):
            offer(picture, f"Image, {name.lower()}")
        offer(self.bars, "Confidences", table=self._table)
        self._verdicts.setToolTip(tip("confidence"))
        self._lay_out()
        theme.follow(self, self._recolour)
        self.set_nothing(_NOTHING)

    def _picture(self, name: str) -> Picture:
        picture = Picture(self, least=_LEAST_PICTURE_PX)
        picture.setObjectName(f"image{name}")
        picture.setAccessibleName(name)
        return picture

    def _text(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setWordWrap(True)
        return label

    def _lay_out(self) -> None:
        pictures = QGridLayout()
        pictures.setHorizontalSpacing(8)
        pictures.setVerticalSpacing(2)
        for column, (caption, picture) in enumerate(
            zip(self._captions, (self.before, self.after, self.difference), strict=True)
        ):
            caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            pictures.addWidget(caption, 0, column)
            pictures.addWidget(picture, 1, column)
            pictures.setColumnStretch(column, 1)
        pictures.setRowStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._name)
        layout.addWidget(self.chooser)
        layout.addWidget(self.changes)
        layout.addLayout(pictures, 1)
        layout.addWidget(self._verdicts)
        layout.addWidget(self.bars)
        layout.addWidget(self._network)

    def set_endings(self, endings: frozenset[str]) -> None:
        """Say which files are pictures, by their endings such as `.png`; these can be dropped here."""
        self._endings = endings

    def set_classes(self, parts: Sequence[tuple[str, str]], classes: Sequence[str]) -> None:
        """Say which parts of the data set there are (key and name), and the names of its classes."""
        self._classes = tuple(classes)
        self.chooser.set_parts(parts, classes)

    def set_scale(self, factor: float, channel: Channel) -> None:
        """Amplify the difference as the picture of the prompt is, and show the same channel of it."""
        if (factor, channel) != (self._factor, self._channel):
            self._factor, self._channel = factor, channel
            self._draw_difference()

    def set_nothing(self, why: str) -> None:
        """Show no image, and say why."""
        self._seen = None
        for picture in (self.before, self.after, self.difference):
            picture.set_image(None)
        self.bars.set_bars(())
        self._name.setText(why)
        self._tell()

    def set_image(self, seen: SeenImage, network: str) -> None:
        """Show an image, and say which network it was shown to."""
        self._seen = seen
        label = "" if seen.label is None else f" · class {self._class_name(seen.label)}"
        self._name.setText(f"{seen.name}{label}")
        self._network.setText(network)
        self.before.set_image(_colours_of(seen.before_3CC))
        self.after.set_image(None if seen.after_3CC is None else _colours_of(seen.after_3CC))
        self._draw_difference()
        self.bars.set_bars(bars_of(seen, self._classes))
        self._tell()

    @property
    def seen(self) -> SeenImage | None:
        """The image shown."""
        return self._seen

    @property
    def text(self) -> str:
        """What is said of the image, without marks."""
        return "\n".join(label.text() for label in (self._name, self._verdicts, self._network) if label.isVisibleTo(self))

    def _table(self) -> Rows:
        rows = [
            (bar.name, "yes" if bar.is_label else "no", bar.plain, "" if bar.prompted is None else bar.prompted)
            for bar in self.bars.bars
        ]
        return ["Class", "Its own class", "Confidence without prompt", "Confidence with prompt"], rows

    def _class_name(self, index: int) -> str:
        return self._classes[index] if 0 <= index < len(self._classes) else str(index)

    def _draw_difference(self) -> None:
        seen = self._seen
        self._captions[2].setText(f"Difference, {self._factor:g}×")
        if seen is None or seen.after_3CC is None:
            self.difference.set_image(None)
            return
        difference = np.asarray(seen.after_3CC - seen.before_3CC, dtype=np.float32)
        drawn = prompt_pictures.picture(difference, self._channel, self._factor, dark=theme.is_dark())
        self.difference.set_image(drawn)
        peak = float(np.abs(difference).max(initial=0.0)) * 255
        self.difference.setToolTip(f"After minus before, as the prompt's own picture; the largest is {peak:.1f}/255")

    def _tell(self) -> None:
        seen = self._seen
        lines = []
        if seen is not None:
            for mark, colour, words, probabilities in (
                ("■", theme.colours().plain, "Without prompt", seen.plain_T),
                ("▨", theme.colours().prompted, "With prompt", seen.prompted_T),
            ):
                if probabilities is not None:
                    said = html.escape(verdict(probabilities, seen.label, self._classes))
                    whole = f'<span style="color:{colour}">{mark}</span>&nbsp;{words}: <b>{said}</b>'
                    lines.append(f'<span style="white-space:nowrap">{whole}</span>')
        self._verdicts.setText(" &nbsp; ".join(lines))  # in one line where there is room
        self._network.setVisible(seen is not None)  # it says too why there is no verdict
        self._verdicts.setVisible(bool(lines))
        self.bars.setVisible(bool(lines))

    def _recolour(self, scheme: Colours) -> None:
        for label in (*self._captions, self._network):
            label.setStyleSheet(f"color: {scheme.muted}")
        self._draw_difference()
        self._tell()

    def dragEnterEvent(self, entered: QDragEnterEvent) -> None:  # noqa: N802
        """Take pictures; all else is for the window."""
        if self._picture_in(entered) is not None:
            entered.acceptProposedAction()
        else:
            entered.ignore()

    def dropEvent(self, let_go: QDropEvent) -> None:  # noqa: N802
        """Say which picture was dropped; of several the first."""
        path = self._picture_in(let_go)
        if path is not None:
            let_go.acceptProposedAction()
            self.file_dropped.emit(path)
        else:
            let_go.ignore()

    def takes(self, path: Path) -> bool:
        """Tell whether a file is a picture that can be looked at here."""
        return path.suffix.casefold() in self._endings

    def _picture_in(self, drag: QDropEvent) -> Path | None:
        paths = [Path(url.toLocalFile()) for url in drag.mimeData().urls() if url.isLocalFile()]
        return next((path for path in paths if self.takes(path)), None)


def _colours_of(image_3CC: FloatArray) -> Rgb:
    return np.asarray(np.round(np.clip(image_3CC, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0))
