"""Which channels of a layer have nothing left: counted, and listed to go to."""

from PySide6.QtCore import QModelIndex, QSize, QStringListModel, Signal
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QVBoxLayout, QWidget

from vpns_gui.views.mask_pictures import LayerDetail


class DeadChannels(QWidget):
    """Lists output channels with every weight pruned, then input channels that no kept weight reads."""

    chosen = Signal(object)
    """(output channel or None, input channel or None) that a person wants to see."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._out: tuple[int, ...] = ()
        self._into: tuple[int, ...] = ()
        self.text = QLabel(self)
        self.text.setObjectName("deadText")
        self.text.setWordWrap(True)
        self._model = QStringListModel(self)
        self.list = QListView(self)
        self.list.setObjectName("deadChannels")
        self.list.setAccessibleName("Channels with nothing left")
        self.list.setModel(self._model)
        self.list.setUniformItemSizes(True)  # there may be tens of thousands
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.selectionModel().currentChanged.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(6)
        layout.addWidget(self.text)
        layout.addWidget(self.list, 1)

    def set_detail(self, detail: LayerDetail) -> None:
        """Show those of a layer."""
        self.text.setText(_sum_up(detail, detail.kernels[0]))
        self._out, self._into = detail.dead_out, detail.dead_in
        unused = detail.unused_out
        self._model.setStringList(
            [f"Output {out + 1:,}" + (" (no target class uses it)" if out in unused else "") for out in self._out]
            + [f"Input {into + 1:,}" for into in self._into]
        )
        self.list.setVisible(bool(self._out or self._into))

    def _choose(self, now: QModelIndex, _before: QModelIndex) -> None:
        if not now.isValid():
            return
        place = now.row()
        if place < len(self._out):
            self.chosen.emit((self._out[place], None))
        elif place - len(self._out) < len(self._into):
            self.chosen.emit((None, self._into[place - len(self._out)]))

    def sizeHint(self) -> QSize:  # noqa: N802
        """As small as it may be: it takes what is left."""
        return QSize(160, 120)

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Any height does: the list scrolls."""
        return False


def _sum_up(detail: LayerDetail, num_out: int) -> str:
    dead, unread = len(detail.dead_out), len(detail.dead_in)
    if not dead and not unread:
        return f"No channel died: each of the {num_out:,} outputs has a kept weight, and each input is read by one."
    out = f"{dead:,} of {num_out:,} output channels died: every weight of them is pruned."
    unused = sum(1 for channel in detail.dead_out if channel in detail.unused_out)
    if unused:
        out += f" {unused:,} of these are outputs that no target class uses."
    return f"{out}\n{unread:,} input channels are read by no kept weight."
