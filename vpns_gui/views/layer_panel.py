"""One layer's mask: density map, kernels, histograms."""

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.theme import Colours
from vpns_gui.views import mask_pictures
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.histogram_plot import HistogramPlot
from vpns_gui.views.mask_pictures import DensityMap, LayerDetail
from vpns_gui.views.mosaic import Mosaic
from vpns_gui.views.picture import Picture
from vpns_gui.views.words import density_percent, shape_text

_ZERO_STEP = 0.06
"""Share of the colour bar that shows the colour of zero."""
_POINT = "Point to read a kernel; click the map to go there."


class LayerPanel(QWidget):
    """Displays a ready `LayerDetail`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._detail: LayerDetail | None = None
        self.title = _label("layerTitle", self, bold=True)
        self.pointer = _label("layerPointer", self)
        self.map = Picture(self, stretch=True, least=110)
        self.map.setObjectName("densityMap")
        self.map.pointed_at.connect(self._tell_block)
        self.map.picked.connect(self._go_to)
        self.bar = ColourBar(self)
        self.map.placed.connect(self.bar.set_span)
        self.map_note = _label("mapNote", self)
        self.mosaic = Mosaic(self)
        self.mosaic.setObjectName("kernels")
        self.mosaic.setAccessibleName("Kernels of the layer")
        self.mosaic.moved.connect(self._mark_window)
        self.mosaic.pointed_at.connect(self._tell_kernel)
        self.mosaic_note = _label("kernelsNote", self)
        self.weights = HistogramPlot("weightsHistogram", "weight", self)
        self.scores = HistogramPlot("scoresHistogram", "|score|", self)
        self._key = _label("histogramKey", self)
        self._key.setTextFormat(Qt.TextFormat.RichText)
        self._lay_out()
        theme.follow(self, self._recolour)

    def _lay_out(self) -> None:
        density = QHBoxLayout()
        density.setSpacing(8)
        density.addWidget(self.map, 1)
        density.addWidget(self.bar)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.addWidget(_label("", self, "Density, output ↓ input →", bold=True), 0, 0)
        grid.addWidget(_label("", self, "Kernels, output ↓ input →", bold=True), 0, 1)
        grid.addWidget(self.map_note, 1, 0)
        grid.addWidget(self.mosaic_note, 1, 1)
        grid.addLayout(density, 2, 0)
        grid.addWidget(self.mosaic, 2, 1)
        grid.addWidget(_label("", self, "Weights", bold=True), 3, 0)
        grid.addWidget(_label("", self, "Scores and threshold τ", bold=True), 3, 1)
        grid.addWidget(self.weights, 4, 0)
        grid.addWidget(self.scores, 4, 1)
        grid.setRowStretch(2, 6)
        grid.setRowStretch(4, 4)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.title)
        layout.addWidget(self.pointer)
        layout.addLayout(grid, 1)
        layout.addWidget(self._key)

    @property
    def _what(self) -> str:
        single = self._detail is not None and mask_pictures.kernel_gap(self._detail.mask_OIHW) == 0
        return "weights" if single else "kernels"

    def set_detail(self, detail: LayerDetail) -> None:
        """Show a layer."""
        self._detail = detail
        share = density_percent(detail.num_kept / max(1, detail.numel))
        self.title.setText(
            f"{detail.name}: {shape_text(detail.shape)}, {detail.num_kept:,} of {detail.numel:,} weights kept ({share})"
        )
        self.map.setAccessibleName(f"Density map of {detail.name}")
        self.map_note.setText(_map_note(detail.density_map, self._what))
        self._draw_map(detail.density_map)
        self.mosaic.set_mask(detail.mask_OIHW)
        self.weights.set_histogram(detail.weights, None, _absent("weights", detail))
        self.scores.set_histogram(detail.scores, detail.threshold, _absent("scores", detail))
        self._say(None)

    def _draw_map(self, found: DensityMap) -> None:
        top = _top_of_scale(found)
        dark = theme.is_dark()
        self.map.set_image(mask_pictures.sequential(found.values / top, dark=dark))
        strip = mask_pictures.sequential(_ramp(), dark=dark)
        self.bar.set_scale(strip, [f"{top * part * 100:.3g} %" for part in (1, 0.5, 0)])

    def _mark_window(self, part: QRect) -> None:
        if self._detail is None:
            return
        found = self._detail.density_map
        num_out, num_in = self._detail.mask_OIHW.shape[:2]
        all_in_sight = part.width() >= num_in and part.height() >= num_out
        x, y = 1 / found.in_block, 1 / found.out_block
        window = QRectF(part.x() * x, part.y() * y, part.width() * x, part.height() * y)
        self.map.set_window(None if all_in_sight else window)
        if all_in_sight:
            self.mosaic_note.setText(f"All {num_out:,} × {num_in:,} {self._what}")
        else:
            self.mosaic_note.setText(
                f"Output {part.y() + 1:,} to {part.y() + part.height():,} of {num_out:,}, "
                f"input {part.x() + 1:,} to {part.x() + part.width():,} of {num_in:,} (the frame)"
            )

    def _go_to(self, pixel: tuple[int, int]) -> None:
        if self._detail is not None:
            found = self._detail.density_map
            self.mosaic.centre_on(pixel[1] * found.out_block, pixel[0] * found.in_block)

    def _tell_block(self, pixel: tuple[int, int] | None) -> None:
        if pixel is None or self._detail is None:
            self._say(None)
            return
        found = self._detail.density_map
        num_out, num_in = self._detail.mask_OIHW.shape[:2]
        share = density_percent(float(found.values[pixel[1], pixel[0]]))
        out = _channels("Output", pixel[1], found.out_block, num_out)
        self._say(f"{out}, {_channels('input', pixel[0], found.in_block, num_in)}: {share} kept")

    def _tell_kernel(self, kernel: tuple[int, int] | None) -> None:
        if kernel is None or self._detail is None:
            self._say(None)
            return
        weights = self._detail.mask_OIHW[kernel]
        self._say(f"Output {kernel[0] + 1:,}, input {kernel[1] + 1:,}: {int(weights.sum())} of {weights.size} weights kept")

    def _say(self, text: str | None) -> None:
        self.pointer.setText(text or _POINT)

    def _recolour(self, scheme: Colours) -> None:
        for label in (self.map_note, self.mosaic_note, self.pointer):
            label.setStyleSheet(f"color: {scheme.muted}")
        swatches = (
            (scheme.kept, "kept"),
            (scheme.pruned, "pruned"),
            (scheme.empty, "nothing left in the kernel"),
        )
        parts = [f"<span style='background:{colour}'>&nbsp;&nbsp;&nbsp;&nbsp;</span>&nbsp;{name}" for colour, name in swatches]
        self._key.setText(" &nbsp; ".join(parts))
        for plot in (self.weights, self.scores):
            plot.recolour(scheme)
        self.mosaic.recolour()
        if self._detail is not None:
            self._draw_map(self._detail.density_map)


def _ramp() -> mask_pictures.FloatArray:
    ramp = np.linspace(1, 0, 129, dtype=np.float32)[:, None]
    # zero has a colour of its own, which a single line of the bar would not show
    ramp[ramp < _ZERO_STEP] = 0
    return ramp


def _absent(what: str, detail: LayerDetail) -> str:
    if not detail.is_saved:
        return f"The {what} of this epoch are not stored; see the saved states at the right end of the slider."
    return f"No {what} are stored for this layer."


def _label(name: str, parent: QWidget, text: str = "", *, bold: bool = False) -> QLabel:
    label = QLabel(text, parent)
    label.setObjectName(name)
    label.setWordWrap(True)
    if bold:
        font = label.font()
        font.setBold(True)
        label.setFont(font)
    return label


def _top_of_scale(found: DensityMap) -> float:
    """Give the density that has the strongest colour: the greatest there is, so that sparse layers are readable too."""
    return max(float(found.values.max(initial=0.0)), 1e-6)


def _map_note(found: DensityMap, what: str) -> str:
    if found.out_block == found.in_block == 1:
        return f"A point is one {what[:-1]}"
    return f"A point is the mean of {found.out_block} × {found.in_block} {what}: the layer is too large for one each"


def _channels(name: str, index: int, block: int, total: int) -> str:
    first, last = index * block + 1, min((index + 1) * block, total)
    return f"{name} {first:,}" if first == last else f"{name} {first:,} to {last:,}"
