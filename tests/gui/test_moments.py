"""The moments of a level: which there are, what they are called, where they lie, and what was so at each."""

import time

import pytest

from tests.gui.made_runs import MadeRun, config
from tests.gui.views_data import history as made_history
from tests.gui.views_data import started
from vpns_gui.controllers.offers import Offer, at, masks_of, prompts_of, still_there
from vpns_gui.moments import Moment, counterpart, home_of, label_of, moments_of, nearest, saved_moments, x_of
from vpns_gui.views.curve_series import LevelCurves


@pytest.fixture
def run(runs):
    return MadeRun(runs, config(sparsities=(0.5, 0.9))).write()


def test_that_every_epoch_of_search_and_tuning_is_a_moment(run):
    history = run.read().history
    found = moments_of(history, 1)
    assert [label_of(history, moment) for moment in found] == [
        "Search 0 / 2", "Search 1 / 2", "Search 2 / 2, saved", "Tune 1 / 2", "Tune 2 / 2, saved"
    ]  # fmt: skip
    assert {moment.level for moment in found} == {1} and list(found) == sorted(found)


def test_that_a_real_run_has_them_where_its_curves_have_their_points(finished_run):
    history = finished_run.read().history
    for level in history.levels:
        curve = LevelCurves(history, level).kept_density()
        moments = moments_of(history, level)
        assert [x_of(history, moment) for moment in moments] == curve.x.tolist() == [0, 1, 2, 3, 4]
        assert home_of(history, level) in saved_moments(history, level)


def test_that_a_run_that_only_tunes_has_its_epochs_too(finished_omp_run):
    history = finished_omp_run.read().history
    labels = [label_of(history, moment) for moment in moments_of(history, 1)]
    assert [label.removesuffix(", saved") for label in labels] == [f"Tune {epoch} / 4" for epoch in range(1, 5)]
    assert sum(label.endswith(", saved") for label in labels) == 1
    offers = masks_of(history, 1)
    assert at(offers, moments_of(history, 1)[-1]) == len(offers) - 1


def test_that_tuning_lies_behind_the_search_on_the_axis():
    history = made_history()
    assert x_of(history, Moment(0, 2, 12)) == 12 and x_of(history, Moment(0, 3, 5)) == 35


def test_that_the_saved_state_is_home_until_a_later_phase_goes_on():
    assert home_of(made_history(), 0) == Moment(0, 3, 17)
    searching = made_history(until=0.3, end=None)
    assert home_of(searching, 0) == moments_of(searching, 0)[-1]
    tuning = made_history(until=0.9, end=None)
    assert home_of(tuning, 0) == moments_of(tuning, 0)[-1] and home_of(tuning, 0).phase == 3
    assert home_of(made_history(until=0.02, end=None), 0) is None


def test_that_what_a_stop_kept_amid_an_epoch_is_a_moment_of_its_own(run):
    history = run.read().history
    phase, level = history.phases[7], history.levels[1]
    phase.epochs.pop()
    level.saved[1] = level.saved[1].model_copy(update={"epoch": 1, "complete": False, "seq": 10**6})
    history.phases[7].epochs[0] = phase.epochs[0].model_copy(update={"val_accuracy": None})
    amid = moments_of(history, 1)[-1]
    assert amid == home_of(history, 1) == Moment(1, 7, 1, amid=True)
    assert label_of(history, amid) == "Tune amid 2 / 2, saved" and 3 <= x_of(history, amid) <= 4
    offers = prompts_of(history, 1)
    assert offers[at(offers, amid)].path == level.saved[1].state_path


def test_that_a_state_that_was_written_over_is_no_moment_any_more(run):
    history = run.read().history
    level = history.levels[1]
    stopped = level.saved[1].model_copy(update={"epoch": 0, "complete": False, "seq": 5})
    level.saved.insert(1, stopped)
    assert len(saved_moments(history, 1)) == 2 and not any(moment.amid for moment in moments_of(history, 1))
    assert len(masks_of(history, 1)) == 5


def test_that_the_found_mask_is_that_of_the_tuning(run):
    history = run.read().history
    offers = masks_of(history, 1)
    search, tune = history.phases[6], history.phases[7]
    assert offers[at(offers, Moment(1, 6, 1))].path == search.epochs[1].masks_path
    found = offers[at(offers, Moment(1, 7, 1))]
    assert found.has_state and "search" in found.path and tune.info.kind == "finetune"
    assert "finetune" in offers[at(offers, Moment(1, 7, 2))].path
    assert offers[at(offers, Moment(1, 6, 2))].has_state  # the state has the weights as well


def test_that_nothing_stands_in_for_what_was_not_kept_before(run):
    history = run.read().history
    for epoch in history.phases[6].epochs[:2]:
        run.path(epoch.prompt_path).unlink()
    offers = still_there(prompts_of(history, 1), run.folder)
    assert at(offers, Moment(1, 6, 1)) is None
    assert offers[at(offers, Moment(1, 6, 2))].label == "Search 2 / 2, saved"
    assert at(offers, None) is None and at([Offer("no moment", "x")], Moment(1, 6, 2)) is None


def test_that_the_same_epoch_is_found_in_another_level(run):
    history = run.read().history
    assert counterpart(history, Moment(1, 6, 1), 0) == Moment(0, 2, 1)
    history.phases[2].epochs.pop()
    history.levels[0].saved.pop(0)
    assert counterpart(history, Moment(1, 6, 2), 0) is None
    assert counterpart(history, Moment(0, 99, 2), 0) is None


def test_that_the_nearest_is_the_one_before():
    moments = (Moment(0, 2, 1), Moment(0, 2, 5), Moment(0, 3, 1))
    assert nearest(moments, Moment(0, 2, 4)) == moments[0] and nearest(moments, Moment(0, 3, 9)) == moments[2]
    assert nearest(moments, Moment(0, 2, 0)) == moments[0] and nearest((), Moment(0, 2, 0)) is None


def test_that_300_epochs_are_listed_in_a_moment():
    history = made_history(started(search=200, tune=100))
    begun = time.perf_counter()
    assert len(moments_of(history, 0)) == 302 and len(saved_moments(history, 0)) == 2
    assert time.perf_counter() - begun < 0.2
