import json
import shutil

import numpy as np
import pytest

from vpns_engine.artifacts import read_info
from vpns_engine.datasets import split_of
from vpns_engine.errors import EngineError
from vpns_engine.keeping import CLEARABLE, clear, kind_of
from vpns_engine.kept_predictions import find_predictions, predictions_file, read_kept, saved_of
from vpns_engine.looking import LookCancelled, examine
from vpns_engine.predictions import confusion
from vpns_engine.specs.phase import DENSE
from vpns_engine.store import RunStore


@pytest.fixture
def copied(finished_run, tmp_path):
    """Give a copy that may be written in."""
    return RunStore.open(shutil.copytree(finished_run.folder, tmp_path / finished_run.folder.name))


def history_of(store):
    return store.read(steps=False).history


def measured_in(history):
    return [test for level in (history.dense, *history.levels.values()) for test in level.tested]


def without_paths(store):
    """Make it a run of before predictions were kept."""
    path = store.folder / "events.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for line in lines:
        line.pop("predictions_path", None)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    for file in store.folder.rglob("predictions.safetensors"):
        file.unlink()
    return store


def same(one, two):
    assert np.array_equal(one.ids_N, two.ids_N) and np.array_equal(one.labels_N, two.labels_N)
    assert one.views.keys() == two.views.keys()
    for name, view in one.views.items():
        assert np.array_equal(view.classes_Nk, two.views[name].classes_Nk)
        assert np.allclose(view.confidences_Nk, two.views[name].confidences_Nk, atol=1e-5)


def test_that_a_run_keeps_what_each_tested_state_makes_of_each_test_image(finished_run):
    history = history_of(finished_run)
    part = split_of(finished_run.config.data, finished_run.config.seed).test
    tests = measured_in(history)
    assert [(test.level, test.stage) for test in tests] == [
        (DENSE, "map"), (0, "search"), (0, "finetune"), (1, "search"), (1, "finetune")
    ]  # fmt: skip
    for test in tests:
        found = read_kept(finished_run, history, test.level, test.stage)
        assert np.array_equal(found.ids_N, part.ids) and np.array_equal(found.labels_N, part.labels)
        assert found.accuracy("plain") == pytest.approx(test.accuracy, abs=1e-12)
        table = confusion(found.labels_N, found.view("plain").best_N, 10)
        assert np.trace(table) == round(test.accuracy * len(part)) and table.sum() == len(part)
        if test.level == DENSE:
            assert list(found.views) == ["plain"]
        else:
            assert found.accuracy("prompted") == pytest.approx(test.accuracy_prompted, abs=1e-12)


def test_that_a_method_without_a_prompt_keeps_one_view(finished_omp_run, finished_control_run):
    for store in (finished_omp_run, finished_control_run):
        found = read_kept(store, history_of(store), 0, "finetune")
        assert list(found.views) == ["plain"]
    assert read_kept(finished_omp_run, history_of(finished_omp_run), 0, "search") is None  # it tests no untuned state


def test_that_predictions_belong_to_the_run_and_are_never_cleared(copied):
    history = history_of(copied)
    before = [find_predictions(copied, history, test.level, test.stage) for test in measured_in(history)]
    assert {kind_of(path.relative_to(copied.folder.resolve())) for path in before} == {"rest"}
    clear(copied.folder, CLEARABLE)
    assert all(path.is_file() for path in before)


def test_that_the_dense_reference_of_another_run_is_found_there(copied):
    history = history_of(copied)
    mine = read_kept(copied, history, DENSE, "map")
    other = RunStore.create(copied.folder.parent, copied.config)
    taken = history.dense.tested[0].model_copy(update={"taken_from": copied.folder.name})
    for event in (history.started, taken):
        other.append(event)
    other.close()
    assert (DENSE, "map") not in {(test.level, test.stage) for test in measured_in(history_of(other))}
    same(read_kept(other, history_of(other), DENSE, "map"), mine)


