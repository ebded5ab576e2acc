"""Windows for tests, with settings and runs in folders of their own."""

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from vpns_gui.background import Background
from vpns_gui.studio import Studio


@pytest.fixture
def runs(tmp_path) -> Path:
    """Give an empty folder of runs."""
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def studio(qtbot, tmp_path, runs, monkeypatch):
    """Give the whole program without its event loop, its window on screen."""
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("VPNS_RUNS", str(runs))
    monkeypatch.setenv("VPNS_CACHE", str(tmp_path / "cache"))
    made = Studio(runs, None)
    made.window.resize(1360, 860)
    with qtbot.waitExposed(made.window):
        made.window.show()
    made.complete()
    yield made
    put_away(made, qtbot)


def put_away(made: Studio, qtbot) -> None:
    """End what is at work in a window, and the window itself."""
    if made.run.state != "idle":
        made.run.stop()
        qtbot.waitUntil(lambda: made.run.state == "idle", timeout=60_000)
    for work in made.window.findChildren(Background):
        work.close()
    made.devices.close()
    made.estimate.close()
    made.queue.close()
    made.window.hide()
    made.window.deleteLater()
    # no event loop is left to do it, and every window that stays makes each change of colours slower
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
