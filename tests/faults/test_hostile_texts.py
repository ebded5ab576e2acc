"""What is read of a run's folder, changed at random: config.json, run.json and events.jsonl.

Whoever opens such a folder gets an EngineError or a line that says what is damaged, within a second, and nothing else.
"""

import json
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.faults.hostile import FEW, MANY, as_json, changed_bytes, changed_values, only_a_moment, replaced
from vpns_engine.cli_show import list_runs, show
from vpns_engine.cli_sweep import summary
from vpns_engine.errors import EngineError
from vpns_engine.levels import done_levels
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

NAMES = ("config.json", "run.json", "events.jsonl")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Give a real run's folder: the dense reference, two levels, real files."""
    pictures = make_pictures(tmp_path_factory.mktemp("pictures"))
    store, events = run(tiny_config(pictures, mask={"sparsities": [0.5, 0.8]}, dense="mapped"), tmp_path_factory.mktemp("runs"))
    assert events[-1].status == "finished"
    return store.folder


def look_at(folder: Path, config: RunConfig) -> None:
    """Do what terminal and window do with a folder of runs; what they say can be printed."""
    said = [list_runs(folder.parent)]
    with suppress(EngineError):
        said.append(show(folder))
    with suppress(EngineError):
        said.append(summary(None, folder.parent))
    for text in said:
        assert [letter for letter in text if not letter.isprintable() and letter != "\n"] == []
    done_levels(config, folder.parent)
    with suppress(EngineError):
        store = RunStore.open(folder)
        store.read()
        store.read_info()


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.big)])
@pytest.mark.parametrize("name", NAMES)
def test_that_a_file_with_changed_bytes_is_refused_or_told(folder, name, examples):
    config, whole = RunStore.open(folder).config, (folder / name).read_bytes()

    @settings(examples)
    @given(changed_bytes(whole))
    def check(content):
        with replaced(folder / name, content), only_a_moment():
            look_at(folder, config)

    check()


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.big)])
@pytest.mark.parametrize("name", NAMES[:2])
def test_that_a_table_with_changed_values_is_refused_or_told(folder, name, examples):
    config = RunStore.open(folder).config

    @settings(examples)
    @given(changed_values(json.loads((folder / name).read_bytes())))
    def check(values):
        with replaced(folder / name, as_json(values)), only_a_moment():
            look_at(folder, config)

    check()


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.big)])
def test_that_events_with_changed_values_are_refused_or_told(folder, examples):
    path = folder / "events.jsonl"
    config, lines = RunStore.open(folder).config, path.read_bytes().splitlines(keepends=True)

    @settings(examples)
    @given(st.integers(0, len(lines) - 1).flatmap(lambda n: st.tuples(st.just(n), changed_values(json.loads(lines[n])))))
    def check(changed):
        number, values = changed
        content = [*lines[:number], as_json(values) + b"\n", *lines[number + 1 :]]
        with replaced(path, b"".join(content)), only_a_moment():
            look_at(folder, config)

    check()


def test_that_the_real_folder_is_whole(folder, tmp_path):
    shutil.copytree(folder, tmp_path / folder.name)
    text = show(tmp_path / folder.name)
    assert "Damaged" not in text and "finished" in text
    assert len(done_levels(RunStore.open(folder).config, tmp_path).levels) == 2
