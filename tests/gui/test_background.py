"""Work beside the window."""

import threading

import pytest

from vpns_engine.errors import EngineError
from vpns_gui.background import Background


@pytest.fixture
def background(qapp):
    made = Background(qapp)
    yield made
    made.close()


def test_that_the_outcome_comes_back_to_the_windows_thread(background, qtbot):
    seen = []
    background.done.connect(lambda _: seen.append(threading.current_thread()))
    with qtbot.waitSignal(background.done) as done:
        background.start(threading.current_thread)
    assert done.args[0] is not threading.main_thread()
    assert seen == [threading.main_thread()]


def test_that_an_engine_error_is_told_as_it_stands(background, qtbot):
    def fail():
        raise EngineError("the file is gone")

    with qtbot.waitSignal(background.failed) as failed:
        background.start(fail)
    assert failed.args == ["the file is gone"]
    assert not background.busy


def test_that_an_unexpected_error_ends_the_work_and_reaches_the_hook(background, qtbot):
    def fail():
        raise KeyError("x")

    with qtbot.captureExceptions() as caught, qtbot.waitSignal(background.failed) as failed:
        background.start(fail)
    assert "unexpected" in failed.args[0]
    assert caught[0][0] is KeyError


def test_that_the_latest_request_wins(background, qtbot):
    go, ran, told = threading.Event(), [], []
    background.done.connect(told.append)

    def work(number):
        go.wait(10)
        ran.append(number)
        return number

    for number in range(4):
        background.start(lambda number=number: work(number))
    go.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert ran == [0, 3]
    assert told == [3]


def test_that_what_is_dropped_is_not_delivered(background, qtbot):
    go, told = threading.Event(), []
    background.done.connect(told.append)
    background.start(lambda: go.wait(10))
    background.drop()
    with qtbot.waitSignal(background.busy_changed):
        go.set()
    assert told == []
    with qtbot.waitSignal(background.done):
        background.start(lambda: "next")


def test_that_progress_comes_along(background, qtbot):
    with qtbot.waitSignals([background.reported, background.done]):
        background.start(lambda: background.report("half", 0.5))
