"""The name of a network's weights."""

import hashlib

import torch
from torch import nn

from vpns_engine.nn.fingerprint import weights_sha256


def test_that_the_name_is_the_hash_of_the_values_and_not_of_the_counters():
    network = nn.BatchNorm1d(2)
    expected = hashlib.sha256(torch.tensor([1, 1, 0, 0, 0, 0, 1, 1], dtype=torch.float32).numpy().astype("<f4").tobytes())
    assert weights_sha256(network) == expected.hexdigest()
    network.num_batches_tracked += 1
    assert weights_sha256(network) == expected.hexdigest()


def test_that_another_value_gives_another_name():
    network = nn.Linear(2, 2)
    before = weights_sha256(network)
    with torch.no_grad():
        network.weight[0, 0] += 1
    assert weights_sha256(network) != before
