"""A run as one line of the library: what it says, how it sorts, what the filter finds, and the CSV file."""

import csv
import os
import sys

import pytest

from tests.engine.done_runs import config_of, done_run
from tests.engine.many_runs import touch
from vpns_engine.csv_files import write_csv
from vpns_engine.marks import Marks, write_marks
from vpns_engine.run_columns import COLUMNS, name_of, sorted_rows, table_of
from vpns_engine.run_rows import Filter, read_row
from vpns_engine.specs.data import DataSpec
from vpns_engine.specs.model import ModelSpec
from vpns_engine.specs.prompt import PadSpec
from vpns_engine.store import RunStore


def texts_of(row):
    return {column.name: column.text(row) for column in COLUMNS}


def test_that_a_row_says_what_the_run_is_and_what_came_out(tmp_path):
    accuracy = {(0.1, "finetune"): 0.875, (0.05, "finetune"): 0.75, (1.0, "dense map"): 0.9}
    config = config_of(
        0.9, 0.95, name="first try", seed=17, model=ModelSpec(architecture="resnet18"),
        data=DataSpec(dataset="cifar100", image_size=32), prompt=PadSpec(canvas=64, pad=16),
    )  # fmt: skip
    store = done_run(tmp_path, config, lambda density, stage: accuracy.get((round(density, 6), stage), 0.5))
    touch(store, started=1_790_000_000.0)
    row = read_row(store.folder)
    texts = texts_of(row)
    assert [texts[name] for name in ("name", "architecture", "data", "method", "prompt", "sparsity", "seed", "state")] == [
        "first try", "ResNet-18", "CIFAR-100", "VPNs", "pad 16 px", "90, 95 %", "17", "Finished",
    ]  # fmt: skip
    assert (texts["plain"], texts["prompted"], texts["dense"]) == ("87.5, 75.0", "97.5, 85.0", "90.0")
    size = sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file())
    assert row.num_bytes == size and texts["date"].startswith("2026-09-2") and row.damage == ""


def test_that_a_run_without_a_name_is_called_by_its_folder_without_the_time(tmp_path):
    store = done_run(tmp_path, config_of(0.9))
    row = read_row(store.folder)
    assert store.folder.name.endswith(name_of(row)) and name_of(row).startswith("vpns_resnet20_digits_")


def test_that_the_control_arm_is_told_from_vpns_and_has_no_prompt(tmp_path):
    texts = texts_of(read_row(done_run(tmp_path, config_of(0.9, method="vpns", prompt={"kind": "none"})).folder))
    assert (texts["method"], texts["prompt"], texts["prompted"]) == ("Control arm", "–", "–")


def test_that_levels_that_are_not_done_have_a_dash(tmp_path):
    row = read_row(done_run(tmp_path, config_of(0.9, 0.95), levels=1).folder)
    assert row.plain == (0.5, None) and texts_of(row)["plain"] == "50.0, –" and row.state == "stopped"


@pytest.mark.skipif(sys.platform == "win32", reason="a process that has ended is made with fork")
def test_that_a_run_whose_process_has_ended_is_interrupted_and_not_running(tmp_path):
    store = done_run(tmp_path, config_of(0.9))
    child = os.fork()
    if child == 0:
        touch(store, **vars(store.read_info().taken_by_this_process()))
        os._exit(0)
    os.waitpid(child, 0)
    row = read_row(store.folder)
    assert row.info and row.state == "interrupted" and row.resumable
    touch(store, **vars(store.read_info().taken_by_this_process()))
    assert read_row(store.folder).state == "running" and not read_row(store.folder).resumable


@pytest.mark.parametrize(
    ("name", "text"),
    [("config.json", "{"), ("config.json", '{"method": "magic"}'), ("run.json", "{"), ("run.json", '{"schema_version": 99}')],
)
def test_that_a_damaged_run_is_listed_and_says_why(tmp_path, name, text):
    store = done_run(tmp_path, config_of(0.9))
    write_marks(store.folder, Marks(tags=("kept",)))
    (store.folder / name).write_text(text)
    row = read_row(store.folder)
    assert row.state == "damaged" and not row.resumable and row.tags == ("kept",) and store.folder.name in row.damage
    assert texts_of(row)["architecture"] == "–"


