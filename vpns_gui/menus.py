"""The window's menus and their shortcuts; what they do is connected elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

Shortcut = QKeySequence.StandardKey | str | None
PAUSE, CONTINUE = "&Pause", "&Continue"


@dataclass(frozen=True)
class RecentRun:
    """A run folder, and what a person reads for it."""

    folder: Path
    label: str


class Menus(QObject):
    """All actions, by name."""

    recent_requested = Signal(object)
    """A run folder chosen from the recent ones (Path)."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._make_file()
        self._make_edit()
        self._make_run()
        self._make_view()
        self._make_help()
        self.set_recent(())

    def _make_file(self) -> None:
        standard = QKeySequence.StandardKey
        file = self._menu("&File")
        self.new = self._add(file, "newRun", "&New run", standard.New, "Close the open run and go to the settings")
        self.open = self._add(file, "openRun", "&Open run folder …", standard.Open, "Look at a run made here or by `vpns run`")
        self.open_checkpoint = self._add(
            file, "openCheckpoint", "Open &checkpoint …", None, "Make a run of a checkpoint of the released code"
        )
        self.recent = file.addMenu("&Recent runs")
        self.recent.setObjectName("recent")
        file.addSeparator()
        self.export = self._add(file, "export", "&Export …", "Ctrl+E", "Write the pruned network for plain PyTorch")
        self.predict = self._add(
            file, "predictMenu", "Pre&dict …", "Ctrl+Shift+P", "Let an export or a run say what is in pictures of your own"
        )
        self.save_shown = self._add(
            file, "saveShown", "&Save table or picture …", "Ctrl+Shift+S", "Write what the tab shows as CSV, PNG or SVG"
        )
        self.show_folder = self._add(file, "showFolder", "Show run f&older", None, "Open the run's folder in the file manager")
        self.data_root = self._add(file, "dataRootMenu", "&Data root …", None, "Choose where all data sets stand")
        self.runs_folder = self._add(file, "runsFolderMenu", "Runs &folder …", None, "Choose where runs are kept; move them")
        self.keeping = self._add(
            file, "keepingMenu", "&Keeping …", None, "Choose how long checkpoints and the files of single epochs are kept"
        )
        file.addSeparator()
        self.quit = self._add(file, "quit", "&Quit", standard.Quit, "")

    def _make_edit(self) -> None:
        standard = QKeySequence.StandardKey
        edit = self.edit = self._menu("&Edit")
        self.undo = self._add(edit, "undo", "&Undo", standard.Undo, "Take the last change of the settings back")
        self.redo = self._add(edit, "redo", "&Redo", "Ctrl+Shift+Z", "Change the settings again as before the undo")
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        edit.addSeparator()
        self.copy = self._add(
            edit, "copyShown", "&Copy", standard.Copy, "Copy the table or picture in the focus, or the first one of the tab"
        )
        self.copy_table = edit.addMenu("Copy &table")
        self.copy_picture = edit.addMenu("Copy &picture")
        for menu, name in ((self.copy_table, "copyTable"), (self.copy_picture, "copyPicture")):
            menu.setObjectName(name)

    def _make_view(self) -> None:
        self.view = self._menu("&View")
        self.fold = self._add(self.view, "foldRunBar", "&Fold the run bar", "Ctrl+Shift+F", "Show the run in one line")
        self.full = self._add(self.view, "fullView", "F&ull view", "F11", "Give the tab the room of set-up, log and run bar")
        for action in (self.fold, self.full):
            action.setCheckable(True)
        self.reset_layout = self._add(
            self.view, "resetLayout", "&Reset layout", None, "Lay the window out as it was at the first start"
        )
        self.view.addSeparator()

    def _make_run(self) -> None:
        run = self._menu("&Run")
        self.start = self._add(run, "startRun", "&Start", "Ctrl+R", "Start a run with the settings on the left")
        self.start_again = self._add(
            run, "startAgain", "Start &anew", None, "Start, and do again what is done already instead of taking it from there"
        )
        self.pause = self._add(
            run, "pauseRun", PAUSE, "Ctrl+P", "Finish the batch, write a checkpoint and let go of the device, until Continue"
        )
        self.stop = self._add(
            run, "stopRun", "S&top", "Ctrl+.", "Stop within one batch; the best and the last state are kept, and Resume goes on"
        )
        self.resume = self._add(
            run, "resumeRun", "R&esume", "Ctrl+Shift+R", "Go on with the open run where it was stopped, failed or was cut off"
        )
        self.discard = self._add(
            run, "discardRun", "&Discard …", None, "Remove the open run with its folder; a run that is on is stopped first"
        )
        run.addSeparator()
        self.tune_further = self._add(
            run,
            "tuneFurther",
            "More epochs: tune &further",
            None,
            "Put settings in the form that go on from this run's last saved state, with epochs and a schedule of their own",
        )
        self.take_over = self._add(run, "takeOver", "&Use this run's settings", None, "Put the open run's settings in the form")
        self.copy_command = self._add(
            run, "copyCommand", "&Copy as command line", None, "Put a line for a terminal on the clipboard that does the same"
        )
        run.addSeparator()
        self.add_to_queue = self._add(
            run, "addToQueueMenu", "Add to &queue", "Ctrl+Shift+A", "Put the settings on the left at the end of the queue"
        )
        self.sweep = self._add(
            run, "sweepMenu", "S&weep …", None, "Give several values to settings, and queue every combination"
        )

    def _make_help(self) -> None:
        help_menu = self._menu("&Help")
        self.shortcuts = self._add(help_menu, "shortcuts", "&Keyboard shortcuts", "?", "All keys of the window")
        self.terms = self._add(help_menu, "terms", "&Terms", None, "The field's terms in plain words, with their sources")
        self.help_here = self._add(
            help_menu, "helpHere", "&What is this?", "F1", "Explain the term of the setting in the focus, else list the keys"
        )
        help_menu.addSeparator()
        self.copy_report = self._add(
            help_menu, "copyReportMenu", "&Copy report", None, "Settings, versions and log of the open run; no personal paths"
        )
        self.about = self._add(help_menu, "aboutStudio", "&About VPNs Studio", None, "Versions, licences, citation")

    def set_recent(self, runs: Sequence[RecentRun]) -> None:
        """List the recent runs, newest first."""
        self.recent.clear()
        for run in runs:
            action = self.recent.addAction(run.label.replace("&", "&&"))
            action.setToolTip(str(run.folder))
            action.triggered.connect(lambda _checked=False, chosen=run.folder: self.recent_requested.emit(chosen))
        if not runs:
            self.recent.addAction("No runs yet").setEnabled(False)

    def _menu(self, title: str) -> QMenu:
        menu = self._window.menuBar().addMenu(title)
        menu.setToolTipsVisible(True)
        return menu

    def _add(self, menu: QMenu, name: str, text: str, shortcut: Shortcut, tip: str) -> QAction:
        action = QAction(text, self._window)
        action.setObjectName(name)
        action.setStatusTip(tip)
        if tip:
            action.setToolTip(tip)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        menu.addAction(action)
        return action
