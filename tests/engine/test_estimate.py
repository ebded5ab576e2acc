"""What a run would take, from a few timed iterations of the real thing."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from vpns_engine import estimate as module
from vpns_engine.cli import main
from vpns_engine.errors import EngineError
from vpns_engine.estimate import Estimate, cost_words, memory_free, memory_problems, peak_memory
from vpns_engine.events import EpochEnded
from vpns_engine.keeping import Keeping
from vpns_engine.training.probe import probe
from vpns_engine.usage import room_of


@pytest.fixture(autouse=True)
def _settings(tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


def found(**changes) -> Estimate:
    """Give an estimate of a run that fits."""
    values = {"device": "cpu", "threads": 1, "seconds": 90.0, "parts": {"search": 60.0, "tuning": 30.0}}
    return Estimate(**{**values, "memory": 2_000_000_000, "memory_free": 4_000_000_000, **changes})


CASES = {
    "VPNs": {},
    "the largest weights": {"method": "omp"},
    "a random prompt and a mapping at each epoch": {"prompt": {"kind": "random", "square": 4}, "mapping": {"kind": "ilm"}},
    "a new head": {"mapping": {"kind": "head"}},
    "a tuned dense reference": {"dense": "tuned"},
    "the dense reference alone": {"dense": "tuned", "mask": {"sparsities": []}},
    "as published": {"data": {"protocol": "paper"}},
    "micro-batches": {"data": {"micro_batch": 2}},
}


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_that_a_run_of_any_kind_can_be_estimated(pictures, tmp_path, changes):
    config, said = tiny_config(pictures, search_epochs=3, finetune_epochs=2, **dict(changes)), []
    estimate = probe(config, tmp_path / "runs", seconds=0.3, report=said.append)
    assert list((tmp_path / "runs").iterdir()) == []  # nothing is left
    searches = config.method == "vpns" and config.mask.densities
    each = 5 if config.data.protocol == "paper" else 3  # validation images are trained on, too
    assert estimate.iterations == 5 * each * (len(config.mask.densities) + (config.dense == "tuned"))
    assert (estimate.parts["search"] > 0) == bool(searches)
    assert estimate.parts["tuning"] > 0 and estimate.parts["measuring"] > 0
    assert (estimate.parts["mapping"] > 0) == (config.mapping.kind != "head")
    assert estimate.seconds == pytest.approx(sum(estimate.parts.values()))
    assert (estimate.device, estimate.threads, estimate.device_memory) == ("cpu", 1, None)
    assert (estimate.num_target, estimate.num_source) == (3, 3 if config.mapping.kind == "head" else 37)
    assert said[0] == "Reading the images and the network" and said[-1] == "Timing the measurements"


def test_that_the_time_is_about_that_of_the_run(pictures, tmp_path):
    config = tiny_config(pictures, search_epochs=10, finetune_epochs=10)
    estimate = probe(config, tmp_path / "runs", seconds=2.0)
    _, told = run(config, tmp_path / "runs")
    measured = sum(event.seconds for event in told if isinstance(event, EpochEnded))
    parts = estimate.parts
    # other programs work on this machine too, and the estimate leaves out reading and mapping
    assert 0.25 < (parts["search"] + parts["tuning"] + parts["measuring"] + parts["writing"]) / measured < 4


def test_that_more_epochs_take_more_time_and_no_more_memory(pictures, tmp_path):
    few, many = (probe(tiny_config(pictures, finetune_epochs=n), tmp_path, seconds=0.5) for n in (1, 200))
    assert many.parts["tuning"] > 20 * few.parts["tuning"]
    assert many.memory < 1.5 * few.memory


def test_that_the_memory_is_that_of_the_run(pictures, tmp_path):
    """Held against the most a process has while it does the whole run."""
    model = {"architecture": "resnet18", "weights": "none"}
    config = tiny_config(pictures, model=model, data={"image_size": 64}, prompt={"canvas": 96})
    file = tmp_path / "config.json"
    file.write_text(config.model_dump_json())
    runs = ["--config", str(file), "--runs", str(tmp_path / "runs")]
    code = "import sys; from vpns_engine.cli import main; from vpns_engine.estimate import peak_memory; "
    code += "main(sys.argv[1:]); print(peak_memory())"
    output = [
        subprocess.run([sys.executable, "-c", code, *words, *runs], capture_output=True, text=True, check=True).stdout
        for words in (["run"], ["estimate", "--json"])
    ]
    measured = int(output[0].splitlines()[-1])
    estimate = Estimate.model_validate_json(output[1].splitlines()[0])
    assert estimate.memory == pytest.approx(measured, rel=0.15)
    assert estimate.memory > 300_000_000


def test_that_weights_that_are_still_to_be_downloaded_are_not_fetched(pictures, tmp_path):
    model = {"architecture": "squeezenet1_1", "weights": "pretrained"}
    config = tiny_config(pictures, model=model, data={"image_size": 32}, prompt={"canvas": 32})
    assert probe(config, tmp_path, seconds=0.1).parts["search"] > 0


def test_that_a_data_set_that_is_still_to_be_downloaded_is_named(tmp_path):
    config = tiny_config(tmp_path, data={"dataset": "cifar100", "root": str(tmp_path), "image_size": 32}, prompt={"canvas": 32})
    with pytest.raises(EngineError) as refused:
        probe(config, tmp_path)
    assert str(refused.value) == "CIFAR-100 is not there yet: download it first, then estimate"


def test_that_a_run_that_could_not_start_has_no_estimate(tmp_path):
    with pytest.raises(EngineError):
        probe(tiny_config(tmp_path / "nowhere"), tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_that_a_folder_of_runs_that_cannot_be_written_stands_not_in_the_way(pictures, tmp_path):
    (tmp_path / "file").write_text("no folder")
    assert probe(tiny_config(pictures), tmp_path / "file" / "runs", seconds=0.1).seconds > 0


def test_that_what_does_not_fit_is_said_with_what_to_do():
    assert list(memory_problems(found())) == []
    assert list(memory_problems(found(memory=5_000_000_000))) == [
        "5.00 GB of memory are needed, 4.00 GB are free: take a smaller batch, micro-batch or image"
    ]
    gpu = found(device="cuda:0", device_memory=9_000_000_000, device_free=8_000_000_000)
    assert list(memory_problems(gpu)) == [
        "9.00 GB of the memory of cuda:0 are needed, 8.00 GB are free: take a micro-batch"
    ]
    assert list(memory_problems(gpu.model_copy(update={"device_free": None}))) == []


def test_that_an_estimate_is_said_in_one_line():
    assert cost_words(found()) == "About 1:30 on cpu; 2.00 GB of memory"
    assert cost_words(found(device="cuda:0", device_memory=1_500_000_000)).endswith("; 2.00 GB of memory, 1.50 GB on cuda:0")
    assert cost_words(found().times(3)) == "About 4:30 on cpu; 2.00 GB of memory"


def test_that_the_memory_of_this_process_is_told():
    held = bytearray(50_000_000)
    assert peak_memory() > len(held) and memory_free() > 0


def test_that_the_terminal_estimates_and_keeps_nothing(pictures, tmp_path, capsys):
    words = ["estimate", "--folder", str(pictures), "--image-size", "8", "--canvas", "8", "--pad", "1", "--batch-size", "4"]
    words += ["--epochs", "2", "--device", "cpu", "--threads", "1", "--runs", str(tmp_path / "runs")]
    assert main(words) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert re.fullmatch(r"About \d+:\d\d on cpu; \S+ [MG]B of memory", lines[0])
    assert " on the disk" in lines[2] and lines[2].endswith(" free")
    assert "Timing the search" in err
    assert list((tmp_path / "runs").iterdir()) == []


def test_that_the_terminal_counts_seeds_and_the_control_arm(pictures, tmp_path, capsys):
    file = tmp_path / "config.json"
    file.write_text(tiny_config(pictures).model_dump_json())
    words = ["estimate", "--config", str(file), "--seed", "1,2", "--control", "--runs", str(tmp_path / "runs")]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("4 runs, one after another. About ")
    assert main([*words, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    one = room_of(tiny_config(pictures), Keeping())
    assert values["disk"]["stays"] > 3 * one.states and values["warnings"] == []
    assert values["iterations"] == 4 * 2 * 3


def test_that_wrong_settings_are_named_as_for_a_run(capsys):
    assert main(["estimate", "--pad", "-1"]) == 2
    assert "--pad: Pad -1 px: at least" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM to be answered here")
def test_that_an_estimate_that_is_called_off_leaves_nothing(tmp_path):
    runs = tmp_path / "runs"
    words = ["estimate", "--preset", "digits", "--runs", str(runs)]
    with subprocess.Popen([sys.executable, "-m", "vpns_engine", *words], stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "Timing" in line:
                process.send_signal(signal.SIGTERM)
                break
        rest = process.stderr.read()
    assert process.returncode == 130 and "interrupted" in rest
    assert list(runs.iterdir()) == []


def test_that_files_a_container_has_read_take_no_memory_from_a_run(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CGROUP", tmp_path)
    whole = memory_free()
    mib = 2**20
    (tmp_path / "memory.max").write_text(f"{100 * mib}\n")
    (tmp_path / "memory.current").write_text(f"{90 * mib}\n")
    assert memory_free() == 10 * mib < whole
    (tmp_path / "memory.stat").write_text(f"anon {20 * mib}\nactive_file {30 * mib}\ninactive_file {40 * mib}\n")
    assert memory_free() == 80 * mib
