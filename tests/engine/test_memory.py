"""Too little memory for a pass."""

import pytest
import torch
from torch import nn

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.engine.tiny_states import PROMPTED, dense_copy, rewound, search, tiny_state
from vpns_engine.errors import EngineError, OutOfMemory
from vpns_engine.training import steps
from vpns_engine.training.memory import guarded_pass
from vpns_engine.training.steps import evaluation_logits, half_step

CPU_WORDS = "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."
LACKS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError(CPU_WORDS),
    RuntimeError("MPS backend out of memory (MPS allocated: 1.00 GB)"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    MemoryError(),
]


@pytest.mark.parametrize("lack", LACKS, ids=lambda lack: type(lack).__name__)
def test_that_a_lack_of_memory_is_told_with_a_smaller_micro_batch(lack):
    with pytest.raises(OutOfMemory) as caught, guarded_pass(nn.Linear(2, 2), 65, 224):
        raise lack
    assert caught.value.micro_batch == 32
    text = str(caught.value)
    assert "65 images of 224 px" in text and "--micro-batch 32" in text and "updates stay the same" in text
    assert "\n" not in text


def test_that_networks_with_batch_norm_are_said_to_differ():
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))
    words = "results differ a little then: batch-norm sees the smaller batches"
    with pytest.raises(OutOfMemory, match=words), guarded_pass(network, 8, 32):
        raise LACKS[0]


def test_that_a_single_image_that_does_not_fit_gets_other_advice():
    words = "single image of 1024 px: take a smaller image or a smaller network"
    with pytest.raises(OutOfMemory, match=words) as caught, guarded_pass(nn.Linear(2, 2), 1, 1024):
        raise LACKS[0]
    assert caught.value.micro_batch == 0


def test_that_other_errors_of_a_pass_stay_what_they_are():
    with pytest.raises(RuntimeError, match="mat1 and mat2") as caught, guarded_pass(nn.Linear(2, 2), 8, 32):
        nn.Linear(2, 2)(torch.ones(1, 3))
    assert not isinstance(caught.value, EngineError)


def test_that_torch_itself_is_understood_on_the_cpu():
    with pytest.raises(OutOfMemory), guarded_pass(nn.Linear(2, 2), 8, 32):
        torch.empty(1 << 60)


class _Full(nn.Module):
    """A network that fits `limit` images into memory."""

    def __init__(self, network, limit):
        super().__init__()
        self.network, self.limit = network, limit

    def forward(self, x):
        if len(x) > self.limit:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return self.network(x)


def _state(limit, micro_batch=0):
    state = rewound(tiny_state())
    state.micro_batch = micro_batch
    state.prepare(search())
    state.network.network = _Full(state.network.network, limit)
    state.network.train()
    return state, next(state.feeds.vp.batches("", 1))


def test_that_nothing_is_learned_from_half_a_batch():
    state, batch = _state(2)
    scores, weights = [score.clone() for score in state.network.scores], dense_copy(state)
    with pytest.raises(OutOfMemory, match="4 images of 8 px"):
        half_step(state, PROMPTED[0], batch)
    assert all(torch.equal(score, before) for score, before in zip(state.network.scores, scores, strict=True))
    assert all(torch.equal(value, weights[name]) for name, value in dense_copy(state).items() if "running" not in name)
    with pytest.raises(OutOfMemory):
        evaluation_logits(state, batch, prompted=True)
    assert state.network.training


def test_that_the_micro_batch_that_is_suggested_helps():
    state, batch = _state(2)
    with pytest.raises(OutOfMemory) as caught:
        half_step(state, PROMPTED[0], batch)
    state, batch = _state(2, caught.value.micro_batch)
    assert half_step(state, PROMPTED[0], batch).count == 4
    assert evaluation_logits(state, batch, prompted=False).shape == (4, 3)


def test_that_a_run_ends_with_the_advice_and_is_done_with_it(tmp_path, monkeypatch):
    pictures = make_pictures(tmp_path / "pictures")
    cross_entropy = steps.functional.cross_entropy

    def scarce(logits, target, **options):
        if len(target) > 2 and "reduction" not in options:  # in a half-step
            raise RuntimeError(CPU_WORDS)
        return cross_entropy(logits, target, **options)

    monkeypatch.setattr(steps.functional, "cross_entropy", scarce)
    _, events = run(tiny_config(pictures, dense="none"), tmp_path / "runs")
    assert events[-1].status == "failed" and "--micro-batch 2" in events[-1].text
    _, events = run(tiny_config(pictures, dense="none", data={"micro_batch": 2}), tmp_path / "runs")
    assert events[-1].status == "finished"
