"""Tiles of a layer's kernels as they are drawn: their colours, and the weights as numbers where there is room."""

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, qRgb

from vpns_gui import theme
from vpns_gui.theme import Colours, colours
from vpns_gui.views import mask_pictures
from vpns_gui.views.mask_pictures import KEPT, Tile


def image_of(tile: Tile, scheme: Colours) -> QImage:
    """Make the picture of a tile, a pixel for each point."""
    cells = np.ascontiguousarray(tile.cells)
    height, width = cells.shape
    # a copy: the picture would else look at memory that may go away before it
    image = QImage(cells.data, width, height, width, QImage.Format.Format_Indexed8).copy()
    image.setColorTable(colours_of(tile, scheme))
    return image


def colours_of(tile: Tile, scheme: Colours) -> list[int]:
    """Give the colours of a tile's picture: by density where a point is many weights, else by what became of the weight."""
    if tile.key.block:
        steps = np.arange(256, dtype=np.float32) / 255
        return [qRgb(*colour) for colour in mask_pictures.sequential(steps, dark=scheme.dark).tolist()]
    return [qRgb(*theme.rgb(name)) for name in (scheme.window, scheme.empty, scheme.pruned, scheme.kept)]


def draw_tile(painter: QPainter, corner: QPointF, image: QImage, point_px: float, view: QSize) -> None:
    """Draw the part of a tile that is in sight: enlarged as a whole it may be many screens wide."""
    left, top = max(0, math.floor(-corner.x() / point_px)), max(0, math.floor(-corner.y() / point_px))
    right = min(image.width(), math.ceil((view.width() - corner.x()) / point_px))
    bottom = min(image.height(), math.ceil((view.height() - corner.y()) / point_px))
    if right > left and bottom > top:
        part = QRectF(left, top, right - left, bottom - top)
        where = QRectF(corner + part.topLeft() * point_px, part.size() * point_px)
        painter.drawImage(where, image, part)


def draw_numbers(painter: QPainter, corner: QPointF, tile: Tile, point_px: float, view: QSize) -> None:
    """Write the weights in sight: kept ones bold, pruned ones struck out."""
    kept, pruned = _fonts(painter.font(), point_px)
    scheme = colours()
    height, width = tile.cells.shape
    rows = range(max(0, int(-corner.y() / point_px)), min(height, math.ceil((view.height() - corner.y()) / point_px)))
    columns = range(max(0, int(-corner.x() / point_px)), min(width, math.ceil((view.width() - corner.x()) / point_px)))
    for row in rows:
        for column in columns:
            text = _number(tile, row, column)
            if text:
                is_kept = int(tile.cells[row, column]) == KEPT
                painter.setFont(kept if is_kept else pruned)
                painter.setPen(QColor(scheme.on_accent if is_kept else scheme.text))
                cell = QRectF(corner.x() + column * point_px, corner.y() + row * point_px, point_px, point_px)
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)


def _fonts(like: QFont, point_px: float) -> tuple[QFont, QFont]:
    """Give the fonts of kept and of pruned weights."""
    kept, pruned = QFont(like), QFont(like)
    for font in (kept, pruned):
        font.setPixelSize(max(8, min(15, int(point_px / 4.2))))
    kept.setBold(True)
    pruned.setStrikeOut(True)
    return kept, pruned


def _number(tile: Tile, row: int, column: int) -> str:
    """Write a weight in as little room as it needs; nothing where its value is not known."""
    if tile.values is None:
        return ""
    value = float(tile.values[row, column])
    if math.isnan(value):
        return "" if tile.cells[row, column] == mask_pictures.GAP else "NaN"
    return f"{value:.3f}" if 0.0005 <= abs(value) < 100 else "0" if value == 0 else f"{value:.0e}"
