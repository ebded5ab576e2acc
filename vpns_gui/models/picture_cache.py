"""Small pictures of files, as far as they were asked for and have come; those not seen for longest are forgotten."""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

MOST_KEPT = 1500
_MOST_WANTED = 160


class PictureCache(QObject):
    """Whoever draws asks for an image; what is missing is wanted, the latest first, and comes through `put`."""

    wanted = Signal()
    """A picture is missing."""
    come = Signal()
    """Pictures have come: draw again."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images: OrderedDict[Path, QImage] = OrderedDict()
        self._wanted: OrderedDict[Path, None] = OrderedDict()

    def image(self, path: Path) -> QImage | None:
        """Give a file's picture; None while it is not there. One that could not be read is a null image."""
        if path in self._images:
            self._images.move_to_end(path)
            return self._images[path]
        self._wanted[path] = None
        self._wanted.move_to_end(path)
        while len(self._wanted) > _MOST_WANTED:  # scrolled past
            self._wanted.popitem(last=False)
        self.wanted.emit()
        return None

    def take_wanted(self, count: int) -> list[Path]:
        """Give the paths that were asked for last, and forget that they were."""
        return [self._wanted.popitem()[0] for _ in range(min(count, len(self._wanted)))]

    def put(self, images: Mapping[Path, QImage]) -> None:
        """Take pictures in."""
        self._images.update(images)
        while len(self._images) > MOST_KEPT:
            self._images.popitem(last=False)
        self.come.emit()

    def clear(self) -> None:
        """Forget all."""
        self._images.clear()
        self._wanted.clear()
