"""Small pictures of files, read beside the window: only those that are on screen, the latest first."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from vpns_gui.background import Background
from vpns_gui.models.picture_cache import PictureCache

_AT_ONCE = 12


class Thumbnails(QObject):
    """Fills a cache with what is wanted of it."""

    def __init__(self, cache: PictureCache, side_px: int, parent: QObject) -> None:
        super().__init__(parent)
        self._cache, self._side = cache, side_px
        self._reader = Background(self)
        self._reader.done.connect(self._take)
        cache.wanted.connect(self._read)

    def _read(self) -> None:
        if not self._reader.busy and (paths := self._cache.take_wanted(_AT_ONCE)):
            self._reader.start(partial(thumbnails, paths, self._side))

    def _take(self, images: dict[Path, QImage]) -> None:
        self._cache.put(images)
        self._read()


def thumbnails(paths: Sequence[Path], side_px: int) -> dict[Path, QImage]:
    """Read files as small pictures; one that cannot be read is a null image."""
    return {path: _thumbnail(path, side_px) for path in paths}


def _thumbnail(path: Path, side_px: int) -> QImage:
    from PIL import Image

    try:
        with Image.open(path) as file:
            file.draft("RGB", (2 * side_px, 2 * side_px))  # a large JPEG is decoded at a part of its size
            file.thumbnail((side_px, side_px))
            small = file.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return QImage()
    return QImage(small.tobytes(), small.width, small.height, 3 * small.width, QImage.Format.Format_RGB888).copy()
