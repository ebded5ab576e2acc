"""What the window remembers between two starts: its geometry and the folders last used."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QSettings
from PySide6.QtWidgets import QMainWindow

from vpns_engine.folders import config_folder


class Settings:
    """The window's settings, in `window.ini` of the settings folder."""

    def __init__(self, parent: QObject | None) -> None:
        self._store = QSettings(str(config_folder() / "window.ini"), QSettings.Format.IniFormat, parent)

    def restore(self, window: QMainWindow) -> None:
        """Put the window where it was, with its docks."""
        for key, put in (("geometry", window.restoreGeometry), ("docks", window.restoreState)):
            value = self._store.value(f"window/{key}")
            if isinstance(value, QByteArray):
                put(value)

    def save(self, window: QMainWindow) -> None:
        """Remember where the window is."""
        self._store.setValue("window/geometry", window.saveGeometry())
        self._store.setValue("window/docks", window.saveState())
        self.sync()

    def sync(self) -> None:
        """Write what was remembered."""
        self._store.sync()

    def word(self, name: str) -> str:
        """Give what `keep_word` was given; empty where nothing was."""
        value = self._store.value(f"words/{name}")
        return value if isinstance(value, str) else ""

    def keep_word(self, name: str, value: str) -> None:
        """Remember a word, for example which tab was open."""
        self._store.setValue(f"words/{name}", value)

    def kept(self, name: str) -> QByteArray | None:
        """Give what `keep` was given, for example how the columns of a table stood."""
        value = self._store.value(f"kept/{name}")
        return value if isinstance(value, QByteArray) else None

    def keep(self, name: str, value: QByteArray) -> None:
        """Remember something that a widget can put back."""
        self._store.setValue(f"kept/{name}", value)

    def folder(self, purpose: str, otherwise: Path) -> Path:
        """Give the folder last used for `purpose`, if it is still there."""
        value = self._store.value(f"folders/{purpose}")
        return Path(value) if isinstance(value, str) and Path(value).is_dir() else otherwise

    def remember_folder(self, purpose: str, folder: Path) -> None:
        """Keep the folder for the next time."""
        self._store.setValue(f"folders/{purpose}", str(folder))
