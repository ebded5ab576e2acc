"""The confusion matrix with its controls: counts or shares, zoom, colour scale, and the cell read out in words."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.models.class_figures import matrix_strip
from vpns_gui.models.confusion_picture import ConfusionPicture
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.theme import Colours
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.confusion import ConfusionMatrix
from vpns_gui.views.confusion_drawing import Cell

_HINT = "Point at a cell to read it, click it to see its images; the wheel zooms."
_STEP = 1.25


class ConfusionPanel(QWidget):
    """Shows the picture it is given; whether of counts or of shares is asked for with `share_requested`.

    `controls` are put where there is room for them.
    """

    share_requested = Signal(bool)
    """True: colours and numbers are shares of the row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusionPanel")
        self.matrix = ConfusionMatrix(self)
        self.matrix.pointed_at.connect(self._tell)
        self.scale = ColourBar(self)
        self.scale.setObjectName("confusionScale")
        self.kind = QComboBox(self)
        self.kind.setObjectName("confusionKind")
        self.kind.setAccessibleName("Numbers in the matrix")
        self.kind.addItem("% of the row", True)
        self.kind.addItem("Counts", False)
        self.kind.setToolTip("Share of the row: of the images of a true class, how many are taken for each class")
        self.kind.activated.connect(lambda _: self.share_requested.emit(self.kind.currentData()))
        self.controls = QWidget(self)
        self._read = ElidedLabel(self)
        self._read.setObjectName("confusionRead")
        self._read.set_text(_HINT, _HINT)
        offer(self.matrix, "Confusion matrix", table=self._table)
        self._lay_out()
        theme.follow(self, self._recolour)

    def _lay_out(self) -> None:
        controls = QHBoxLayout(self.controls)
        controls.setContentsMargins(0, 0, 0, 2)
        controls.setSpacing(4)
        controls.addWidget(self.kind)
        for name, text, tip, act in (
            ("confusionCloser", "+", "Zoom in (+)", lambda: self.matrix.zoom(_STEP)),
            ("confusionFurther", "−", "Zoom out (-)", lambda: self.matrix.zoom(1 / _STEP)),
            ("confusionWhole", "Whole", "Show all classes (0)", self.matrix.show_whole),
        ):
            button = QToolButton(self.controls)
            button.setObjectName(name)
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.clicked.connect(act)
            controls.addWidget(button)
        drawn = QHBoxLayout()
        drawn.addWidget(self.matrix, 1)
        drawn.addWidget(self.scale)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(drawn, 1)
        layout.addWidget(self._read)

    def set_picture(self, picture: ConfusionPicture | None) -> None:
        """Show a matrix; None: none."""
        self.matrix.set_picture(picture)
        if picture is not None:
            self.kind.setCurrentIndex(self.kind.findData(picture.as_share))
        self._recolour(theme.colours())

    @property
    def text(self) -> str:
        """What is read out."""
        return self._read.whole

    def _table(self) -> Rows:
        picture = self.matrix.picture
        return (["True class", *picture.names], picture.rows()) if picture is not None else ([], [])

    def _tell(self, cell: Cell | None) -> None:
        picture = self.matrix.picture
        words = _HINT if cell is None or picture is None else picture.words(*cell)
        self._read.set_text(words, words)

    def _recolour(self, scheme: Colours) -> None:
        picture = self.matrix.picture
        if picture is None:
            return
        # colours go by the square root, so that the few images that are wrong can be seen beside the many that are right
        squares = [(part / 4) ** 2 for part in (4, 3, 2, 1, 0)]
        if picture.as_share:
            labels = [f"{square * 100:.0f} %" for square in squares]
        else:
            labels = [f"{square * picture.fullest:,.0f}" for square in squares]
        self.scale.set_scale(matrix_strip(129, dark=scheme.dark), labels)
        self.scale.setToolTip("Left: right. Right: wrong. Colours go by the square root, so that few images are seen too.")
