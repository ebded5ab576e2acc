"""Time of a stage-1 and a stage-2 iteration over two bare dense forward-backward passes: `python -m tests.bench`.

All in one process, interleaved round by round; the ratio of each round is taken, then the median. Other work on the machine
then falls on both sides. Prints a profile of the stage's own parts as well, what reading the pictures takes beside the released
code's way, and the share of an iteration that is spent waiting for them.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import torch
import torchvision
from torch import nn
from torch.nn import functional

from tests.bench_data import cifar_shaped, compare, compare_files, feeds_of, waiting_share
from tests.bench_library import listing
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.specs.optim import OptimGroups, OptimSpec
from vpns_engine.specs.phase import Finetune, HalfStep, Search
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.run import RunConfig
from vpns_engine.training.feeds import Batch, Feeds
from vpns_engine.training.images import HeldImages
from vpns_engine.training.precision import in_force
from vpns_engine.training.state import TrainState
from vpns_engine.training.steps import half_step

NUM_TARGET = 10
DENSITY = 0.1
RELEASED = {("stage 1", 64): 3.1, ("stage 1", 224): 1.30, ("stage 2", 64): 1.6, ("stage 2", 224): 1.09}
"""Ratios of the released code, measured on two CPU cores."""
WANTED = {("stage 1", 64): 1.25, ("stage 1", 224): 1.06, ("stage 2", 64): 1.20, ("stage 2", 224): 1.05}


@dataclass(frozen=True)
class OneBatch:
    """A feed of one batch, again and again."""

    batch: Batch

    def __len__(self) -> int:
        return 1

    def batches(self, _purpose: str, _epoch: int, _first: int = 0) -> Iterator[Batch]:
        yield self.batch


def make_state(network: nn.Module, batch: Batch, device: torch.device) -> TrainState:
    """Make the state of a run with the paper's rates."""
    size = batch.x_BCHW.shape[-1]
    feed = OneBatch(batch)
    adam, sgd = OptimSpec(kind="adam", lr=1e-4), OptimSpec(kind="sgd", lr=1e-2)
    spec = PromptSpec(kind="pad", canvas=size, pad=size // 14)
    state = TrainState(
        network=SparseNetwork(network),
        prompt=build_prompt(spec, size, lambda: (0, 0)).to(device),
        feeds=Feeds(feed, feed, None, feed),
        optim=OptimGroups(scores=adam, search_prompt=adam, weights=sgd, finetune_prompt=sgd),
        num_source=1000,
        num_target=NUM_TARGET,
        seed=7,
        device=device,
    )
    state.rewind(DENSITY)
    state.mapping_T = torch.arange(NUM_TARGET, device=device)
    state.network.train()
    return state


def two_bare_passes(network: nn.Module, batch: Batch) -> None:
    """Do two dense forward-backward passes, every parameter with its gradient."""
    for _ in range(2):
        network.zero_grad(set_to_none=True)
        functional.cross_entropy(network(batch.x_BCHW)[:, :NUM_TARGET], batch.y_B).backward()


def iteration(state: TrainState, phase: Search | Finetune, batch: Batch) -> Callable[[], None]:
    """Give one iteration of a phase: its half-steps, and reading the losses."""
    state.prepare(phase)

    def work() -> None:
        results = [half_step(state, half, batch) for half in phase.steps]
        for result in results:
            float(result.loss)

    return work


def phases() -> dict[str, Search | Finetune]:
    """Give the two stages of VPNs."""
    search = (HalfStep("vp", True, ("scores", "prompt")), HalfStep("train", False, ("scores",)))
    tune = (HalfStep("vp", True, ("weights", "prompt")), HalfStep("train", False, ("weights",)))
    return {"stage 1": Search(0, DENSITY, 30, search), "stage 2": Finetune(0, DENSITY, 30, tune)}


def timed(work: Callable[[], None], device: torch.device) -> float:
    """Give the seconds a piece of work takes."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def measure(size: int, batch_size: int, rounds: int, device: torch.device) -> None:
    """Print both ratios for one image size."""
    torch.manual_seed(7)
    x, y = torch.rand(batch_size, 3, size, size), torch.randint(0, NUM_TARGET, (batch_size,))
    batch = Batch(x.to(device), y.to(device))
    bare = torchvision.models.resnet18().to(device)
    for name, phase in phases().items():
        work = iteration(make_state(torchvision.models.resnet18().to(device), batch, device), phase, batch)
        pairs = []
        for number in range(rounds + 1):
            pair = timed(lambda: two_bare_passes(bare, batch), device), timed(work, device)
            if number:  # the first round warms up
                pairs.append(pair)
        ratios = sorted(ours / dense for dense, ours in pairs)
        print(
            f"{name}  {size:3d} px  batch {batch_size}: ratio {median(ratios):.3f} (quartiles {ratios[len(ratios) // 4]:.3f}"
            f"-{ratios[-1 - len(ratios) // 4]:.3f}), dense {median(d for d, _ in pairs) * 1e3:.0f} ms,"
            f" iteration {median(o for _, o in pairs) * 1e3:.0f} ms; wanted {WANTED.get((name, size), float('nan')):.2f},"
            f" released code {RELEASED.get((name, size), float('nan')):.2f}",
            flush=True,
        )


def parts(size: int, batch_size: int, device: torch.device) -> None:
    """Print what the parts of a score step and a weight step cost, in ms (least of several)."""
    x, y = torch.rand(batch_size, 3, size, size), torch.zeros(batch_size, dtype=torch.int64)
    batch = Batch(x.to(device), y.to(device))
    state = make_state(torchvision.models.resnet18().to(device), batch, device)
    network = state.network
    state.prepare(phases()["stage 1"])

    def gradients() -> None:
        for item in network.scored:
            item.parameter.grad = torch.full_like(item.parameter, 1e-3)

    def least(work: Callable[[], object]) -> float:
        found: list[float] = []
        for _ in range(7):
            gradients()
            found.append(timed(lambda: _discard(work), device))
        return min(found) * 1e3

    def whole_pass(x_BCHW: torch.Tensor) -> None:
        network.zero_grad(set_to_none=True)
        functional.cross_entropy(network(x_BCHW)[:, :NUM_TARGET], batch.y_B).backward()

    network.scores_from_gradients()
    rows = {
        "a pass, for scale": least(lambda: whole_pass(batch.x_BCHW)),
        "a pass with the prompt's gradient": least(lambda: whole_pass(state.prompt(batch.x_BCHW))),
        "gradient of the scores": least(network.scores_from_gradients),
        "Adam over the scores (fused)": least(state.optimizers["scores"].step),
        "exact threshold": least(lambda: network.update_threshold()) - least(network.refresh),
        "weights W * m": least(network.refresh),
        "gradient of the weights": least(network.weights_from_gradients),
        "one copy of all scores, for scale": least(lambda: [score.clone() for score in network.scores]),
    }
    for name, milliseconds in rows.items():
        print(f"  {name:36s} {milliseconds:7.1f} ms")


def waiting(size: int, batch_size: int, device: torch.device) -> None:
    """Print the share of a stage-1 iteration that waits for its two batches, as a run computes on the device."""
    feeds = feeds_of(HeldImages(cifar_shaped(batch_size * 8), device), batch_size * 8, size, batch_size)
    first = next(feeds[0].batches("search", 0))
    state = make_state(torchvision.models.resnet18().to(device), first, device)
    state.computing = in_force(RunConfig(), device)
    phase = phases()["stage 1"]
    state.prepare(phase)

    def work(train: Batch, vp: Batch) -> None:
        for half in phase.steps:
            float(half_step(state, half, {"train": train, "vp": vp}[half.view]).loss)

    share = waiting_share(work, feeds, device, rounds=4 if device.type == "cpu" else 30)
    precision = state.computing.precision
    print(f"waiting for data  {size} px  batch {batch_size}, {precision}: {share:.1%} of an iteration", flush=True)


def _discard(work: Callable[[], object]) -> None:
    work()


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 224])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data-batch", type=int, default=0, help="batch of the data path; 0: 256 on a GPU, 64 elsewhere")
    parser.add_argument("--only-data", action="store_true", help="measure the data path alone")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    print(f"ResNet-18, torch {torch.__version__}, {device}, {options.threads} thread(s)")
    if not options.only_data:
        for size in options.sizes:
            measure(size, options.batch, max(3, options.rounds * 64 // size), device)
        parts(options.sizes[0], options.batch, device)
    on_cpu = device.type == "cpu"
    data_batch = options.data_batch or (64 if on_cpu else 256)
    compare(224, data_batch, data_batch * 32, device)
    compare_files(224, data_batch, data_batch * 8, device)
    waiting(224, options.batch if on_cpu else data_batch, device)
    listing(10_000)


if __name__ == "__main__":
    main()
