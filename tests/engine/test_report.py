"""What is given to others of a run that went wrong: everything that explains it, and nobody's name."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.done_runs import config_of, done_run
from vpns_engine import report as module
from vpns_engine.cli import main
from vpns_engine.events import Message, StepDone
from vpns_engine.hiding import hidden, known_places
from vpns_engine.report import event_tail, log_tail, report
from vpns_engine.specs.data import DataSpec
from vpns_engine.specs.model import ModelSpec

PERSON, HOST = "ada.lovelace", "analytical-engine"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """Give the home of somebody who must not be told, with blanks and letters that JSON and addresses write otherwise."""
    home = tmp_path / "people" / f"{PERSON} höme"
    home.mkdir(parents=True)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, PERSON)
    monkeypatch.setattr(platform, "node", lambda: f"{HOST}.example.org")
    return home


@pytest.fixture
def folder(home) -> Path:
    """Give a run in that home, which failed."""
    data = DataSpec(dataset="folder", folder=str(home / "my cats"), root=str(home / "sets"))
    model = ModelSpec(weights="file", weights_file=str(home / "Ada's weights.pt"))
    store = done_run(home / "runs", config_of(0.9, data=data, model=model), levels=0)
    line = f"no space left for {store.folder}/artifacts/x: free some, or choose another folder"
    info = store.read_info()
    told = {"status": "failed", "message": line, "host": f"{HOST}.example.org", "device": "cuda:0"}
    store.write_info(info.model_copy(update={**told, "versions": {"torch": "2.15.0"}}))
    store.log(f"error: {line}")
    store.log(f"skipped {home}/my cats/tabby.png; sent to https://{PERSON}:secret@proxy.example.org/x")
    store.log('  File "/mnt/raid/projects/secret/run.py", line 3, in main')
    store.log(f"'{json.dumps(str(home))}' {home.as_uri()} C:\\Users\\{PERSON}\\cats D:\\private\\cats ~/cats ~{PERSON}/cats")
    for seq in range(100):
        store.append(StepDone(seq=100 + seq, phase=0, epoch=1, step=1, losses=(float(seq),), accuracies=(0.5,)))
    store.append(Message(seq=300, severity="error", text=line))
    store.close()
    return store.folder


def _private(text: str, home: Path) -> list[str]:
    lowered = text.lower()
    words = [PERSON, HOST, "lovelace", "secret", "/mnt/raid", "my cats", "private", str(home.parent).lower(), "ada's"]
    return [word for word in words if word in lowered]


def test_that_a_report_tells_settings_versions_device_and_the_ends_of_log_and_events(folder):
    text = report(folder)
    for part in ("VPNs Studio ", "Python ", "torch 2.15.0", "cuda:0", "failed", "no space left for <run>/artifacts/x: free"):
        assert part in text
    assert '"sparsities"' in text and '"search_epochs": 30' in text
    assert "skipped <images>/tabby.png" in text
    assert '"kind":"message"' in text and '"kind":"step"' not in text


def test_that_a_report_names_no_person_machine_or_folder(folder, home):
    text = report(folder, f'Traceback\n  File "{home}/x.py", line 3\nOSError: {PERSON}@{HOST}: {home}/runs')
    assert _private(text, home) == []
    assert "<home>/x.py" in text and "<user>" in text and "<host>" in text and "<path>" in text


def test_that_a_report_of_the_program_alone_needs_no_run(home):
    text = report(None, f"ValueError: {home}")
    assert "ValueError: <home>" in text and _private(text, home) == []


def test_that_a_damaged_run_is_reported_with_what_is_damaged(folder, home):
    (folder / "config.json").write_text("{")
    (folder / "run.json").unlink()
    text = report(folder)
    assert "== Damaged" in text and "config.json cannot be read" in text
    # without the settings nobody knows where the folder of images ends; whose it is stays hidden all the same
    assert "skipped <home>/" in text and set(_private(text, home)) <= {"my cats"}
    shutil.rmtree(folder)
    assert "is not there" in report(folder)


def test_that_words_of_sentences_stay_as_they_are(monkeypatch):
    monkeypatch.setenv("HOME", "/root")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "root")
    line = "epoch 3 of 20 and/or 1/2, 90 % at 0.5/s, train/val, root mean, --data-root, layer1.0.conv1, https://arxiv.org/abs/2312.01397"
    assert hidden(line, known_places({})) == line


def test_that_the_places_of_the_program_keep_what_a_trace_needs():
    import numpy

    text = hidden(f'File "{module.__file__}", line 3; File "{numpy.__file__}"', known_places({}))
    assert "<program>" in text and "vpns_engine" in text and text.endswith('numpy/__init__.py"')
    assert str(Path(module.__file__).parent) not in text and sys.prefix not in text


def test_that_long_logs_and_lines_are_cut(folder):
    with (folder / "log.txt").open("a", encoding="utf-8") as file:
        file.writelines(f"line {number}\n" for number in range(200_000))
        file.write("x" * 100_000)
    assert len(log_tail(folder)) == 60 and len(log_tail(folder, 5)) == 5
    assert len(event_tail(folder)) < 60
    assert len(report(folder)) < 100_000 and "(100000 characters)" in report(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_that_a_pipe_in_the_place_of_a_log_is_not_waited_for(folder):
    (folder / "log.txt").unlink()
    os.mkfifo(folder / "log.txt")
    assert "log.txt is no plain file" in report(folder)


def test_that_the_command_line_prints_the_same_report(folder, capsys):
    assert main(["report", folder.name[:30], "--runs", str(folder.parent)]) == 0
    texts = (capsys.readouterr().out, report(folder))
    printed, made = ([line for line in text.splitlines() if " MiB free" not in line] for text in texts)
    assert printed == made and len(made) > 20
    assert main(["report", "nothing like it", "--runs", str(folder.parent)]) == 1


def test_that_a_report_does_not_load_torch():
    code = "import sys, vpns_engine.report as r; r.report(None); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
