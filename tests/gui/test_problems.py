"""A run that went wrong, in the window: what happened, what to do, the log, Resume, and a report without names."""

import json
import os
import signal
import subprocess
import sys

import hypothesis
import pytest
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton

from tests.engine.tiny_runs import make_pictures, tiny_config
from tests.engine.tiny_runs import run as do_run
from tests.faults.hostile import FEW, as_json, changed_values
from tests.faults.support import NoDiskError, empty, fill, result_of, small_disk
from tests.gui.made_runs import MadeRun, config
from vpns_engine.store import RunStore
from vpns_gui.dialogs.problem import ProblemDialog
from vpns_gui.unexpected import UnexpectedErrors


@pytest.fixture
def failed(studio, qtbot, runs):
    """Open a run that failed for want of space."""
    store = MadeRun(runs, config()).write(end="failed", levels=1)
    store.log(f"error: no space left for {store.folder}/artifacts/x")
    _open(studio, qtbot, store)
    return store


def _open(studio, qtbot, store: RunStore) -> None:
    with qtbot.waitSignal(studio.session.run_changed, timeout=20_000):
        studio.library.open(store.folder)


def _button(studio, name: str) -> QPushButton:
    return studio.window.findChild(QPushButton, name)


def _dialog(studio, qtbot) -> ProblemDialog:
    qtbot.mouseClick(_button(studio, "details"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(studio.window.findChildren(ProblemDialog)), timeout=20_000)
    return studio.window.findChildren(ProblemDialog)[-1]


def _text(dialog, name: str) -> str:
    return dialog.findChild(QLabel, name).text()


@pytest.mark.usefixtures("failed")
def test_that_a_failed_run_says_what_happened_and_what_to_do(studio, qtbot):
    assert _button(studio, "details").isVisible()
    dialog = _dialog(studio, qtbot)
    assert dialog.windowTitle() == "The run failed" and not dialog.isModal()
    assert _text(dialog, "problemWhat") == "The disk is full"
    assert "Resume goes on" in _text(dialog, "problemAdvice")
    assert "no space left" in dialog.findChild(QPlainTextEdit, "problemLines").toPlainText()
    assert dialog.findChild(QPushButton, "problemResume").isVisible()


def test_that_the_report_is_put_on_the_clipboard_without_personal_folders(studio, qtbot, failed):
    dialog = _dialog(studio, qtbot)
    QGuiApplication.clipboard().clear()
    copy = dialog.findChild(QPushButton, "copyReport")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: copy.text() == "Copied", timeout=20_000)
    text = QGuiApplication.clipboard().text()
    assert "no space left for <run>/artifacts/x" in text and '"sparsities"' in text
    assert str(failed.folder.parent) not in text
    assert "on the clipboard" in studio.window.log.text


def test_that_the_menu_copies_a_report_whatever_is_open(studio, qtbot):
    QGuiApplication.clipboard().clear()
    studio.window.menus.copy_report.trigger()
    qtbot.waitUntil(lambda: "VPNs Studio" in QGuiApplication.clipboard().text(), timeout=20_000)


def test_that_a_finished_run_has_nothing_to_say_of_it(studio, qtbot, runs):
    _open(studio, qtbot, MadeRun(runs, config()).write())
    assert not _button(studio, "details").isVisible()
    studio.problems.open()
    assert not studio.window.findChildren(ProblemDialog)


