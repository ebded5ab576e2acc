"""A handful of the kills that `tests.faults.kill` makes, and what its comparison sees."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.faults.kill import differences
from vpns_engine.store import RunStore


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs processes that are copied and waited for, as on Linux")
@pytest.mark.parametrize("case", ["moving", "files"])
def test_that_runs_that_were_killed_come_out_the_same(case):
    words = ("--count", "3", "--typed", "0", "--seed", "3", "--case", case)
    done = subprocess.run([sys.executable, "-m", "tests.faults.kill", *words], capture_output=True, text=True, check=False)
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    kills, differ = map(int, re.match(r"(\d+) kills of .*, (\d+) differ", last).groups())
    assert kills >= 3 and differ == 0


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs processes that are waited for, as on Linux")
def test_that_a_run_killed_from_the_command_line_is_gone_on_with_by_one():
    words = ("--count", "1", "--typed", "9", "--seed", "5", "--case", "ring")
    done = subprocess.run([sys.executable, "-m", "tests.faults.kill", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^ring +typed .* the same$", done.stdout, re.MULTILINE), done.stdout


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return run(tiny_config(make_pictures(folder / "pictures")), folder / "runs")[0]


def _flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def _edit(path, kind, **changes):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    next(line for line in lines if line["kind"] == kind).update(changes)
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "log.txt").touch(), []),
        (lambda folder: _edit(folder / "events.jsonl", "epoch", seconds=9.0, time=1.0), []),
        (
            lambda folder: _flip(folder / "artifacts/density_0.5/search/masks_0001.safetensors"),
            ["artifacts/density_0.5/search/masks_0001.safetensors differs"],
        ),
        (
            lambda folder: (folder / "artifacts/samples.safetensors").unlink(),
            ["artifacts/samples.safetensors is missing"],
        ),
        (
            lambda folder: (folder / "artifacts/.half.0a1b2c3d").write_bytes(b""),
            ["artifacts/.half.0a1b2c3d is left over"],
        ),
        (lambda folder: _edit(folder / "events.jsonl", "epoch", loss=0.25), ["phase 2 differs"]),
        (lambda folder: _edit(folder / "events.jsonl", "tested", accuracy=0.123), ["level 0 differs"]),
        (lambda folder: _edit(folder / "events.jsonl", "labels-mapped", sources=[9, 8, 7]), ["level 0 differs"]),
        (lambda folder: _edit(folder / "events.jsonl", "run-ended", status="stopped"), ["end differs"]),
        (lambda folder: _edit(folder / "events.jsonl", "step", accuracies=[0.125]), ["step (1, 1, 1) differs"]),
    ],
)
def test_that_the_comparison_sees_what_differs(whole, tmp_path, change, said):
    shutil.copytree(whole.folder, tmp_path / "run")
    change(tmp_path / "run")
    found = list(differences(whole, RunStore.open(tmp_path / "run")))
    assert len(found) == len(said) and all(line.startswith(word) for line, word in zip(found, said, strict=True)), found
