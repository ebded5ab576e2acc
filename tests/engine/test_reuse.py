"""What real runs leave behind is recognised as done, and what they did not finish is not."""

import pytest

from tests.engine.tiny_runs import make_pictures, run, run_with, tiny_config
from vpns_engine import events as told
from vpns_engine.drive import Control, start
from vpns_engine.levels import done_levels
from vpns_engine.saved_states import dense_tests
from vpns_engine.specs.sweep import control_of
from vpns_engine.summary import collect, families


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


def _left(config, runs):
    left = done_levels(config, runs).left_of(config)
    return None if left is None else (left.mask.sparsities, left.dense)


@pytest.mark.parametrize(
    "changes", [{}, {"method": "omp"}, {"mapping": {"kind": "head"}}, {"mapping": {"kind": "ilm"}}], ids=str
)
def test_that_a_whole_run_leaves_nothing_to_do(pictures, tmp_path, changes):
    config = tiny_config(pictures, dense="tuned", **changes)
    _, events = run(config, tmp_path)
    assert events[-1].status == "finished", events[-1].text
    assert _left(config, tmp_path) is None
    longer = config.model_copy(update={"mask": config.mask.model_copy(update={"sparsities": (0.5, 0.75)})})
    assert _left(longer, tmp_path) == ((0.75,), "none")


def test_that_a_run_that_is_stopped_in_its_second_level_leaves_that_one(pictures, tmp_path):
    config = tiny_config(pictures, mask={"sparsities": [0.5, 0.75]}, dense="mapped")
    control, saved = Control(), []

    def watch(event):
        if isinstance(event, told.LevelSaved):
            saved.append(event)
        if isinstance(event, told.StepDone) and len(saved) == 3:
            control.stop()

    _, events = run_with(control, config, tmp_path, watch)
    assert events[-1].status == "stopped"
    left = done_levels(config, tmp_path).left_of(config)
    assert (left.mask.sparsities, left.dense) == ((0.75,), "none")
    run(left, tmp_path)
    assert _left(config, tmp_path) is None


def test_that_the_tuned_dense_reference_runs_alone(pictures, tmp_path):
    run(tiny_config(pictures, dense="mapped"), tmp_path)
    config = tiny_config(pictures, dense="tuned")
    left = done_levels(config, tmp_path).left_of(config)
    _, events = run(left, tmp_path)
    assert events[-1].status == "finished", events[-1].text
    assert [test.stage for test in events if isinstance(test, told.Tested)] == ["map", "finetune"]
    assert _left(config, tmp_path) is None


def test_that_real_runs_are_summed_up_with_their_control_arm(pictures, tmp_path):
    tests = {}
    for seed in (1, 2):
        config = tiny_config(pictures, seed=seed)
        for arm in (config, control_of(config)):
            _, events = run(arm, tmp_path)
            tuned = next(test for test in events if isinstance(test, told.Tested) and test.stage == "finetune")
            tests[arm.method, seed] = tuned.accuracy
    (family,) = families(collect(tmp_path))
    line = next(line for line in family.lines if line.state == "Tuned" and line.arm.startswith("VPNs"))
    gains = [tests["vpns", seed] - tests["control", seed] for seed in (1, 2)]
    assert line.seeds == (1, 2) and line.gain.mean == pytest.approx(sum(gains) / 2)


def test_that_a_run_shows_the_dense_reference_that_it_takes_over(pictures, tmp_path):
    config = tiny_config(pictures, dense="mapped")
    first, _ = run(config, tmp_path)
    measured = dense_tests(first.read().history)
    longer = config.model_copy(update={"mask": config.mask.model_copy(update={"sparsities": (0.75,)})})
    done = done_levels(longer, tmp_path)
    second = start(done.left_of(longer), tmp_path, Control(), [], known=done.dense_tests)
    history = second.read().history
    shown = dense_tests(history)
    assert [(label, test.accuracy) for label, test in shown] == [(label, test.accuracy) for label, test in measured] != []
    assert [test.taken_from for _, test in shown] == [first.folder.name]
    assert history.dense is None
    assert done_levels(longer, tmp_path).dense == [first.folder]  # it is counted once
