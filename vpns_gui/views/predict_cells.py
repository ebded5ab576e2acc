"""How a picture and what it is taken for are drawn: as a line of the table, and as a tile of the contact sheet."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vpns_engine.words import printable
from vpns_gui.models.picture_cache import PictureCache
from vpns_gui.models.predicted_table import ROW_ROLE, SHARE_ROLE, PredictedRow, guess_text
from vpns_gui.theme import colours

ROW_THUMB_PX, TILE_THUMB_PX = 32, 104
LOADED_PX = 128
"""Side within which pictures are read."""
_PAD_PX = 4
_TILE_LINES = 3
_Index = QModelIndex | QPersistentModelIndex


class FileDelegate(QStyledItemDelegate):
    """Draws the file's picture before its name."""

    def __init__(self, cache: PictureCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache = cache

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw ground, picture and name."""
        row = index.data(ROW_ROLE)
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(option.rect, option.palette.highlight())
        middle = option.rect.y() + (option.rect.height() - ROW_THUMB_PX) // 2
        where = QRect(option.rect.x() + _PAD_PX, middle, ROW_THUMB_PX, ROW_THUMB_PX)
        _draw_picture(painter, where, self._cache, row)
        painter.setPen(_text_colour(row, selected=selected))
        room = option.rect.adjusted(ROW_THUMB_PX + 2 * _PAD_PX + 2, 0, -_PAD_PX, 0)
        name = option.fontMetrics.elidedText(printable(row.name), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802
        """Room for picture and name."""
        width = option.fontMetrics.horizontalAdvance(str(index.data())) + ROW_THUMB_PX + 4 * _PAD_PX
        return QSize(width, ROW_THUMB_PX + _PAD_PX)


class ConfidenceDelegate(QStyledItemDelegate):
    """Draws a confidence as a bar with its number."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw the bar below the number."""
        text, rect, scheme = str(index.data() or ""), option.rect, colours()
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, option.palette.highlight())
        room = rect.adjusted(6, 0, -12, 0)
        share = index.data(SHARE_ROLE)
        if share is not None:
            track = QRect(room.x(), rect.bottom() - 8, room.width(), 4)
            painter.fillRect(track, QColor(scheme.raised))
            painter.fillRect(QRect(track.topLeft(), QSize(round(track.width() * share), track.height())), QColor(scheme.kept))
        painter.setPen(QColor(scheme.on_accent if selected else scheme.text))
        painter.drawText(room.adjusted(0, 0, 0, -6), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        painter.restore()


class TileDelegate(QStyledItemDelegate):
    """Draws a picture with name, class without and class with the prompt below it."""

    def __init__(self, cache: PictureCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache = cache

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw the tile."""
        row, scheme = index.data(ROW_ROLE), colours()
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        tile = option.rect.adjusted(2, 2, -2, -2)
        if selected:
            painter.fillRect(tile, option.palette.highlight())
        left = tile.x() + (tile.width() - TILE_THUMB_PX) // 2
        _draw_picture(painter, QRect(left, tile.y() + _PAD_PX, TILE_THUMB_PX, TILE_THUMB_PX), self._cache, row)
        height = option.fontMetrics.height()
        y = tile.y() + 2 * _PAD_PX + TILE_THUMB_PX
        for number, (text, bold) in enumerate(_tile_lines(row)):
            font = QFont(option.font)
            font.setBold(bold)
            painter.setFont(font)
            muted = number == 0 and not selected and not row.problem
            painter.setPen(QColor(scheme.muted) if muted else _text_colour(row, selected=selected))
            room = QRect(tile.x() + 2, y, tile.width() - 4, height)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, shown)
            y += height
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, _index: _Index) -> QSize:  # noqa: N802
        """All tiles are alike."""
        return QSize(TILE_THUMB_PX + 44, TILE_THUMB_PX + 3 * _PAD_PX + _TILE_LINES * option.fontMetrics.height() + 6)


def _tile_lines(row: PredictedRow) -> list[tuple[str, bool]]:
    """Give the lines of a tile, and which stand out."""
    lines = [(printable(row.path.name), False)]
    if row.problem:
        return [*lines, (f"! {printable(row.problem)}", False)]
    if row.prompted is None:
        return [*lines, *((guess_text(guess), False) for guess in row.plain[:1])]
    lines += [(f"without: {guess_text(guess)}", False) for guess in row.plain[:1]]
    mark = "→ " if row.changed else ""
    return lines + [(f"{mark}with: {guess_text(guess)}", row.changed) for guess in row.prompted[:1]]


def _text_colour(row: PredictedRow, *, selected: bool) -> QColor:
    scheme = colours()
    return QColor(scheme.on_accent if selected else scheme.danger if row.problem else scheme.text)


def _draw_picture(painter: QPainter, where: QRect, cache: PictureCache, row: PredictedRow) -> None:
    scheme = colours()
    image = None if row.problem else cache.image(row.path)
    if image is None or image.isNull():
        painter.fillRect(where, QColor(scheme.raised))
        painter.setPen(QColor(scheme.muted))
        painter.drawText(where, Qt.AlignmentFlag.AlignCenter, "!" if row.problem else "" if image is None else "?")
    else:
        where = _fitted(image, where)
        # nearest neighbour where it is enlarged, smooth where that would leave out pixels
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, where.width() < 2 * image.width())
        painter.drawImage(where, image)
    painter.setPen(QPen(QColor(scheme.border), 1))
    painter.drawRect(where.adjusted(0, 0, -1, -1))


def _fitted(image: QImage, room: QRect) -> QRect:
    """Place a picture in the middle, as large as fits; small ones are enlarged by whole numbers."""
    factor = min(room.width() / image.width(), room.height() / image.height())
    factor = float(int(factor)) if factor >= 2 else factor
    size = QSize(max(1, round(image.width() * factor)), max(1, round(image.height() * factor)))
    place = QRect(room.topLeft(), size)
    place.moveCenter(room.center())
    return place
