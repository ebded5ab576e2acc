"""The curves view on made-up runs."""

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from tests.engine.run_events import fold
from tests.gui.views_data import TOTAL, history, kept, run_events, started
from vpns_engine.history import RunHistory
from vpns_gui.views.curve_axis import tick_distance
from vpns_gui.views.curve_series import MAX_STEP_POINTS, LevelCurves, at, place
from vpns_gui.views.curves import CurvesView


@pytest.fixture
def view(qtbot):
    view = CurvesView()
    qtbot.addWidget(view)
    view.resize(1300, 850)
    view.show()
    return view


def data_of(panel, key):
    x, y = panel._curves[key].getData()
    return (np.empty(0), np.empty(0)) if x is None else (x, y)


def test_that_tuning_goes_on_where_the_search_ends(view):
    run = history()
    view.set_history(run, 0)
    x, y = data_of(view.accuracy, "plain")
    assert x[0] == 0 and x[-1] == 50 and list(x).count(30) == 2
    assert y[-1] == pytest.approx(run.phases[3].epochs[-1].val_accuracy * 100)


def test_that_the_phases_are_named_over_the_plot(view):
    view.set_history(history(), 0)
    axis = view.accuracy.item.getAxis("top")
    assert [text for _, text in axis._tickLevels[0]] == ["Search masks", "Tune"]
    assert axis.isVisible() and axis.style["showValues"] and axis.height() > 8


def test_that_kept_density_is_counted_from_the_layers(view):
    view.set_history(history(), 0)
    _, y = data_of(view.density, "density")
    assert y[3] == pytest.approx(100 * sum(kept(0.1)) / TOTAL)


def test_that_a_growing_run_reuses_its_curves_and_grows_them(view):
    events = run_events(started())
    run = RunHistory()
    lengths, items = [], set()
    for position, event in enumerate(events):
        run.apply(event)
        if position % 40 == 39:
            view.set_history(run, 0)
            lengths.append(len(data_of(view.loss, "loss")[0]))
            items.add(tuple(id(item) for item in view.loss.item.items))
    assert lengths == sorted(lengths) and lengths[-1] > lengths[1] > 0
    assert len(items) == 1


def test_that_a_reloaded_run_draws_the_same(view, qtbot):
    events = run_events(started())
    run = RunHistory()
    for event in events:
        run.apply(event)
        if event.kind == "epoch":
            view.set_history(run, 0)
    view.set_history(run, 0)
    other = CurvesView()
    qtbot.addWidget(other)
    other.resize(view.size())
    other.show()
    other.set_history(history(), 0)
    assert other.grab().toImage() == view.grab().toImage()


def test_that_steps_are_drawn_behind_the_epochs(view):
    view.set_history(history(until=0.5, end=None), 0)
    x, y = view.loss._thin["loss"].getData()
    assert x.size > 80
    assert np.isfinite(y).all()


def test_that_the_paper_protocol_says_why_validation_is_missing(view):
    view.set_history(history(started(validation=0)), 0)
    assert not view.accuracy.entries["plain"].isVisible()
    assert "paper protocol" in view._note.text() and view._note.isVisible()
    assert view.accuracy.entries["test"].isVisible()


def test_that_a_run_without_prompt_shows_no_prompted_accuracy(view):
    view.set_history(history(started(prompt_values=0)), 0)
    assert not view.accuracy.entries["prompted"].isVisible()
    assert "No prompt" in view._note.text()


def test_that_the_legend_reads_the_epoch_under_the_pointer(view):
    run = history()
    view.set_history(run, 0)
    newest = view.accuracy.entries["plain"].value
    view.accuracy.pointed_at.emit(12.2)
    assert view.accuracy.entries["plain"].value == f"{run.phases[2].epochs[12].val_accuracy * 100:.1f} %"
    assert "Search masks, epoch 12 of 30" in view._readout.whole
    view.accuracy.pointed_at.emit(None)
    assert view.accuracy.entries["plain"].value == newest
    assert "Tune, epoch 20 of 20" in view._readout.whole


def test_that_the_legend_reads_the_moment_that_is_looked_at(view):
    run = history()
    view.set_history(run, 0)
    view.set_moment(12.0)
    assert view.accuracy.entries["plain"].value == f"{run.phases[2].epochs[12].val_accuracy * 100:.1f} %"
    assert "Search masks, epoch 12 of 30" in view._readout.whole
    assert all(panel._moment.isVisible() and panel._moment.value() == 12 for panel in view._panels)
    view.accuracy.pointed_at.emit(20.0)
    assert "at the pointer: Search masks, epoch 20" in view._readout.whole
    view.accuracy.pointed_at.emit(None)
    assert "Search masks, epoch 12 of 30" in view._readout.whole
    view.set_moment(None)
    assert "newest" in view._readout.whole and not view.loss._moment.isVisible()


def test_that_a_click_on_a_plot_asks_for_its_epoch(view, qtbot):
    view.set_history(history(), 0)
    asked = []
    view.moment_requested.connect(asked.append)
    for panel in view._panels:
        place = panel.plot.mapFromScene(panel.box.mapViewToScene(QPointF(12, panel.box.viewRect().center().y())))
        qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked == pytest.approx([12, 12, 12], abs=0.1)


