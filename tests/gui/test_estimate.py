"""The estimate line of the set-up, through the real window and the real `vpns estimate`."""

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from tests.engine.tiny_runs import make_pictures, tiny_config
from vpns_engine.keeping import Keeping, write_keeping
from vpns_gui.controllers.estimate import estimate_in
from vpns_gui.forms.estimate_line import EstimateLine

SECONDS_60 = 60_000


@pytest.fixture
def config(tmp_path):
    return tiny_config(make_pictures(tmp_path / "pictures"))


@pytest.fixture
def ready(studio, qtbot, config):
    """Give the window with settings that can be started."""
    studio.window.setup.set_config(config)
    qtbot.waitUntil(lambda: studio.window.setup.ready, timeout=SECONDS_60)
    return studio


def text(studio, name) -> str:
    """Give what a label of the line says; empty where it says nothing."""
    label = studio.window.setup.estimate_line.findChild(QLabel, name)
    return label.text() if label.isVisible() else ""


def button(studio) -> QPushButton:
    return studio.window.setup.estimate_line.findChild(QPushButton, "estimate")


def estimated(studio, qtbot) -> None:
    """Press the button and wait."""
    button(studio).click()
    assert button(studio).text() == "Cancel"
    qtbot.waitUntil(lambda: not studio.estimate.busy, timeout=SECONDS_60)


def test_that_the_disk_is_said_at_once_and_follows_the_settings(ready, qtbot, config):
    qtbot.waitUntil(lambda: text(ready, "disk").startswith("4.7"), timeout=SECONDS_60)
    assert " on the disk, up to " in text(ready, "disk") and text(ready, "disk").endswith(" free")
    assert text(ready, "cost") == ""
    ready.window.setup.set_config(config.model_copy(update={"search_epochs": 500}))
    qtbot.waitUntil(lambda: text(ready, "disk").startswith("2"), timeout=SECONDS_60)  # 501 masks and prompts


def test_that_an_estimate_is_shown_and_kept_for_its_settings(ready, qtbot, config):
    estimated(ready, qtbot)
    cost = text(ready, "cost")
    assert cost.startswith("About 0:") and " on cpu; " in cost and cost.endswith(" of memory")
    assert text(ready, "doesNotFit") == ""
    ready.window.setup.set_config(config.model_copy(update={"finetune_epochs": 7}))
    assert text(ready, "cost") == ""
    ready.window.setup.set_config(config)
    assert text(ready, "cost") == cost
    ready.window.setup.set_config(config.model_copy(update={"seed": 12}))
    assert text(ready, "cost") == cost  # a seed changes nothing of it
    assert list(ready._runs.iterdir()) == []


def test_that_other_settings_call_an_estimate_off(ready, qtbot, config):
    button(ready).click()
    ready.window.setup.set_config(config.model_copy(update={"finetune_epochs": 7}))
    qtbot.waitUntil(lambda: not ready.estimate.busy, timeout=SECONDS_60)
    assert text(ready, "cost") == "" and text(ready, "doesNotFit") == ""
    assert button(ready).text() == "Estimate"


def test_that_the_button_calls_it_off(ready, qtbot):
    button(ready).click()
    button(ready).click()
    qtbot.waitUntil(lambda: not ready.estimate.busy, timeout=SECONDS_60)
    assert text(ready, "cost") == "" and text(ready, "doesNotFit") == ""


def test_that_why_there_is_no_estimate_is_said(ready, qtbot, tmp_path):
    ready.estimate._known.clear()
    for picture in (tmp_path / "pictures").rglob("*.png"):
        picture.unlink()  # after the form has looked
    estimated(ready, qtbot)
    assert text(ready, "doesNotFit").startswith("No estimate: ")
    assert text(ready, "cost") == ""


def test_that_settings_that_cannot_work_are_not_timed(studio, qtbot, config):
    studio.window.setup.set_config(config.model_copy(update={"data": config.data.model_copy(update={"folder": "/nowhere"})}))
    qtbot.waitUntil(lambda: bool(studio.window.setup.why_not_estimated), timeout=SECONDS_60)
    qtbot.waitUntil(lambda: not button(studio).isEnabled(), timeout=SECONDS_60)
    assert "nowhere" in button(studio).toolTip() or "Looking" in button(studio).toolTip()


def test_that_nothing_is_timed_beside_a_run(ready, qtbot):
    ready.setup.start()
    qtbot.waitUntil(lambda: ready.run.state == "running", timeout=SECONDS_60)
    assert not button(ready).isEnabled() and "A run is on" in button(ready).toolTip()
    qtbot.waitUntil(lambda: ready.run.state == "idle", timeout=SECONDS_60)
    qtbot.waitUntil(lambda: button(ready).isEnabled(), timeout=SECONDS_60)


def test_that_too_small_a_disk_is_said_before_the_start(ready, qtbot, monkeypatch):
    monkeypatch.setattr("vpns_gui.controllers.estimate.free_on", lambda _folder: 1_000_000)
    ready.estimate.look_again()
    qtbot.waitUntil(lambda: "1.00 MB are free" in text(ready, "doesNotFit"), timeout=SECONDS_60)
    assert ready.window.setup.ready  # it is a warning, not a refusal


def test_that_what_is_kept_counts(ready, qtbot, config):
    ready.window.setup.set_config(config.model_copy(update={"search_epochs": 500}))
    qtbot.waitUntil(lambda: text(ready, "disk").startswith("2"), timeout=SECONDS_60)
    write_keeping(Keeping(epoch_artifacts="last"))
    ready.estimate.look_again()
    qtbot.waitUntil(lambda: text(ready, "disk").startswith("4.7"), timeout=SECONDS_60)


@pytest.mark.parametrize("output", [b"", b"{}", b"[1]", b"About 0:12", b'{"device": "cpu"}', b"\xff\xfe", b"[" * 100_000])
def test_that_words_that_are_no_estimate_are_none(output):
    assert estimate_in(output) is None


def test_that_an_empty_line_says_nothing(qtbot):
    line = EstimateLine()
    qtbot.addWidget(line)
    line.show()
    assert not [label for label in line.findChildren(QLabel) if label.isVisible()]
