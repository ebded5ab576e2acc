"""The kernels of a layer side by side, from all of them at once down to one with its weights as numbers.

Only what is in sight is drawn, from tiles that somebody else computes: what is missing is asked for, and what was there
before stays until it comes.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from vpns_gui import theme
from vpns_gui.keys import tell_keys
from vpns_gui.theme import Colours, colours
from vpns_gui.views import mask_pictures
from vpns_gui.views.mask_pictures import KEPT, LayerDetail, Tile, TileKey
from vpns_gui.views.mosaic_tiles import colours_of, draw_numbers, draw_tile, image_of
from vpns_gui.views.zoom import Zoom, ladder

NUMBERS_PX = 36
"""From this side of a weight on its number is written into it."""
_FIRST = Zoom(0, 3)
"""The least to begin with: smaller weights can hardly be told apart."""
_MOST_TILES = 160
_DEAD_PX = 3
_EDGE_PX = 6
"""Left of and above the kernels, for the marks of dead channels."""
_DRAG_PX = 4


class Mosaic(QAbstractScrollArea):
    """Shows a part of a layer. The wheel scrolls, with Ctrl it zooms; + and - too, 0 shows the whole layer; dragging moves."""

    moved = Signal(object)
    """QRect in channels (x: input, y: output) that is in sight."""
    pointed_at = Signal(object)
    """(output channel, input channel) under the pointer; None when it leaves."""
    zoom_changed = Signal(object)
    """The Zoom in force."""
    tiles_wanted = Signal(object)
    """Tuple of TileKey: in sight, and not there yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._detail: LayerDetail | None = None
        self._steps: tuple[Zoom, ...] = ()
        self._step = 0
        self._tiles: OrderedDict[TileKey, tuple[Tile, QImage]] = OrderedDict()
        self._old: set[TileKey] = set()
        self._by_hand = False
        self._setting = False
        self._pressed: QPoint | None = None
        self._dragged = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tell_keys(self, "Kernels of a layer", (("+ and -", "Zoom"), ("0", "Show all kernels"), ("Arrow keys", "Scroll")))
        self.viewport().setAutoFillBackground(False)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(150, 130)
        for bar, name in ((self.horizontalScrollBar(), "input"), (self.verticalScrollBar(), "output")):
            bar.setToolTip(f"First {name} channel in sight")
            bar.setAccessibleName(f"First {name} channel in sight")
            bar.valueChanged.connect(self._scrolled)
        theme.follow(self, self._recolour)

    # what it shows

    def set_detail(self, detail: LayerDetail | None) -> None:
        """Show a layer: another one as a whole, the same one of another moment where it was looked at."""
        before, self._detail = self._detail, detail
        same = before is not None and detail is not None and (before.name, before.shape) == (detail.name, detail.shape)
        self._old = set(self._tiles) if same else set()
        if not same:
            self._tiles.clear()
            self._steps = () if detail is None else ladder(detail.kernels)
            self._by_hand = False
            self._start()
        self._ask()
        self.viewport().update()

    def set_tiles(self, tiles: Sequence[Tile]) -> None:
        """Take tiles in that were asked for."""
        for tile in tiles:
            self._tiles[tile.key] = (tile, image_of(tile, colours()))
            self._tiles.move_to_end(tile.key)
            self._old.discard(tile.key)
        while len(self._tiles) > _MOST_TILES:
            key, _ = self._tiles.popitem(last=False)
            self._old.discard(key)
        self.viewport().update()
        self._ask()

    @property
    def zoom(self) -> Zoom | None:
        """The step in force."""
        return self._steps[self._step] if self._steps else None

    @property
    def num_tiles(self) -> int:
        """Tiles that are kept."""
        return len(self._tiles)

    @property
    def is_complete(self) -> bool:
        """Tell whether all that is in sight is there, of this very moment."""
        return not self._missing()

    @property
    def sight(self) -> QRect:
        """The channels in sight (x: input, y: output)."""
        if self._detail is None or self.zoom is None:
            return QRect()
        num_out, num_in = self._detail.kernels[:2]
        across, down = self._kernel_px()
        left, top = self.horizontalScrollBar().value() / across, self.verticalScrollBar().value() / down
        room = self._room(self.viewport().size())
        right = min(num_in, math.ceil(left + room.width() / across))
        bottom = min(num_out, math.ceil(top + room.height() / down))
        return QRect(QPoint(int(left), int(top)), QPoint(right - 1, bottom - 1))

    def kept_of(self, out: int, into: int) -> int | None:
        """Count the kept weights of a kernel; None where a point is no single weight, or it is not there yet."""
        if self._detail is None or self.zoom is None or self.zoom.block:
            return None
        rows, columns = mask_pictures.tile_span(self._detail.kernels, 0)
        found = self._tiles.get(TileKey(0, out // rows, into // columns))
        if found is None:
            return None
        _, _, height, width = self._detail.kernels
        gap = mask_pictures.kernel_gap(self._detail.kernels)
        top, left = out % rows * (height + gap), into % columns * (width + gap)
        return int((found[0].cells[top : top + height, left : left + width] == KEPT).sum())

    # moving about

    def centre_on(self, out: int, into: int) -> None:
        """Bring an output and an input channel into the middle."""
        if self._detail is not None:
            across, down = self._kernel_px()
            room = self._room(self.viewport().size())
            self.horizontalScrollBar().setValue(round((into + 0.5) * across - room.width() / 2))
            self.verticalScrollBar().setValue(round((out + 0.5) * down - room.height() / 2))

    def show_kernel(self, out: int, into: int) -> None:
        """Enlarge one kernel until its weights can be read, and as far as it is in sight as a whole."""
        if self._detail is not None:
            self._by_hand = True
            _, _, height, width = self._detail.kernels
            room = self._room(self.maximumViewportSize())
            most = min(room.height() / height, room.width() / width)
            steps = [number for number, zoom in enumerate(self._steps) if zoom.block == 0 and zoom.point_px >= NUMBERS_PX]
            self._set_step(max((step for step in steps if self._steps[step].point_px <= most), default=steps[0]))
            self.centre_on(out, into)

    def zoom_by(self, steps: int, about: QPointF | None = None) -> None:
        """Enlarge, or with negative steps reduce; what is at `about` stays there, by default the middle."""
        if self._detail is not None:
            self._by_hand = True
            self._set_step(self._step + steps, about)

    def show_whole(self) -> None:
        """Show the whole layer at once."""
        self._by_hand = True
        self._set_step(self._whole())

    def _whole(self) -> int:
        fits = [number for number in range(len(self._steps)) if self._fits(self._steps[number])]
        return max(fits, default=0)

    def _start(self) -> None:
        """Begin with the whole layer, or where its weights would be too small, with as many inputs as fit side by side."""
        whole = self._whole()
        small = bool(self._steps) and (self._steps[whole].block > 0 or self._steps[whole].point_px < _FIRST.point_px)
        self._set_step(self._by_width() if small else whole)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.setValue(0)

    def _by_width(self) -> int:
        room = self._room(self.maximumViewportSize()).width() - self.verticalScrollBar().sizeHint().width()
        least = self._steps.index(_FIRST)
        fits = [number for number in range(least, len(self._steps)) if self._content(self._steps[number]).width() <= room]
        return max(fits, default=least)

    def _fits(self, zoom: Zoom) -> bool:
        size, room = self._content(zoom), self._room(self.maximumViewportSize())
        return size.width() <= room.width() and size.height() <= room.height()

    def _set_step(self, step: int, about: QPointF | None = None) -> None:
        if self._detail is None or not self._steps:
            return
        room = self._room(self.viewport().size())
        anchor = QPointF(room.width() / 2, room.height() / 2) if about is None else about - QPointF(_EDGE_PX, _EDGE_PX)
        across, down = self._kernel_px()
        column = (self.horizontalScrollBar().value() + anchor.x()) / across
        row = (self.verticalScrollBar().value() + anchor.y()) / down
        self._step = max(0, min(len(self._steps) - 1, step))
        self._set_ranges()
        across, down = self._kernel_px()
        self._setting = True
        self.horizontalScrollBar().setValue(round(column * across - anchor.x()))
        self.verticalScrollBar().setValue(round(row * down - anchor.y()))
        self._setting = False
        self.zoom_changed.emit(self.zoom)
        self._scrolled()

    def _set_ranges(self) -> None:
        zoom = self.zoom
        if zoom is None:
            return
        self._setting = True
        size, room = self._content(zoom), self._room(self.maximumViewportSize())
        # a scroll bar takes room from the other direction
        thick = self.verticalScrollBar().sizeHint().width()
        tall, wide = size.height() > room.height(), size.width() > room.width()
        width = room.width() - (thick if tall else 0)
        height = room.height() - (thick if wide else 0)
        for bar, whole, shown in (
            (self.horizontalScrollBar(), size.width(), width),
            (self.verticalScrollBar(), size.height(), height),
        ):
            bar.setRange(0, max(0, whole - shown))
            bar.setPageStep(max(1, shown))
            bar.setSingleStep(max(8, shown // 12))
        self._setting = False

    # geometry; a point is a whole number of the screen's own pixels

    def _room(self, viewport: QSize) -> QSize:
        """Give what is left of the viewport for the kernels."""
        return QSize(max(1, viewport.width() - _EDGE_PX), max(1, viewport.height() - _EDGE_PX))

    def _point_px(self, zoom: Zoom) -> float:
        ratio = self.devicePixelRatioF()
        return max(1, round(zoom.point_px * ratio)) / ratio

    def _kernel_px(self) -> tuple[float, float]:
        """Give the pixels from one kernel to the next, across and down."""
        zoom, detail = self.zoom, self._detail
        assert zoom is not None and detail is not None
        point, gap = self._point_px(zoom), mask_pictures.kernel_gap(detail.kernels)
        if zoom.block:
            return point / zoom.block, point / zoom.block
        return point * (detail.kernels[3] + gap), point * (detail.kernels[2] + gap)

    def _content(self, zoom: Zoom) -> QSize:
        assert self._detail is not None
        num_out, num_in, height, width = self._detail.kernels
        point, gap = self._point_px(zoom), mask_pictures.kernel_gap(self._detail.kernels)
        if zoom.block:
            return QSize(math.ceil(num_in / zoom.block * point), math.ceil(num_out / zoom.block * point))
        return QSize(math.ceil(num_in * (width + gap) * point), math.ceil(num_out * (height + gap) * point))

    def _tile_place(self, key: TileKey) -> QPointF:
        assert self._detail is not None
        rows, columns = mask_pictures.tile_span(self._detail.kernels, key.block)
        across, down = self._kernel_px()
        return QPointF(
            _EDGE_PX + key.column * columns * across - self.horizontalScrollBar().value(),
            _EDGE_PX + key.row * rows * down - self.verticalScrollBar().value(),
        )

    def _keys(self) -> list[TileKey]:
        """List the tiles in sight."""
        zoom, detail = self.zoom, self._detail
        if zoom is None or detail is None:
            return []
        part = self.sight
        rows, columns = mask_pictures.tile_span(detail.kernels, zoom.block)
        return [
            TileKey(zoom.block, row, column)
            for row in range(part.top() // rows, part.bottom() // rows + 1)
            for column in range(part.left() // columns, part.right() // columns + 1)
        ]

    def _missing(self) -> list[TileKey]:
        return [key for key in self._keys() if key not in self._tiles or key in self._old]

    def _ask(self) -> None:
        missing = self._missing()
        if missing:
            self.tiles_wanted.emit(tuple(missing))

    def _scrolled(self) -> None:
        if self._detail is None or self._setting:
            return
        self.moved.emit(self.sight)
        self._ask()
        self.viewport().update()

    def _recolour(self, scheme: Colours) -> None:
        for tile, image in self._tiles.values():
            image.setColorTable(colours_of(tile, scheme))
        self.viewport().update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As small as it may be: it takes what is left."""
        return self.minimumSize()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the tiles in sight, and the numbers where they can be read."""
        zoom = self.zoom
        if zoom is None or self._detail is None:
            return
        painter, scheme, point = QPainter(self.viewport()), colours(), self._point_px(zoom)
        painter.setClipRect(self.viewport().rect().adjusted(_EDGE_PX, _EDGE_PX, 0, 0))
        for key in self._keys():
            found = self._tiles.get(key)
            if found is None:
                continue
            self._tiles.move_to_end(key)
            tile, image = found
            corner = self._tile_place(key)
            draw_tile(painter, corner, image, point, self.viewport().size())
            if not key.block and point >= NUMBERS_PX:
                draw_numbers(painter, corner, tile, point, self.viewport().size())
        painter.setClipping(False)
        self._draw_dead(painter, scheme)
        painter.end()

    def _draw_dead(self, painter: QPainter, scheme: Colours) -> None:
        """Mark the output channels with nothing left at the left edge, and the input channels at the upper one."""
        assert self._detail is not None
        part, colour = self.sight, QColor(scheme.danger)
        across, down = self._kernel_px()
        for out in self._detail.dead_out:
            if part.top() <= out <= part.bottom():
                top = max(float(_EDGE_PX), _EDGE_PX + out * down - self.verticalScrollBar().value())
                painter.fillRect(QRectF(1, top, _DEAD_PX, max(1.0, down - 1)), colour)
        for into in self._detail.dead_in if self._detail.shares_inputs else ():
            if part.left() <= into <= part.right():
                left = max(float(_EDGE_PX), _EDGE_PX + into * across - self.horizontalScrollBar().value())
                painter.fillRect(QRectF(left, 1, max(1.0, across - 1), _DEAD_PX), colour)

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Show the whole layer in the new room too, unless a person chose what to see."""
        super().resizeEvent(resized)
        if self._detail is None or self._setting:
            return
        if self._by_hand:
            self._set_ranges()
            self._scrolled()
        else:
            self._start()

    def wheelEvent(self, turned: QWheelEvent) -> None:  # noqa: N802
        """Scroll; with Ctrl zoom at the pointer."""
        if turned.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1 if turned.angleDelta().y() > 0 else -1, turned.position())
            turned.accept()
        else:
            super().wheelEvent(turned)

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Zoom with + and -, show all with 0; arrow keys scroll."""
        match pressed.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom_by(1)
            case Qt.Key.Key_Minus:
                self.zoom_by(-1)
            case Qt.Key.Key_0:
                self.show_whole()
            case Qt.Key.Key_Space | Qt.Key.Key_Home | Qt.Key.Key_End:
                pressed.ignore()
            case _:
                super().keyPressEvent(pressed)

    def mousePressEvent(self, pressed: QMouseEvent) -> None:  # noqa: N802
        """Begin to drag."""
        self._pressed, self._dragged = pressed.position().toPoint(), False

    def mouseMoveEvent(self, moved: QMouseEvent) -> None:  # noqa: N802
        """Drag, or tell the kernel under the pointer."""
        here = moved.position().toPoint()
        if self._pressed is not None and (self._dragged or (here - self._pressed).manhattanLength() > _DRAG_PX):
            self._dragged = True
            step, self._pressed = here - self._pressed, here
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - step.x())
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() - step.y())
        self.pointed_at.emit(self.kernel_at(moved.position()))

    def mouseReleaseEvent(self, _: QMouseEvent) -> None:  # noqa: N802
        """End a drag."""
        self._pressed = None

    def mouseDoubleClickEvent(self, clicked: QMouseEvent) -> None:  # noqa: N802
        """Enlarge the kernel that was clicked."""
        kernel = self.kernel_at(clicked.position())
        if kernel is not None:
            self.show_kernel(*kernel)

    def viewportEvent(self, happened: QEvent) -> bool:  # noqa: N802
        """Tell that the pointer left."""
        if happened.type() == QEvent.Type.Leave:
            self.pointed_at.emit(None)
        return super().viewportEvent(happened)

    def kernel_at(self, where: QPointF) -> tuple[int, int] | None:
        """Give the output and input channel at a place of the viewport."""
        if self._detail is None or self.zoom is None:
            return None
        across, down = self._kernel_px()
        into = math.floor((self.horizontalScrollBar().value() + where.x() - _EDGE_PX) / across)
        out = math.floor((self.verticalScrollBar().value() + where.y() - _EDGE_PX) / down)
        num_out, num_in = self._detail.kernels[:2]
        return (out, into) if 0 <= out < num_out and 0 <= into < num_in else None
