"""What is in force of precision and memory order, and what it leaves alone."""

import pytest
import torch
from torch import nn

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.engine.tiny_states import PROMPTED, TUNED, rewound, search, tiny_state, tune
from vpns_engine.events import RunStarted
from vpns_engine.specs.run import RunConfig
from vpns_engine.training.precision import PLAIN, Computing, in_force
from vpns_engine.training.steps import half_step

CPU, CUDA, MPS = torch.device("cpu"), torch.device("cuda"), torch.device("mps")
FAST = Computing("bf16", channels_last=True)


@pytest.fixture(autouse=True)
def _a_gpu_with_bf16(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: not including_emulation)


def _config(protocol="held-out", **values):
    return RunConfig.model_validate({"data": {"protocol": protocol}, **values})


def test_that_automatic_is_fast_on_a_cuda_gpu_and_plain_elsewhere():
    assert in_force(_config(), CUDA) == FAST
    assert in_force(_config(), CPU) == in_force(_config(), MPS) == PLAIN


def test_that_a_gpu_without_bf16_stays_in_float32(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation)
    assert in_force(_config(), CUDA) == Computing("float32", channels_last=True)


def test_that_what_is_asked_for_holds():
    assert in_force(_config(precision="bf16", channels_last="on"), CPU) == FAST
    assert in_force(_config(precision="float32", channels_last="off"), CUDA) == PLAIN
    assert in_force(_config(precision="bf16", channels_last="off"), CPU) == Computing("bf16", channels_last=False)


@pytest.mark.parametrize("device", [CPU, CUDA])
def test_that_the_paper_protocol_is_always_plain(device):
    assert in_force(_config("paper"), device) == PLAIN
    assert in_force(_config("paper", precision="bf16", channels_last="on"), device) == PLAIN


class _Spy(nn.Module):
    """A convolution that remembers what it saw and gave."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.convolution = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        self.channels_last = x.is_contiguous(memory_format=torch.channels_last)
        y = self.convolution(x)
        self.given = y.dtype
        return y.mean((2, 3))


def test_that_only_the_pass_is_in_bf16():
    network, x = _Spy(), torch.rand(2, 3, 8, 8)
    logits = FAST.logits(network, x)
    assert network.given == torch.bfloat16 and logits.dtype == torch.float32
    assert network.channels_last and network.convolution.weight.is_contiguous()
    plain = PLAIN.logits(network, x)
    assert network.given == torch.float32 and not network.channels_last
    assert torch.allclose(logits, plain, atol=0.02) and not torch.equal(logits, plain)


def test_that_a_replay_in_double_precision_stays_there():
    logits = PLAIN.logits(_Spy().double(), torch.rand(2, 3, 8, 8, dtype=torch.float64))
    assert logits.dtype == torch.float64


@pytest.mark.parametrize(("phase", "halves"), [(search(), PROMPTED), (tune(), TUNED)])
def test_that_scores_thresholds_losses_and_updates_stay_in_float32(phase, halves):
    state = rewound(tiny_state())
    state.computing = FAST
    state.prepare(phase)
    state.network.train()
    before = [value.clone() for value in (*state.network.scores, *state.network.weights)]
    for half in halves:
        result = half_step(state, half, next(state.feeds.vp.batches("", 1)))
        assert result.loss.dtype == result.logits_BT.dtype == torch.float32
    after = [*state.network.scores, *state.network.weights]
    assert all(value.dtype == torch.float32 and value.is_contiguous() for value in (*after, *state.network.parameters()))
    assert any(not torch.equal(value, old) for value, old in zip(after, before, strict=True))
    # a threshold of bf16 scores would lie on one of the few numbers that bf16 has, and drop another number of weights
    threshold = torch.cat([score.abs().flatten() for score in state.network.scores]).sort().values
    assert sum(state.network.kept()) == int((threshold > state.network.threshold).sum()) == state.network.num_scored // 2


def test_that_a_run_says_what_is_in_force(tmp_path):
    pictures = make_pictures(tmp_path / "pictures")
    fast = tiny_config(pictures, precision="bf16", channels_last="on", dense="none")
    for config, expected in ((fast, ("bf16", True)), (tiny_config(pictures, dense="none"), ("float32", False))):
        _, events = run(config, tmp_path / "runs")
        (started,) = [event for event in events if isinstance(event, RunStarted)]
        assert (started.precision, started.channels_last) == expected
        assert events[-1].status == "finished"