def test_that_a_run_whose_folder_went_away_is_told_of_all_the_same(studio, qtbot, failed):
    for path in sorted(failed.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    failed.folder.rmdir()
    dialog = _dialog(studio, qtbot)
    assert _text(dialog, "problemWhat") == "The disk is full"
    copy = dialog.findChild(QPushButton, "copyReport")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: copy.text() == "Copied", timeout=20_000)
    assert "is not there" in QGuiApplication.clipboard().text()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_that_a_killed_run_is_resumed_from_the_dialog(studio, qtbot, runs, tmp_path):
    settings = tiny_config(make_pictures(tmp_path / "pictures"), finetune_epochs=3)
    (tmp_path / "config.json").write_text(settings.model_dump_json())
    command = [sys.executable, "-u", "-m", "vpns_engine", "run", "--config", str(tmp_path / "config.json"), "--runs", str(runs)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"}) as child:
        qtbot.waitUntil(lambda: _steps(runs) > 0, timeout=120_000)
        child.kill()
    _open(studio, qtbot, RunStore.open(next(runs.glob("*_vpns_*"))))
    dialog = _dialog(studio, qtbot)
    assert dialog.windowTitle() == "The run was interrupted"
    qtbot.mouseClick(dialog.findChild(QPushButton, "problemResume"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studio.session.standing == "finished", timeout=120_000)
    assert studio.session.history.resumed


def _steps(runs) -> int:
    lines = [line for path in runs.glob("*/events.jsonl") for line in path.read_bytes().splitlines(keepends=True)]
    return sum(1 for line in lines if line.endswith(b"\n") and json.loads(line)["kind"] == "step")


def test_that_an_unexpected_error_offers_a_report_with_its_trace(studio, qtbot, qapp):
    errors = UnexpectedErrors(qapp)
    errors.happened.connect(studio.tell_unexpected)
    try:
        raise KeyError("prompt/delta")
    except KeyError as error:
        errors.take(type(error), error, error.__traceback__)
    (dialog,) = studio.window.findChildren(ProblemDialog)
    assert "KeyError" in _text(dialog, "problemWhat")
    assert not dialog.findChild(QPushButton, "problemResume").isVisible()
    copy = dialog.findChild(QPushButton, "copyReport")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: copy.text() == "Copied", timeout=20_000)
    assert "Traceback" in QGuiApplication.clipboard().text()
    dialog.close()


def test_that_a_run_that_filled_its_disk_is_resumed_in_the_same_window_to_the_same_bits(studio, qtbot, tmp_path):
    settings = tiny_config(make_pictures(tmp_path / "pictures"), finetune_epochs=2)
    try:
        with small_disk(tmp_path / "disk", 60) as disk:
            studio.run._runs = disk
            filled = []

            def fill_once(event):
                if event.kind == "step" and event.phase == 3 and not filled:
                    filled.append(event)
                    fill(disk)

            studio.session.told.connect(fill_once)
            studio.run.start(settings)
            qtbot.waitUntil(lambda: studio.session.standing == "failed" and studio.run.state == "idle", timeout=120_000)
            dialog = _dialog(studio, qtbot)
            assert _text(dialog, "problemWhat").startswith("No space left for ")
            empty(disk)
            qtbot.mouseClick(dialog.findChild(QPushButton, "problemResume"), Qt.MouseButton.LeftButton)
            qtbot.waitUntil(lambda: studio.session.standing == "finished" and studio.run.state == "idle", timeout=120_000)
            resumed = result_of(studio.session.store.folder)
            studio.session.close()
    except NoDiskError as reason:
        pytest.skip(str(reason))
    assert resumed == result_of(do_run(settings, tmp_path / "whole")[0].folder)


def test_that_hostile_events_are_shown_as_far_as_they_go_and_the_window_lives(studio, qtbot, runs):
    store = MadeRun(runs, config()).write()
    lines = [json.loads(line) for line in (store.folder / "events.jsonl").read_text().splitlines()]
    content = st.lists(st.integers(0, len(lines) - 1).flatmap(lambda n: changed_values(lines[n])), min_size=1, max_size=6)

    @hypothesis.settings(FEW, max_examples=10)
    @hypothesis.given(content)
    def check(changed):
        told = [*lines[:8], *changed, *lines[8:]]
        (store.folder / "events.jsonl").write_bytes(b"".join(as_json(event) + b"\n" for event in told))
        with qtbot.waitSignal(studio.session.run_changed, timeout=20_000):
            studio.library.open(store.folder)
        for tab in range(studio.window.tabs.count()):
            studio.window.tabs.setCurrentIndex(tab)
            studio.window.grab()

    check()
    assert studio.window.isVisible()


def test_that_classes_and_phases_that_are_not_there_are_passed_over(studio, qtbot, runs):
    store = MadeRun(runs, config()).write()
    path = store.folder / "events.jsonl"
    for seq, values in enumerate(
        (
            {"kind": "labels-mapped", "phase": 1, "level": 0, "sources": [999] * 10, "counts": []},
            {"kind": "labels-mapped", "phase": 99, "level": 0, "sources": [0], "counts": []},
            {"kind": "step", "phase": 2, "epoch": 1, "step": 1, "losses": [1, 2, 3, 4], "accuracies": [1]},
            {"kind": "epoch", "phase": 2, "epoch": 9, "kept": [2**53] * 50},
            {"kind": "level-saved", "phase": 99, "level": 0, "epoch": 1, "complete": True, "state_path": "../x"},
            {"kind": "phase-started", "phase": 99},
        ),
        1000,
    ):
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"seq": seq, "time": 2e9, **values}) + "\n")
    _open(studio, qtbot, store)
    for tab in range(studio.window.tabs.count()):
        studio.window.tabs.setCurrentIndex(tab)
        studio.window.grab()
    assert "cannot be read" in studio.window.log.text or "damaged" in studio.window.log.text


def test_that_the_log_is_at_hand_where_the_run_wrote_no_file_of_it(studio, qtbot, runs):
    store = MadeRun(runs, config()).write(end="failed", levels=1)
    assert not (store.folder / "log.txt").exists()
    _open(studio, qtbot, store)
    lines = _dialog(studio, qtbot).findChild(QPlainTextEdit, "problemLines")
    assert lines.isVisible()
    assert "2 broken images are skipped" in lines.toPlainText()
    assert lines.toPlainText().endswith("Run failed: the disk is full")


def test_that_a_run_that_its_settings_broke_is_not_said_to_go_on(studio, qtbot, tmp_path):
    rate = {"kind": "sgd", "lr": 10, "weight_decay": 1}
    optim = {"weights": rate, "finetune_prompt": rate}
    studio.run.start(tiny_config(make_pictures(tmp_path / "pictures"), optim=optim, finetune_epochs=200))
    qtbot.waitUntil(lambda: studio.session.standing == "failed" and studio.run.state == "idle", timeout=120_000)
    notice = studio.window.run_bar.notice
    assert "no longer a number" in notice and "Resume goes on" not in notice and "Use this run's settings" in notice
    advice = _text(_dialog(studio, qtbot), "problemAdvice")
    assert "Use this run's settings" in advice and "can go on" not in advice
