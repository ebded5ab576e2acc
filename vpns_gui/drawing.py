"""Pictures of what the window shows: PNG at twice the size, SVG with lines and letters."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView, QPushButton, QWidget

from vpns_engine.errors import EngineError

SCALE = 2
"""Pixels of a PNG for each pixel on screen."""
_MOST_PX = 32_767
"""What a painter can address."""


def picture_of(widget: QWidget, ending: str) -> bytes:
    """Draw a widget as it looks now, its buttons left out: as an SVG where `ending` is `.svg`, else as a PNG.

    Raises:
        EngineError: there is nothing to see of it, or too much for a picture.
    """
    if widget.size().isEmpty():
        raise EngineError("there is nothing to draw yet")
    if max(widget.width(), widget.height()) * SCALE > _MOST_PX:
        size = f"{widget.width() * SCALE:,} x {widget.height() * SCALE:,} px"
        raise EngineError(f"a picture of {size} is too large (at most {_MOST_PX:,} px a side): save it as a table instead")
    return svg_of(widget) if ending == ".svg" else png_of(widget)


def png_of(widget: QWidget) -> bytes:
    """Draw a widget at twice its size.

    Raises:
        EngineError: it is too large for a picture.
    """
    image = QImage(widget.size() * SCALE, QImage.Format.Format_RGB32)
    if image.isNull():
        raise EngineError(f"a picture of {widget.width() * SCALE} x {widget.height() * SCALE} px does not fit in memory")
    image.setDevicePixelRatio(SCALE)
    _draw(widget, image)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload] # it takes bytes or str, its stub says bytes
    return bytes(data.data())


def svg_of(widget: QWidget) -> bytes:
    """Draw a widget with lines and letters instead of pixels."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    drawing = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    drawing.setOutputDevice(buffer)
    drawing.setSize(widget.size())
    drawing.setResolution(widget.logicalDpiX())  # or letters are sized for another screen than they were laid out on
    drawing.setViewBox(QRect(QPoint(0, 0), widget.size()))
    drawing.setTitle(widget.accessibleName())
    _draw(widget, drawing)
    return bytes(data.data())


def _draw(widget: QWidget, device: QImage | QSvgGenerator) -> None:
    painter = QPainter(device)
    # the ground as well: the widget's own may be its window's
    painter.fillRect(QRect(QPoint(0, 0), widget.size()), widget.palette().window())
    with _sharp(widget), _without_buttons(widget):
        flags = QWidget.RenderFlag.DrawWindowBackground | QWidget.RenderFlag.DrawChildren
        widget.render(painter, QPoint(0, 0), QRegion(), flags)
    painter.end()


@contextmanager
def _sharp(widget: QWidget) -> Iterator[None]:
    """Have plots draw lines and marks, where for the screen they paint pictures of them that they keep."""
    items = [item for view in widget.findChildren(QGraphicsView) for item in view.items()]
    cached = [(item, item.cacheMode()) for item in items]
    drawn = [export for item in items if (export := getattr(item, "setExportMode", None)) is not None]  # pyqtgraph's items
    for item, _ in cached:
        item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    for export in drawn:
        export(True, {"antialias": True, "resolutionScale": 1.0})
    try:
        yield
    finally:
        for export in drawn:
            export(False)
        for item, mode in cached:
            item.setCacheMode(mode)


@contextmanager
def _without_buttons(widget: QWidget) -> Iterator[None]:
    """Leave out what nobody can press in a picture."""
    buttons = [button for button in widget.findChildren(QPushButton) if button.isVisible()]
    for button in buttons:
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # all else stays where it is
        button.setSizePolicy(policy)
        button.hide()
    try:
        yield
    finally:
        for button in buttons:
            button.show()
