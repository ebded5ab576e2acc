"""The queue at work: one run at a time on each device, the window's own here, further ones in processes of their own."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from vpns_engine.errors import EngineError
from vpns_engine.forecast import numbered
from vpns_engine.specs.run import RunConfig
from vpns_engine.waiting import OVER, Entry, Queue, lane_of, settled
from vpns_gui.child_run import ChildRun, folder_of, stop_process
from vpns_gui.controllers.queue_rows import counted, row_of
from vpns_gui.controllers.run import RunController, RunOver
from vpns_gui.notices import Notices
from vpns_gui.run_queue import RunQueue
from vpns_gui.session import Session
from vpns_gui.views.queue import Allowed, QueueView

LOOK_MS = 1000
_ELSEWHERE = "Another window works on the queue: it is shown here as it goes on, and can be changed there"


class QueueController(QObject):
    """Starts what waits when it is told to, and only then; a run that fails does not keep the next from beginning."""

    show_requested = Signal(object)
    """A run of the queue is to be shown (its folder)."""
    edit_requested = Signal(object)
    """An entry that waits is to be edited in the form (Entry)."""
    added = Signal()
    """Runs were put in the queue."""
    going_changed = Signal(bool)
    """The queue was started, or is on hold again."""

    def __init__(
        self,
        queue: RunQueue,
        run: RunController,
        session: Session,
        view: QueueView,
        notices: Notices,
        runs: Path,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._store = queue
        self._run = run
        self._session = session
        self._view = view
        self._notices = notices
        self._runs = runs
        self._devices: tuple[str, ...] = ()
        self._going = False
        self._here: str | None = None
        """Key of the entry that works in this window."""
        self.last_was_queued = False
        """The run that was last over in this window was one of the queue."""
        self._editing: str | None = None
        self._children: dict[str, ChildRun] = {}
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_at_others)
        queue.changed.connect(self._show)
        queue.said.connect(lambda line: notices.say(line, "warning"))
        run.over.connect(self._take_over)
        run.state_changed.connect(self._see_run)
        self._connect_view()
        view.set_going(False)

    def _connect_view(self) -> None:
        view = self._view
        view.start_requested.connect(self.start)
        view.hold_requested.connect(self.hold)
        view.clear_requested.connect(self.clear_finished)
        view.moved.connect(lambda wish: self._change(lambda queue: queue.move(*wish)))
        view.up_requested.connect(lambda keys: self._change(lambda queue: queue.shift(keys, -1)))
        view.down_requested.connect(lambda keys: self._change(lambda queue: queue.shift(keys, 1)))
        view.duplicate_requested.connect(lambda keys: self._change(lambda queue: queue.duplicate(keys)))
        view.remove_requested.connect(self.remove)
        view.resume_requested.connect(self.resume)
        view.stop_requested.connect(self.stop)
        view.open_requested.connect(self._open)
        view.edit_requested.connect(self._edit)
        view.chosen_changed.connect(self._allow)

    def set_runs(self, runs: Path) -> None:
        """Runs are kept in another folder from now on; an entry's run is the one there, if it went along."""
        before, self._runs = self._runs, runs
        for entry in self._store.queue:
            folder = Path(entry.folder)
            if entry.folder and folder.parent == before and not folder.exists() and (runs / folder.name).is_dir():
                self._put(entry.changed(folder=str(runs / folder.name)))

    def load(self) -> None:
        """Show what was left by the last window; what still works in a process of its own is watched."""
        self._store.load()
        self._watch()
        if not self._store.own:
            self._notices.say(_ELSEWHERE)

    def close(self) -> None:
        """Leave the queue to other windows; runs in processes of their own go on."""
        self._look.stop()
        self._store.close()

    @property
    def going(self) -> bool:
        """Tell whether the queue was started."""
        return self._going

    @property
    def works_here(self) -> bool:
        """Tell whether the run that works in this window is one of the queue."""
        return self._here is not None

    @property
    def num_elsewhere(self) -> int:
        """Count the runs of the queue that work in processes of their own."""
        return sum(entry.key != self._here for entry in self._queue.in_state("running"))

    def set_devices(self, devices: Sequence[str]) -> None:
        """Take in what this machine has, as the form offers it."""
        if tuple(devices) != self._devices:
            self._devices = tuple(devices)
            self._show(self._queue)
            self._advance()

    def add(self, configs: Sequence[RunConfig], *, again: bool = False) -> bool:
        """Put runs at the end; tell whether they are there. They begin only when the queue is started, or if it is."""
        if not configs or not self._change(lambda queue: queue.add(Entry(config=config, again=again) for config in configs)):
            return False
        self._notices.say(f"Added {numbered(len(configs), 'run')} to the queue")
        self.added.emit()
        return True

    def replace(self, key: str, config: RunConfig) -> bool:
        """Give an entry that waits other settings; tell whether that was possible."""
        self._editing = None
        entry = self._queue.get(key)
        if entry is None or entry.state != "waiting":
            self._notices.say("That run is not in the queue any more: nothing was put back", "warning")
            self._show(self._queue)
            return False
        put = self._change(lambda queue: queue.put(Entry(key=key, config=config, again=entry.again)))
        self._show(self._queue)
        self._advance()
        return put

    def end_editing(self) -> None:
        """Leave the entry that is in the form as it is."""
        self._editing = None
        self._show(self._queue)
        self._advance()

    def start(self) -> None:
        """Begin the runs that wait, in their order."""
        if self._store.own and not self._going and self._queue.in_state("waiting"):
            self._set_going(True)
            self._advance()

    def hold(self) -> None:
        """Let no further run begin; what works goes on."""
        self._set_going(False)

    def resume(self, keys: Sequence[str]) -> None:
        """Let runs go on where they were: they wait for their turn again, and begin now if the queue is started."""
        self._change(lambda queue: _waiting_again(queue, keys))
        if not self._going:
            self._notices.say("They go on when the queue is started")

    def stop(self, keys: Sequence[str]) -> None:
        """Stop runs within one batch; their result so far is kept, and the others of the queue go on."""
        for key in keys:
            entry = self._queue.get(key)
            if entry is None or entry.state != "running":
                continue
            if key == self._here:
                self._run.stop()
            elif key in self._children:
                self._children[key].stop()
            else:
                stop_process(entry)

    def remove(self, keys: Sequence[str]) -> None:
        """Take runs out of the list; those at work stay, and run folders too."""
        self._change(lambda queue: queue.remove([key for key in keys if key != self._editing]))

    def clear_finished(self) -> None:
        """Take what is over out of the list."""
        self._change(lambda queue: queue.remove([entry.key for entry in queue if entry.state in OVER]))

    @property
    def _queue(self) -> Queue:
        return self._store.queue

    def _change(self, change: Callable[[Queue], Queue]) -> bool:
        if not self._store.own:
            self._notices.say(_ELSEWHERE, "warning")
            return False
        try:
            self._store.set(change(self._queue))
        except EngineError as error:
            self._notices.say(str(error), "error")
            return False
        self._advance()
        return True

    def _put(self, entry: Entry) -> None:
        self._store.set(self._queue.put(entry))

    def _set_going(self, going: bool) -> None:
        if going != self._going:
            self._going = going
            self._view.set_going(going)
            self._show(self._queue)
            self.going_changed.emit(going)

    def _advance(self) -> None:
        """Begin what may begin."""
        while self._going and self._store.own:
            busy = self._busy()
            skip = [self._editing] if self._editing else []
            entry = self._queue.next(self._lane, busy, skip) if busy is not None else None
            if entry is None:
                break
            if self._run.state == "idle":
                self._begin_here(entry)
            else:
                self._begin_elsewhere(entry)
        if self._going and not self._queue.in_state("waiting", "running"):
            self._set_going(False)
            self._notices.say(f"The queue is done: {counted(self._queue)}")

    def _lane(self, config: RunConfig) -> str:
        return lane_of(config.device, self._devices)

    def _busy(self) -> set[str] | None:
        """Name the devices at work; None where that is not known yet: a run of this window has just been asked for."""
        busy = {self._lane(entry.config) for entry in self._queue.in_state("running")}
        if self._run.state != "idle" and self._here is None:
            working = self._session.working
            if working is None:
                return None
            busy.add(self._lane(working.config))
        return busy

    def _begin_here(self, entry: Entry) -> None:
        self._here = entry.key
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
        self._watch()

    def _see_run(self) -> None:
        """Note the folder of the run that works here, whoever asked for it."""
        own = self._run.own
        if own is None or self._run.state == "idle":
            self._advance()
            return
        folder = str(own.folder)
        key = self._here or next((entry.key for entry in self._queue if entry.folder == folder and entry.resumable), None)
        entry = self._queue.get(key) if key is not None else None
        if entry is not None and (entry.state != "running" or entry.folder != folder):
            self._here = entry.key
            self._put(entry.changed(state="running", folder=folder, text=""))
        self._advance()

    def _take_over(self, over: RunOver) -> None:
        """Note how the run of this window ended; begin the next."""
        entry = self._queue.get(self._here) if self._here is not None else None
        self._here = None
        self.last_was_queued = entry is not None
        if entry is None:
            return
        self._put(_ended(entry, over))
        self._watch()
        if over.ended is not None and over.ended.status == "stopped":
            self._hold_after_stop()
        self._advance()

    def _hold_after_stop(self) -> None:
        if self._going and self._queue.in_state("waiting"):
            self._set_going(False)
            self._notices.say("The queue is on hold: Start queue goes on with it")

    def _watch(self) -> None:
        if self.num_elsewhere and not self._look.isActive():
            self._look.start()

    def _look_at_others(self) -> None:
        """See how the runs in processes of their own stand."""
        for entry in self._queue.in_state("running"):
            if entry.key == self._here:
                continue
            child = self._children.get(entry.key)
            found = child.look() if child is not None else settled(entry.changed(folder=folder_of(entry)))
            if found != entry:
                self._put(found)
            if found.state != "running":
                self._children.pop(entry.key, None)
                self._advance()
        if not self.num_elsewhere:
            self._look.stop()

    def _open(self, keys: Sequence[str]) -> None:
        entry = self._queue.get(keys[0]) if keys else None
        if entry is not None and entry.folder:
            self.show_requested.emit(Path(entry.folder))

    def _edit(self, keys: Sequence[str]) -> None:
        entry = self._queue.get(keys[0]) if len(keys) == 1 else None
        if entry is not None and entry.state == "waiting" and self._editing is None:
            self._editing = entry.key
            self._show(self._queue)
            self.edit_requested.emit(entry)

    def _show(self, queue: Queue) -> None:
        rows = [row_of(entry, self._lane(entry.config), editing=entry.key == self._editing) for entry in queue]
        words = counted(queue) if self._store.own else _ELSEWHERE
        self._view.set_rows(rows, words)
        self._view.set_can_move(self._store.own)
        self._allow()

    def _allow(self) -> None:
        own = self._store.own
        keys = self._view.chosen
        chosen = [entry for entry in self._queue if entry.key in keys]
        states = {entry.state for entry in chosen}
        idle = bool(chosen) and own and self._editing not in keys
        self._view.set_allowed(
            Allowed(
                start=own and bool(self._queue.in_state("waiting")),
                hold=own,
                open=len(chosen) == 1 and bool(chosen[0].folder),
                resume=idle and all(entry.resumable for entry in chosen),
                stop=own and bool(chosen) and states == {"running"},
                edit=idle and len(chosen) == 1 and states == {"waiting"} and not chosen[0].folder and self._editing is None,
                duplicate=own and bool(chosen),
                remove=idle and "running" not in states,
                up=own and bool(chosen),
                down=own and bool(chosen),
                clear=own and bool(self._queue.in_state(*OVER)),
            )
        )


def _ended(entry: Entry, over: RunOver) -> Entry:
    """Say how an entry stands whose run does not work here any more."""
    if over.ended is not None and over.store is not None:
        return entry.changed(state=over.ended.status, folder=str(over.store.folder), text=over.ended.text)
    if not over.refused:
        return entry.changed(state="done")
    found = settled(entry) if entry.folder else entry  # it may be in another process's hands
    return found if found.folder and found.state == "running" else entry.changed(state="failed", text=over.refused)


def _waiting_again(queue: Queue, keys: Sequence[str]) -> Queue:
    for entry in queue:
        if entry.key in keys and entry.resumable:
            queue = queue.put(entry.changed(state="waiting", text=""))
    return queue
