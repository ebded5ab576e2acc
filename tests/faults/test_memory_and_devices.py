"""Memory that runs out, a device that fails, helpers that end: the run says it in a line, and goes on to the same bits.

Each run works in a process of its own: limits hold for a whole process, and what a failed device leaves behind stays.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.faults.support import end_of, go_on, result_of
from vpns_engine.drive import _explain as explained
from vpns_engine.store import RunStore

ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory hold on Linux")

CHILD = """
import json, sys
import torch
from pathlib import Path
from tests.faults import in_child
from vpns_engine.drive import Control, start
from vpns_engine.specs.run import RunConfig

torch.set_num_threads(1)
fault, config, runs = sys.argv[1:]
told = []
start(RunConfig.model_validate_json(config), Path(runs), Control(), [told.append, in_child.FAULTS[fault]])
print(json.dumps([event.model_dump() for event in told if event.kind in ("run-ended", "message")]))
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def whole(pictures, tmp_path_factory):
    """Give what the run comes to when nothing goes wrong."""
    return result_of(run(_large(pictures), tmp_path_factory.mktemp("whole"))[0].folder)


def _large(pictures, **changes):
    """Give a run whose passes take some hundred megabytes."""
    return tiny_config(
        pictures,
        data={"image_size": 96, "batch_size": 12},
        prompt={"canvas": 96, "pad": 4},
        method="omp",
        mapping={"kind": "rlm"},
        **changes,
    )


def _in_child(fault: str, config, runs: Path) -> tuple[Path, dict]:
    """Do a run in a process of its own, in which a fault comes about; give its folder and its end."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    command = [sys.executable, "-c", CHILD, fault, config.model_dump_json(), str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    end = json.loads(done.stdout.splitlines()[-1])[-1]
    assert end["kind"] == "run-ended" and "\n" not in end["text"]
    (folder,) = runs.glob("*_omp_*")
    return folder, end


@ON_LINUX
@pytest.mark.parametrize("fault", ["no memory at the start", "no memory after the first epoch"])
def test_that_a_run_that_gets_no_memory_goes_on_to_the_same_bits_when_there_is_some(pictures, whole, tmp_path, fault):
    folder, end = _in_child(fault, _large(pictures), tmp_path / "runs")
    assert end["status"] == "failed" and "not enough memory" in end["text"]
    assert end["micro_batch"] in range(1, 12) and f"--micro-batch {end['micro_batch']}" in end["text"]
    assert RunStore.open(folder).read_info().state == "failed"
    assert end_of(go_on(folder)).status == "finished"
    assert result_of(folder) == whole


def test_that_a_run_whose_decoders_ended_ends_with_a_line(pictures, whole, tmp_path):
    folder, end = _in_child("decoders end", _large(pictures), tmp_path / "runs")
    assert end["status"] == "failed" and end["text"].startswith("unexpected")
    assert "Traceback" in (folder / "log.txt").read_text(encoding="utf-8")
    assert end_of(go_on(folder)).status == "finished"
    assert result_of(folder) == whole


# words that torch's GPU code gives; where there is a GPU, the next test makes it fail
@pytest.mark.parametrize("words", ["CUDA error: device-side assert triggered", "CUDA driver error: unknown error"])
def test_that_what_a_lost_device_answers_is_told_in_words(words):
    text = explained(RuntimeError(f"{words}\nCUDA kernel errors might be reported later"))
    assert "was lost" in text and "then resume" in text and words in text and "\n" not in text


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize(("fault", "words"), [("the GPU fails", "was lost"), ("the GPU is full", "not enough memory")])
def test_that_a_run_whose_gpu_fails_goes_on_in_another_process(pictures, tmp_path, fault, words):
    config = _large(pictures, device="cuda")
    folder, end = _in_child(fault, config, tmp_path / "runs")
    assert end["status"] == "failed" and words in end["text"]
    assert end_of(go_on(folder)).status == "finished"
    history = RunStore.open(folder).read().history
    assert history.resumed and history.levels[0].tested
