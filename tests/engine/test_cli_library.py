"""`vpns list` and `vpns mark`."""

import csv

import pytest

from tests.engine.done_runs import config_of, done_run
from vpns_engine.cli import main
from vpns_engine.marks import Marks, read_marks


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("VPNS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def runs(tmp_path):
    """Give a folder of two runs."""
    done_run(tmp_path / "runs", config_of(0.9, 0.95, name="alpha"))
    done_run(tmp_path / "runs", config_of(0.9, name="beta", method="omp"), levels=0)
    return tmp_path / "runs"


def test_that_runs_are_listed_and_found_by_words_state_and_tag(runs, capsys):
    def said(*arguments):
        assert main(["list", *arguments, "--runs", str(runs)]) == 0
        return capsys.readouterr().out

    whole = said()
    assert "alpha" in whole and "beta" in whole and "50.0, 50.0" in whole and "2 runs, " in whole and "–" not in whole
    assert "beta" not in said("vpns", "95") and "alpha" not in said("--state", "stopped")
    assert main(["mark", "alpha", "--tag", "paper, good", "--note", "for figure 2", "--runs", str(runs)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["tags: paper, good", "note:", "  for figure 2"]
    assert "beta" not in said("--tag", "good") and "no such run" in said("nowhere")


def test_that_the_list_sorts_and_says_where_there_is_nothing(runs, tmp_path, capsys):
    assert main(["list", "--sort", "name", "--runs", str(runs)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("alpha") and lines[2].startswith("beta")
    assert main(["list", "--runs", str(tmp_path / "none")]) == 0
    assert "no runs in" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["list", "--sort", "colour"])


def test_that_the_list_can_be_written_as_csv(runs, tmp_path, capsys):
    path = tmp_path / "table.csv"
    assert main(["list", "alpha", "--csv", str(path), "--runs", str(runs)]) == 0
    assert capsys.readouterr().out == f"{path}: 1 run\n"
    with path.open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["Name"] == "alpha" and line["Test %"] == "50;50"


def test_that_tags_come_and_go_and_a_note_can_be_removed(runs, capsys):
    folder = next(folder for folder in runs.iterdir() if "alpha" in folder.name)
    for arguments in (["--tag", "a,b"], ["--tag", "c", "--untag", "a", "--note", "x"], ["--note", ""]):
        assert main(["mark", "alpha", *arguments, "--runs", str(runs)]) == 0
    assert read_marks(folder) == Marks(tags=("b", "c"))
    capsys.readouterr()
    assert main(["mark", "alpha", "--untag", "a", "--runs", str(runs)]) == 2
    assert "has no tag 'a'" in capsys.readouterr().err
    assert main(["mark", "alpha", "--tag", "x" * 31, "--runs", str(runs)]) == 1
    assert "31 characters: 30 at most" in capsys.readouterr().err
    assert read_marks(folder) == Marks(tags=("b", "c"))


def test_that_asking_writes_nothing(runs, capsys):
    assert main(["mark", "beta", "--runs", str(runs)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["tags: -", "note: -"]
    assert not any((folder / "notes.json").exists() for folder in runs.iterdir())
