"""Removing run folders: only runs, only those that nobody works on."""

import os
import shutil

import pytest

from tests.engine.done_runs import config_of, done_run
from tests.engine.many_runs import touch
from vpns_engine.errors import EngineError
from vpns_engine.removal import remove_runs
from vpns_engine.store import RunLibrary, RunStore


@pytest.fixture
def runs(tmp_path):
    """Give a folder of two runs."""
    for name in ("alpha", "beta"):
        done_run(tmp_path / "runs", config_of(0.9, name=name))
    return tmp_path / "runs"


def named(runs, name):
    return next(folder for folder in runs.iterdir() if name in folder.name)


def test_that_runs_are_removed_whole_and_others_stay(runs):
    alpha, beta = named(runs, "alpha"), named(runs, "beta")
    (alpha / "exports").mkdir()
    removed = remove_runs([alpha], runs)
    assert removed.folders == (alpha,) and removed.refused == () and list(runs.iterdir()) == [beta]


def test_that_a_damaged_run_can_be_removed(runs):
    alpha = named(runs, "alpha")
    for name in ("config.json", "run.json"):
        (alpha / name).write_text("{")
    assert remove_runs([alpha], runs).folders == (alpha,)


def test_that_one_that_is_worked_on_stays_and_keeps_no_other_from_going(runs):
    alpha, beta = named(runs, "alpha"), named(runs, "beta")
    store = done_run(runs, config_of(0.9, name="busy"))
    touch(store, **vars(store.read_info().taken_by_this_process()))
    removed = remove_runs([alpha, store.folder, beta], runs)
    assert removed.folders == (alpha, beta) and store.folder.exists()
    assert removed.refused == (f"{store.folder.name} is being worked on: not removed",)


def test_that_one_whose_lock_is_held_stays_whatever_it_says(runs):
    store = done_run(runs, config_of(0.9, name="held"))
    with store.writing():
        removed = remove_runs([store.folder], runs)
    assert removed.folders == () and "is worked on by" in removed.refused[0] and store.folder.exists()


def test_that_what_is_no_run_of_the_folder_stays(runs, tmp_path):
    elsewhere = done_run(tmp_path / "elsewhere", config_of(0.9)).folder
    plain = runs / "plain"
    plain.mkdir()
    link = runs / "link"
    link.symlink_to(elsewhere, target_is_directory=True)
    gone = runs / "gone"
    removed = remove_runs([elsewhere, plain, link, gone, runs], runs)
    assert removed.folders == () and len(removed.refused) == 5
    assert elsewhere.exists() and plain.exists() and link.is_symlink()


def test_that_a_run_that_is_gone_already_is_one_clear_line(runs):
    alpha = named(runs, "alpha")
    shutil.rmtree(alpha)
    assert "is no run folder" in remove_runs([alpha], runs).refused[0]


def test_that_nobody_can_go_on_with_a_run_while_it_is_removed(runs, monkeypatch):
    alpha, tried = named(runs, "alpha"), []

    def removing(folder):
        with pytest.raises(EngineError, match="is not there"), RunStore(alpha, config_of()).writing():
            tried.append("taken")
        assert RunLibrary(runs).runs() == [named(runs, "beta")]
        tried.append("refused")
        real(folder)

    real = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", removing)
    assert remove_runs([alpha], runs).folders == (alpha,)
    assert tried == ["refused"] and list(runs.iterdir()) == [named(runs, "beta")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may remove everything")
def test_that_a_run_of_which_a_file_cannot_be_removed_stays_to_be_seen(runs):
    alpha = named(runs, "alpha")
    (alpha / "kept").mkdir()
    (alpha / "kept" / "file").touch()
    (alpha / "kept").chmod(0o500)
    removed = remove_runs([alpha], runs)
    (alpha / "kept").chmod(0o700)
    assert removed.folders == () and "no permission" in removed.refused[0] and not (runs / ".removed").exists()


def test_that_what_a_removal_that_was_cut_off_left_is_no_run_and_goes_with_the_next(runs):
    alpha = named(runs, "alpha")
    shutil.copytree(alpha, runs / ".removed" / alpha.name)
    assert len(RunLibrary(runs).runs()) == 2
    assert remove_runs([alpha], runs).folders == (alpha,) and not (runs / ".removed").exists()
