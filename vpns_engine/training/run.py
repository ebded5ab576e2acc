"""A run: from a config to its events."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace

import torch

from vpns_engine.data_sets.fetch import fetch
from vpns_engine.data_sets.status import status_of
from vpns_engine.datasets import DatasetInfo, Part, Split, root_of, split_of
from vpns_engine.errors import EngineError
from vpns_engine.events import Event, Message, PhaseInfo, Preparing, RunStarted
from vpns_engine.files import expanded
from vpns_engine.forecast import cross_check
from vpns_engine.keeping import read_keeping
from vpns_engine.nn.classifier import replace_classifier
from vpns_engine.nn.fingerprint import weights_sha256
from vpns_engine.nn.models import Pretrained, load_pretrained
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.plan import plan
from vpns_engine.specs.data import DATASET_LABELS, NAMED
from vpns_engine.specs.phase import Finetune, Load, MapLabels, Phase, Rewind, Score, Search, Test, epochs_of
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.training.checkpoint import ResumePoint, restore, write_checkpoint
from vpns_engine.training.device import choose_device, clear_device, set_threads
from vpns_engine.training.feeds import Feeds, ImageFeed
from vpns_engine.training.images import ImageSource
from vpns_engine.training.keeper import SAMPLES, FolderKeeper
from vpns_engine.training.loading import pretrained_of_state
from vpns_engine.training.phases import execute, interrupt, rescue
from vpns_engine.training.place import Place
from vpns_engine.training.precision import in_force
from vpns_engine.training.randomness import PromptPlaces, key_of
from vpns_engine.training.resuming import Told, changes
from vpns_engine.training.sources import open_source
from vpns_engine.training.state import TrainState


class Run:
    """One run of a config into a folder. The work happens between two events of `events()`."""

    def __init__(
        self,
        config: RunConfig,
        store: RunStore,
        notify: Callable[[Event], None] = lambda _event: None,
        resume: ResumePoint | None = None,
    ) -> None:
        """Prepare nothing yet; `notify` is told of downloads while they go on, between two events.

        With `resume` the events are those that come after that point; without, or where it is the very start, all.
        """
        self._resume = resume or ResumePoint(-1, Place(phase=0))
        self._told = Told()
        self._config = config
        self._store = store
        self._notify = notify
        self._phases = plan(config)
        self._current = -1
        self._state: TrainState | None = None
        self._source: ImageSource | None = None
        self._warnings: list[str] = []
        self.device = ""

    def events(self) -> Generator[Event]:
        """Do the run.

        Raises:
            EngineError: the config cannot work with what is there, or a file cannot be read or written.
        """
        for event in self._events():
            self._told.note(event, self._state.moment if self._state is not None else None)
            yield event

    def _events(self) -> Generator[Event]:
        started = yield from self._prepare()
        here = self._resume.place
        if self._resume.at < 0:
            self.state.mark(here)
            yield started
        else:
            yield from self._take_up(started)
        for index, phase in enumerate(self._phases[here.phase :], here.phase):
            self._current = index
            for event in execute(index, phase, self.state, here if index == here.phase else None):
                yield event
                yield from self._drain()
        self._current = -1
        yield from self._drain()

    def _take_up(self, started: RunStarted) -> Iterator[Event]:
        """Make the state what it was at the point from which the run goes on; nothing of that is held twice.

        Raises:
            EngineError: network or images are not those it was begun with, or the checkpoint does not fit.
        """
        point, state = self._resume, self.state
        for text in changes(started, point):
            yield Message(severity="warning", text=text)
        if point.checkpoint is not None:
            restore(point.checkpoint, state, self._phases)
            if self._source is not None:
                self._source.broken.update(point.checkpoint.about.broken)
            point.checkpoint = None
        state.mark(point.place)
        self._told.go_on(state.moment, point)

    @property
    def consistent(self) -> bool:
        """Tell whether there is a whole moment to write: not while an iteration is under way, nor after one that failed."""
        return self._state is not None and self._state.moment is not None

    def checkpoint(self, seq: int) -> None:
        """Write the last whole moment, so that the run can go on from it; see `resume_point`.

        Args:
            seq: number of the last event of `events()` that was told.

        Raises:
            EngineError: it cannot be written; the one before stands.
        """
        if not self.consistent:
            raise ValueError("an iteration is under way: there is nothing whole to write")
        at, told = self._told.numbers(seq)
        broken = sorted(self._source.broken) if self._source is not None else ()
        write_checkpoint(self._store, self.state, at=at, told=told, broken=broken)

    @property
    def state(self) -> TrainState:
        """What the phases work on, once it is there."""
        assert self._state is not None
        return self._state

    def _prepare(self) -> Generator[Event, None, RunStarted]:
        """Read images and network, make the state, and say what will be worked on."""
        self._bring_data()
        yield Preparing(text="Reading the images")
        split = split_of(self._config.data, self._config.seed)
        device = choose_device(self._config.device)
        self.device = str(device)
        threads = set_threads(self._resume.threads or self._config.threads)
        yield Preparing(text="Loading the network")
        pretrained = self._load_network()
        self._check(pretrained, split)
        self._source = open_source(split, self._config.data, device, lambda text: self._warnings.append(text))
        fingerprint = weights_sha256(pretrained.module)
        if self._config.mapping.kind == "head":
            pretrained = self._with_head(pretrained, split)
        state = self._state = self._make_state(pretrained, split, device)
        return self._started(pretrained, split, state, threads).model_copy(update={"weights_sha256": fingerprint})

    def interrupt(self) -> Iterator[Event]:
        """Keep the result so far; to be called after the holder of `events()` has closed it."""
        if self._state is not None and self._current >= 0:
            yield from interrupt(self._current, self._phases[self._current], self._state)

    def rescue(self) -> Iterator[Event]:
        """Keep what can be kept of a run that failed; to be called after `events()` raised."""
        if self._state is not None and self._current >= 0:
            yield from rescue(self._current, self._phases[self._current], self._state)

    def close(self) -> None:
        """Let go of what is held."""
        if self._source is not None:
            self._source.close()
        self._state = None

    def release(self) -> None:
        """Let go of all that lies on the device; to be called after the holder of `events()` has closed it."""
        self.close()
        self._source = None
        self._resume.checkpoint = None
        clear_device()

    def _check(self, pretrained: Pretrained, split: Split) -> None:
        if self._config.mapping.kind != "head":
            _check_classes(pretrained, split)
        _check_sizes(self._config, pretrained, split)

    def _bring_data(self) -> None:
        """Download a named data set that is not there yet, where it can be; what is incomplete is left to its owner.

        Raises:
            EngineError: it is incomplete, or the download failed.
        """
        data = self._config.data
        if data.dataset not in NAMED:
            return
        status = status_of(data.dataset, root_of(data))
        if status.state == "incomplete":
            raise EngineError(f"{DATASET_LABELS[data.dataset]} is {status.text}")
        if status.state == "download":
            fetch(data.dataset, root_of(data), self._report)

    def _load_network(self) -> Pretrained:
        config = self._config
        if config.start_from:
            return pretrained_of_state(config.model.architecture, expanded(config.start_from))
        return load_pretrained(config.model, config.seed, self._report)

    def _with_head(self, pretrained: Pretrained, split: Split) -> Pretrained:
        """Put a classifier of the task's own classes in place of the pre-trained one."""
        config = self._config
        key = key_of(config.seed, "head")
        head = replace_classifier(pretrained.module, config.model.architecture, len(split.classes), key)
        return replace(pretrained, source_classes=split.classes, head=head)

    def _report(self, text: str, done: float | None) -> None:
        self._notify(Preparing(text=text, done=done))

    def _drain(self) -> Iterator[Event]:
        texts, self._warnings = self._warnings, []
        for text in texts:
            yield Message(severity="warning", text=text)

    def _make_state(self, pretrained: Pretrained, split: Split, device: torch.device) -> TrainState:
        config = self._config
        places = _places(config)
        start = key_of(config.seed, "prompt start")
        size, wanted = config.data.image_size, pretrained.normalization
        prompt = build_prompt(config.effective_prompt, size, places, start, wanted)
        num_target, head = len(split.classes), pretrained.head
        return TrainState(
            network=SparseNetwork(pretrained.module.to(device), (head,) if head else ()),
            prompt=prompt.to(device),
            feeds=self._feeds(split, device),
            optim=config.optim,
            num_source=len(pretrained.source_classes),
            num_target=num_target,
            mapping_T=torch.arange(num_target, device=device) if head else None,
            seed=config.seed,
            device=device,
            keeper=FolderKeeper(self._store, read_keeping().epoch_artifacts),
            places=places,
            computing=in_force(config, device),
            micro_batch=config.data.micro_batch,
        )

    def _feeds(self, split: Split, device: torch.device) -> Feeds:
        assert self._source is not None
        common = _Common(self._source, self._config, device)
        return Feeds(
            train=common.feed(split, "train", augmented=True, shuffled=True),
            vp=common.feed(split, "vp", augmented=False, shuffled=True),
            validation=common.feed(split, "validation") if len(split.validation) else None,
            test=common.feed(split, "test"),
        )

    def _keep_samples(self, keeper: FolderKeeper, shown: Part) -> str:
        """Write example images; a run that goes on holds them against those it was begun with."""
        assert self._source is not None
        path = self._store.path(SAMPLES)
        before = path.read_bytes() if self._resume.at >= 0 and path.is_file() else None
        relative = keeper.keep_samples(self._source, shown, self._config.data.image_size)
        if before is not None and before != path.read_bytes():
            self._warnings.append("the images look different than when the run was begun: the result may differ")
        return relative

    def _started(self, pretrained: Pretrained, split: Split, state: TrainState, threads: int) -> RunStarted:
        assert isinstance(state.keeper, FolderKeeper) and self._source is not None
        shown = split.validation if len(split.validation) else split.train
        size = self._config.data.image_size
        return RunStarted(
            method=self._config.method,
            phases=tuple(_info(phase, len(state.feeds.train), len(state.feeds.test)) for phase in self._phases),
            layers=state.network.layers,
            source_classes=pretrained.source_classes,
            target_classes=split.classes,
            num_train=len(split.train),
            num_validation=len(split.validation),
            num_test=len(split.test),
            num_prompt_values=self._config.effective_prompt.num_values(size),
            half_steps=max((len(phase.steps) for phase in self._phases if isinstance(phase, Search | Finetune)), default=0),
            device=str(state.device),
            threads=threads,
            precision=state.computing.precision,
            channels_last=state.computing.channels_last,
            samples_path=self._keep_samples(state.keeper, shown),
        )


