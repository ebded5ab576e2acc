"""Where a run computes."""

import os

import pytest
import torch

from vpns_engine.errors import EngineError
from vpns_engine.training.device import available_devices, choose_device, set_threads


def test_that_the_cpu_is_always_there_and_comes_last():
    assert available_devices()[-1] == "cpu"


def test_that_auto_takes_the_best(monkeypatch):
    monkeypatch.setattr("vpns_engine.training.device.available_devices", lambda: ("cuda:0", "cuda:1", "cpu"))
    assert choose_device("auto") == torch.device("cuda:0")
    assert choose_device("cuda") == torch.device("cuda:0")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "mps"])
def test_that_a_device_that_is_not_there_is_named_with_those_that_are(monkeypatch, wanted):
    monkeypatch.setattr("vpns_engine.training.device.available_devices", lambda: ("cpu",))
    with pytest.raises(EngineError, match=f"^device {wanted} is not there: this machine has cpu$"):
        choose_device(wanted)


def test_that_a_core_is_left_to_the_window():
    assert set_threads(3) == torch.get_num_threads() == 3
    assert set_threads(0) == max(1, (os.cpu_count() or 1) - 1)
