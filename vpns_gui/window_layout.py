"""How the window is laid out: remembered between two starts, put back as it was at first, and cleared for a full view."""

from collections.abc import Iterator

from PySide6.QtCore import QByteArray, QObject, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QHeaderView, QMainWindow, QSplitter, QTableView, QTabWidget, QWidget

from vpns_gui.settings import Settings

Part = QSplitter | QHeaderView


class WindowLayout(QObject):
    """Knows the window's docks, splitters, columns and tabs; `extra` are widgets that a full view hides as well."""

    full_changed = Signal(bool)
    """The views have the window to themselves, or not any more."""

    def __init__(self, window: QMainWindow, tabs: QTabWidget, extra: tuple[QWidget, ...], settings: Settings) -> None:
        super().__init__(window)
        self._window, self._tabs, self._extra, self._settings = window, tabs, extra, settings
        self._first_docks = window.saveState()
        self._first_size = window.size()
        self._first_parts: dict[str, QByteArray] = {}
        self._before: QByteArray | None = None

    @property
    def full(self) -> bool:
        """Tell whether the views have the window to themselves."""
        return self._before is not None

    def restore(self) -> None:
        """Put window, docks and tab where they were."""
        self._settings.restore(self._window)
        tab = self._settings.word("tab")
        for index in range(self._tabs.count()):
            if self._tabs.tabText(index) == tab:
                self._tabs.setCurrentIndex(index)

    def restore_parts(self) -> None:
        """Put splitters and columns where they were; once all views are made."""
        for name, part in self._parts():
            self._first_parts[name] = part.saveState()
            kept = self._settings.kept(name)
            if kept is not None:
                part.restoreState(kept)

    def save(self) -> None:
        """Remember how all of it is."""
        self.set_full(False)
        self._settings.save(self._window)
        self._settings.keep_word("tab", self._tabs.tabText(self._tabs.currentIndex()))
        for name, part in self._parts():
            if name in self._first_parts:
                self._settings.keep(name, part.saveState())
        self._settings.sync()

    def reset(self) -> None:
        """Lay everything out as it was at the first start."""
        self.set_full(False)
        self._window.showNormal()
        self._window.resize(self._first_size)
        for dock in self._docks():
            dock.setFloating(False)
            dock.show()
        self._window.restoreState(self._first_docks)
        for name, part in self._parts():
            if name in self._first_parts:
                part.restoreState(self._first_parts[name])

    def set_full(self, full: bool) -> None:
        """Give the views the whole window, or bring back what stood around them."""
        if full == self.full:
            return
        if full:
            self._before = self._window.saveState()
            for dock in self._docks():
                dock.hide()
        elif self._before is not None:
            self._window.restoreState(self._before)
            self._before = None
        for widget in self._extra:
            widget.setVisible(not full)
        self.full_changed.emit(full)

    def _docks(self) -> list[QDockWidget]:
        return self._window.findChildren(QDockWidget)

    def _parts(self) -> Iterator[tuple[str, Part]]:
        """Name what has places of its own. What it holds is part of the name: another version may hold something else."""
        for splitter in self._window.findChildren(QSplitter):
            if splitter.objectName():
                yield f"split/{splitter.objectName()}-{splitter.count()}", splitter
        for table in self._window.findChildren(QTableView):
            header = table.horizontalHeader()
            # the library keeps its columns itself: they are in an order of their own too
            if table.objectName() not in ("", "libraryTable") and header.count() and _can_be_drawn(header):
                yield f"columns/{table.objectName()}-{header.count()}", header


def _can_be_drawn(header: QHeaderView) -> bool:
    """Tell whether a person can make columns wider."""
    modes = (header.sectionResizeMode(section) for section in range(header.count()))
    return header.orientation() == Qt.Orientation.Horizontal and QHeaderView.ResizeMode.Interactive in modes