@pytest.fixture
def every_move():
    """Have pyqtgraph take each move of the pointer, however quick."""
    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    yield
    pg.setConfigOption("mouseRateLimit", before)


@pytest.mark.usefixtures("every_move")
def test_that_the_line_of_the_moment_can_be_drawn_along(view, qtbot):
    view.set_history(history(), 0)
    view.set_moment(30.0)
    asked = []
    view.moment_requested.connect(asked.append)
    panel = view.accuracy
    middle = panel.box.viewRect().center().y()
    here, there = (panel.plot.mapFromScene(panel.box.mapViewToScene(QPointF(x, middle))) for x in (30, 10))
    shown = panel.box.viewRect()
    qtbot.mouseMove(panel.plot.viewport(), here)
    qtbot.mousePress(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=here)
    drag(panel.plot.viewport(), here, there)
    qtbot.mouseRelease(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=there)
    assert asked and asked[-1] == pytest.approx(10, abs=0.3)
    assert panel.box.viewRect() == shown  # the line went, the axis stayed


def drag(widget, here, there):
    for step in range(1, 11):
        place = here + (there - here) * step / 10
        move = QMouseEvent(
            QMouseEvent.Type.MouseMove, QPointF(place), QPointF(widget.mapToGlobal(place)), Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QCoreApplication.sendEvent(widget, move)


def test_that_a_click_in_the_legend_hides_the_curve(view, qtbot):
    view.set_history(history(), 0)
    qtbot.mouseClick(view.loss.entries["loss"], Qt.MouseButton.LeftButton)
    assert not view.loss._curves["loss"].isVisible() and not view.loss._thin["loss"].isVisible()


def test_that_no_run_shows_a_note(view):
    view.set_history(history(), 0)
    view.set_history(None, 0)
    assert view._stack.is_empty
    view.set_history(RunHistory(), 0)
    assert "Start a run" in view._stack.note.text


def test_that_levels_are_apart(view):
    run = history(started((0.1, 0.02)))
    view.set_history(run, 1)
    _, y = data_of(view.density, "density")
    assert y[-1] == pytest.approx(2, abs=0.01)
    assert "Level 2 of 2" in view._title.text()


def test_that_many_steps_are_thinned_to_their_range():
    run = history(started(search=30, tune=1, iterations=200), until=0.9, end=None)
    _, plain = LevelCurves(run, 0).step_losses()
    losses = [values[1] for values in run.phases[2].step_losses]
    assert plain.y.size <= MAX_STEP_POINTS < len(losses)
    assert plain.y.max() == max(losses) and (np.diff(plain.x) > 0).all()


def test_that_values_are_found_near_a_place_only():
    curves = LevelCurves(history(), 0)
    train = curves.epochs(lambda epoch: epoch.train_accuracy)
    assert at(train, 0.2) is None
    assert at(train, 1.2) == train.y[0]
    assert place(curves.spans, 35) == "Tune, epoch 5 of 20"


def test_that_ticks_are_round_with_room_between_them_and_whole_for_epochs():
    assert tick_distance(104, 8) == 20
    assert tick_distance(104, 0.4) == 200
    assert tick_distance(0.9, 4) == pytest.approx(0.5)
    assert tick_distance(1.2, 10, whole=True) == 1
    assert tick_distance(50, 10, whole=True) == 5


def test_that_a_hundred_percent_is_in_sight_and_the_top_can_be_zoomed(view, qtbot):
    view.set_history(history(), 0)
    low, high = view.accuracy.box.viewRange()[1]
    assert high > 100 and low < min(view._series["plain"].y)
    assert view.accuracy.plot.height() > view.loss.plot.height() > view.density.plot.height()
    qtbot.mouseClick(view._zoom, Qt.MouseButton.LeftButton)
    assert view.accuracy.box.viewRange()[1] == pytest.approx([80, 101])
    qtbot.mouseClick(view._zoom, Qt.MouseButton.LeftButton)
    assert view.accuracy.box.viewRange()[1] == pytest.approx([low, high])


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_that_losses_that_are_no_numbers_are_left_out(view, qtbot, loss):
    lost = [
        event.model_copy(update={"loss": loss, "loss_prompted": loss if event.epoch > 5 else event.loss_prompted})
        if event.kind == "epoch"
        else event
        for event in run_events(started())
    ]
    view.set_history(fold(lost), 0)
    with qtbot.waitExposed(view):
        view.show()
    assert data_of(view.loss, "loss")[0].size == 0
    assert np.isfinite(data_of(view.loss, "loss_prompted")[1]).any()
    assert np.isfinite(view.loss.box.viewRange()).all()


def test_that_a_loss_that_ran_away_is_said_in_a_few_digits(view):
    events = run_events(started())
    lost = [event.model_copy(update={"loss": 1.61995e14}) if event.kind == "epoch" else event for event in events]
    view.set_history(fold(lost), 0)
    assert view.loss.entries["loss"].value == "1.62e+14"
    assert "e" not in view.loss.entries["loss_prompted"].value
