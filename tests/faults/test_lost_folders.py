"""Folders that go away while a run works: its own, and the images'."""

import shutil

import pytest

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.faults.support import end_of, go_on, result_of
from vpns_engine.store import RunStore


@pytest.fixture
def pictures(tmp_path):
    return make_pictures(tmp_path / "pictures")


@pytest.fixture
def config(pictures):
    return tiny_config(pictures, search_epochs=2, finetune_epochs=2)


@pytest.fixture
def whole(config, tmp_path):
    """Give what the run comes to when nothing goes wrong."""
    return result_of(run(config, tmp_path / "whole")[0].folder)


def _once(kind, act, **values):
    """Give a sink that acts at the first event of a kind with such values."""
    done = []

    def watch(event):
        if not done and event.kind == kind and all(getattr(event, name) == value for name, value in values.items()):
            done.append(event)
            act()

    return watch


MOMENTS = {
    "at the start": ("run-started", {}),
    "in the search": ("step", {"phase": 2, "epoch": 2}),
    "in the validation": ("measuring", {"phase": 2, "part": "validation"}),
    "in the tuning": ("step", {"phase": 3, "epoch": 1}),
    "in the test": ("measuring", {"phase": 3, "part": "test"}),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_that_a_run_whose_folder_is_removed_ends_with_a_line_and_makes_no_other(config, tmp_path, moment):
    runs = tmp_path / "runs"
    kind, values = MOMENTS[moment]
    store, events = run(config, runs, _once(kind, lambda: shutil.rmtree(next(runs.iterdir())), **values))
    end = end_of(events)
    assert end.status == "failed" and str(store.folder) in end.text and "unexpected" not in end.text
    assert list(runs.iterdir()) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_that_a_run_whose_folder_is_moved_goes_on_at_its_new_place_to_the_same_bits(config, whole, tmp_path, moment):
    runs, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    kind, values = MOMENTS[moment]
    _, events = run(config, runs, _once(kind, lambda: next(runs.iterdir()).rename(elsewhere), **values))
    end = end_of(events)
    assert end.status == "failed" and "moved" in end.text
    assert list(runs.iterdir()) == []
    assert end_of(go_on(elsewhere)).status == "finished"
    assert result_of(elsewhere) == whole


@pytest.mark.parametrize(("moment", "values"), [("run-started", {}), ("epoch", {"phase": 2, "epoch": 1})])
def test_that_a_run_whose_images_go_away_goes_on_when_they_are_back(config, whole, pictures, tmp_path, moment, values):
    away = pictures.with_name("away")
    store, events = run(config, tmp_path / "runs", _once(moment, lambda: pictures.rename(away), **values))
    end = end_of(events)
    assert end.status == "failed"
    assert "the images are gone" in end.text and str(pictures) in end.text and "bring it back" in end.text
    assert RunStore.open(store.folder).read_info().state == "failed"
    again = end_of(go_on(store.folder))  # still away
    assert again.status == "failed" and str(pictures) in again.text and "unexpected" not in again.text
    away.rename(pictures)
    assert end_of(go_on(store.folder)).status == "finished"
    assert result_of(store.folder) == whole


def test_that_images_that_went_away_for_good_are_named_before_anything_is_written(config, pictures, tmp_path):
    store, _ = run(config, tmp_path / "runs", _once("epoch", lambda: shutil.rmtree(pictures), phase=2, epoch=1))
    before = {path: path.read_bytes() for path in store.folder.glob("artifacts/**/*.safetensors")}
    assert f"{pictures} is not there" in end_of(go_on(store.folder)).text
    assert {path: path.read_bytes() for path in store.folder.glob("artifacts/**/*.safetensors")} == before
