"""The list of keys, as menus and views tell them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

_SIZE_PX = (560, 620)


@dataclass(frozen=True)
class KeyGroup:
    """Keys that belong together."""

    title: str
    """The menu they are in, or the view that takes them."""
    keys: Sequence[tuple[str, str]]
    """Each key with what it does."""


class ShortcutsDialog(QDialog):
    """Lists keys; typing narrows the list."""

    def __init__(self, groups: Sequence[KeyGroup], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsDialog")
        self.setWindowTitle("Keyboard shortcuts")
        self._search = QLineEdit(self)
        self._search.setObjectName("shortcutSearch")
        self._search.setPlaceholderText("Search keys and what they do")
        self._search.setAccessibleName("Search the shortcuts")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._narrow)
        self._list = _key_list(groups, self)
        self._none = QLabel("No key does that.", self)
        self._none.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        for widget in (self._search, self._list, self._none, buttons):
            layout.addWidget(widget)
        self.resize(*_SIZE_PX)
        self.finished.connect(self.deleteLater)
        self._search.setFocus()

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What is listed now: what it does, and its key."""
        return [(row.text(0), row.text(1)) for _, rows in self._groups() for row in rows if not row.isHidden()]

    def _groups(self) -> list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]]:
        """Give each title with the rows below it."""
        tops = [top for place in range(self._list.topLevelItemCount()) if (top := self._list.topLevelItem(place)) is not None]
        return [(top, [row for n in range(top.childCount()) if (row := top.child(n)) is not None]) for top in tops]

    def _narrow(self, text: str) -> None:
        wanted = text.casefold().split()
        for group, rows in self._groups():
            for row in rows:
                whole = f"{group.text(0)} {row.text(0)} {row.text(1)}".casefold()
                row.setHidden(not all(word in whole for word in wanted))
            group.setHidden(all(row.isHidden() for row in rows))
        self._none.setVisible(not self.shown)


def _key_list(groups: Sequence[KeyGroup], parent: QWidget) -> QTreeWidget:
    tree = QTreeWidget(parent)
    tree.setObjectName("shortcutList")
    tree.setAccessibleName("Shortcuts")
    tree.setHeaderLabels(["What it does", "Keys"])
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setAlternatingRowColors(True)
    for group in groups:
        top = QTreeWidgetItem(tree, [group.title])
        font = top.font(0)
        font.setBold(True)
        top.setFont(0, font)
        top.setFirstColumnSpanned(True)
        top.setFlags(Qt.ItemFlag.ItemIsEnabled)
        for keys, words in group.keys:
            QTreeWidgetItem(top, [words, keys]).setToolTip(0, words)
    tree.expandAll()
    header = tree.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    return tree
