"""Moving the folder of runs: everything arrives, and nothing is lost wherever it is cut off."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.done_runs import config_of, done_run
from vpns_engine import moving
from vpns_engine.cli import main
from vpns_engine.errors import EngineError
from vpns_engine.events import Message
from vpns_engine.folders import runs_folder, set_runs_folder, usual_runs_folder
from vpns_engine.moving import finish_move, move_runs, unfinished_move
from vpns_engine.store import RunLibrary, RunStore

HIDDEN = (".moving", ".moved", ".moving.lock")


@pytest.fixture(autouse=True)
def _settings(tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("VPNS_RUNS")


@pytest.fixture
def runs(tmp_path):
    """Give a folder of three runs, which is the one in force."""
    folder = tmp_path / "runs"
    for seed in range(3):
        done_run(folder, config_of(0.9, seed=seed))
    (folder / "mine.txt").write_text("dear")
    set_runs_folder(folder)
    return folder


@pytest.fixture(params=["linked", "copied"])
def way(request, monkeypatch):
    """Move on one disk, by a second name for each file; and as from disk to disk, where there can be none."""
    if request.param == "copied":

        def another_disk(_path, _place):
            raise OSError(18, os.strerror(18))

        monkeypatch.setattr(os, "link", another_disk)
    return request.param


def contents(folder: Path) -> dict[str, bytes]:
    """Give every file of the runs in a folder."""
    found = {}
    for run in RunLibrary(folder).runs():
        found |= {str(path.relative_to(folder)): path.read_bytes() for path in run.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if not name.endswith("run.lock")}  # a killed process leaves it


class Cut(Exception):  # noqa: N818
    """The person calls it off, or the process dies."""


def cut_after(count):
    """Give a report that cuts the move off when it is told something for the n-th time."""
    left = [count]

    def report(_text, _share):
        left[0] -= 1
        if left[0] < 0:
            raise Cut

    return report


@pytest.mark.usefixtures("way")
def test_that_every_run_arrives_and_what_is_none_stays(runs, tmp_path):
    before = contents(runs)
    moved = move_runs(tmp_path / "new")
    assert runs_folder() == tmp_path / "new"
    assert contents(tmp_path / "new") == before and len(before) > 9
    assert (moved.num_runs, moved.notes) == (3, ())
    assert [path.name for path in runs.iterdir()] == ["mine.txt"]
    assert not [name for name in HIDDEN if (tmp_path / "new" / name).exists()]
    assert unfinished_move() is None


@pytest.mark.usefixtures("way")
def test_that_runs_keep_their_times_and_links(runs, tmp_path):
    run = RunLibrary(runs).runs()[0]
    (run / "artifacts" / "here").symlink_to("density_0.1")
    times = {path.name: path.stat().st_mtime_ns for path in run.iterdir() if path.is_file()}
    move_runs(tmp_path / "new")
    new = tmp_path / "new" / run.name
    assert {path.name: path.stat().st_mtime_ns for path in new.iterdir() if path.is_file()} == times
    assert (new / "artifacts" / "here").readlink() == Path("density_0.1")


def test_that_a_run_that_is_a_link_stays_one(runs, tmp_path):
    elsewhere = done_run(tmp_path / "elsewhere", config_of(0.5)).folder
    (runs / elsewhere.name).symlink_to(Path("..") / "elsewhere" / elsewhere.name)
    move_runs(tmp_path / "deeper" / "new")
    assert (tmp_path / "deeper" / "new" / elsewhere.name).resolve() == elsewhere
    assert RunStore.open(tmp_path / "deeper" / "new" / elsewhere.name).read().history.ended is not None
    assert elsewhere.is_dir() and not (runs / elsewhere.name).is_symlink()


@pytest.mark.usefixtures("way")
def test_that_calling_off_leaves_everything_where_it_was_at_any_moment(runs, tmp_path):
    before, count, called_off = contents(runs), 0, 0
    while runs_folder() == runs:
        try:
            move_runs(tmp_path / "new", cut_after(count))
        except Cut:
            called_off += 1
            if runs_folder() == runs:
                assert contents(runs) == before
                assert not contents(tmp_path / "new")
                assert not (tmp_path / "new" / ".moving").exists()
        count += 1
    assert called_off > 10
    assert contents(tmp_path / "new") == before
    if (left := unfinished_move()) is not None:
        assert left == runs
        assert finish_move().notes == ()
    assert [path.name for path in runs.iterdir()] == ["mine.txt"]


SCRIPT = """
import os, signal, sys
from pathlib import Path
from vpns_engine import moving
name, nth = sys.argv[2], int(sys.argv[3])
real, left = getattr(moving, name), [nth]
def dying(*args, **named):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **named)
setattr(moving, name, dying)
moving.move_runs(Path(sys.argv[1]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
@pytest.mark.parametrize(
    ("step", "nth"),
    [
        ("_copy", 0),
        ("_copy", 9),
        ("_copy_run", 2),
        ("_write_note", 0),
        ("_rename", 0),
        ("_rename", 1),
        ("set_runs_folder", 0),
        ("_clear_up", 0),
        ("_remove_run", 1),
        ("_remove_tree", 3),
        ("_remove_tree", 4),
    ],
)
def test_that_a_move_that_is_killed_loses_nothing_and_the_next_one_ends_it(runs, tmp_path, step, nth):
    before, new = contents(runs), tmp_path / "new"
    ended = subprocess.run([sys.executable, "-c", SCRIPT, str(new), step, str(nth)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert contents(runs_folder()) == before  # whichever it is
    if runs_folder() == runs:
        move_runs(new)
    elif unfinished_move() is not None:
        finish_move()
    assert runs_folder() == new and contents(new) == before
    assert sorted(path.name for path in runs.iterdir() if path.name != ".moving.lock") == ["mine.txt"]
    assert unfinished_move() is None


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_that_a_run_may_go_on_after_a_move_that_was_cut_off_and_the_next_move_takes_it_along(runs, tmp_path):
    new = tmp_path / "new"
    ended = subprocess.run([sys.executable, "-c", SCRIPT, str(new), "set_runs_folder", "0"], check=False)
    assert ended.returncode == -signal.SIGKILL and runs_folder() == runs
    copies = contents(new)
    store = RunStore.open(RunLibrary(runs).runs()[0])
    store.append(Message(severity="info", text="it goes on", seq=1000))
    store.close()
    store.log("it goes on")
    assert contents(new) == copies  # what goes on here does not write there
    before = contents(runs)
    move_runs(new)
    assert contents(new) == before and not contents(runs)


def test_that_a_run_that_is_written_keeps_all_of_them_where_they_are(runs, tmp_path):
    before, run = contents(runs), RunLibrary(runs).runs()[1]
    store = RunStore.open(run)
    with store.writing(), pytest.raises(EngineError, match=f"{run.name} is worked on by"):
        move_runs(tmp_path / "new")
    assert contents(runs) == before and runs_folder() == runs and not contents(tmp_path / "new")


def test_that_a_run_of_another_machine_that_still_beats_is_not_moved(runs, tmp_path):
    store = RunStore.open(RunLibrary(runs).runs()[0])
    store.write_info(store.read_info().taken_by_this_process().model_copy(update={"host": "elsewhere"}))
    with pytest.raises(EngineError, match="is being written: move the runs once it has ended"):
        move_runs(tmp_path / "new")
    assert runs_folder() == runs


def test_that_a_run_that_comes_meanwhile_goes_along(runs, tmp_path):
    came = []

    def report(text, _share):
        if text.startswith("Copying") and not came:
            came.append(done_run(runs, config_of(0.9, seed=9)).folder.name)

    move_runs(tmp_path / "new", report)
    assert (tmp_path / "new" / came[0] / "config.json").is_file() and not (runs / came[0]).exists()


def test_that_a_run_that_comes_after_the_copying_stays_and_is_named(runs, tmp_path):
    came = []

    def report(text, _share):
        if text.startswith("Removing") and not came:
            came.append(done_run(runs, config_of(0.9, seed=9)).folder.name)

    moved = move_runs(tmp_path / "new", report)
    assert moved.notes == (f"{came[0]} was begun while the others were moved: it stays in {runs}",)
    assert (runs / came[0] / "config.json").is_file()


def test_that_a_run_that_changed_after_its_copy_stays_in_both(runs, tmp_path):
    changed = []

    def report(text, _share):
        if text.startswith("Removing") and not changed:
            changed.append(text.removeprefix("Removing the old "))
            (runs / changed[0] / "notes.json").write_text("{}")

    moved = move_runs(tmp_path / "new", report)
    assert moved.notes == (f"{changed[0]} stays in {runs} too: it has changed since it was copied",)
    assert (runs / changed[0] / "notes.json").is_file() and (tmp_path / "new" / changed[0] / "config.json").is_file()


def test_that_a_copy_that_is_not_right_stops_the_move(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", lambda _path, _place: (_ for _ in ()).throw(OSError(18, "another disk")))
    real = moving.shutil.copy2

    def cut(path, place):
        real(path, place)
        place.write_bytes(place.read_bytes()[:-1])

    monkeypatch.setattr(moving.shutil, "copy2", cut)
    before = contents(runs)
    with pytest.raises(EngineError, match="is not what it should be: nothing is moved"):
        move_runs(tmp_path / "new")
    assert contents(runs) == before and runs_folder() == runs and not contents(tmp_path / "new")


def test_that_a_name_that_is_taken_stops_the_move(runs, tmp_path):
    name = RunLibrary(runs).runs()[2].name
    (tmp_path / "new" / name).mkdir(parents=True)
    with pytest.raises(EngineError, match=f"has a run {name} already: nothing is moved"):
        move_runs(tmp_path / "new")
    assert runs_folder() == runs and not contents(tmp_path / "new")


@pytest.mark.parametrize("inside", ["runs", "runs/inside", "."])
def test_that_folders_within_each_other_are_refused(runs, tmp_path, inside):
    with pytest.raises(EngineError, match=r"lie within each other|already"):
        move_runs(tmp_path / inside)
    assert runs_folder() == runs


def test_that_a_file_in_the_way_is_named(runs, tmp_path):
    (tmp_path / "new").write_text("a file")
    with pytest.raises(EngineError, match="is a file, not a folder"):
        move_runs(tmp_path / "new")
    assert runs_folder() == runs


@pytest.mark.usefixtures("runs")
def test_that_the_environment_counts_before_the_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_RUNS", str(tmp_path / "given"))
    assert runs_folder() == tmp_path / "given"
    with pytest.raises(EngineError, match=r"VPNS_RUNS=.* decides where runs are"):
        move_runs(tmp_path / "new")


@pytest.mark.usefixtures("runs")
def test_that_a_second_move_is_refused(tmp_path):
    said = []

    def report(_text, _share):
        if not said:
            said.append("")
            with pytest.raises(EngineError, match="are being moved already"):
                move_runs(tmp_path / "other")

    move_runs(tmp_path / "new", report)
    assert said and runs_folder() == tmp_path / "new"


def test_that_settings_that_start_from_a_moved_state_are_named(runs, tmp_path):
    state = next(runs.glob("*/artifacts/*/finetune/state.safetensors"))
    child = done_run(runs, config_of(0.9, start_from=str(state)))
    moved = move_runs(tmp_path / "new")
    assert moved.notes == (f"{child.folder.name} was started from a saved state that its settings still name in {runs}",)


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("text", ["{", "[]", '{"source": 1}', '{"source": "a", "target": "b", "signatures": []}'])
def test_that_a_damaged_note_of_a_move_is_passed_over(tmp_path, text):
    (tmp_path / "config" / "runs-moving.json").write_text(text)
    assert unfinished_move() is None
    with pytest.raises(EngineError, match="no move of the runs was cut off"):
        finish_move()
    assert move_runs(tmp_path / "new").num_runs == 3


def test_that_a_note_never_reaches_out_of_the_folders(runs, tmp_path):
    victim = done_run(tmp_path / "victims", config_of(0.9)).folder
    (runs / "victims").mkdir()
    note = {"source": str(runs), "target": str(runs), "signatures": {f"../victims/{victim.name}": moving._signature(victim)}}
    (tmp_path / "config" / "runs-moving.json").write_text(json.dumps(note))
    with pytest.raises(EngineError, match="no move of the runs was cut off"):
        finish_move()
    assert victim.is_dir()


def test_that_the_terminal_sets_moves_and_resets(runs, tmp_path, capsys):
    assert main(["runs"]) == 0
    assert capsys.readouterr().out.strip() == str(runs)
    assert main(["runs", str(tmp_path / "new"), "--move"]) == 0
    assert capsys.readouterr().out.splitlines() == ["3 runs moved", str(tmp_path / "new")]
    assert main(["runs", str(tmp_path / "third")]) == 0
    out, err = capsys.readouterr()
    assert out.strip() == str(tmp_path / "third")
    assert f"3 runs stay in {tmp_path / 'new'}" in err
    assert main(["runs", "--reset"]) == 0
    assert runs_folder() == usual_runs_folder()
    assert main(["runs", "--move"]) == 2
    assert main(["runs", "  "]) == 2


def test_that_the_terminal_tells_of_a_move_that_was_cut_off_and_ends_it(runs, tmp_path, capsys):
    subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path / "new"), "_clear_up", "0"], check=False)
    assert main(["runs"]) == 0
    assert f"copies of runs are left in {runs}; `vpns runs --finish` removes them" in capsys.readouterr().err
    assert main(["runs", "--finish"]) == 0
    assert [path.name for path in runs.iterdir()] == ["mine.txt"]
    assert main(["runs", "--finish"]) == 1
