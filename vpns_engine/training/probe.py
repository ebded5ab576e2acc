"""Times a few iterations of a run before it is started, with its own network, images and device."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import torch

from vpns_engine.catalogue import catalogue
from vpns_engine.data_sets.status import status_of
from vpns_engine.datasets import root_of
from vpns_engine.errors import EngineError
from vpns_engine.estimate import Estimate, memory_free, peak_memory
from vpns_engine.events import RunStarted
from vpns_engine.files import write_whole
from vpns_engine.keeping import read_keeping
from vpns_engine.nn.criteria import set_by_criterion
from vpns_engine.plan import plan
from vpns_engine.specs.data import DATASET_LABELS, NAMED
from vpns_engine.specs.phase import DENSE, Finetune, HalfStep, MapLabels, Phase, Score, Search, Test, epochs_of
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.training.feeds import Batch, Feed, ImageFeed
from vpns_engine.training.images import ImageSource
from vpns_engine.training.randomness import key_of
from vpns_engine.training.run import Run
from vpns_engine.training.state import TrainState
from vpns_engine.training.steps import evaluation_logits, half_step
from vpns_engine.usage import Room, room_of
from vpns_engine.weights_files import find_weights

Report = Callable[[str], object]
_LEAST, _MOST = 3, 40
_WRITTEN_BYTES = 64 * 2**20
_CONTEXT_BYTES = 2**30
"""CUDA takes no more for itself; what else is taken on a GPU is another program's."""
Steps = tuple[HalfStep, ...]


@dataclass
class _Pace:
    """Seconds of each thing a run does."""

    first: dict[Steps, float] = field(default_factory=dict)
    """An iteration of the first epoch, where pictures are decoded."""
    later: dict[Steps, float] = field(default_factory=dict)
    look: float = 0.0
    """A batch is looked at, in one view."""
    prepare: float = 0.0
    epoch_files: float = 0.0
    """Prompt and masks of an epoch are written."""
    byte: float = 0.0
    """A byte of a large file is written."""


def probe(
    config: RunConfig,
    runs: Path,
    *,
    seconds: float = 8.0,
    began: float | None = None,
    report: Report = lambda _text: None,
) -> Estimate:
    """Do a little of every stage of a run, and reckon what all of it takes.

    Args:
        config: the run. Weights that are not there yet count as random ones: they are as fast.
        runs: the folder of runs; a hidden folder in it is written to and removed.
        seconds: how long the iterations are timed, about; at least one of each stage is.
        began: when the work before this began, in seconds since 1970, if that counts too: loading torch.
        report: told what is being timed.

    Raises:
        EngineError: the run could not start, or does not fit into the memory.
    """
    began = time.time() if began is None else began
    _check_data(config)
    free = memory_free()
    with _folder(runs) as folder:
        run = Run(_without_download(config), RunStore.create(folder, config))
        report("Reading the images and the network")
        try:
            started = next(event for event in run.events() if isinstance(event, RunStarted))
            made = _Probe(config, run.state, started, report, prepare=time.time() - began)
            return made.estimate(seconds, folder).model_copy(update={"memory_free": free})
        finally:
            run.close()


def _check_data(config: RunConfig) -> None:
    data = config.data
    if data.dataset in NAMED and status_of(data.dataset, root_of(data)).state == "download":
        raise EngineError(f"{DATASET_LABELS[data.dataset]} is not there yet: download it first, then estimate")


def _without_download(config: RunConfig) -> RunConfig:
    model = config.model
    known = model.weights != "pretrained" or not catalogue()[model.architecture].url or find_weights(model.architecture)
    return config if known else config.model_copy(update={"model": model.model_copy(update={"weights": "none"})})