@dataclass(frozen=True)
class _Common:
    """What all feeds of a run share."""

    source: ImageSource
    config: RunConfig
    device: torch.device

    def feed(self, split: Split, name: str, *, augmented: bool = False, shuffled: bool = False) -> ImageFeed:
        """Make the feed `name`; `vp` shows the training images."""
        part = split.train if name == "vp" else getattr(split, name)
        return ImageFeed(
            source=self.source,
            part=part,
            data=self.config.data,
            device=self.device,
            seed=self.config.seed,
            name=name,
            augmented=augmented,
            shuffled=shuffled,
        )


def _info(phase: Phase, iterations: int, num_test: int) -> PhaseInfo:
    """Describe a phase; an epoch is `iterations` batches of training images, a test `num_test` batches."""
    epochs = epochs_of(phase)
    match phase:
        case Rewind() | Load() | Score():
            iterations = 0
        case MapLabels():
            epochs, iterations = 1, 0 if phase.rule == "rlm" else iterations
        case Test():
            epochs, iterations = 1, num_test
        case _:
            pass
    return PhaseInfo(kind=phase.kind, level=phase.level, density=phase.density, epochs=epochs, iterations=iterations)


def _check_classes(pretrained: Pretrained, split: Split) -> None:
    if len(pretrained.source_classes) < len(split.classes):
        raise EngineError(
            f"{len(split.classes)} target classes need as many source classes, but the network has "
            f"{len(pretrained.source_classes)}: take a network with more classes, or a new head (label mapping 'head')"
        )


def _check_sizes(config: RunConfig, pretrained: Pretrained, split: Split) -> None:
    info = DatasetInfo(split.classes, len(split.train), len(split.validation), len(split.test))
    problems = cross_check(config, info, num_in_file=len(pretrained.source_classes))
    if problems:
        raise EngineError(problems[0].message)


def _places(config: RunConfig) -> PromptPlaces:
    """Draw the random prompt's places, uniform in [0, C - M)."""
    return PromptPlaces(key_of(config.seed, "prompt place"), config.effective_prompt.room)
