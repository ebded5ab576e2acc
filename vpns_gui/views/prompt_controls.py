"""Which tensor of a prompt is drawn, which channel, and how much it is amplified; and the words that go with that."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QWidget

from vpns_gui.views import prompt_pictures
from vpns_gui.views.flow_layout import FlowLayout
from vpns_gui.views.prompt_pictures import CHANNELS, Channel, FloatArray

MOST_DOUBLINGS = 6
PIXELS = "/255"
_OWN_FULL = 8.0
"""Full colour, not amplified, of what is learned in a unit of its own: a sigmoid is 0.9997 there."""
_TENSORS = (("Added", "added"), ("Delta (learned)", "delta"))
_WHAT_TIP = (
    "<p>Added: what is added to the image on its canvas, before normalisation, in pixel values of 0 to 255; zero outside the "
    "prompt's region.</p><p>Delta: the learned tensor itself. Where the prompt has a sigmoid it is what goes into it, in no "
    "unit of pixels.</p>"
)


class PromptControls(QWidget):
    """Chooses the amplification until a person chooses one."""

    changed = Signal()
    """Something else is to be drawn."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scaled_by_hand = False
        self._fitted = False
        self._pixels = True
        self.what = _box(f"{name}What", "Tensor shown", _WHAT_TIP, self)
        for words, key in _TENSORS:
            self.what.addItem(words, key)
        channel_tip = "<p>One colour channel, or their mean, in two hues around zero; 'Colour': all three around mid-grey.</p>"
        self.channel_box = _box(f"{name}Channel", "Channel shown", channel_tip, self)
        for key, words in CHANNELS.items():
            self.channel_box.addItem(words, key)
        self.amplify = self._make_amplify(name)
        self._factor = QLabel(self)
        self._factor.setMinimumWidth(self._factor.fontMetrics().horizontalAdvance("64×") + 4)
        for box in (self.what, self.channel_box):
            box.currentIndexChanged.connect(self.changed)
        layout = FlowLayout(gap=8)
        for text, widgets in (
            ("Sho&w", (self.what,)),
            ("&Channel", (self.channel_box,)),
            ("&Amplify", (self.amplify, self._factor)),
        ):
            layout.addWidget(self._group(text, *widgets))
        self.setLayout(layout)
        self._announce()

    def _make_amplify(self, name: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setObjectName(f"{name}Amplify")
        slider.setAccessibleName("Amplification")
        slider.setToolTip(
            "<p>Amplify the prompt's picture and the difference it makes, 1× to 64×; images are never amplified.</p>"
        )
        slider.setRange(0, MOST_DOUBLINGS)
        slider.setPageStep(1)
        slider.setMinimumWidth(110)
        slider.valueChanged.connect(self._amplified)
        return slider

    def _group(self, text: str, *widgets: QWidget) -> QWidget:
        group = QWidget(self)
        group.setFixedHeight(self.what.sizeHint().height())  # so that a slider stands level with the lists
        row = QHBoxLayout(group)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        label = QLabel(text, group)
        label.setBuddy(widgets[0])
        for widget in (label, *widgets):
            row.addWidget(widget)
        return group

    @property
    def tensor(self) -> str:
        """`added` or `delta`."""
        return str(self.what.currentData())

    @property
    def channel(self) -> Channel:
        """The channel that is drawn."""
        found: Channel = self.channel_box.currentData()
        return found

    @property
    def factor(self) -> int:
        """The amplification."""
        return int(1 << self.amplify.value())

    @property
    def full(self) -> float:
        """The value that has the full colour."""
        return (1.0 if self._pixels else _OWN_FULL) / self.factor

    @property
    def gain(self) -> float:
        """What values are multiplied with before they are coloured from -1 to 1."""
        return 1.0 / self.full

    @property
    def pixels(self) -> bool:
        """Tell whether the tensor drawn has the unit of pixels."""
        return self._pixels

    def set_unit(self, *, pixels: bool) -> None:
        """Say whether the tensor drawn has the unit of pixels (0 to 1 for 0 to 255)."""
        self._pixels = pixels

    def fit(self, values_3CC: FloatArray) -> None:
        """Choose an amplification at which nothing goes beyond the scale, unless a person chose.

        From epoch to epoch it is only lowered, so that they stay comparable; `forget` begins anew.
        """
        if self._scaled_by_hand:
            return
        shown = prompt_pictures.shown_values(values_3CC, self.channel)
        unit = 1.0 if self._pixels else _OWN_FULL
        doublings = prompt_pictures.suggested_amplification(shown / unit, 1 << MOST_DOUBLINGS).bit_length() - 1
        if not self._fitted or doublings < self.amplify.value():
            self._fitted = True
            self.amplify.blockSignals(True)
            self.amplify.setValue(doublings)
            self.amplify.blockSignals(False)
            self._announce()

    def refit(self) -> None:
        """Choose the amplification anew at the next `fit`: something else is drawn."""
        self._fitted = False

    def forget(self) -> None:
        """Forget what a person chose: another run or level is shown."""
        self._scaled_by_hand = self._fitted = False

    def words(self, value: float) -> str:
        """Write a value with its unit: `+12.4/255`, or `+1.25` where it has one of its own."""
        return value_words(value, pixels=self._pixels)

    def scale_labels(self) -> tuple[str, ...]:
        """Write the values along the colour bar, greatest first."""
        above = [self._scale_words(self.full * part) for part in (1.0, 0.5)]
        return (*(f"+{text}" for text in above), "0", *(f"−{text}" for text in reversed(above)))

    def _scale_words(self, value: float) -> str:
        if not self._pixels:
            return f"{value:.3g}"
        return f"{255 * value:.{0 if 255 * value >= 10 else 1}f}{PIXELS}"

    def _amplified(self) -> None:
        self._scaled_by_hand = True
        self._announce()
        self.changed.emit()

    def _announce(self) -> None:
        self._factor.setText(f"{self.factor}×")
        self.amplify.setAccessibleDescription(f"{self.factor} times")


def value_words(value: float, *, pixels: bool) -> str:
    """Write a value: in units of pixel values, or as it is."""
    scaled = value * 255 if pixels else value
    sign = "+" if scaled > 0 else "−" if scaled < 0 else ""
    if not pixels:
        return f"{sign}{abs(scaled):.3g}"
    return f"{sign}{abs(scaled):.{1 if abs(scaled) >= 0.1 or scaled == 0 else 3}f}{PIXELS}"


def _box(name: str, words: str, tip: str, parent: QWidget) -> QComboBox:
    box = QComboBox(parent)
    box.setObjectName(name)
    box.setAccessibleName(words)
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box
