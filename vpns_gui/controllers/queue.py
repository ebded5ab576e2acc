"""The queue and what a person wants of it: adding, ordering, editing, starting, watching."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from vpns_engine.errors import EngineError
from vpns_engine.forecast import numbered
from vpns_engine.specs.run import RunConfig
from vpns_engine.waiting import OVER, Entry, Queue
from vpns_gui.controllers.queue_rows import counted, names_of, row_of
from vpns_gui.controllers.queue_work import QueueWork
from vpns_gui.dialogs.question import ask
from vpns_gui.notices import Notices
from vpns_gui.run_queue import RunQueue
from vpns_gui.views.queue import Allowed, QueueView

_ELSEWHERE = "Another window works on the queue: it is shown here as it goes on, and can be changed there"


class QueueController(QObject):
    """Connects the queue and its work with the view."""

    show_requested = Signal(object)
    """A run of the queue is to be shown (its folder)."""
    edit_requested = Signal(object)
    """An entry that waits is to be edited in the form (Entry)."""
    added = Signal()
    """Runs were put in the queue."""

    def __init__(self, queue: RunQueue, work: QueueWork, view: QueueView, notices: Notices, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._store = queue
        self._work = work
        self._view = view
        self._notices = notices
        self._may_close = False
        queue.changed.connect(self._show)
        queue.said.connect(lambda line: notices.say(line, "warning"))
        work.going_changed.connect(self._show_going)
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
        view.stop_requested.connect(self._work.stop)
        view.open_requested.connect(self._open)
        view.edit_requested.connect(self._edit)
        view.chosen_changed.connect(self._allow)

    def set_runs(self, runs: Path) -> None:
        """Runs are kept in another folder from now on."""
        self._work.set_runs(runs)

    def load(self) -> None:
        """Show what was left by the last window; what still works in a process of its own is watched."""
        self._store.load()
        self._work.watch()
        if not self._store.own:
            self._notices.say(_ELSEWHERE)

    def may_close(self) -> bool:
        """Tell whether the window may close; else ask, and close it later."""
        count = self._work.num_elsewhere
        if self._may_close or not count or not self._store.own:
            return True
        if self._window.findChild(QMessageBox, "question") is None:
            ask(
                self._window,
                f"{numbered(count, 'run')} of the queue {'works' if count == 1 else 'work'} on another device.",
                "Close the window and let it go on? The queue shows how it stands when the window is open again. "
                "What waits stays there, on hold.",
                accept="Close, let it go on",
                refuse="Keep open",
                accepted=self._close_window,
            )
        return False

    def _close_window(self) -> None:
        self._may_close = True
        self._window.close()

    def close(self) -> None:
        """Leave the queue to other windows; runs in processes of their own go on."""
        self._work.close()
        self._store.close()

    @property
    def queue(self) -> Queue:
        """What is in it."""
        return self._store.queue

    @property
    def going(self) -> bool:
        """Tell whether the queue was started."""
        return self._work.going

    @property
    def works_here(self) -> bool:
        """Tell whether the run that works in this window is one of the queue."""
        return self._work.here is not None

    @property
    def last_was_queued(self) -> bool:
        """Tell whether the run that was last over in this window was one of the queue."""
        return self._work.last_was_queued

    def set_devices(self, devices: Sequence[str]) -> None:
        """Take in what this machine has, as the form offers it."""
        if self._work.set_devices(devices):
            self._show(self.queue)
            self._work.advance()

    def add(self, configs: Sequence[RunConfig], *, again: bool = False) -> bool:
        """Put runs at the end; tell whether they are there. They begin only when the queue is started, or if it is."""
        if not configs or not self._change(lambda queue: queue.add(Entry(config=config, again=again) for config in configs)):
            return False
        self._notices.say(f"Added {numbered(len(configs), 'run')} to the queue")
        self.added.emit()
        return True

    def replace(self, key: str, config: RunConfig) -> bool:
        """Give an entry that waits other settings; tell whether that was possible."""
        entry = self.queue.get(key)
        if entry is None or entry.state != "waiting":
            self._notices.say("That run is not in the queue any more: nothing was put back", "warning")
            return False
        return self._change(lambda queue: queue.put(Entry(key=key, config=config, again=entry.again)))

    def end_editing(self) -> None:
        """Let the entry that was in the form take its turn again."""
        self._work.left_alone = None
        self._show(self.queue)
        self._work.advance()

    def start(self) -> None:
        """Begin the runs that wait, in their order."""
        self._work.start()

    def hold(self) -> None:
        """Let no further run begin; what works goes on."""
        self._work.hold()

    def resume(self, keys: Sequence[str]) -> None:
        """Let runs go on where they were: they wait for their turn again, and begin now if the queue is started."""
        self._change(lambda queue: _waiting_again(queue, keys))
        if not self.going:
            self._notices.say("They go on when the queue is started")

    def remove(self, keys: Sequence[str]) -> None:
        """Take runs out of the list; those at work stay, and run folders too."""
        self._change(lambda queue: queue.remove([key for key in keys if key != self._work.left_alone]))

    def clear_finished(self) -> None:
        """Take what is over out of the list."""
        self._change(lambda queue: queue.remove([entry.key for entry in queue if entry.state in OVER]))

    def _change(self, change: Callable[[Queue], Queue]) -> bool:
        if not self._store.own:
            self._notices.say(_ELSEWHERE, "warning")
            return False
        try:
            self._store.set(change(self.queue))
        except EngineError as error:
            self._notices.say(str(error), "error")
            return False
        self._work.advance()
        return True

    def _open(self, keys: Sequence[str]) -> None:
        entry = self.queue.get(keys[0]) if keys else None
        if entry is not None and entry.folder:
            self.show_requested.emit(Path(entry.folder))

    def _edit(self, keys: Sequence[str]) -> None:
        entry = self.queue.get(keys[0]) if len(keys) == 1 else None
        if entry is not None and entry.state == "waiting" and self._work.left_alone is None:
            self._work.left_alone = entry.key
            self._show(self.queue)
            self.edit_requested.emit(entry)

    def _show_going(self, going: bool) -> None:
        self._view.set_going(going)
        self._show(self.queue)

    def _show(self, queue: Queue) -> None:
        edited = self._work.left_alone
        names = names_of([entry.config for entry in queue])
        rows = [
            row_of(entry, name, self._work.lane(entry.config), editing=entry.key == edited)
            for entry, name in zip(queue, names, strict=True)
        ]
        self._view.set_rows(rows, counted(queue) if self._store.own else _ELSEWHERE)
        self._view.set_can_move(self._store.own)
        self._allow()

    def _allow(self) -> None:
        """Switch on what can be done with the queue and with what is chosen."""
        own, edited = self._store.own, self._work.left_alone
        keys = self._view.chosen
        chosen = [entry for entry in self.queue if entry.key in keys]
        states = {entry.state for entry in chosen}
        some = own and bool(chosen)
        idle = some and edited not in keys
        self._view.set_allowed(
            Allowed(
                start=own and bool(self.queue.in_state("waiting")),
                hold=own,
                open=len(chosen) == 1 and bool(chosen[0].folder),
                resume=idle and all(entry.resumable for entry in chosen),
                stop=some and states == {"running"},
                edit=idle and len(chosen) == 1 and states == {"waiting"} and not chosen[0].folder and edited is None,
                duplicate=some,
                remove=idle and "running" not in states,
                up=some,
                down=some,
                clear=own and bool(self.queue.in_state(*OVER)),
            )
        )


def _waiting_again(queue: Queue, keys: Sequence[str]) -> Queue:
    for entry in queue:
        if entry.key in keys and entry.resumable:
            queue = queue.put(entry.changed(state="waiting", text=""))
    return queue
