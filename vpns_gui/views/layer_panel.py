"""One layer's mask: density map, kernels, histograms, how it moved, and what died."""

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTabWidget, QToolButton, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.models.flips import Flips
from vpns_gui.theme import Colours
from vpns_gui.views import mask_pictures
from vpns_gui.views.channel_map import ChannelMap
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.dead_channels import DeadChannels
from vpns_gui.views.flips_plot import FlipsPlot
from vpns_gui.views.histogram_plot import HistogramPlot
from vpns_gui.views.mask_pictures import DensityMap, LayerDetail, LayerHistograms
from vpns_gui.views.mosaic import Mosaic
from vpns_gui.views.words import density_percent, shape_text
from vpns_gui.views.zoom import Zoom

_ZERO_STEP = 0.06
"""Share of the colour bar that shows the colour of zero."""
_POINT = "Point to read a kernel, double-click it to see its weights; click the map to move the frame, which the kernels show."
_READING = "Reading …"


class LayerPanel(QWidget):
    """Displays a ready `LayerDetail`, then its tiles and histograms as they come."""

    tiles_wanted = Signal(object)
    """Tuple of TileKey: pieces of the kernels' picture that are in sight and not there yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layerPanel")
        self._detail: LayerDetail | None = None
        self.title = ElidedLabel(self)
        self.title.setObjectName("layerTitle")
        self.pointer = ElidedLabel(self)
        self.pointer.setObjectName("layerPointer")
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.map = ChannelMap(self)
        self.map.setObjectName("densityMap")
        self.map.pointed_at.connect(self._tell_block)
        self.map.picked.connect(self._go_to)
        self.bar = ColourBar(self)
        self.map.placed.connect(self.bar.set_span)
        self.map_note = _note("mapNote", self)
        self.mosaic = Mosaic(self)
        self.mosaic.setObjectName("kernels")
        self.mosaic.setAccessibleName("Kernels of the layer")
        self.mosaic.setAccessibleDescription("Plus and minus zoom, 0 shows the whole layer, arrow keys move")
        self.mosaic.moved.connect(self._mark_window)
        self.mosaic.pointed_at.connect(self._tell_kernel)
        self.mosaic.zoom_changed.connect(self._tell_zoom)
        self.mosaic.tiles_wanted.connect(self.tiles_wanted)
        self.mosaic_note = _note("kernelsNote", self)
        self.weights = HistogramPlot("weightsHistogram", "weight", self)
        self.scores = HistogramPlot("scoresHistogram", "|score|", self)
        self.flips = FlipsPlot(self)
        self.dead = DeadChannels(self)
        self.dead.chosen.connect(self._show_channel)
        self.pages = self._make_pages()
        self._key = QLabel(self)
        self._key.setTextFormat(Qt.TextFormat.RichText)
        self._key.setObjectName("kernelsKey")
        self._lay_out()
        theme.follow(self, self._recolour)

    def _make_pages(self) -> QTabWidget:
        pages = QTabWidget(self)
        pages.setObjectName("layerPages")
        pages.setAccessibleName("More about the layer")
        pages.setDocumentMode(True)
        pages.setUsesScrollButtons(True)
        for view, title, tip in (
            (self.scores, "Scores", "Magnitudes of the scores, with the threshold τ: the mask keeps what lies above it"),
            (self.weights, "Weights", "The weights that are kept and those that are pruned"),
            (self.flips, "Flips", "How many weights the mask newly keeps and newly prunes from epoch to epoch"),
            (self.dead, "Channels", "Output channels that died, and input channels that nothing reads"),
        ):
            pages.setTabToolTip(pages.addTab(view, title), tip)
        return pages

    def _lay_out(self) -> None:
        density, kernels = _column(), _column()
        density.addLayout(_headed("Density, output ↓ input →", self))
        density.addWidget(self.map_note)
        picture = QHBoxLayout()
        picture.setSpacing(8)
        picture.addWidget(self.map, 1)
        picture.addWidget(self.bar)
        density.addLayout(picture, 1)
        kernels.addLayout(_headed("Kernels, output ↓ input →", self, *self._make_buttons()))
        kernels.addWidget(self.mosaic_note)
        kernels.addWidget(self.mosaic, 1)
        kernels.addWidget(self._key)
        self.pages.setMinimumWidth(210)
        columns = QHBoxLayout()
        columns.setSpacing(12)
        for part, stretch in ((density, 5), (kernels, 8)):
            columns.addLayout(part, stretch)
        columns.addWidget(self.pages, 6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.pointer)
        layout.addLayout(columns, 1)

    def _make_buttons(self) -> tuple[QToolButton, ...]:
        found = []
        for text, name, tip, act in (
            ("−", "zoomOut", "Zoom out (−, or Ctrl and the wheel)", lambda: self.mosaic.zoom_by(-1)),
            ("+", "zoomIn", "Zoom in (+, or Ctrl and the wheel)", lambda: self.mosaic.zoom_by(1)),
            ("Whole", "zoomWhole", "Show the whole layer (0)", self.mosaic.show_whole),
        ):
            button = QToolButton(self)
            button.setText(text)
            button.setObjectName(name)
            button.setToolTip(tip)
            button.setAccessibleName(tip.partition(" (")[0])
            button.setAutoRaise(True)
            button.clicked.connect(act)
            found.append(button)
        return tuple(found)

    @property
    def detail(self) -> LayerDetail | None:
        """The layer shown."""
        return self._detail

    @property
    def top(self) -> float:
        """Density that has the strongest colour."""
        return 1.0 if self._detail is None else _top_of_scale(self._detail.density_map)

    @property
    def _what(self) -> str:
        single = self._detail is not None and mask_pictures.kernel_gap(self._detail.kernels) == 0
        return "weights" if single else "kernels"

    def set_detail(self, detail: LayerDetail) -> None:
        """Show a layer; its histograms and tiles are to come."""
        before, self._detail = self._detail, detail
        share = density_percent(detail.num_kept / max(1, detail.numel))
        _tell(
            self.title,
            f"{detail.name}: {shape_text(detail.shape)}, {detail.num_kept:,} of {detail.numel:,} weights kept ({share})",
        )
        self.map.setAccessibleName(f"Density map of {detail.name}")
        _tell(self.map_note, _map_note(detail.density_map, self._what))
        self._draw_map(detail.density_map)
        self._mark_dead(detail)
        self.mosaic.set_detail(detail)
        self.dead.set_detail(detail)
        self.flips.set_layer(detail.name)
        if before is None or before.name != detail.name:
            for plot in (self.weights, self.scores):
                plot.set_histogram(None, None, _READING)
        self._say(None)

    def clear(self) -> None:
        """Show no layer."""
        self._detail = None
        self.map.set_image(None)
        self.mosaic.set_detail(None)

    def set_histograms(self, found: LayerHistograms) -> None:
        """Show the histograms of the layer that is shown."""
        if self._detail is None or found.name != self._detail.name:
            return
        self.weights.set_histogram(found.weights, None, _absent("weights", self._detail))
        self.scores.set_histogram(found.scores, found.threshold, _absent("scores", self._detail))

    def set_flips(self, flips: Flips | None, why: str = "") -> None:
        """Show how the mask moved."""
        self.flips.set_flips(flips, why)

    def _draw_map(self, found: DensityMap) -> None:
        top = _top_of_scale(found)
        dark = theme.is_dark()
        self.map.set_image(mask_pictures.sequential(found.values / top, dark=dark))
        strip = mask_pictures.sequential(_ramp(), dark=dark)
        self.bar.set_scale(strip, [f"{top * part * 100:.3g} %" for part in (1, 0.5, 0)])

    def _mark_dead(self, detail: LayerDetail) -> None:
        found = detail.density_map
        rows = [out / found.out_block for out in detail.dead_out if out not in detail.unused_out]
        self.map.set_marks(rows, [into / found.in_block for into in detail.dead_in] if detail.shares_inputs else [])

    def _mark_window(self, part: QRect) -> None:
        if self._detail is None:
            return
        found = self._detail.density_map
        num_out, num_in = self._detail.kernels[:2]
        all_in_sight = part.width() >= num_in and part.height() >= num_out
        x, y = 1 / found.in_block, 1 / found.out_block
        window = QRectF(part.x() * x, part.y() * y, part.width() * x, part.height() * y)
        self.map.set_window(None if all_in_sight else window)
        self._tell_place(part)

    def _tell_place(self, part: QRect) -> None:
        assert self._detail is not None
        num_out, num_in, _, width = self._detail.kernels
        zoom = self.mosaic.zoom
        how = "" if zoom is None else f"; {zoom.text(width)}"
        if part.width() >= num_in and part.height() >= num_out:
            _tell(self.mosaic_note, f"All {num_out:,} × {num_in:,} {self._what}{how}")
        else:
            _tell(
                self.mosaic_note,
                f"Output {part.y() + 1:,}–{part.y() + part.height():,} of {num_out:,}, "
                f"input {part.x() + 1:,}–{part.x() + part.width():,} of {num_in:,}{how}",
            )

    def _tell_zoom(self, _zoom: Zoom | None) -> None:
        self._mark_window(self.mosaic.sight)
        self._show_key(theme.colours())

    def _go_to(self, pixel: tuple[int, int]) -> None:
        if self._detail is not None:
            found = self._detail.density_map
            self.mosaic.centre_on(pixel[1] * found.out_block, pixel[0] * found.in_block)

    def _show_channel(self, channel: tuple[int | None, int | None]) -> None:
        if self._detail is not None:
            out, into = channel
            middle = self.mosaic.sight.center()
            num_in = self._detail.kernels[1]
            self.mosaic.centre_on(middle.y() if out is None else out, middle.x() if into is None else into % num_in)

    def _tell_block(self, pixel: tuple[int, int] | None) -> None:
        if pixel is None or self._detail is None:
            self._say(None)
            return
        found = self._detail.density_map
        num_out, num_in = self._detail.kernels[:2]
        share = density_percent(float(found.values[pixel[1], pixel[0]]))
        out = _channels("Output", pixel[1], found.out_block, num_out)
        dead = ", died: nothing of it is kept" if found.out_block == 1 and pixel[1] in self._detail.dead_out else ""
        self._say(f"{out}{dead}, {_channels('input', pixel[0], found.in_block, num_in)}: {share} kept")

    def _tell_kernel(self, kernel: tuple[int, int] | None) -> None:
        if kernel is None or self._detail is None:
            self._say(None)
            return
        out, into = kernel
        where = f"Output {out + 1:,}, input {into + 1:,}"
        dead = " (this output died)" if out in self._detail.dead_out else ""
        kept = self.mosaic.kept_of(out, into)
        _, _, height, width = self._detail.kernels
        self._say(f"{where}{dead}" + ("" if kept is None else f": {kept} of {height * width} weights kept"))

    def _say(self, text: str | None) -> None:
        _tell(self.pointer, text or _POINT)

    def _show_key(self, scheme: Colours) -> None:
        zoom = self.mosaic.zoom
        swatches = [(scheme.kept, "kept"), (scheme.pruned, "pruned"), (scheme.empty, "empty kernel")]
        if zoom is not None and zoom.block:
            self._key.setText("Colours as in the density map")
        else:
            ground = "<span style='background:{}'>&nbsp;&nbsp;&nbsp;&nbsp;</span>&nbsp;{}"
            parts = [ground.format(colour, name) for colour, name in swatches]
            self._key.setText(" &nbsp; ".join(parts) + f" &nbsp; <span style='color:{scheme.danger}'>▌</span>died")

    def _recolour(self, scheme: Colours) -> None:
        for label in (self.map_note, self.mosaic_note, self.pointer, self._key):
            label.setStyleSheet(f"color: {scheme.muted}")
        self._show_key(scheme)
        for plot in (self.weights, self.scores):
            plot.recolour(scheme)
        if self._detail is not None:
            self._draw_map(self._detail.density_map)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as three pictures that can be read."""
        return QSize(760, 260)


