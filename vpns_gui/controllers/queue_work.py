"""The queue at work: one run at a time on each device, the window's own here, further ones in processes of their own."""

from collections.abc import Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from vpns_engine.errors import EngineError
from vpns_engine.specs.run import RunConfig
from vpns_engine.waiting import Entry, lane_of, settled
from vpns_gui.child_run import ChildRun, folder_of, stop_process
from vpns_gui.controllers.queue_rows import counted
from vpns_gui.controllers.run import RunController, RunOver
from vpns_gui.notices import Notices
from vpns_gui.run_queue import RunQueue
from vpns_gui.session import Session

LOOK_MS = 1000


class QueueWork(QObject):
    """Begins what waits when it is told to, and only then; a run that fails does not keep the next from beginning."""

    going_changed = Signal(bool)
    """The queue was started, or is on hold again."""

    def __init__(
        self, queue: RunQueue, run: RunController, session: Session, notices: Notices, runs: Path, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._queue = queue
        self._run = run
        self._session = session
        self._notices = notices
        self._runs = runs
        self._devices: tuple[str, ...] = ()
        self.going = False
        self.here: str | None = None
        """Key of the entry that works in this window."""
        self.last_was_queued = False
        """The run that was last over in this window was one of the queue."""
        self.left_alone: str | None = None
        """Key of an entry that may not begin now: it is being edited."""
        self._children: dict[str, ChildRun] = {}
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_at_others)
        run.over.connect(self._take_over)
        run.state_changed.connect(self._see_run)

    @property
    def num_elsewhere(self) -> int:
        """Count the runs of the queue that work in processes of their own."""
        return sum(entry.key != self.here for entry in self._queue.queue.in_state("running"))

    def set_runs(self, runs: Path) -> None:
        """Runs are kept in another folder from now on; an entry's run is the one there, if it went along."""
        before, self._runs = self._runs, runs
        for entry in self._queue.queue if self._queue.own else ():
            folder = Path(entry.folder)
            if entry.folder and folder.parent == before and not folder.exists() and (runs / folder.name).is_dir():
                self._put(entry.changed(folder=str(runs / folder.name)))

    def set_devices(self, devices: Sequence[str]) -> bool:
        """Take in what this machine has, as the form offers it; tell whether that is new."""
        new = tuple(devices) != self._devices
        self._devices = tuple(devices)
        return new

    def lane(self, config: RunConfig) -> str:
        """Name the device that a configuration computes on; empty while that is not known."""
        return lane_of(config.device, self._devices)

    def start(self) -> None:
        """Begin the runs that wait, in their order."""
        if self._queue.own and not self.going and self._queue.queue.in_state("waiting"):
            self._set_going(True)
            self.advance()

    def hold(self) -> None:
        """Let no further run begin; what works goes on."""
        self._set_going(False)

    def stop(self, keys: Collection[str]) -> None:
        """Stop runs within one batch; their result so far is kept, and the others of the queue go on."""
        for entry in self._queue.queue.in_state("running"):
            if entry.key not in keys:
                continue
            if entry.key == self.here:
                self._run.stop()
            elif entry.key in self._children:
                self._children[entry.key].stop()
            else:
                stop_process(entry)

    def watch(self) -> None:
        """Look now and then how the runs in processes of their own stand."""
        if self.num_elsewhere and not self._look.isActive():
            self._look.start()

    def close(self) -> None:
        """Let the runs in processes of their own go on without this window."""
        self._look.stop()
        for child in self._children.values():
            child.leave()
        self._children.clear()

    def advance(self) -> None:
        """Begin what may begin."""
        while self.going and self._queue.own:
            busy = self._busy()
            skip = [self.left_alone] if self.left_alone else []
            entry = self._queue.queue.next(self.lane, busy, skip) if busy is not None else None
            if entry is None:
                break
            if self._run.state == "idle":
                self._begin_here(entry)
            else:
                self._begin_elsewhere(entry)
        if self.going and not self._queue.queue.in_state("waiting", "running"):
            self._set_going(False)
            self._notices.say(f"The queue is done: {counted(self._queue.queue)}")

    def _set_going(self, going: bool) -> None:
        if going != self.going:
            self.going = going
            self.going_changed.emit(going)

    def _put(self, entry: Entry) -> None:
        self._queue.set(self._queue.queue.put(entry))

    def _busy(self) -> set[str] | None:
        """Name the devices at work; None where that is not known yet: a run of this window has just been asked for."""
        busy = {self.lane(entry.config) for entry in self._queue.queue.in_state("running")}
        if self._run.state != "idle" and self.here is None:
            working = self._session.working
            if working is None:
                return None
            busy.add(self.lane(working.config))
        return busy

    def _begin_here(self, entry: Entry) -> None:
        self.here = entry.key
        self._put(entry.changed(state="running", text="", process=0))
        if entry.folder:
            self._run.resume(Path(entry.folder))
        else:
            self._run.start(entry.config, again=entry.again)

    def _begin_elsewhere(self, entry: Entry) -> None:
        try:
            child = ChildRun(entry, self._runs)
        except EngineError as error:
            self._put(entry.changed(state="failed", text=str(error)))
            return
        self._children[entry.key] = child
        self._put(child.entry)
        self.watch()

    def _see_run(self) -> None:
        """Note the folder of the run that works here, whoever asked for it."""
        own, queue = self._run.own, self._queue.queue
        if own is not None and self._run.state != "idle":
            folder = str(own.folder)
            key = self.here or next((entry.key for entry in queue if entry.folder == folder and entry.resumable), None)
            entry = queue.get(key) if key is not None else None
            if entry is not None and (entry.state != "running" or entry.folder != folder):
                self.here = entry.key
                self._put(entry.changed(state="running", folder=folder, text=""))
        self.advance()

    def _take_over(self, over: RunOver) -> None:
        """Note how the run of this window ended; begin the next."""
        entry = self._queue.queue.get(self.here) if self.here is not None else None
        self.here = None
        self.last_was_queued = entry is not None
        if entry is None:  # begun by hand: others that were asked for with it may come first
            return
        self._put(_ended(entry, over))
        self.watch()
        if over.ended is not None and over.ended.status == "stopped":
            self._hold_after_stop()
        self.advance()

    def _hold_after_stop(self) -> None:
        if self.going and self._queue.queue.in_state("waiting"):
            self._set_going(False)
            self._notices.say("The queue is on hold: Start queue goes on with it")

    def _look_at_others(self) -> None:
        """See how the runs in processes of their own stand."""
        for entry in self._queue.queue.in_state("running"):
            if entry.key == self.here:
                continue
            child = self._children.get(entry.key)
            found = child.look() if child is not None else settled(entry.changed(folder=folder_of(entry)))
            if found != entry:
                self._put(found)
            if found.state != "running":
                self._children.pop(entry.key, None)
                self.advance()
        if not self.num_elsewhere:
            self._look.stop()


def _ended(entry: Entry, over: RunOver) -> Entry:
    """Say how an entry stands whose run does not work here any more."""
    if over.ended is not None and over.store is not None:
        return entry.changed(state=over.ended.status, folder=str(over.store.folder), text=over.ended.text)
    if not over.refused:
        return entry.changed(state="done")
    found = settled(entry) if entry.folder else entry  # it may be in another process's hands
    return found if found.folder and found.state == "running" else entry.changed(state="failed", text=over.refused)
