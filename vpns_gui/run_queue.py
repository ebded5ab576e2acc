"""The queue of this machine: what waits, runs and is done, kept in the settings folder as it changes."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from vpns_engine.errors import EngineError
from vpns_engine.waiting import Entry, Queue, QueueFile, settled
from vpns_gui.child_run import folder_of

LOOK_MS = 2000


class RunQueue(QObject):
    """Holds the queue. A second window shows the first one's and cannot change it, until the first is closed."""

    changed = Signal(object)
    """The queue (Queue), or whether it may be changed here, is another."""
    said = Signal(str)
    """Something was wrong with its file: a line."""

    def __init__(self, folder: Path, parent: QObject | None) -> None:
        super().__init__(parent)
        self._file = QueueFile(folder)
        self._read_at: object = None
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_again)
        self.queue = Queue()

    @property
    def own(self) -> bool:
        """Tell whether the queue may be changed here."""
        return self._file.own

    def load(self) -> None:
        """Read what was left by the last window, or what another one has."""
        try:
            self._file.claim()
        except EngineError as error:
            self.said.emit(f"The queue cannot be kept: {error}")
        self._read()
        if not self.own:
            self._look.start()

    def set(self, queue: Queue) -> None:
        """Change the queue and write it."""
        if queue == self.queue:
            return
        self.queue = queue
        try:
            self._file.write(queue)
        except EngineError as error:
            self.said.emit(f"The queue cannot be kept: {error}")
        self.changed.emit(queue)

    def close(self) -> None:
        """Leave the queue to other windows."""
        self._look.stop()
        self._file.close()

    def _read(self) -> None:
        queue, lines = self._file.read()
        self._read_at = self._stamp()
        for line in lines:
            self.said.emit(line[:1].upper() + line[1:])
        found = Queue(tuple(map(_as_it_stands, queue)))
        self.queue = queue
        if self.own and found != queue:
            self.set(found)
        else:
            self.queue = found
            self.changed.emit(found)

    def _look_again(self) -> None:
        """Follow the window that owns the queue; take its place once it is closed."""
        try:
            owned = self._file.claim()
        except EngineError:
            return
        if owned:
            self._look.stop()
        if owned or self._stamp() != self._read_at:
            self._read()

    def _stamp(self) -> Sequence[int] | None:
        try:
            found = self._file.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _as_it_stands(entry: Entry) -> Entry:
    return settled(entry.changed(folder=folder_of(entry))) if entry.state == "running" else entry
