"""The timeline on made-up runs."""

import pytest
from PySide6.QtCore import Qt

from tests.engine.run_events import fold
from tests.gui.views_data import T0, history, run_events, started
from vpns_engine.events import Preparing
from vpns_engine.history import RunHistory
from vpns_gui.views.timeline import TimelineView


@pytest.fixture
def view(qtbot):
    view = TimelineView()
    qtbot.addWidget(view)
    view.resize(1300, 140)
    view.show()
    return view


def cells(view):
    return [cell.line for cell in view._cells if cell.isVisible()]


def test_that_phases_show_state_and_epochs(view):
    run = history(until=0.5, end=None)
    view.set_history(run, run.last_time)
    assert [(c.label, c.state) for c in cells(view)] == [
        ("Map labels", "done"),
        ("Search masks", "running"),
        ("Tune", "waiting"),
    ]
    assert cells(view)[1].count.endswith("/ 30 epochs")
    assert 0 < view._bar.value() < 1000


def test_that_the_time_left_is_told_for_phase_and_run(view):
    run = history(until=0.5, end=None)
    view.set_history(run, run.last_time)
    phase, whole = run.seconds_left(run.last_time)
    assert view._text.text() == f"about {phase:.0f} s left in this phase, {whole:.0f} s in the run"


def test_that_a_finished_run_says_so(view):
    run = history()
    view.set_history(run, run.last_time + 100)
    assert view._bar.value() == 1000
    assert view._text.text().startswith("finished after")
    assert {c.state for c in cells(view)} == {"done"}


def test_that_a_stopped_run_keeps_its_marks(view):
    events = run_events(started(), until=0.5, end=None)
    stopped = fold([*events, *run_events(started(), until=0, end="stopped")[1:]])
    view.set_history(stopped, T0 + 50)
    assert "stopped after" in view._text.text()
    assert [c.state for c in cells(view)] == ["done", "stopped", "waiting"]


def test_that_a_failed_run_gives_its_reason(view):
    run = fold([*run_events(started(), until=0.5, end=None), *run_events(started(), until=0, end="failed")[1:]])
    view.set_history(run, T0)
    assert view._text.text() == "failed: no space left in the run folder"


def test_that_preparing_is_told(view):
    run = RunHistory()
    run.apply(Preparing(text="Downloading weights", done=0.25))
    view.set_history(run, T0)
    assert view._text.text() == "Downloading weights"
    assert view._bar.value() == 250
    run.apply(Preparing(text="Loading torch"))
    view.set_history(run, T0)
    assert view._bar.maximum() == 0


def test_that_no_run_is_an_idle_state(view):
    view.set_history(None, T0)
    assert "press Start" in view._text.text()
    assert cells(view) == [] and not view._bar.isEnabled()


def test_that_levels_can_be_chosen_and_are_followed_else(view, qtbot):
    run = history(started((0.1, 0.05, 0.02)), until=0.5, end=None)
    view.set_history(run, run.last_time)
    assert [chip.line.name for chip in view._chips] == ["90 %", "95 %", "98 %"]
    assert [chip.isChecked() for chip in view._chips] == [False, True, False]
    with qtbot.waitSignal(view.level_requested) as asked:
        qtbot.mouseClick(view._chips[0], Qt.MouseButton.LeftButton)
    assert asked.args == [0]
    view.set_history(run, run.last_time)
    assert cells(view)[1].count == "30 / 30 epochs"
    view.set_level(None)
    assert view._chips[1].isChecked()


def test_that_one_level_shows_no_level_row(view):
    view.set_history(history(), T0)
    assert not view._scroll.isVisible()


def test_that_a_new_run_replaces_the_levels(view):
    view.set_history(history(started((0.1, 0.05))), T0)
    view.set_level(1)
    other = history(started((0.5, 0.4, 0.3)), until=0.2, end=None)
    view.set_history(other, other.last_time)
    assert [chip.line.name for chip in view._chips] == ["50 %", "60 %", "70 %"]
    assert view._chips[0].isChecked()


def test_that_a_stop_before_anything_was_saved_keeps_nothing(view):
    run = history(until=0.0, end="stopped")
    assert not any(level.saved for level in run.levels.values())
    view.set_history(run, run.last_time)
    assert view._text.text().startswith("stopped after") and "kept" not in view._text.text()


def test_that_levels_stand_whole_in_their_row_when_another_run_is_shown(view):
    for densities in ((0.1, 0.05), (0.5, 0.4, 0.3), (0.1, 0.05)):
        run = history(started(densities))
        view.set_history(run, run.last_time)
        assert view._scroll.height() >= max(chip.sizeHint().height() for chip in view._chips)


@pytest.mark.parametrize("state", ["interrupted", "paused", "stopped"])
def test_that_nothing_shows_running_in_a_run_that_nobody_works_on(view, state):
    run = history(until=0.5, end=None)
    view.set_history(run, run.last_time, state)
    assert [cell.state for cell in cells(view)] == ["done", state, "waiting"]
    assert view._text.text().startswith(f"{state} after") and view._bar.maximum() == 1000
    view.set_history(run, run.last_time, "running")
    assert [cell.state for cell in cells(view)] == ["done", "running", "waiting"]


def test_that_a_run_that_was_cut_off_while_it_got_ready_does_not_look_busy(view):
    run = fold([Preparing(text="Loading torch")])
    view.set_history(run, T0)
    assert view._bar.maximum() == 0
    view.set_history(run, T0, "interrupted")
    assert view._bar.maximum() == 1000 and "Loading" not in view._text.text()
