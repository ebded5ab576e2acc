"""The index of a folder of runs: it says what the folders say, whatever becomes of it."""

import os
import random
import shutil
import sqlite3
import time

import pytest

from tests.engine.done_runs import config_of, done_run
from tests.engine.many_runs import many_runs, touch
from vpns_engine import index as index_module
from vpns_engine.errors import EngineError
from vpns_engine.index import RunIndex, index_file
from vpns_engine.marks import Marks, write_marks
from vpns_engine.run_rows import read_row
from vpns_engine.store import RunStore


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """Give a cache folder of this test's own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("VPNS_CACHE", str(folder))
    return folder


@pytest.fixture
def runs(tmp_path):
    """Give a folder of three runs."""
    for seed in (1, 2, 3):
        done_run(tmp_path / "runs", config_of(0.9, seed=seed))
    return tmp_path / "runs"


@pytest.fixture
def reads(monkeypatch):
    """Give the names of the folders that are read, one after the other."""
    names = []

    def read(folder):
        names.append(folder.name)
        return read_row(folder)

    monkeypatch.setattr(index_module, "read_row", read)
    return names


def refreshed(runs):
    """Look once; give all rows by their seeds, and what is gone."""
    gone = []
    with RunIndex(runs) as index:
        for changes in index.refresh():
            gone += changes.gone
        return {row.seed: row for row in index.rows()}, gone


def test_that_the_index_says_what_the_folders_say(runs):
    rows, gone = refreshed(runs)
    assert gone == [] and {row.folder: row for row in rows.values()} == {folder: read_row(folder) for folder in runs.iterdir()}


def test_that_nothing_is_read_twice_until_it_changes(runs, reads):
    refreshed(runs)
    for folder in runs.iterdir():
        os.utime(folder / "events.jsonl", (1e9, 1e9))  # nobody writes them any more
    refreshed(runs)
    assert len(reads) == 6
    refreshed(runs)
    assert len(reads) == 6
    changed = next(runs.iterdir())
    write_marks(changed, Marks(tags=("new",)))
    rows, _ = refreshed(runs)
    assert reads[6:] == [changed.name] and [row.tags for row in rows.values()].count(("new",)) == 1


def test_that_every_kind_of_change_is_seen(runs):
    rows, _ = refreshed(runs)
    first, second, third = (rows[seed].folder for seed in (1, 2, 3))
    touch(done_run(runs, config_of(0.9, seed=4)), message="a new one")
    shutil.rmtree(first)
    with (second / "events.jsonl").open("ab") as events:
        events.write(b'{"kind":"tested","seq":99,"level":0,"stage":"finetune","accuracy":0.25,"accuracy_prompted":null}\n')
    os.utime(second / "events.jsonl", (1e9, 1e9))
    (third / "config.json").write_text("{")
    rows, gone = refreshed(runs)
    assert gone == [first] and set(rows) == {2, 4, None}
    assert rows[2].plain == (0.25,) and rows[None].state == "damaged" and rows[4].message == "a new one"


def test_that_events_being_written_are_read_with_the_next_heartbeat_and_when_it_is_quiet(runs, reads, monkeypatch):
    refreshed(runs)
    folder = next(runs.iterdir())
    events = folder / "events.jsonl"
    now = time.time()
    for other in runs.iterdir():
        os.utime(other / "events.jsonl", (now, now))
    refreshed(runs)
    reads.clear()
    with events.open("ab") as file:
        file.write(b'{"kind":"message","seq":50,"severity":"info","text":"still here"}\n')
    refreshed(runs)
    assert reads == []  # ten of these a second would have the whole file read again each time
    touch(RunStore.open(folder), heartbeat=now)
    refreshed(runs)
    assert reads == [folder.name]
    monkeypatch.setattr(index_module, "_QUIET_SECONDS", -1.0)
    refreshed(runs)
    assert sorted(reads[1:]) == sorted(other.name for other in runs.iterdir())


def test_that_rows_come_while_the_rest_is_read(runs, monkeypatch):
    monkeypatch.setattr(index_module, "_BATCH_SECONDS", 0.0)
    with RunIndex(runs) as index:
        looked = [(changes.looked, changes.total, len(changes.rows)) for changes in index.refresh()]
    assert looked == [(1, 3, 1), (2, 3, 1), (3, 3, 1), (3, 3, 0)]


def test_that_a_look_that_is_left_off_keeps_what_it_read(runs, reads, monkeypatch):
    monkeypatch.setattr(index_module, "_BATCH_SECONDS", 0.0)
    with RunIndex(runs) as index:
        next(index.refresh())
    refreshed(runs)
    assert len(reads) == 3


def test_that_what_is_no_run_is_passed_over(runs):
    (runs / "export").mkdir()
    (runs / "export" / "config.json").write_text("{}")
    (runs / "file.txt").write_text("not a run")
    (runs / "odd").mkdir()
    (runs / "odd" / "run.json").mkdir()
    assert set(refreshed(runs)[0]) == {1, 2, 3}


def test_that_a_folder_that_is_not_there_yet_has_no_runs(tmp_path):
    assert refreshed(tmp_path / "runs") == ({}, [])


def test_that_a_folder_of_runs_that_is_a_file_is_one_clear_line(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(EngineError, match="runs is not there: a part of it is a file"):
        refreshed(tmp_path / "runs")


def test_that_a_deleted_index_is_made_again(runs):
    before, _ = refreshed(runs)
    index_file(runs).unlink()
    assert refreshed(runs)[0] == before


@pytest.mark.parametrize("text", [b"", b"no data base", b"SQLite format 3\0" + bytes(200)])
def test_that_a_damaged_index_is_made_again_in_its_place(runs, reads, text):
    before, _ = refreshed(runs)
    index_file(runs).write_bytes(text)
    assert refreshed(runs)[0] == before and len(reads) == 6
    refreshed(runs)
    with sqlite3.connect(index_file(runs)) as base:
        assert base.execute("SELECT count(*) FROM runs").fetchone() == (3,)
    base.close()


def test_that_an_index_with_any_bytes_changed_never_fails_and_is_right_after_a_look(runs):
    before, _ = refreshed(runs)
    path = index_file(runs)
    whole = path.read_bytes()
    chance = random.Random(4)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 8, 200))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged[: chance.choice((len(damaged), chance.randrange(len(damaged))))])
        with RunIndex(runs) as index:
            known = {row.seed: row for row in index.rows()}
            assert known.items() <= before.items()  # as it was, or not at all
            for _changes in index.refresh():
                pass
        assert refreshed(runs)[0] == before


def test_that_an_index_of_another_version_is_made_again(runs, reads, monkeypatch):
    refreshed(runs)
    monkeypatch.setattr(index_module, "_STAMP", "another")
    assert set(refreshed(runs)[0]) == {1, 2, 3} and len(reads) == 6


def test_that_a_folder_that_was_moved_has_its_runs_at_its_new_place(runs):
    refreshed(runs)
    moved = runs.with_name("moved")
    runs.rename(moved)
    assert refreshed(runs)[0] == {} and {row.folder.parent for row in refreshed(moved)[0].values()} == {moved}


def test_that_the_index_works_in_memory_where_the_cache_cannot_be_written(runs, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VPNS_CACHE", str(tmp_path / "file" / "cache"))
    assert set(refreshed(runs)[0]) == {1, 2, 3}


def test_that_an_index_that_another_program_writes_is_left_to_it(runs, monkeypatch):
    before, _ = refreshed(runs)
    monkeypatch.setattr(index_module, "_PATIENCE_SECONDS", 0.0)
    other = sqlite3.connect(index_file(runs))
    other.execute("BEGIN EXCLUSIVE")
    assert refreshed(runs)[0] == before
    other.rollback()
    assert other.execute("SELECT count(*) FROM runs").fetchone() == (3,)
    other.close()


def test_that_two_programs_can_look_at_once(runs):
    with RunIndex(runs) as one, RunIndex(runs) as two:
        for _ in zip(one.refresh(), two.refresh(), strict=False):
            pass
        assert {row.seed for row in one.rows()} == {row.seed for row in two.rows()} == {1, 2, 3}


@pytest.mark.skipif(os.name == "nt", reason="names there are always text")
def test_that_a_folder_whose_name_is_no_text_keeps_no_other_from_being_listed(runs):
    odd = os.fsencode(runs) + b"/odd_\xff"
    try:
        shutil.copytree(os.fsencode(next(runs.iterdir())), odd)
    except OSError:
        pytest.skip("this file system takes text only")
    rows, _ = refreshed(runs)
    assert len(rows) == 3


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.big)])
def test_that_ten_thousand_runs_are_listed_in_under_a_second(tmp_path, count):
    runs = tmp_path / "runs"
    many_runs(runs, count)
    with RunIndex(runs) as index:
        assert sum(len(changes.rows) for changes in index.refresh()) == count
    seconds = []
    for _ in range(3):  # the machine may have other work; so processor time, not the clock
        begun = time.process_time()
        with RunIndex(runs) as index:
            rows = index.rows()
            changes = list(index.refresh())
        seconds.append(time.process_time() - begun)
        assert len(rows) == count and {row.seed for row in rows} == set(range(count))
        assert [(len(found.rows), found.looked) for found in changes] == [(0, count)]
    assert min(seconds) < count / 10_000, seconds