def _tell(label: ElidedLabel, text: str) -> None:
    label.set_text(text, text)


def _column() -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(3)
    return column


def _headed(title: str, parent: QWidget, *buttons: QToolButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(2)
    label = QLabel(title, parent)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    row.addWidget(label, 1)
    for button in buttons:
        row.addWidget(button)
    return row


def _note(name: str, parent: QWidget) -> ElidedLabel:
    label = ElidedLabel(parent)
    label.setObjectName(name)
    return label


def _ramp() -> mask_pictures.FloatArray:
    ramp = np.linspace(1, 0, 129, dtype=np.float32)[:, None]
    # zero has a colour of its own, which a single line of the bar would not show
    ramp[ramp < _ZERO_STEP] = 0
    return ramp


def _absent(what: str, detail: LayerDetail) -> str:
    if not detail.is_saved:
        return f"The {what} of this epoch are not stored; see the saved states, which the epoch bar marks."
    return f"No {what} are stored for this layer."


def _top_of_scale(found: DensityMap) -> float:
    """Give the density that has the strongest colour: the greatest there is, so that sparse layers are readable too."""
    return max(float(found.values.max(initial=0.0)), 1e-6)


def _map_note(found: DensityMap, what: str) -> str:
    if found.out_block == found.in_block == 1:
        return f"A point is one {what[:-1]}"
    return f"A point: mean of {found.out_block} × {found.in_block} {what}"


def _channels(name: str, index: int, block: int, total: int) -> str:
    first, last = index * block + 1, min((index + 1) * block, total)
    return f"{name} {first:,}" if first == last else f"{name} {first:,} to {last:,}"