@pytest.mark.parametrize("name", ["..", "../elsewhere", "gone", "/"])
def test_that_a_dense_reference_is_taken_from_a_neighbour_only(copied, name):
    history = history_of(copied)
    taken = history.dense.tested[0].model_copy(update={"taken_from": name})
    shutil.copytree(copied.folder, copied.folder.parents[1] / "elsewhere")
    try:
        other = RunStore.create(copied.folder.parent, copied.config)
        for event in (history.started, taken):
            other.append(event)
        other.close()
        assert read_kept(other, history_of(other), DENSE, "map") is None
    finally:
        shutil.rmtree(copied.folder.parents[1] / "elsewhere")


def test_that_a_path_that_leaves_the_run_is_refused(copied):
    history = history_of(copied)
    history.levels[0].tested[:] = [
        test.model_copy(update={"predictions_path": "../../outside"}) for test in history.levels[0].tested
    ]
    with pytest.raises(EngineError, match="leaves the run folder"):
        find_predictions(copied, history, 0, "search")


def test_that_a_run_of_before_is_examined_with_the_same_result_and_keeps_it(finished_run, copied):
    without_paths(copied)
    history, said = history_of(copied), []
    for level, stage in ((0, "search"), (1, "finetune")):
        assert read_kept(copied, history, level, stage) is None
        found = examine(copied, saved_of(history, level, stage), lambda _text, done: said.append(done))
        same(found, read_kept(finished_run, history_of(finished_run), level, stage))
        same(found, read_kept(copied, history, level, stage))
    assert said[-1] == 1.0


def test_that_the_dense_reference_is_examined_too(finished_run, copied):
    without_paths(copied)
    found = examine(copied, "dense")
    same(found, read_kept(finished_run, history_of(finished_run), DENSE, "map"))
    same(found, read_kept(copied, history_of(copied), DENSE, "map"))


def test_that_a_damaged_file_is_told_and_examined_anew(finished_run, copied):
    history = history_of(copied)
    path = find_predictions(copied, history, 0, "finetune")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(EngineError, match=r"predictions\.safetensors cannot be read"):
        read_kept(copied, history, 0, "finetune")
    examine(copied, saved_of(history, 0, "finetune"))
    same(read_kept(copied, history, 0, "finetune"), read_kept(finished_run, history_of(finished_run), 0, "finetune"))


def test_that_a_file_of_another_task_is_told(copied):
    history = history_of(copied)
    history.started = history.started.model_copy(update={"target_classes": ("a", "b")})
    with pytest.raises(EngineError, match="not of the run's 2 classes"):
        read_kept(copied, history, 0, "finetune")


def test_that_what_was_examined_does_not_count_for_a_state_that_came_later(copied):
    without_paths(copied)
    history = history_of(copied)
    saved = saved_of(history, 0, "finetune")
    examine(copied, saved)
    assert read_kept(copied, history, 0, "finetune") is not None
    history.levels[0].saved.append(saved.model_copy(update={"seq": saved.seq + 1000}))
    assert read_kept(copied, history, 0, "finetune") is None


def test_that_a_run_somebody_holds_is_examined_and_left_as_it_is(copied):
    without_paths(copied)
    history = history_of(copied)
    with copied.writing():
        found = examine(copied, saved_of(history, 0, "finetune"))
    assert len(found) == 600
    assert not list(copied.folder.rglob("predictions.safetensors"))


def test_that_an_examination_called_off_leaves_nothing(copied):
    without_paths(copied)
    with pytest.raises(LookCancelled):
        examine(copied, saved_of(history_of(copied), 0, "finetune"), cancelled=lambda: True)
    assert not list(copied.folder.rglob("predictions.safetensors"))


def test_that_the_place_of_a_file_says_level_and_stage(copied):
    assert predictions_file(copied, 0, 0.1, "search") == "artifacts/density_0.1/search/predictions.safetensors"
    # a level of sparsity 0 is not the dense reference
    assert predictions_file(copied, 0, 1.0, "finetune") != predictions_file(copied, DENSE, 1.0, "finetune")
    path = copied.path(predictions_file(copied, 0, copied.config.mask.densities[0], "search"))
    assert read_info(path) == {"stage": "search", "classes": 10}
