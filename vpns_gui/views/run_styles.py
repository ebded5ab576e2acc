"""How several runs are told apart in one plot: colour, line and mark, so that no one of them has to be seen."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from vpns_gui.theme import Colours
from vpns_gui.views.legend import CurveStyle

LIGHT_COLOURS = ("#0063a8", "#c24e00", "#00805a", "#8a3f86", "#6a3d00", "#1b8fc4", "#2b3038")
DARK_COLOURS = ("#5cb3ee", "#f5a03c", "#3ccb9c", "#e070b8", "#fff176", "#b5651d", "#e8eaed")
LINES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DashDotLine, Qt.PenStyle.DotLine)
SYMBOLS = ("o", "s", "t1", "d", "t", "p", "h", "star", "+", "x", "t2")
DIFFERENT = len(LIGHT_COLOURS) * len(LINES)
"""So many runs differ in colour and line; with the marks they differ long beyond."""


@dataclass(frozen=True)
class RunStyle(CurveStyle):
    """The look of one of several runs; `colour` is `run 0`, `run 1` ..., or a colour of the scheme."""

    width: float = 2.0

    def ink(self, scheme: Colours) -> QColor:
        """Give the colour."""
        kind, _, number = self.colour.partition(" ")
        if kind != "run":
            return QColor(getattr(scheme, self.colour))
        found = DARK_COLOURS if scheme.dark else LIGHT_COLOURS
        return QColor(found[int(number) % len(found)])

    def pen(self, scheme: Colours) -> QPen:
        """Make the pen of the line."""
        pen = QPen(self.ink(scheme), self.width, self.line)
        pen.setCosmetic(True)
        return pen


def run_style(number: int, key: str, name: str, tooltip: str) -> RunStyle:
    """Give the look of the run with that number, from 0."""
    return RunStyle(key, name, f"run {number}", LINES[number % len(LINES)], SYMBOLS[number % len(SYMBOLS)], tooltip)
