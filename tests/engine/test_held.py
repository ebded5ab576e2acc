"""What is held on a device, and that a pause gives it back."""

import mmap
import os

import pytest
import torch

from vpns_engine.training import held as module
from vpns_engine.training.held import held_mib, let_go

MIB = 2**20


def test_that_the_memory_of_this_process_is_told_on_the_cpu():
    let_go()
    before = held_mib("cpu")
    ballast = mmap.mmap(-1, 64 * MIB)  # pages of its own: a tensor may lie where an earlier test's lay
    ballast.write(b"x" * 64 * MIB)
    assert held_mib("cpu") - before > 40
    ballast.close()
    let_go()
    assert held_mib("cpu") - before < 40


def test_that_a_device_nobody_knows_is_not_guessed_at():
    assert held_mib("xpu") is None and held_mib("") is None


@pytest.mark.skipif(os.name == "nt", reason="a script stands in for the program")
@pytest.mark.parametrize(
    ("rows", "held"), [("{pid}, 300\n1, 900\n{pid}, 12\n", 312.0), ("1, 900\n", None), ("[N/A], x\n", None), ("", None)]
)
def test_that_the_driver_tells_what_this_process_holds(tmp_path, monkeypatch, rows, held):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{rows.format(pid=os.getpid())}END\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert module._told_by_driver() == held


def test_that_a_system_without_that_program_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert module._told_by_driver() is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_that_what_is_let_go_is_free_for_others_on_a_gpu():
    ballast = torch.ones(256 * MIB // 4, device="cuda")
    before = held_mib("cuda")
    del ballast
    let_go()
    assert before - held_mib("cuda") > 200 and torch.cuda.memory_reserved() == 0
