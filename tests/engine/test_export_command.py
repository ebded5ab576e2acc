"""`vpns export`: formats, what it says, what it refuses."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.engine.saved_runs import saved_run
from vpns_engine.cli import main
from vpns_engine.specs.problems import config_from


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    saved_run(folder, config_from({"name": "first", "mask": {"sparsities": [0.9, 0.98]}}))
    return folder


def export(runs, folder, *words) -> int:
    return main(["export", "first", str(folder), "--runs", str(runs), *words])


def test_that_formats_can_be_listed_and_repeated(runs, tmp_path, capsys):
    assert (
        export(runs, tmp_path / "out", "--format", "sparse,masks", "--format", "hub", "--head", "own", "--license", "mit") == 0
    )
    said = capsys.readouterr()
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"model_sparse.safetensors", "masks.safetensors", "README.md", ".gitattributes"} < written
    assert not {"model.safetensors", "model.pt"} & written
    assert "of 270,896 scored weights kept" in said.out and "re-read in a fresh process: the same logits" in said.out
    assert "times smaller than dense" in said.out and said.out.splitlines()[-1] == f"exported: {tmp_path / 'out'}"
    assert "Opening model_sparse.safetensors in a fresh process" in said.err
    assert 'license: "mit"' in (tmp_path / "out" / "README.md").read_text()


def test_that_level_and_stage_choose_the_state(runs, tmp_path, capsys):
    assert export(runs, tmp_path / "out", "--format", "masks", "--level", "2", "--stage", "search") == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (metrics["sparsity_asked"], metrics["stage"]) == (0.98, "search")
    assert "re-read in a fresh process: the same masks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--format", "zip"], "--format zip: it is one of safetensors, pt, onnx, masks, sparse, hub, released, plain, all"),
        (["--format", ","], "--formats: "),
        (["--license", "My Own!"], "--license: "),
        (["--base-model", "no slash"], "--base-model: "),
    ],
)
def test_that_what_cannot_work_is_one_line_before_anything_is_read(runs, tmp_path, capsys, words, line):
    assert export(runs, tmp_path / "out", *words) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"vpns: {line}") and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name == "nt", reason="no such signals there")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_that_an_export_whose_process_is_ended_leaves_nothing_at_work(runs, tmp_path, name):
    (tmp_path / "temporary").mkdir()
    words = ["export", "first", str(tmp_path / "out" / "folder"), "--runs", str(runs), "--format", "onnx"]
    with subprocess.Popen(
        [sys.executable, "-m", "vpns_engine", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary"), "PYTHONUNBUFFERED": "1"},
    ) as process:
        next(line for line in process.stderr if "Writing model_plain.onnx" in line)
        [child] = psutil.Process(process.pid).children()
        process.send_signal(getattr(signal, name))
        process.stderr.read()
    child.wait(20)
    if name != "SIGKILL":  # nobody can clean up after that
        assert process.returncode == 130
        assert not (tmp_path / "out").exists() and not list((tmp_path / "temporary").glob("vpns-*"))
