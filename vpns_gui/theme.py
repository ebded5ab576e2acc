"""Colours of the window, light and dark: they follow the system, and the field's colour-blind can read them."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget


@dataclass(frozen=True)
class Colours:
    """One scheme, as `#rrggbb`. Lines and marks differ in lightness too, not by hue alone (after Okabe and Ito)."""

    dark: bool
    window: str
    surface: str
    """Ground of plots, tables and text fields."""
    raised: str
    """Ground of buttons and of cells that stand out from the surface."""
    border: str
    field: str
    """Border of what can be written in or chosen from."""
    grid: str
    text: str
    muted: str
    """Text of second rank: units, hints, empty notes."""
    accent: str
    accent_soft: str
    """Ground of what is selected or going on; `text` is readable on it."""
    on_accent: str
    train: str
    """Training, un-prompted half-steps."""
    plain: str
    """Measured without the prompt."""
    prompted: str
    """Measured with the prompt."""
    density: str
    kept: str
    pruned: str
    empty: str
    """Pruned weights of a kernel that has nothing left."""
    threshold: str
    good: str
    warning: str
    danger: str
    danger_soft: str


LIGHT = Colours(
    dark=False,
    window="#f3f4f6",
    surface="#ffffff",
    raised="#e9ebef",
    border="#c3c8d0",
    field="#757c87",
    grid="#8a919c",
    text="#1c2128",
    muted="#575f6b",
    accent="#0063a8",
    accent_soft="#d5e8f7",
    on_accent="#ffffff",
    train="#00805a",
    plain="#0063a8",
    prompted="#c24e00",
    density="#8a3f86",
    kept="#0063a8",
    pruned="#b4bac4",
    empty="#dfe3e9",
    threshold="#c24e00",
    good="#00744f",
    warning="#8a5a00",
    danger="#c01c28",
    danger_soft="#fbe3e4",
)

DARK = Colours(
    dark=True,
    window="#1f2329",
    surface="#16191e",
    raised="#2b313a",
    border="#454d59",
    field="#7d8693",
    grid="#7d8693",
    text="#e8eaed",
    muted="#a9b1bd",
    accent="#5cb3ee",
    accent_soft="#1d3f5a",
    on_accent="#0d1116",
    train="#3ccb9c",
    plain="#5cb3ee",
    prompted="#f5a03c",
    density="#df9ad9",
    kept="#5cb3ee",
    pruned="#545d6a",
    empty="#2c323b",
    threshold="#f5a03c",
    good="#3ccb9c",
    warning="#e9b44c",
    danger="#ff7b80",
    danger_soft="#4a2226",
)


_HELD = "vpns_dark"
_FUSION_DARKER = 140
"""By how much, in percent, the Fusion style darkens a colour for an outline."""


def is_dark() -> bool:
    """Tell whether the window is dark: as held by `apply`, else as the system asks, else by the palette's lightness."""
    app = QGuiApplication.instance()
    if app is not None and app.property(_HELD) is not None:
        return bool(app.property(_HELD))
    match QGuiApplication.styleHints().colorScheme():
        case Qt.ColorScheme.Dark:
            return True
        case Qt.ColorScheme.Light:
            return False
        case _:
            return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def colours() -> Colours:
    """Give the colours in force."""
    return DARK if is_dark() else LIGHT


def rgb(name: str) -> tuple[int, int, int]:
    """Give the parts of a colour `#rrggbb`, 0 to 255."""
    colour = QColor(name)
    return colour.red(), colour.green(), colour.blue()


def palette(scheme: Colours) -> QPalette:
    """Make the widgets' palette of a scheme."""
    result = QPalette()
    role = QPalette.ColorRole
    for where, colour in (
        (role.Window, scheme.window),
        (role.WindowText, scheme.text),
        (role.Base, scheme.surface),
        (role.AlternateBase, scheme.window),
        (role.Text, scheme.text),
        (role.Button, scheme.raised),
        (role.ButtonText, scheme.text),
        (role.BrightText, scheme.danger),
        (role.ToolTipBase, scheme.raised),
        (role.ToolTipText, scheme.text),
        (role.PlaceholderText, scheme.muted),
        (role.Highlight, scheme.accent),
        (role.HighlightedText, scheme.on_accent),
        (role.Accent, scheme.accent),
        (role.Link, scheme.accent),
        (role.LinkVisited, scheme.density),
    ):
        result.setColor(where, QColor(colour))
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(QPalette.ColorGroup.Disabled, where, QColor(scheme.grid))
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(scheme.border))
    return result


def _dress(app: QApplication, scheme: Colours) -> None:
    app.setPalette(palette(scheme))
    # Fusion outlines a field or box in its window's colour made darker, which is hardly seen, least of all on a dark ground
    outlined = palette(scheme)
    outlined.setColor(QPalette.ColorRole.Window, QColor(scheme.field).lighter(_FUSION_DARKER))
    for name in ("QLineEdit", "QAbstractSpinBox", "QComboBox", "QCheckBox", "QRadioButton"):
        app.setPalette(outlined, name)  # type: ignore[arg-type] # it takes a str, its stub says bytes
    _teller(app).dressed.emit()


def apply(app: QApplication, scheme: Colours | None = None) -> None:
    """Give the window one look on every system, and keep following the system's light or dark setting.

    Args:
        scheme: hold this one instead of following the system.
    """
    app.setStyle("Fusion")
    app.setProperty(_HELD, None if scheme is None else scheme.dark)
    _dress(app, scheme or colours())
    if scheme is None:
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: _dress(app, colours()))


class _Teller(QObject):
    """Tells that the whole window wears another scheme: a widget with a style sheet of its own hears of no new palette."""

    dressed = Signal()


def _teller(app: QCoreApplication) -> _Teller:
    for child in app.children():
        if isinstance(child, _Teller):
            return child
    return _Teller(app)


def follow(widget: QWidget, recolour: Callable[[Colours], None]) -> None:
    """Call `recolour` now and whenever the palette of `widget` changes, as it does between light and dark."""
    _PaletteWatch(widget, recolour)
    recolour(colours())


def show_checked(button: QAbstractButton) -> None:
    """Let a button that stays down stand out while it does: Fusion only darkens it, which is hardly seen on a dark ground."""

    def recolour(scheme: Colours) -> None:
        worn = QPalette()
        if button.isChecked():
            worn.setColor(QPalette.ColorRole.Button, QColor(scheme.accent))
            worn.setColor(QPalette.ColorRole.ButtonText, QColor(scheme.on_accent))
        button.setPalette(worn)

    button.toggled.connect(lambda _checked: recolour(colours()))
    follow(button, recolour)


class _PaletteWatch(QObject):
    """An event filter that lives as long as its widget."""

    def __init__(self, widget: QWidget, recolour: Callable[[Colours], None]) -> None:
        super().__init__(widget)
        self._recolour = recolour
        self._last = colours()
        widget.installEventFilter(self)
        app = QCoreApplication.instance()
        if app is not None:
            _teller(app).dressed.connect(self._look)

    def _look(self) -> None:
        if colours() != self._last:
            self._last = colours()
            self._recolour(self._last)

    def eventFilter(self, watched: QObject, changed: QEvent) -> bool:  # noqa: N802
        """See palette changes, let everything pass."""
        if changed.type() == QEvent.Type.PaletteChange:
            self._look()
        return super().eventFilter(watched, changed)
