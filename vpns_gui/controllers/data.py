"""Data sets of the form: which of them are there, their download beside the window, the folder they stand in."""

import os
import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vpns_engine.data_sets.fetch import fetch
from vpns_engine.errors import EngineError
from vpns_engine.files import expanded
from vpns_engine.folders import data_folder, set_data_folder, usual_data_folder
from vpns_engine.specs.data import DATASET_LABELS, Dataset
from vpns_gui.background import Background
from vpns_gui.controllers.run import RunController
from vpns_gui.dialogs.data_root import DataRootDialog, RootSetting
from vpns_gui.forms.choices import gather_shelf, root_problem
from vpns_gui.forms.data_note import DownloadSight
from vpns_gui.forms.setup_panel import DataPlace, SetupPanel
from vpns_gui.notices import Notices
from vpns_gui.session import Session

REPORT_SECONDS = 0.1


class CancelledError(Exception):
    """The person does not want it any more."""


class Download(Background):
    """Fetches one data set. What came until a cancel stays, and the next download goes on from there."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._cancelled = False
        self._next = 0.0

    @property
    def cancelled(self) -> bool:
        """Tell whether a cancel was asked for."""
        return self._cancelled

    def fetch(self, place: DataPlace) -> None:
        """Begin; `done` gives whether the data set is there."""
        self._cancelled = False
        self.start(partial(self._work, place))

    def cancel(self) -> None:
        """Stop at the next piece that comes."""
        self._cancelled = True

    def close(self) -> None:
        """Cancel and wait; nothing is delivered any more."""
        self.cancel()
        super().close()

    def _work(self, place: DataPlace) -> bool:
        root = expanded(place.root) if place.root.strip() else data_folder()
        try:
            fetch(place.key, root, self._report)
        except CancelledError:
            return False
        return True

    def _report(self, text: str, done: float | None) -> None:
        """Pass progress on, ten times a second at most; what has no share is said once, so it passes."""
        if self._cancelled:
            raise CancelledError
        now = time.monotonic()
        if now >= self._next or done is None:
            self._next = now + REPORT_SECONDS
            self.report(text, done)


class DataController(QObject):
    """Connects what stands below the form's data set with the disk and the network."""

    def __init__(self, session: Session, run: RunController, panel: SetupPanel, notices: Notices, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._run, self._panel, self._notices, self._window = session, run, panel, notices, parent
        self._key: Dataset = "digits"
        self._last = DownloadSight("", None)
        self._shelf = Background(self)
        self._shelf.done.connect(panel.set_choices)
        self._shelf.failed.connect(partial(notices.say, severity="warning"))
        self._download = Download(self)
        self._download.reported.connect(self._take)
        self._download.done.connect(self._finish)
        self._download.failed.connect(self._fail)
        panel.shelf_requested.connect(lambda given: self._shelf.start(partial(gather_shelf, given)))
        panel.download_requested.connect(self._begin)
        panel.cancel_requested.connect(self._cancel)
        panel.root_requested.connect(self.choose_root)
        run.state_changed.connect(self._look_again)

    @property
    def busy(self) -> bool:
        """Tell whether a download is on."""
        return self._download.busy

    def choose_root(self) -> None:
        """Ask for the data root of all runs."""
        if self.busy:  # what comes in belongs to the folder as it is
            label = DATASET_LABELS[self._key]
            self._notices.say(f"{label} is being downloaded: the data root stays until that is over", "warning")
            return
        environment = "VPNS_DATA" if os.environ.get("VPNS_DATA") else ""
        dialog = DataRootDialog(RootSetting(str(data_folder()), str(usual_data_folder()), environment), self._window)
        dialog.root_chosen.connect(partial(self._set_root, dialog))
        dialog.open()

    def _set_root(self, dialog: DataRootDialog, folder: Path | None) -> None:
        try:
            set_data_folder(None if folder is None else _usable(folder))
        except EngineError as error:
            dialog.set_failed(str(error))
            return
        dialog.accept()
        self._notices.say(f"Data sets are looked for in {data_folder()}")
        self._panel.look_again()

    def _begin(self, place: DataPlace) -> None:
        if self._download.busy:
            return
        if self._used_by_run(place.key):
            self._fail(f"a run works on {DATASET_LABELS[place.key]}: it fetches what it needs itself")
            return
        self._key = place.key
        self._show((f"{DATASET_LABELS[place.key]}: starting", None))
        self._download.fetch(place)

    def _used_by_run(self, key: Dataset) -> bool:
        store = self._session.working  # not the one that is open: another may be looked at meanwhile
        return self._run.state != "idle" and store is not None and store.config.data.dataset == key

    def _take(self, reported: tuple[str, float | None]) -> None:
        text, done = reported
        if done is None and text != self._last.text:
            self._notices.say(text)
        self._show(reported)

    def _show(self, reported: tuple[str, float | None]) -> None:
        self._last = DownloadSight(*reported, state="cancelled" if self._download.cancelled else "on")
        self._panel.set_download(self._last, self._key)

    def _cancel(self) -> None:
        if self._download.busy:
            self._download.cancel()
            self._show((f"{DATASET_LABELS[self._key]}: cancelling", self._last.done))

    def _finish(self, there: bool) -> None:
        label = DATASET_LABELS[self._key]
        said = f"{label} is downloaded" if there else f"Download of {label} cancelled; the next one goes on from there"
        self._notices.say(said)
        self._panel.set_download(None)
        self._panel.look_again()

    def _fail(self, why: str) -> None:
        self._notices.say(f"{DATASET_LABELS[self._key]} is not downloaded: {why}", "error")
        self._panel.set_download(DownloadSight(f"Not downloaded: {why}", None, "failed"), self._key)
        self._panel.look_again()

    def _look_again(self, state: object) -> None:
        if state == "idle":  # a run fetches its data set first
            self._panel.look_again()


def _usable(folder: Path) -> Path:
    """Give a folder as it can be set.

    Raises:
        EngineError: it is not told from where on, or something else has its name.
    """
    whole = expanded(str(folder))
    if not whole.is_absolute():
        raise EngineError(f"{folder} could be anywhere: give the whole path")
    if wrong := root_problem(str(whole)):
        raise EngineError(wrong)
    return whole
