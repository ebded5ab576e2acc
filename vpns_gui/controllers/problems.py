"""Problems: of a run that failed or was cut off, and of the program itself; and the report that helps to mend them."""

import datetime
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

from vpns_engine.errors import EngineError
from vpns_engine.history import RunHistory
from vpns_engine.report import log_tail, report
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.log import known_events, line_of
from vpns_gui.controllers.outcome import SAME_AGAIN, ends_the_same_again, place_of
from vpns_gui.controllers.run import RunController
from vpns_gui.dialogs.problem import Problem, ProblemDialog
from vpns_gui.notices import Notices
from vpns_gui.session import Session

_NUM_LINES = 40
_RESUME = "Resume goes on from there, with the result that the run would have had."
_FAULT = (
    "This is a fault of the program, or of the machine. Copy the report and give it to somebody who can help: it names neither "
    "you nor your folders."
)


@dataclass(frozen=True)
class _Subject:
    """What a dialog is about."""

    folder: Path | None
    trouble: str = ""


class ProblemController(QObject):
    """Says what happened, in a dialog when it is asked for, and makes the report."""

    def __init__(self, session: Session, run: RunController, notices: Notices, window: QMainWindow) -> None:
        super().__init__(window)
        self._session = session
        self._run = run
        self._notices = notices
        self._window = window
        self._dialog: ProblemDialog | None = None
        self._subject = _Subject(None)
        self._logs = Background(self)
        self._reports = Background(self)
        self._logs.done.connect(self._show_run)
        self._logs.failed.connect(lambda why: self._show_run([why]))
        self._reports.done.connect(self._copy)
        self._reports.failed.connect(self._say_failed)
        run.state_changed.connect(self._update)

    @property
    def possible(self) -> bool:
        """Tell whether the open run went wrong."""
        return self._session.standing in ("failed", "interrupted")

    def open(self) -> None:
        """Say what happened to the open run."""
        store = self._session.store
        if store is not None and self.possible:
            self._subject = _Subject(store.folder)
            self._logs.start(partial(_log, store))

    def copy(self) -> None:
        """Put a report on the clipboard: of the open run, or of the program where none is open."""
        store = self._session.store
        self._subject = _Subject(store.folder if store is not None else None)
        self._make_report()

    def tell_unexpected(self, line: str, trace: str) -> None:
        """Show an error of the program; one dialog is enough, whatever comes after it."""
        if self._dialog is None:
            store = self._session.store
            self._subject = _Subject(store.folder if store is not None else None, trace)
            what = f"{line}\nThe window goes on."
            self._show(Problem("Something went wrong in the program", what, _FAULT, trace.splitlines(), "Where it happened"))

    def _show_run(self, lines: list[str]) -> None:
        history, store = self._session.history, self._session.store
        if history is not None and store is not None and store.folder == self._subject.folder and self.possible:
            cut_off = self._session.standing == "interrupted"
            title = "The run was interrupted" if cut_off else "The run failed"
            what = _what(history, cut_off=cut_off)
            shown = [*told_lines(history), *lines]
            self._show(Problem(title, what, advice(history, cut_off=cut_off), shown, can_resume=self._run.can_resume))

    def _show(self, problem: Problem) -> None:
        if self._dialog is not None:
            self._dialog.close()
        self._dialog = dialog = ProblemDialog(problem, self._window)
        dialog.report_requested.connect(self._make_report)
        dialog.resume_requested.connect(self._resume)
        dialog.finished.connect(partial(self._forget, dialog))
        dialog.show()

    def _forget(self, dialog: ProblemDialog, _result: int) -> None:
        if self._dialog is dialog:
            self._dialog = None

    def _make_report(self) -> None:
        subject = self._subject
        self._reports.start(lambda: report(subject.folder, subject.trouble))

    def _copy(self, text: str) -> None:
        if self._dialog is not None:
            self._dialog.set_report(text)
        else:
            QGuiApplication.clipboard().setText(text)
        self._notices.say("A report is on the clipboard: settings, versions, device and log, without personal folders")

    def _say_failed(self, why: str) -> None:
        if self._dialog is not None:
            self._dialog.set_failed(why)
        self._notices.say(why, "error")

    def _resume(self) -> None:
        store = self._session.store
        if store is not None and store.folder == self._subject.folder and self._run.can_resume:
            self._run.resume(store.folder)

    def _update(self) -> None:
        if self._dialog is not None:
            store = self._session.store
            mine = store is not None and store.folder == self._subject.folder
            self._dialog.set_can_resume(mine and self._run.can_resume and not self._subject.trouble)


def advice(history: RunHistory, *, cut_off: bool = False) -> str:
    """Say what to do about a run that failed or was cut off."""
    text = history.ended.text if history.ended is not None else ""
    if cut_off:
        return f"Nothing is lost but what came after the last checkpoint. {_RESUME}"
    if not text or text.startswith("unexpected"):
        return f"{_FAULT} Nothing is lost but what came after the last checkpoint. {_RESUME}"
    if ends_the_same_again(history):
        return f"{SAME_AGAIN} What was saved before stays, to look at and to export."
    return f"Once that is seen to, the run can go on: nothing is lost but what came after the last checkpoint. {_RESUME}"


def told_lines(history: RunHistory) -> list[str]:
    """Give the last lines of the log as the window shows it: a run's own log.txt has only what went wrong beside it."""
    lines = [(told.time, line_of(told, history)) for told in known_events(history)]
    return [f"{datetime.datetime.fromtimestamp(when):%H:%M:%S} {line}" for when, line in lines if line][-_NUM_LINES:]


def _what(history: RunHistory, *, cut_off: bool) -> str:
    if cut_off:
        return f"Its process ended without a word, {place_of(history)}: it was killed, or the machine went down."
    text = history.ended.text if history.ended is not None else ""
    return f"{text[:1].upper()}{text[1:]}" or "The run gave no reason."


def _log(store: RunStore) -> list[str]:
    with suppress(EngineError):  # it is gone with its folder; what happened is told all the same
        return log_tail(store.folder)
    return []
