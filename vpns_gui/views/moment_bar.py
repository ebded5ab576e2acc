"""One slider through the epochs of a level, below the views that it moves."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPaintEvent, QPixmap, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QStyle, QStyleOptionSlider, QToolButton, QWidget

from vpns_gui import theme
from vpns_gui.keys import tell_keys
from vpns_gui.theme import Colours, colours

_ICON_PX = 12
_MARK_PX = 5
_PAGE_STEP = 5
_SLIDER_TIP = (
    "The epoch that curves, prompt and masks show. Arrow keys: one back or on; Home and End: the first and the last; "
    "Space: play. A small triangle marks a saved state, a line the end of the search."
)


class MomentBar(QWidget):
    """Shows the epochs it is given; `chosen` says where a person moved to, `play_requested` whether it shall go by itself."""

    chosen = Signal(int)
    """Index of the epoch that a person wants to see."""
    play_requested = Signal(bool)
    """Go through the epochs one after the other; stop doing so."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("momentBar")
        self.setAccessibleName("Epoch shown")
        self._labels: tuple[str, ...] = ()
        self.play = QToolButton(self)
        self.play.setObjectName("momentPlay")
        self.play.setCheckable(True)
        self.play.setAutoRaise(True)
        self.play.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.play.clicked.connect(self.play_requested)
        self.slider = _Slider(self)
        self.slider.setObjectName("momentSlider")
        self.slider.setAccessibleName("Epoch shown")
        self.slider.setToolTip(f"<p>{_SLIDER_TIP}</p>")
        self.slider.setPageStep(_PAGE_STEP)
        self.slider.valueChanged.connect(self._moved)
        self.label = QLabel(self)
        self.label.setObjectName("momentLabel")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._lay_out()
        keys = (("Left and Right", "An epoch back or on; Home and End: first and last"), ("Space", "Play the epochs, or stop"))
        tell_keys(self, "Epoch", keys)
        theme.follow(self, self._recolour)
        self.set_moments((), None)

    def _lay_out(self) -> None:
        name = QLabel("E&poch", self)
        name.setBuddy(self.slider)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 3, 14, 3)
        layout.setSpacing(8)
        for widget, stretch in ((self.play, 0), (name, 0), (self.slider, 1), (self.label, 0)):
            layout.addWidget(widget, stretch)

    def set_moments(
        self, labels: Sequence[str], index: int | None, *, saved: Sequence[int] = (), ends: Sequence[int] = ()
    ) -> None:
        """Offer epochs.

        Args:
            labels: their names, oldest first.
            index: the one that is shown; None where there is none.
            saved: those of which a state was saved.
            ends: those that are the last of their phase, but for the last of all.
        """
        self._labels = tuple(labels)
        self.slider.set_marks(saved, ends)
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(self._labels) - 1))
        self.slider.blockSignals(blocked)
        for widget in (self.slider, self.play):
            widget.setEnabled(len(self._labels) > 1)
        widest = max((self.label.fontMetrics().horizontalAdvance(text) for text in self._labels), default=0)
        self.label.setMinimumWidth(widest + 4)
        self.set_index(index)

    def set_index(self, index: int | None) -> None:
        """Show where among the epochs the views are."""
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(index or 0)
        self.slider.blockSignals(blocked)
        self._announce()

    def set_playing(self, playing: bool) -> None:
        """Show whether it goes by itself."""
        self.play.setChecked(playing)
        words = "Stop at this epoch (Space)" if playing else "Play: go through the epochs, at the last from the first (Space)"
        self.play.setToolTip(words)
        self.play.setAccessibleName("Stop playing the epochs" if playing else "Play the epochs")
        self._recolour(colours())

    @property
    def index(self) -> int | None:
        """The epoch that is shown; None while there is none."""
        return self.slider.value() if self._labels else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The epochs' names."""
        return self._labels

    def steer(self, key: Qt.Key) -> bool:
        """Act on a key as the slider would; tell whether it was one of the slider's."""
        last = len(self._labels) - 1
        places = {Qt.Key.Key_Left: self.slider.value() - 1, Qt.Key.Key_Right: self.slider.value() + 1}
        places |= {Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if last < 1:
            return False
        if key == Qt.Key.Key_Space:
            self.play_requested.emit(not self.play.isChecked())
        elif key in places:
            self.slider.setValue(places[key])
        return key == Qt.Key.Key_Space or key in places

    def _moved(self, index: int) -> None:
        self._announce()
        self.chosen.emit(index)

    def _announce(self) -> None:
        text = self._labels[self.slider.value()] if self._labels else ""
        self.label.setText(text)
        self.slider.setAccessibleDescription(text)

    def _recolour(self, scheme: Colours) -> None:
        self.play.setIcon(_icon(scheme.text, stop=self.play.isChecked(), ratio=self.devicePixelRatioF()))
        self.slider.update()

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Take the keys that slider and button leave."""
        if not self.steer(Qt.Key(pressed.key())):
            super().keyPressEvent(pressed)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the line that parts it from the views."""
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, QColor(colours().border))
        painter.end()


class _Slider(QSlider):
    """A slider that marks some of its places."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._saved: tuple[int, ...] = ()
        self._ends: tuple[int, ...] = ()

    def set_marks(self, saved: Sequence[int], ends: Sequence[int]) -> None:
        self._saved, self._ends = tuple(saved), tuple(ends)
        self.update()

    def _x(self, index: int) -> float:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_SliderGroove
        groove = self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)
        handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, option, self)
        along = QStyle.sliderPositionFromValue(0, self.maximum(), index, groove.width() - handle)
        return groove.x() + handle / 2 + along

    def paintEvent(self, painted: QPaintEvent) -> None:  # noqa: N802
        """Draw the marks beneath the slider."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scheme = colours()
        for index in self._ends:
            painter.fillRect(QRectF(self._x(index) + self._gap() / 2, 1, 1, self.height() - 2), QColor(scheme.grid))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(scheme.accent))
        for index in self._saved:
            x, y = self._x(index), self.height() - _MARK_PX
            corners = [QPointF(x, y), QPointF(x - _MARK_PX, y + _MARK_PX), QPointF(x + _MARK_PX, y + _MARK_PX)]
            painter.drawPolygon(QPolygonF(corners))
        painter.end()
        super().paintEvent(painted)

    def _gap(self) -> float:
        return self._x(1) - self._x(0) if self.maximum() > 0 else 0.0

    def sizeHint(self) -> QSize:  # noqa: N802
        """Leave room for the marks."""
        own = super().sizeHint()
        return QSize(own.width(), own.height() + _MARK_PX)

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Leave Space to the bar; the rest is the slider's own."""
        if pressed.key() == Qt.Key.Key_Space:
            pressed.ignore()
        else:
            super().keyPressEvent(pressed)


def _icon(colour: str, *, stop: bool, ratio: float) -> QIcon:
    """Draw a triangle, or a square to stop."""
    image = QPixmap(round(_ICON_PX * ratio), round(_ICON_PX * ratio))
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    if stop:
        painter.drawRect(QRectF(1.5, 1.5, 9, 9))
    else:
        painter.drawPolygon(QPolygonF([QPointF(2, 0.5), QPointF(11.5, 6), QPointF(2, 11.5)]))
    painter.end()
    return QIcon(image)