@contextmanager
def _folder(runs: Path) -> Iterator[Path]:
    """Make a folder on the disk that the run will write to; the machine's own for such, where that cannot be."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix=".estimate-", dir=runs, ignore_cleanup_errors=True)
    except OSError:
        made = tempfile.TemporaryDirectory(prefix="vpns-estimate-", ignore_cleanup_errors=True)
    with made as name:
        yield Path(name)


class _Probe:
    def __init__(self, config: RunConfig, state: TrainState, started: RunStarted, report: Report, *, prepare: float) -> None:
        self._config = config
        self._state = state
        self._started = started
        self._report = report
        self._pace = _Pace(prepare=prepare)

    def estimate(self, seconds: float, folder: Path) -> Estimate:
        phases = plan(self._config)
        kinds = {phase.steps: phase for phase in phases if isinstance(phase, Search | Finetune)}
        for phase in kinds.values():
            self._report("Timing the search" if isinstance(phase, Search) else "Timing the tuning")
            self._enter(phase, phases)
            self._time_iterations(phase, seconds / (len(kinds) + 1))
            self._time_files(phase)
        self._report("Timing the measurements")
        self._time_looks(seconds / (len(kinds) + 1))
        self._time_disk(folder)
        parts = self._parts(phases)
        device = self._state.device
        return Estimate(
            device=self._started.device,
            threads=self._started.threads,
            seconds=sum(parts.values()),
            parts=parts,
            memory=peak_memory() + self._to_come(),
            memory_free=0,
            device_memory=_device_memory(device),
            device_free=_device_free(device),
            num_source=len(self._started.source_classes),
            num_target=len(self._started.target_classes),
            num_test=self._started.num_test,
            iterations=sum(epochs_of(phase) for phase in phases) * len(self._state.feeds.train),
        )

    def _enter(self, phase: Search | Finetune, phases: tuple[Phase, ...]) -> None:
        """Bring the state to the start of a phase, with all that a run holds by then."""
        state = self._state
        state.rewind(phase.density)
        for before in phases:
            if isinstance(before, Score) and before.level == phase.level:
                set_by_criterion(state.network, before.criterion, before.density, key_of(state.seed, "random mask"))
        if state.mapping_T is None:  # any will do
            state.mapping_T = torch.arange(state.num_target, device=state.device)
        if isinstance(phase, Finetune) and phase.level != DENSE:
            state.found = state.snapshot(0)
        state.prepare(phase)
        if isinstance(phase, Finetune):
            state.best = state.snapshot(0, scores=False)

    def _time_iterations(self, phase: Search | Finetune, seconds: float) -> None:
        """Time some iterations twice: pictures are decoded at the first time only, and the same is true of epochs."""
        self._state.network.train()
        first, count = self._passed(phase, seconds / 2, _MOST)
        later, _ = self._passed(phase, seconds / 2, max(1, count))
        source = self._source()
        share = source.kept_share if source else 1.0  # what there is no room for is decoded at every epoch
        self._pace.first[phase.steps] = first
        self._pace.later[phase.steps] = first - share * max(0.0, first - later)

    def _passed(self, phase: Search | Finetune, seconds: float, most: int) -> tuple[float, int]:
        """Give the seconds of an iteration, and how many were made; a first one to warm up does not count if others came."""
        times: list[float] = []
        began = time.monotonic()
        feeds = {"train": self._state.feeds.train, "vp": self._state.feeds.vp}
        passes = zip(*(_batches(feeds[half.view], phase.kind, most) for half in phase.steps), strict=False)
        for batches in passes:
            for half, batch in zip(phase.steps, batches, strict=True):
                float(half_step(self._state, half, batch).loss)
            times.append(time.monotonic() - began - sum(times))
            if (sum(times) >= seconds and len(times) >= min(_LEAST, most)) or sum(times) > 3 * seconds:
                break
        if not times:
            raise EngineError("none of the training images can be read")
        counted = times[1:] or times
        return sum(counted) / len(counted), len(times)

    def _time_files(self, phase: Search | Finetune) -> None:
        keeper, state, began = self._state.keeper, self._state, time.monotonic()
        if keeper is None or phase.level == DENSE:
            return
        if state.prompt.learns:
            keeper.keep_prompt(phase, 0, state.prompt)
        if isinstance(phase, Search):
            keeper.keep_masks(phase, 0, state.network)
        self._pace.epoch_files = max(self._pace.epoch_files, time.monotonic() - began)

    def _time_looks(self, seconds: float) -> None:
        state = self._state
        if state.mapping_T is None:
            state.mapping_T = torch.arange(state.num_target, device=state.device)
        views = (False, True) if state.prompt.learns else (False,)
        times: list[float] = []
        for batch in _batches(state.feeds.test, "evaluate", _MOST):
            began = time.monotonic()
            for prompted in views:
                int(evaluation_logits(state, batch, prompted=prompted).argmax(1).sum())
            times.append((time.monotonic() - began) / len(views))
            if sum(times) * len(views) > seconds:
                break
        counted = times[1:] or times
        self._pace.look = sum(counted) / max(1, len(counted))

    def _time_disk(self, folder: Path) -> None:
        """Write a file as large as a checkpoint, or a part of it."""
        size = min(_WRITTEN_BYTES, self._checkpoint_bytes())
        if not size:
            return
        began = time.monotonic()
        write_whole(folder / "speed", lambda path: path.write_bytes(bytes(size)))
        self._pace.byte = (time.monotonic() - began) / size

    def _checkpoint_bytes(self) -> int:
        room = self._room()
        return room.checkpoint if room else 0

    def _room(self) -> Room | None:
        started = self._started
        return room_of(
            self._config,
            read_keeping(),
            num_target=len(started.target_classes),
            num_in_file=len(started.source_classes),
            num_test=started.num_test,
        )

    def _to_come(self) -> int:
        """Give the bytes of pictures that a run will hold and that are not there yet, of the machine's memory."""
        source = self._source()
        return source.room if source is not None and self._state.device.type != "cuda" else 0

    def _source(self) -> ImageSource | None:
        feed = self._state.feeds.train
        return feed.source if isinstance(feed, ImageFeed) else None

    def _parts(self, phases: tuple[Phase, ...]) -> dict[str, float]:
        """Reckon the seconds of each kind of work."""
        found = dict.fromkeys(("preparing", "mapping", "search", "tuning", "measuring", "writing"), 0.0)
        found["preparing"] = self._pace.prepare
        feeds, pace = self._state.feeds, self._pace
        num_train, num_test = len(feeds.train), len(feeds.test)
        num_validation = len(feeds.validation) if feeds.validation else 0
        checkpoint = self._checkpoint_bytes() * pace.byte
        fresh = True
        for phase in phases:
            match phase:
                case MapLabels() if phase.rule != "rlm":
                    found["mapping"] += num_train * pace.look
                case Test():
                    found["measuring"] += num_test * pace.look
                case Search() | Finetune():
                    views = 2 if self._state.prompt.learns and phase.level != DENSE else 1
                    part = "search" if isinstance(phase, Search) else "tuning"
                    found[part] += phase.epochs * num_train * pace.later[phase.steps]
                    if fresh:
                        found[part] += num_train * (pace.first[phase.steps] - pace.later[phase.steps])
                        fresh = False
                    found["mapping"] += phase.epochs * num_train * pace.look * (phase.remap is not None)
                    shown = phase.epochs + isinstance(phase, Search)
                    found["measuring"] += shown * num_validation * views * pace.look
                    found["writing"] += shown * (pace.epoch_files + checkpoint)
                    if isinstance(phase, Finetune):
                        stages = 2 if self._has_search(phases, phase.level) else 1
                        found["measuring"] += stages * num_test * views * pace.look
                case _:
                    pass
        return found

    def _has_search(self, phases: tuple[Phase, ...], level: int) -> bool:
        return any(isinstance(phase, Search) and phase.level == level for phase in phases)


def _batches(feed: Feed, purpose: str, most: int) -> Iterator[Batch]:
    return islice(feed.batches(purpose, 1), most)


def _device_memory(device: torch.device) -> int | None:
    """Give the most that was taken of a GPU, with what CUDA itself takes beside it."""
    if device.type != "cuda":
        return None
    free, total = torch.cuda.mem_get_info(device)
    reserved = torch.cuda.memory_reserved(device)
    return torch.cuda.max_memory_reserved(device) + max(0, min(total - free - reserved, _CONTEXT_BYTES))


def _device_free(device: torch.device) -> int | None:
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device)
