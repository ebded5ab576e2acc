"""The folder of runs: which it is, and moving the runs to another one beside the window."""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from vpns_engine.errors import EngineError
from vpns_engine.files import expanded, explained
from vpns_engine.folders import runs_folder, set_runs_folder, usual_runs_folder
from vpns_engine.moving import Moved, Report, finish_move, move_runs, unfinished_move
from vpns_engine.store import RunLibrary
from vpns_gui.background import Background
from vpns_gui.controllers.run import RunController
from vpns_gui.dialogs.runs_folder import RunsFolderDialog, RunsSetting, RunsWish
from vpns_gui.notices import Notices

_REPORT_SECONDS = 0.1


class CalledOffError(Exception):
    """The person does not want the move any more."""


class _Move(Background):
    """Moves the runs, or removes what a move left; can be called off until the new folder counts."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, matters=True)
        self._called_off = False
        self._next = 0.0

    def begin(self, work: Callable[[Report], Moved]) -> None:
        """Do it; `done` gives what was moved, or None where it was called off."""
        self._called_off = False
        self.start(partial(self._work, work))

    def call_off(self) -> None:
        """Stop at the next file."""
        self._called_off = True

    def _work(self, work: Callable[[Report], Moved]) -> Moved | None:
        try:
            return work(self._report)
        except CalledOffError:
            return None

    def _report(self, text: str, done: float | None) -> None:
        if self._called_off:
            raise CalledOffError
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _REPORT_SECONDS
            self.report(text, done)


class RunsFolderController(QObject):
    """Asks for the folder of runs and makes it the one."""

    changed = Signal(object)
    """Runs are kept in another folder from now on (Path)."""

    def __init__(self, run: RunController, notices: Notices, window: QWidget) -> None:
        super().__init__(window)
        self._run, self._notices, self._window = run, notices, window
        self._dialog: RunsFolderDialog | None = None
        self._before = runs_folder()
        self._move = _Move(self)
        self._move.reported.connect(self._show)
        self._move.done.connect(self._finish)
        self._move.failed.connect(self._fail)

    def open(self) -> None:
        """Ask for the folder."""
        if self._run.state != "idle":
            self._notices.say("A run is on: the runs folder stays until that is over", "warning")
            return
        environment = "VPNS_RUNS" if os.environ.get("VPNS_RUNS") else ""
        self._before, left = runs_folder(), unfinished_move()
        setting = RunsSetting(
            folder=str(self._before),
            usual=str(usual_runs_folder()),
            num_runs=len(RunLibrary(self._before).runs()),
            environment=environment,
            left_in="" if left is None else str(left),
        )
        self._dialog = dialog = RunsFolderDialog(setting, self._window)
        dialog.chosen.connect(self._set)
        dialog.finish_requested.connect(lambda: self._begin(finish_move))
        dialog.cancel_requested.connect(self._move.call_off)
        dialog.finished.connect(self._forget)
        dialog.open()

    def _set(self, wish: RunsWish) -> None:
        folder = usual_runs_folder() if wish.folder is None else expanded(str(wish.folder))
        if not folder.is_absolute():
            self._fail(f"{folder} could be anywhere: give the whole path")
        elif wish.move:
            self._begin(partial(move_runs, folder))
        else:
            self._choose(folder)

    def _begin(self, work: Callable[[Report], Moved]) -> None:
        self._show(("Counting", None))  # from here on the dialog waits
        self._move.begin(work)

    def _choose(self, folder: Path) -> None:
        try:
            with explained(folder):
                folder.mkdir(parents=True, exist_ok=True)
            set_runs_folder(None if folder == usual_runs_folder() else folder)
        except EngineError as error:
            self._fail(str(error))
            return
        self._finish(Moved(0))

    def _show(self, reported: tuple[str, float | None]) -> None:
        if self._dialog is not None:
            self._dialog.set_progress(*reported)

    def _finish(self, moved: Moved | None) -> None:
        if moved is None:
            self._fail(f"Called off: the runs are in {runs_folder()}")
            return
        if moved.num_runs:
            self._notices.say(f"{moved.num_runs} run{'s' * (moved.num_runs != 1)} moved to {runs_folder()}")
        for note in moved.notes:
            self._notices.say(note, "warning")
        if self._dialog is not None:
            self._dialog.accept()
        if runs_folder() != self._before:
            self._notices.say(f"Runs are kept in {runs_folder()}")
            self.changed.emit(runs_folder())

    def _fail(self, why: str) -> None:
        if self._dialog is not None:
            self._dialog.set_failed(why)
        if runs_folder() != self._before:  # it failed, or was called off, when the new folder counted already
            self.changed.emit(runs_folder())
            self._before = runs_folder()

    def _forget(self) -> None:
        self._dialog = None
