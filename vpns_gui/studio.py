"""The whole program without its event loop: the window, what it works on, and what connects the two."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from vpns_engine.folders import config_folder
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.arrangement import ArrangementController
from vpns_gui.controllers.checkpoint import CheckpointController
from vpns_gui.controllers.closing import Closing
from vpns_gui.controllers.data import DataController
from vpns_gui.controllers.devices import DeviceController
from vpns_gui.controllers.editing import EditController
from vpns_gui.controllers.estimate import EstimateController
from vpns_gui.controllers.export import ExportController
from vpns_gui.controllers.follow import FollowController, folder_of
from vpns_gui.controllers.form_memory import FormMemory
from vpns_gui.controllers.gains import GainsController
from vpns_gui.controllers.going_on import GoingOn
from vpns_gui.controllers.help import HelpController
from vpns_gui.controllers.interrupted import InterruptedController
from vpns_gui.controllers.keeping import KeepingController
from vpns_gui.controllers.library import LibraryController
from vpns_gui.controllers.library_table import LibraryTable
from vpns_gui.controllers.log import LogController
from vpns_gui.controllers.moment import MomentController
from vpns_gui.controllers.on_images import OnImagesController
from vpns_gui.controllers.predict import PredictController, is_export
from vpns_gui.controllers.problems import ProblemController
from vpns_gui.controllers.prompt import PromptController
from vpns_gui.controllers.prompt_pair import PromptPairController
from vpns_gui.controllers.queue import QueueController
from vpns_gui.controllers.queue_work import QueueWork
from vpns_gui.controllers.results import ResultsController
from vpns_gui.controllers.run import RunController
from vpns_gui.controllers.run_bar import RunBarController
from vpns_gui.controllers.runs_folder import RunsFolderController
from vpns_gui.controllers.saving import SavingController
from vpns_gui.controllers.setup import SetupController
from vpns_gui.controllers.summary import SummaryController
from vpns_gui.controllers.sweep import SweepController
from vpns_gui.controllers.timeline import TimelineController
from vpns_gui.controllers.working import WorkingController
from vpns_gui.dialogs.question import ask, tell
from vpns_gui.main_window import MainWindow
from vpns_gui.menus import CONTINUE, PAUSE
from vpns_gui.notices import Notices
from vpns_gui.refresh import Refresh
from vpns_gui.run_queue import RunQueue
from vpns_gui.session import Session
from vpns_gui.settings import Settings
from vpns_gui.views.gains import GainsView
from vpns_gui.wheel import leave_wheel

if TYPE_CHECKING:
    from vpns_gui.plots import Plots


def _without_argument(act: Callable[[], object]) -> Callable[[bool], None]:
    def triggered(_checked: bool = False) -> None:
        act()

    return triggered


class Studio(QObject):
    """Makes the window and its controllers."""

    def __init__(self, runs: Path, parent: QObject | None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._settings = Settings(self)
        window = self.window = MainWindow(self._settings)
        self.session = Session(window)
        self.notices = Notices(window)
        self._refresh = Refresh(window)
        self.plots: Plots | None = None
        self._make_runs(runs)
        self._make_setup(runs)
        self._make_views(runs)
        self._make_aids()
        self._connect_keeping()
        self._connect_window()
        self._connect_library()
        self._connect_menus()
        self._connect_queue()
        self.library.refresh()
        self.interrupted.look()
        self.setup.load()
        self._memory.restore()
        self.queue.load()
        self._update()

    def _make_runs(self, runs: Path) -> None:
        """Runs, the open one and the one that works: on disk, in the run bar, in the log."""
        window, refresh = self.window, self._refresh
        self.run = RunController(self.session, self.notices, runs, window)
        self.library = LibraryController(self.session, self.notices, runs, window)
        self.checkpoint = CheckpointController(self.run, self.notices, self._settings, window)
        self.export = ExportController(self.session, self.notices, window, self._settings)
        self.interrupted = InterruptedController(self.session, self.run, window.offer_bar, runs, window)
        self.follow = FollowController(self.session, self.notices, self.library.open, window)
        WorkingController(self.session, self.run, window.working_bar, window)
        self.problems = ProblemController(self.session, self.run, self.notices, window)
        self._closing = Closing(self.run, window)
        LogController(self.session, self.notices, window.log, window)
        self.run_bar = RunBarController(self.session, self.run, window.run_bar, window)
        TimelineController(self.session, window.run_bar.timeline, refresh, window)

    def _make_setup(self, runs: Path) -> None:
        """What is to be run: the form, the queue, and what both need to know of this machine."""
        window = self.window
        waiting = RunQueue(config_folder(), window)
        work = QueueWork(waiting, self.run, self.session, self.notices, runs, window)
        self.queue = QueueController(waiting, work, window.queue, self.notices, window)
        self.setup = SetupController(self.session, self.run, self.queue, window.setup, self.notices, window)
        self.sweep = SweepController(self.queue, window.setup, runs, window)
        self._memory = FormMemory(window.setup, self.notices, config_folder(), window)
        self.estimate = EstimateController(self.run, window.setup, runs, window)
        self.data = DataController(self.session, self.run, window.setup, self.notices, window)
        self.going_on = GoingOn(self.session, self.run, window.setup, window)
        self.devices = DeviceController(window.setup, window)
        self.keeping = KeepingController(self.notices, window)
        self.runs_folder = RunsFolderController(self.run, self.notices, window)

    def _make_views(self, runs: Path) -> None:
        """What is looked at; the views with plots come later (see `complete`)."""
        window, refresh = self.window, self._refresh
        pages = (window.curves_page, window.prompt, window.masks_page, window.classes_page)
        self.moment = MomentController(self.session, window.moment_bar, window.tabs, pages, window)
        PromptController(self.session, window.prompt, refresh, self.notices, window)
        self.prompt_pair = PromptPairController(self.session, window.prompt.pair, refresh, self.notices, window)
        self.on_images = OnImagesController(self.session, window.prompt.on_images, refresh, window)
        ResultsController(self.session, window.results, refresh, window)
        self.predict = PredictController(self.session, window.predict, self._settings, window)
        self.summary = SummaryController(self.session, window.summary, runs, refresh, window)
        self.library_table = LibraryTable(self.session, self.notices, window.library, runs, self._settings, refresh)

    def _make_aids(self) -> None:
        """What every view offers: saving, undo, help, the places of things."""
        window = self.window
        self.saving = SavingController(window.tabs, self._run_on, self._settings, self.notices, window)
        EditController(window.menus, window.setup, window.tabs, window)
        HelpController(window.menus, window)
        ArrangementController(window.menus, window.arrangement, window.run_bar, self._settings, window)

    def _run_on(self, page: QWidget) -> str:
        """Name the run that a tab shows; empty where it shows none, or several."""
        window, store = self.window, self.session.store
        several = (window.predict_page, window.summary, window.library, window.compare_page)
        return store.folder.name if store is not None and page not in several else ""

    def complete(self) -> None:
        """Add the views that take longest to load; to be called when the window is on screen."""
        from vpns_gui.plots import Plots

        if self.plots is None:
            self.plots = Plots(self.window, self.session, self._refresh)
            self.plots.connect_saving(self.saving)
            self.window.arrangement.restore_parts()
            self.plots.class_images.image_requested.connect(self._show_test_image)
            self.plots.class_images.examined.connect(self.on_images.changed.look_again)
            self.on_images.changed.examined.connect(self.plots.class_images.look_again)
            self._add_gains()
            leave_wheel(self.window)

    def _add_gains(self) -> None:
        """Fill the page of the honest report."""
        page = self.window.gains_page
        view = GainsView(page)
        layout = page.layout()
        assert layout is not None
        layout.addWidget(view)
        self.gains = GainsController(self.session, view, self._refresh, self.notices, self._settings, self.window)

    def _show_test_image(self, index: int) -> None:
        self.on_images.show_test_image(index)
        self.window.tabs.setCurrentWidget(self.window.prompt)

    def _connect_window(self) -> None:
        window = self.window
        window.close_asked.connect(self._close)
        self._closing.waiting.connect(window.run_bar.set_notice)
        self._closing.waiting.connect(lambda _words: self.queue.hold())  # or the next one would begin
        window.run_bar.discard_requested.connect(self._ask_discard)
        window.run_bar.export_requested.connect(self.export.open)
        window.run_bar.details_requested.connect(self.problems.open)
        self.export.possible_changed.connect(window.run_bar.set_can_export)
        self.export.possible_changed.connect(window.menus.export.setEnabled)
        window.dropped.connect(self._open_dropped)
        self.library.opened.connect(self.follow.follow)
        self.interrupted.show_requested.connect(self.library.open)
        self.run.held.connect(self.follow.open_held)
        self.run.all_done.connect(self._show_done)
        self.run.refused.connect(self._tell_refused)
        self.going_on.refused.connect(lambda why: self._warn("The run cannot be tuned further.", why))
        self.saving.refused.connect(lambda why: self._warn("This could not be saved.", why))
        self.library.refused.connect(lambda why: self._warn("The run could not be opened.", why))
        for changed in (
            self.run.state_changed,
            self.session.run_changed,
            self.session.standing_changed,
            window.setup.ready_changed,
        ):
            changed.connect(self._update)

    def _connect_queue(self) -> None:
        window, menus = self.window, self.window.menus
        window.setup.devices_changed.connect(self.queue.set_devices)
        self.queue.show_requested.connect(self.library.open)
        self.queue.added.connect(window.queue_dock.raise_)
        window.setup.sweep_requested.connect(self.sweep.open)
        for action, act in (
            (menus.add_to_queue, window.setup.queue_up),
            (menus.sweep, self.sweep.open),
            (menus.copy_command, self.setup.copy_command),
        ):
            action.triggered.connect(_without_argument(act))

    def _connect_keeping(self) -> None:
        self.keeping.changed.connect(self.estimate.look_again)
        self.keeping.cleared.connect(self._look_after_clearing)
        self.library_table.clear_requested.connect(self.keeping.ask_clear)
        self.runs_folder.changed.connect(self._set_runs)

    def _connect_library(self) -> None:
        table, window = self.library_table, self.window
        self.predict.show_requested.connect(lambda: window.tabs.setCurrentWidget(window.predict_page))
        self.export.predict_requested.connect(self.predict.take_subject)
        table.open_requested.connect(self.library.open)
        table.opened.connect(lambda _opened: window.tabs.setCurrentWidget(window.curves_page))
        table.resume_requested.connect(self._resume_chosen)
        table.settings_read.connect(window.setup.set_config)
        table.refused.connect(lambda why: self._warn("This could not be done.", why))
        window.library.save_requested.connect(self.saving.open)
        self.saving.add(window.library, table.savable)

    def _resume_chosen(self, folder: Path) -> None:
        if self.run.state == "idle":
            self.run.resume(folder)
        else:
            self._warn("A run is on.", "One run works in this window at a time: stop it first, or let it end.")

    def _connect_menus(self) -> None:
        menus, window = self.window.menus, self.window
        for action, act in (
            (menus.new, self._new),
            (menus.open, self._choose_run),
            (menus.open_checkpoint, self.checkpoint.open),
            (menus.export, self.export.open),
            (menus.predict, self.predict.show),
            (menus.save_shown, self.saving.open),
            (menus.show_folder, self._show_folder),
            (menus.data_root, self.data.choose_root),
            (menus.runs_folder, self.runs_folder.open),
            (menus.keeping, self.keeping.open),
            (menus.quit, window.close),
            (menus.start, self.setup.start),
            (menus.start_again, partial(self.setup.start, again=True)),
            (menus.pause, self.run.toggle_pause),
            (menus.stop, self.run.stop),
            (menus.resume, self.run_bar.resume),
            (menus.discard, self._ask_discard),
            (menus.tune_further, self.going_on.tune_further),
            (menus.take_over, self.setup.take_over),
            (menus.copy_report, self.problems.copy),
        ):
            action.triggered.connect(_without_argument(act))
        menus.recent.aboutToShow.connect(self.library.refresh)
        menus.recent_requested.connect(self.library.open)
        self.library.recent_changed.connect(menus.set_recent)

    def tell_unexpected(self, error: tuple[str, str]) -> None:
        """Show an error that nobody caught; the window goes on."""
        line, trace = error
        self.notices.say(f"Unexpected error: {line}", "error")
        self.problems.tell_unexpected(line, trace)

    def _update(self) -> None:
        menus, idle, is_open = self.window.menus, self.run.state == "idle", self.session.store is not None
        menus.open_checkpoint.setEnabled(idle)
        for start in (menus.start, menus.start_again):
            start.setEnabled(idle and self.window.setup.ready)
        on = self.run.state in ("running", "pausing", "paused")
        menus.pause.setEnabled(on)
        menus.pause.setText(PAUSE if not on or self.run.state == "running" else CONTINUE)
        menus.stop.setEnabled(on)
        menus.add_to_queue.setEnabled(self.window.setup.can_queue)
        menus.sweep.setEnabled(not self.window.setup.editing)
        menus.resume.setEnabled(self.run.can_resume)
        menus.discard.setEnabled(self.run.can_discard)
        menus.tune_further.setEnabled(idle and self.going_on.possible)
        menus.take_over.setEnabled(is_open)
        menus.show_folder.setEnabled(is_open)
        menus.export.setEnabled(self.export.possible)
        store = self.session.store
        self.window.setWindowTitle(f"{store.folder.name} - VPNs Studio" if store is not None else "VPNs Studio")

    def _close(self, closing: QCloseEvent) -> None:
        if self._closing.may_close() and self.queue.may_close():
            self.window.hide()  # what is being read may take a moment to give up
            for work in self.window.findChildren(Background):
                work.close()
            self.devices.close()
            self.estimate.close()
            self._memory.close()
            self.queue.close()
            closing.accept()

    def _new(self) -> None:
        self.session.close()
        self.window.setup.setFocus()

    def _choose_run(self) -> None:
        dialog = QFileDialog(self.window, "Open a run folder", str(self._settings.folder("open", self._runs)))
        dialog.setObjectName("openRunDialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._open_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _open_chosen(self, folder: str) -> None:
        self._settings.remember_folder("open", Path(folder).parent)
        self.library.open(Path(folder))

    def _open_dropped(self, path: Path) -> None:
        folder = folder_of(path)
        if is_export(path):
            self.predict.take_subject(path)
        elif self.window.prompt.on_images.takes(path) and self.session.store is not None:
            self.on_images.show_file(path)
            self.window.prompt.show_pair(False)
            self.window.tabs.setCurrentWidget(self.window.prompt)
        elif folder is None:
            why = f"{path} is no run folder, and lies in none: a run has config.json and run.json. "
            why += "A picture can be dropped once a run is open, a folder of pictures on Predict."
            self._warn("This cannot be opened.", why)
        else:
            self.library.open(folder)

    def _tell_refused(self, why: str) -> None:
        if not self.queue.works_here:  # the queue says it in its own list, and goes on
            self._warn("The run could not begin.", why)

    def _show_done(self, folder: Path) -> None:
        if self.queue.last_was_queued:
            return
        self.library.open(folder)
        why = f"Its results are in {folder.name}, which is open now. Run > Start anew does it once more."
        tell(self.window, "This is done already.", why).setIcon(QMessageBox.Icon.Information)

    def _show_folder(self) -> None:
        if self.session.store is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.session.store.folder)))

    def _ask_discard(self) -> None:
        store: RunStore | None = self.session.store
        if store is not None and self.run.can_discard:
            ask(
                self.window,
                "Discard this run?",
                f"{'The run is stopped. ' if self.session.live else ''}Its folder is deleted with everything in it, "
                f"exports inside it too:\n{store.folder}",
                accept="Discard",
                refuse="Keep",
                accepted=self.run.discard,
            )

    def _look_after_clearing(self, folders: tuple[Path, ...]) -> None:
        """Show what is left of the runs."""
        self.library_table.look()
        self.estimate.look_again()
        store = self.session.store
        if store is not None and store.folder in folders and not self.session.live:
            self.library.open(store.folder)

    def _set_runs(self, runs: Path) -> None:
        """Keep runs in another folder from now on; the open run is that of the new folder, if it went along."""
        before, self._runs = self._runs, runs
        for part in (self.run, self.library, self.queue, self.sweep, self.interrupted, self.library_table, self.estimate):
            part.set_runs(runs)
        self.summary.set_runs(runs)
        store = self.session.store
        if store is not None and store.folder.absolute().parent == before.absolute():
            self.session.close()
            self.library.open(runs / store.folder.name)

    def _warn(self, what: str, why: str) -> None:
        self.notices.say(f"{what} {why}", "error")
        tell(self.window, what, why)
