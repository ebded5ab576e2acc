"""Time to the first picture of each view, in the real window: `python -m tests.bench_pictures [--run RUN_FOLDER]`.

A small real run is made first unless one is given; the masks of VGG-16 (138 million weights) are drawn at random. Each view is
opened with another tab in front of it, then turned to: printed is what passes until it has drawn what it reads, and the
longest time in that the window's thread was busy without a break.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.lateness import Lateness
from tests.real_runs import digits_config, make_run
from tests.vgg_run import make_vgg16_run
from vpns_gui import app
from vpns_gui.background import Background
from vpns_gui.plots import Plots
from vpns_gui.studio import Studio
from vpns_gui.views.mask import LAYER, TABLE
from vpns_gui.views.mask_page import ONE, TWO

WINDOW_SIZE = (1360, 880)
WANTED_SECONDS, WANTED_MS = 1.0, 50.0
_LEAST_MS, _MOST_SECONDS = 5, 30.0


@dataclass(frozen=True)
class Sight:
    """A view, how a person gets to it, and when it has drawn its picture."""

    name: str
    page: Callable[[Studio], QWidget]
    turn: Callable[[Studio], object]
    ready: Callable[[Studio], bool]


def plots(studio: Studio) -> Plots:
    """Give the views that are made last."""
    assert studio.plots is not None
    return studio.plots


def _one(studio: Studio, page: int) -> None:
    plots(studio).mask_page.show_page(ONE)
    plots(studio).masks.show_page(page)


def _has_rows(studio: Studio) -> bool:
    rows = plots(studio).masks.rows
    return bool(rows) and rows[0].empty_out is not None


def _has_layer(studio: Studio) -> bool:
    return plots(studio).masks.panel.detail is not None


OVERVIEW = Sight("masks, overview", lambda s: s.window.masks_page, lambda s: _one(s, TABLE), _has_rows)
LAYER_MAP = Sight("masks, a layer", lambda s: s.window.masks_page, lambda s: _one(s, LAYER), _has_layer)
KERNELS = Sight(
    "masks, its kernels",
    lambda s: s.window.masks_page,
    lambda s: _one(s, LAYER),
    lambda s: _has_layer(s) and plots(s).masks.panel.mosaic.is_complete,
)
COMPARISON = Sight(
    "masks, two compared",
    lambda s: s.window.masks_page,
    lambda s: plots(s).mask_page.show_page(TWO),
    lambda s: not plots(s).two_masks.is_empty,
)
SIGHTS = (
    Sight("curves", lambda s: s.window.curves_page, lambda _: None, lambda s: not plots(s).curves.is_empty),
    Sight("prompt", lambda s: s.window.prompt, lambda _: None, lambda s: not s.window.prompt.is_empty),
    Sight("on images", lambda s: s.window.prompt, lambda _: None, lambda s: s.window.prompt.on_images.seen is not None),
    OVERVIEW,
    LAYER_MAP,
    KERNELS,
    COMPARISON,
    Sight(
        "confusion",
        lambda s: s.window.classes_page,
        lambda _: None,
        lambda s: plots(s).classes.confusion.matrix.picture is not None,
    ),
)
LARGE = ((OVERVIEW, ""), (LAYER_MAP, "classifier.0"), (KERNELS, "classifier.0"), (COMPARISON, ""))
"""With the layer that was chosen before: the largest."""


class Bench:
    """One window, in which one run after the other is opened."""

    def __init__(self, runs: Path) -> None:
        self._program = app.make_application(["bench"])
        self._studio = Studio(runs, None)
        self._studio.window.resize(*WINDOW_SIZE)
        self._studio.window.show()
        self._studio.complete()
        self._lateness = Lateness(self._studio.window)
        self.wait(500)

    def wait(self, milliseconds: int) -> None:
        """Let the window work for a while."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def measure(self, sight: Sight, folder: Path, what: str, layer: str = "") -> bool:
        """Print the time to the first picture of a view; tell whether it came in time."""
        studio, window = self._studio, self._studio.window
        studio.session.close()
        window.tabs.setCurrentWidget(window.library)
        self.wait(200)
        studio.library.open(folder)
        self._until(lambda: studio.session.store is not None and not self._busy())
        if layer:  # as a person chose it before
            window.tabs.setCurrentWidget(window.masks_page)
            _one(studio, TABLE)
            self._until(lambda: _has_rows(studio))
            plots(studio).masks.select_layer(layer)
            window.tabs.setCurrentWidget(window.library)
            self._until(lambda: not self._busy())
        self._lateness.found["first picture"] = []
        self._lateness.phase = "first picture"
        begun = time.perf_counter()
        window.tabs.setCurrentWidget(sight.page(studio))
        sight.turn(studio)
        came = self._until(lambda: sight.ready(studio))
        QApplication.processEvents()  # what is ready is painted now
        spent = time.perf_counter() - begun
        self.wait(20)
        self._lateness.phase = "opening"
        longest = max(self._lateness.found["first picture"], default=0.0)
        note = "" if came else "  did not come" if not sight.ready(studio) else ""
        slow = " <- over a second" if came and spent > WANTED_SECONDS else ""
        print(f"{what:14} {sight.name:22} {spent * 1000:8.0f} ms   thread busy {longest:5.0f} ms{slow}{note}", flush=True)
        return came

    def close(self) -> None:
        """End what is at work."""
        for work in self._studio.window.findChildren(Background):
            work.close()
        self._studio.devices.close()
        self._studio.estimate.close()
        self._studio.queue.close()

    def _busy(self) -> bool:
        return any(work.busy for work in self._studio.window.findChildren(Background))

    def _until(self, ready: Callable[[], bool]) -> bool:
        begun = time.perf_counter()
        while not ready():
            if time.perf_counter() - begun > _MOST_SECONDS:
                return False
            self.wait(_LEAST_MS)
        return True


def main() -> int:
    """Run the bench; 1 where a view never shows anything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="a finished run to look at, instead of a small one made for this")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        runs = Path(folder) / "runs"
        for name in ("CONFIG", "CACHE"):
            os.environ[f"VPNS_{name}"] = str(Path(folder) / name.lower())
        os.environ["VPNS_RUNS"] = str(runs)
        runs.mkdir()
        small = wanted.run.absolute() if wanted.run else make_run(runs, digits_config()).folder
        large = make_vgg16_run(runs).folder
        bench = Bench(runs)
        print(
            f"time to the first picture at {WINDOW_SIZE[0]} x {WINDOW_SIZE[1]}, longest time without a break (a frame: 50 ms)"
        )
        came = [bench.measure(sight, small, "run") for sight in SIGHTS]
        came += [bench.measure(sight, large, "VGG-16", layer) for sight, layer in LARGE]
        bench.close()
    return 0 if all(came) else 1


if __name__ == "__main__":
    sys.exit(main())