def test_that_damaged_notes_do_not_hide_the_run(tmp_path):
    store = done_run(tmp_path, config_of(0.9))
    (store.folder / "notes.json").write_text("{")
    row = read_row(store.folder)
    assert row.state == "finished" and "notes.json" in row.damage and row.plain == (0.5,)


def test_that_damaged_events_do_not_hide_the_run(tmp_path):
    store = done_run(tmp_path, config_of(0.9))
    (store.folder / "events.jsonl").write_bytes(b'\x00\xff not json\n{"kind":"tested"}\n')
    row = read_row(store.folder)
    assert row.state == "finished" and row.plain == (None,)


def some_rows(runs):
    accuracies = {"a": 0.5, "b": 0.9, "c": 0.7}
    for name, accuracy in accuracies.items():
        method = "omp" if name == "b" else "vpns"
        store = done_run(runs, config_of(0.9, name=name, method=method), lambda _density, _stage, found=accuracy: found * 0.9)
        write_marks(store.folder, Marks(tags=("good",) if name != "a" else (), note=f"the {name.upper()} one"))
    done_run(runs, config_of(0.9, name="d"), levels=0)
    return sorted((read_row(folder) for folder in runs.iterdir()), key=lambda row: row.name)


def test_that_rows_sort_by_any_column_and_those_that_say_nothing_come_last(tmp_path):
    rows = some_rows(tmp_path)
    by = {name: [row.name for row in sorted_rows(rows, name)] for name in ("plain", "name", "tags", "state")}
    assert by["plain"] == ["a", "c", "b", "d"] and by["name"] == ["a", "b", "c", "d"]
    assert set(by["tags"][:2]) == {"b", "c"}
    assert by["state"][0] == "d"
    assert [row.name for row in sorted_rows(rows, "plain", falling=True)] == ["b", "c", "a", "d"]
    for column in COLUMNS:
        for falling in (False, True):
            names = [row.name for row in sorted_rows(rows, column.name, falling=falling)]
            assert sorted(names) == ["a", "b", "c", "d"]


def test_that_every_word_of_the_filter_must_be_found_wherever_it_stands(tmp_path):
    rows = some_rows(tmp_path)

    def found(**wanted):
        return [row.name for row in Filter(**wanted).of(rows)]

    assert found(text="OMP") == ["b"] and found(text="resnet-20 vpns the") == ["a", "c"] and found(text="vpns nowhere") == []
    assert found(text="good") == ["b", "c"] and found(tag="good", text="c one") == ["c"] and found(tag="goo") == []
    assert found(state="stopped") == ["d"] and found(text="90 % seed 7") == ["a", "b", "c", "d"] == found()


def test_that_the_csv_file_has_numbers_and_no_formulas(tmp_path):
    runs = tmp_path / "runs"
    store = done_run(runs, config_of(0.9, 0.95, name='=HYPERLINK("x")'), levels=1)
    write_marks(store.folder, Marks(tags=("a", "b"), note='two\nlines, "quoted"'))
    path = tmp_path / "runs.csv"
    write_csv(path, *table_of([read_row(store.folder)]))
    with path.open(encoding="utf-8", newline="") as file:
        header, line = csv.reader(file)
    cells = dict(zip(header, line, strict=True))
    assert cells["Name"] == '\'=HYPERLINK("x")' and cells["Sparsity"] == "90;95" and cells["Test %"] == "50;"
    assert cells["Size"] == str(read_row(store.folder).num_bytes) and cells["Tags"] == "a, b"
    assert cells["Note"] == 'two\nlines, "quoted"' and cells["Folder"] == str(store.folder) and cells["State"] == "stopped"


def test_that_an_imported_checkpoint_cannot_be_resumed(tmp_path):
    store = done_run(tmp_path, config_of(0.9), levels=0)
    assert read_row(store.folder).resumable
    touch(store, imported=True)
    assert not read_row(store.folder).resumable


def test_that_reading_a_row_changes_nothing(tmp_path):
    store = done_run(tmp_path, config_of(0.9))
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")}
    read_row(store.folder)
    assert {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")} == before
    assert isinstance(RunStore.open(store.folder), RunStore)
