"""The ways to compute a batch that are timed: PyTorch on the CPU and on a GPU, ONNX Runtime on the CPU."""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from vpns_engine.errors import EngineError
from vpns_engine.export.onnx_file import OnnxNetwork, write_onnx
from vpns_engine.gains.model import Spread, Timing, Variant
from vpns_engine.gains.subject import Subject
from vpns_engine.gains.timing import Beat, Effort, Pass, time_passes

BATCHES = (1, 32)
MOST_DIFFERENCE = 1e-3
"""Of ONNX Runtime's logits to PyTorch's, over the largest logit; beyond it, it does not compute the same network."""
_CHECKED = 4
Say = Callable[[str, float], object]
"""Is told what goes on, and the share of it that is done."""


def time_torch(subject: Subject, threads: int, effort: Effort, say: Say) -> tuple[Timing, ...]:
    """Time PyTorch on the CPU."""
    passes: dict[Variant, Pass] = dict(subject.variants)
    found = []
    for place, size in enumerate(BATCHES):
        beat = partial(_beat, say, "PyTorch on the CPU", place)
        found.append(_timing("PyTorch", "cpu", passes, subject.batch(size), effort, beat, threads))
    return tuple(found)


def time_cuda(subject: Subject, effort: Effort, say: Say) -> tuple[Timing, ...]:
    """Time PyTorch on the first GPU, in float32; a pass is over when the GPU has finished it."""
    found, device = [], "cuda"
    with _on_device(subject, device) as passes:
        for place, size in enumerate(BATCHES):
            beat = partial(_beat, say, "PyTorch on the GPU", place)
            found.append(_timing("PyTorch", device, passes, subject.batch(size).to(device), effort, beat))
    return tuple(found)


def time_onnx(subject: Subject, threads: int, effort: Effort, folder: Path, say: Say) -> tuple[Timing, ...]:
    """Time ONNX Runtime on the CPU, on files that are written into `folder`.

    Raises:
        EngineError: a file cannot be written or run, or gives other logits than PyTorch.
    """
    networks: dict[Variant, OnnxNetwork] = {}
    worst = 0.0
    for place, (name, network) in enumerate(subject.variants.items()):
        say(f"Writing the {name} network as ONNX", 0.4 * place / len(subject.variants))
        path = folder / f"{name}.onnx"
        write_onnx(network, subject.batch(2), path)
        networks[name] = OnnxNetwork(path, threads=threads)
        worst = max(worst, _difference(network, networks[name], subject.batch(_CHECKED)))
    passes: dict[Variant, Pass] = {name: partial(_run_onnx, network) for name, network in networks.items()}
    found = []
    for place, size in enumerate(BATCHES):
        beat = partial(_beat, lambda text, done: say(text, 0.4 + 0.6 * done), "ONNX Runtime on the CPU", place)
        timing = _timing("ONNX Runtime", "cpu", passes, subject.batch(size), effort, beat, threads)
        found.append(timing.model_copy(update={"most_difference": worst}))
    return tuple(found)


def _timing(
    engine: str, device: str, passes: Mapping[Variant, Pass], batch: Tensor, effort: Effort, beat: Beat, threads: int = 0
) -> Timing:
    timed = time_passes(passes, batch, effort, beat)
    seconds: dict[Variant, Spread] = timed.seconds
    return Timing.model_validate(
        {"engine": engine, "device": device, "batch": len(batch), "threads": threads, "seconds": seconds, "ratio": timed.ratio}
    )


def _beat(say: Say, what: str, place: int, done: float) -> None:
    say(f"{what}, batch of {BATCHES[place]}", (place + done) / len(BATCHES))


def _run_onnx(network: OnnxNetwork, batch: Tensor) -> None:
    network(batch.numpy())


def _difference(network: Pass, other: OnnxNetwork, batch: Tensor) -> float:
    with torch.inference_mode():
        expected = network(batch)
    found = torch.from_numpy(other(batch.numpy()))
    difference = float((expected - found).abs().max() / expected.abs().max().clamp(min=1e-30))
    # written so that NaN fails too
    if not difference <= MOST_DIFFERENCE:
        raise EngineError(f"ONNX Runtime gives other logits than PyTorch: they differ by {difference:.2g} of the largest")
    return difference


@contextmanager
def _on_device(subject: Subject, name: str) -> Iterator[Mapping[Variant, Pass]]:
    """Give the passes on a device; the networks here stay where they are."""

    def computed(network: Pass, batch: Tensor) -> None:
        network(batch)
        torch.cuda.synchronize()

    there = {variant: copy.deepcopy(network).to(name) for variant, network in subject.variants.items()}
    yield {variant: partial(computed, network) for variant, network in there.items()}
    there.clear()
    torch.cuda.empty_cache()
