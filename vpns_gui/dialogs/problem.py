"""What went wrong: what happened, what to do now, the end of the log, and a report that can be given to somebody."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from vpns_gui.dialogs.said import Said, fit_height

_WIDTH_PX = 720
_COPY, _COPIED = "Copy report", "Copied"
_ABOUT_REPORT = "Settings, versions, device, the ends of log and events; personal folders, user and computer names are left out"


@dataclass(frozen=True)
class Problem:
    """What the dialog says."""

    title: str
    """What happened, in a few words."""
    what: str
    """The message."""
    advice: str = ""
    """What to do now."""
    lines: Sequence[str] = ()
    """The end of the log, or the trace of an error."""
    lines_title: str = "The end of the log"
    can_resume: bool = False


class ProblemDialog(QDialog):
    """Shows a problem; not modal, the window goes on behind it."""

    resume_requested = Signal(bool)
    report_requested = Signal(bool)

    def __init__(self, problem: Problem, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("problem")
        self.setWindowTitle(problem.title)
        self._what = Said(self, "problemWhat")
        self._advice = Said(self, "problemAdvice")
        self._lines = self._make_lines(problem)
        self._report = self._button(_COPY, "copyReport")
        self._report.setToolTip(_ABOUT_REPORT)
        self._resume = self._button("Resume", "problemResume")
        self._arrange(problem)
        self._what.say(problem.what, "danger")
        self._advice.say(problem.advice)
        self._advice.setVisible(bool(problem.advice))
        self.set_can_resume(problem.can_resume)
        self._report.clicked.connect(self._ask_report)
        self._resume.clicked.connect(self._ask_resume)
        self.finished.connect(self.deleteLater)
        fit_height(self)

    def set_report(self, text: str) -> None:
        """Put the report on the clipboard, and say so."""
        QGuiApplication.clipboard().setText(text)
        self._report.setEnabled(True)
        self._report.setText(_COPIED)

    def set_failed(self, text: str) -> None:
        """Say why there is no report."""
        self._report.setEnabled(True)
        self._report.setText(_COPY)
        self._advice.setVisible(True)
        self._advice.say(text, "danger")

    def set_can_resume(self, possible: bool) -> None:
        """Offer to go on with the run, or do not."""
        self._resume.setVisible(possible)

    def _button(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        return button

    def _make_lines(self, problem: Problem) -> QPlainTextEdit:
        lines = QPlainTextEdit("\n".join(problem.lines), self)
        lines.setObjectName("problemLines")
        lines.setAccessibleName(problem.lines_title)
        lines.setReadOnly(True)
        lines.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        lines.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        lines.setMinimumHeight(lines.fontMetrics().lineSpacing() * 10)
        lines.moveCursor(QTextCursor.MoveOperation.End)
        lines.moveCursor(QTextCursor.MoveOperation.StartOfLine)
        lines.setVisible(bool(problem.lines))
        return lines

    def _arrange(self, problem: Problem) -> None:
        about = QLabel(problem.lines_title, self)
        about.setVisible(bool(problem.lines))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.addButton(self._report, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self._resume, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 14)
        layout.setSpacing(12)
        layout.addWidget(self._what)
        layout.addWidget(self._advice)
        layout.addWidget(about)
        layout.addWidget(self._lines, 1)
        layout.addWidget(buttons)
        self.setMinimumWidth(_WIDTH_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def _ask_report(self) -> None:
        self._report.setEnabled(False)
        self.report_requested.emit(True)

    def _ask_resume(self) -> None:
        self.resume_requested.emit(True)
        self.accept()
