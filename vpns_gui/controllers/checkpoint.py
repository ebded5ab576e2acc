"""Open checkpoint: reads a file of the released code beside the window and makes a run of it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vpns_engine.errors import EngineError
from vpns_engine.files import expanded
from vpns_engine.official.hints import hints_of
from vpns_engine.official.request import ImportRequest, Told
from vpns_engine.specs.data import DATASET_LABELS
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.run import RunConfig
from vpns_gui.background import Background
from vpns_gui.controllers.run import RunController
from vpns_gui.dialogs.checkpoint import FOLDER, CheckpointDialog, CheckpointWish
from vpns_gui.notices import Notices
from vpns_gui.preload import TorchImport
from vpns_gui.settings import Settings

_KINDS = ("pad", "fix", "random", "expand", "none")
_PURPOSE = "checkpoint"

N = TypeVar("N", int, float)
Found = tuple[RunConfig, Callable[..., Any]]


class CheckpointController(QObject):
    """Opens the dialog, reads what it names, and starts the run that takes it over."""

    def __init__(self, run: RunController, notices: Notices, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._run = run
        self._notices = notices
        self._settings = settings
        self._window = window
        self._dialog: CheckpointDialog | None = None
        self._reader = Background(self)
        self._reader.done.connect(self._start)
        self._reader.failed.connect(self._fail)

    def open(self) -> None:
        """Ask for the file and what it does not say; not while a run works in this window."""
        if self._dialog is not None or self._run.state != "idle":
            return
        folder = self._settings.folder(_PURPOSE, Path.home())
        self._dialog = CheckpointDialog(str(folder), _datasets(), _prompts(), self._window)
        self._dialog.wanted.connect(self._read)
        self._dialog.file_changed.connect(self._look)
        self._dialog.finished.connect(self._forget)
        self._dialog.open()

    def _look(self, file: str) -> None:
        hint = hints_of(Path(file)).density
        if self._dialog is not None and hint is not None:
            self._dialog.propose_density(f"{hint:g}")

    def _read(self, wish: CheckpointWish) -> None:
        try:
            request = request_of(wish)
            request.checked_density()
        except EngineError as error:
            self._fail(str(error))
            return
        self._settings.remember_folder(_PURPOSE, request.path.parent)
        self._reader.start(partial(_prepare, request))

    def _start(self, found: Found) -> None:
        config, make = found
        if self._dialog is not None:
            self._dialog.accept()
        self._run.start(config, again=True, make=make)

    def _fail(self, text: str) -> None:
        self._notices.say(f"Not opened: {text}", "error")
        if self._dialog is not None:
            self._dialog.set_failed(text)

    def _forget(self) -> None:
        self._reader.drop()  # of a dialog that was cancelled nothing is wanted any more
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None


def request_of(wish: CheckpointWish) -> ImportRequest:
    """Read what was typed.

    Raises:
        EngineError: a number cannot be read, or no folder is named.
    """
    data: dict[str, Any] = {"dataset": wish.dataset} if wish.dataset else {}
    if wish.dataset == FOLDER:
        if not wish.folder:
            raise EngineError("choose the folder with your images, or measure with nothing")
        data["folder"] = str(expanded(wish.folder).absolute())
    return ImportRequest(
        path=expanded(wish.file),
        density=_number(wish.density, "density", "0.6", float),
        prompt=Told(kind=wish.prompt or None, image_size=_number(wish.image_size, "image size", "224", int)),
        data=data,
    )


def _number(text: str, what: str, example: str, read: Callable[[str], N]) -> N | None:
    try:
        return read(text) if text else None
    except ValueError as error:
        raise EngineError(f"{what} '{text}' is not a number such as {example}") from error


def _prepare(request: ImportRequest) -> Found:
    with TorchImport():
        from vpns_engine.official.importing import importing

        return importing(request)


def _datasets() -> dict[str, str]:
    return {name: label for name, label in DATASET_LABELS.items() if name != "unknown"}


def _prompts() -> dict[str, str]:
    kinds = PromptSpec.kinds()
    return {kind: kinds[kind].label for kind in _KINDS}
