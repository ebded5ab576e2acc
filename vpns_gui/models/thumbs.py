"""Small pictures with a few words below, as a list that item views show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

IMAGE_ROLE = Qt.ItemDataRole.UserRole
LINES_ROLE = Qt.ItemDataRole.UserRole + 1

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Thumb:
    """A picture and what is said of it."""

    number: int
    """What it is known by, such as its number among the test images."""
    rgb: npt.NDArray[np.uint8]
    """Colours (height, width, 3)."""
    lines: tuple[str, ...]
    """Words below it."""
    tip: str


class ThumbModel(QAbstractListModel):
    """Thumbnails in order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbs: tuple[Thumb, ...] = ()

    @property
    def thumbs(self) -> tuple[Thumb, ...]:
        """What it shows."""
        return self._thumbs

    def set_thumbs(self, thumbs: Sequence[Thumb]) -> None:
        """Show others."""
        self.beginResetModel()
        self._thumbs = tuple(thumbs)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the thumbnails."""
        return 0 if parent.isValid() else len(self._thumbs)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Give a thumbnail's words or its picture."""
        if not index.isValid():
            return None
        thumb = self._thumbs[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return " ".join(thumb.lines)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return thumb.tip
            case _ if role == IMAGE_ROLE:
                return thumb.rgb
            case _ if role == LINES_ROLE:
                return thumb.lines
            case _:
                return None
