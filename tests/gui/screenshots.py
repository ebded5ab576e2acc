"""Take pictures of the real window with the real demo run in it, light and dark.

    python -m tests.gui.screenshots [FOLDER] [--epochs SEARCH TUNE] [--run RUN_FOLDER]

Writes every tab as `light-curves.png`, `dark-curves.png` and so on; `start` is the window as it opens, `running` the window
while the run is on, `set-up` the form with a paper's preset, `architectures` and `data-sets` its lists, `two-masks` and
`two-prompts` the comparisons, `full-view` the masks with the window to themselves, `export`, `shortcuts` and `terms` dialogs.

Gains are measured quickly, and the test images are read where the run did not keep what the network said of them. Predict
looks at pictures written out of the bundled digits.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QPushButton

from vpns_engine.bundled import resource
from vpns_engine.presets import presets
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore
from vpns_gui import app, theme
from vpns_gui.background import Background
from vpns_gui.controllers.other_run import OtherRun
from vpns_gui.forms.pick_edit import PickEdit
from vpns_gui.studio import Studio
from vpns_gui.views.mask import LAYER, TABLE
from vpns_gui.views.mask_page import ONE, TWO

WINDOW_SIZE = (1360, 880)
SCHEMES = {"light": theme.LIGHT, "dark": theme.DARK}
SETTLE_MS = 250


class Photographer(QObject):
    """Does one thing after the other; each only when no run is on and nothing is at work beside the window."""

    def __init__(self, program: QApplication, studio: Studio, folder: Path) -> None:
        super().__init__(program)
        self._program, self._studio, self._folder = program, studio, folder
        self._steps: list[Callable[[], object]] = []

    def then(self, *steps: Callable[[], object]) -> None:
        """Add steps at the end."""
        self._steps += steps

    def go_on(self) -> None:
        """Do the next step as soon as the window is quiet."""
        busy = self._studio.run.state != "idle" or any(w.busy for w in self._studio.window.findChildren(Background))
        if busy:
            QTimer.singleShot(SETTLE_MS, self.go_on)
        elif self._steps:
            self._steps.pop(0)()
            QTimer.singleShot(SETTLE_MS, self.go_on)

    def picture(self, name: str) -> None:
        """Save the window as it is."""
        path = self._folder / f"{name}.png"
        if not self._studio.window.grab().save(str(path)):
            raise OSError(f"{path} cannot be written")
        print(path)

    def list_of(self, name: str, location: str) -> None:
        """Save the open list of a choice of the form."""
        choice = self._studio.window.findChild(PickEdit, location)
        opened = choice.open_list()
        if not opened.grab().save(str(self._folder / f"{name}.png")):
            raise OSError(f"{name}.png cannot be written")
        opened.hide()
        print(self._folder / f"{name}.png")

    def set_up(self, scheme: str) -> None:
        """Add the steps that show the form with a preset of the paper, and its long lists."""
        preset = self._studio.window.findChild(PickEdit, "preset")
        wait: Callable[[], object] = lambda: None  # noqa: E731
        self.then(
            lambda: theme.apply(self._program, SCHEMES[scheme]),
            lambda: preset.setCurrentIndex(preset.findData("paper-resnet18-cifar100")),
            *(wait, wait, wait),
            lambda: self.picture(f"{scheme}-set-up"),
            lambda: self.list_of(f"{scheme}-architectures", "model.architecture"),
            lambda: self.list_of(f"{scheme}-data-sets", "data.dataset"),
            lambda: preset.setCurrentIndex(0),
        )

    def dialog(self, name: str, action: str) -> None:
        """Add the steps that open a dialog, save it and close it."""
        window = self._studio.window
        opened = lambda: next(one for one in window.findChildren(QDialog) if one.isVisible())  # noqa: E731
        wait: Callable[[], object] = lambda: None  # noqa: E731
        self.then(
            lambda: window.findChild(QAction, action).trigger(),
            *(wait, wait),
            lambda: opened().grab().save(str(self._folder / f"{name}.png")),
            lambda: opened().close(),
        )

    def choose_other(self, other: OtherRun, *, with_prompt: bool = False) -> None:
        """Choose what the open run is compared with: a run beside it, or its own beginning where it is alone."""
        store = self._studio.session.store
        assert store is not None
        beside = [run for run in RunLibrary(store.folder.parent).runs() if run.name != store.folder.name]
        if with_prompt:
            beside = [run for run in beside if RunStore.open(run).config.uses_prompt]
        other.choose_run(beside[0] if beside else store.folder)
        if not beside:
            other.choose_place(0)

    def press(self, name: str) -> None:
        """Press a button if it can be seen and pressed."""
        button = self._studio.window.findChild(QPushButton, name)
        if button is not None and button.isVisible() and button.isEnabled():
            button.click()

    def fill(self, pictures: Path) -> None:
        """Add the steps that put something in the views that wait for a person: classes, gains, predictions."""
        window = self._studio.window
        wait: Callable[[], object] = lambda: None  # noqa: E731
        self.then(
            lambda: window.tabs.setCurrentWidget(window.classes_page),
            wait,
            lambda: self.press("readTestImages"),
            lambda: window.tabs.setCurrentWidget(window.gains_page),
            wait,
            lambda: window.findChild(QCheckBox, "gainsQuick").setChecked(True),
            lambda: self.press("gainsMeasure"),
            lambda: window.tabs.setCurrentWidget(window.predict_page),
            wait,
            lambda: write_digits(pictures),
            lambda: window.predict.set_pictures(str(pictures)),
            lambda: window.predict.pictures_typed.emit(str(pictures)),
            lambda: window.predict.start_requested.emit(),
            wait,
        )

    def details(self, scheme: str) -> None:
        """Add the steps that show what a tab has behind its first page, and the dialogs."""
        window, plots = self._studio.window, self._studio.plots
        assert plots is not None
        wait: Callable[[], object] = lambda: None  # noqa: E731
        self.then(
            lambda: window.tabs.setCurrentWidget(window.masks_page),
            lambda: plots.masks.select_layer("layer1.0.conv1"),
            lambda: plots.masks.show_page(LAYER),
            *(wait, wait),
            lambda: self.picture(f"{scheme}-one-layer"),
            lambda: plots.masks.show_page(TABLE),
            lambda: plots.mask_page.show_page(TWO),
            lambda: self.choose_other(plots.mask_comparison.b),
            *(wait, wait, wait),
            lambda: self.picture(f"{scheme}-two-masks"),
            lambda: plots.mask_page.show_page(ONE),
            window.menus.full.trigger,
            wait,
            lambda: self.picture(f"{scheme}-full-view"),
            window.menus.full.trigger,
            lambda: window.tabs.setCurrentWidget(window.prompt),
            lambda: window.prompt.show_pair(True),
            lambda: self.choose_other(self._studio.prompt_pair.b, with_prompt=True),
            *(wait, wait, wait),
            lambda: self.picture(f"{scheme}-two-prompts"),
            lambda: window.prompt.show_pair(False),
        )
        for name, action in (("export", "export"), ("shortcuts", "shortcuts"), ("terms", "terms")):
            self.dialog(f"{scheme}-{name}", action)

    def views(self, scheme: str) -> None:
        """Add the steps that show every view in a scheme."""
        tabs = self._studio.window.tabs
        self.then(lambda: theme.apply(self._program, SCHEMES[scheme]))
        for number in range(tabs.count()):
            name = f"{scheme}-{tabs.tabText(number).lower()}"
            turn = lambda number=number: tabs.setCurrentIndex(number)  # noqa: E731
            self.then(turn, lambda: None, lambda: None, lambda name=name: self.picture(name))


def write_digits(folder: Path) -> None:
    """Write some of the bundled digits as pictures, one of them broken."""
    with np.load(str(resource("demo/digits.npz"))) as found:
        images = found["images"][:24]
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(images):
        grey = np.clip(pixels.astype(np.float64) * 255 / images.max(), 0, 255).astype(np.uint8).reshape(*pixels.shape[:2])
        Image.fromarray(grey).save(folder / f"digit-{number:02}.png")
    (folder / "broken.png").write_bytes(b"no picture")


def take(config: RunConfig, runs: Path, folder: Path, old: Path | None) -> int:
    """Run `config` (or open the run in `old`) and take the pictures."""
    program = app.make_application(["screenshots"])
    theme.apply(program, theme.LIGHT)
    studio = Studio(runs, program)
    studio.window.resize(*WINDOW_SIZE)
    studio.window.show()
    studio.complete()
    photographer = Photographer(program, studio, folder)
    photographer.then(lambda: photographer.picture("light-start"))
    if old is not None:
        photographer.then(lambda: studio.library.open(old))
    else:
        photographer.then(lambda: studio.run.start(config))
        studio.session.told.connect(_once_half_done(studio, photographer))
    photographer.then(lambda: studio.session.choose_runs(tuple(RunLibrary(runs).runs())))
    photographer.fill(runs.parent / "pictures")
    for scheme in SCHEMES:
        photographer.set_up(scheme)
        photographer.views(scheme)
        photographer.details(scheme)
    photographer.then(studio.window.close)
    QTimer.singleShot(SETTLE_MS, photographer.go_on)
    return program.exec()


def _once_half_done(studio: Studio, photographer: Photographer) -> Callable[[object], None]:
    taken: list[bool] = []

    def look(_told: object) -> None:
        if not taken and studio.session.history is not None and studio.session.history.done > 0.5:
            taken.append(True)
            QTimer.singleShot(SETTLE_MS, lambda: photographer.picture("light-running"))

    return look


def main() -> int:
    """Take the pictures; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("resources/screenshots"))
    parser.add_argument("--epochs", nargs=2, type=int, metavar=("SEARCH", "TUNE"), help="other epochs than the demo has")
    parser.add_argument("--run", type=Path, help="a run folder to show instead of a new run, with those beside it")
    wanted = parser.parse_args()
    config = next(iter(presets().values()))
    if wanted.epochs:
        config = config.model_copy(update=dict(zip(("search_epochs", "finetune_epochs"), wanted.epochs, strict=True)))
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VPNS_CONFIG"] = os.environ["VPNS_CACHE"] = folder
        runs = Path(folder) / "runs" if wanted.run is None else wanted.run.absolute().parent
        return take(config, runs, wanted.folder, wanted.run)


if __name__ == "__main__":
    sys.exit(main())
