"""A run that trains nothing: it takes a checkpoint of the released code over into a run folder, and measures it.

Shapes: T target classes.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial

import torch

from vpns_engine.artifacts import write_arrays
from vpns_engine.datasets import Split
from vpns_engine.events import (
    EpochEnded,
    Event,
    LabelsMapped,
    LevelSaved,
    Message,
    PhaseEnded,
    PhaseInfo,
    PhaseStarted,
    Preparing,
    RunStarted,
)
from vpns_engine.files import write_text
from vpns_engine.nn.fingerprint import weights_sha256
from vpns_engine.nn.models import Pretrained, blank_network, fitted
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.official.plan import Import, prepare
from vpns_engine.official.rebuild import apply, whole
from vpns_engine.official.request import ImportRequest
from vpns_engine.specs.phase import Finetune, Search
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.training.device import set_threads
from vpns_engine.training.feeds import Batch, Feeds
from vpns_engine.training.keeper import FolderKeeper, as_array
from vpns_engine.training.phases import testing
from vpns_engine.training.run import Run
from vpns_engine.training.state import TrainState
from vpns_engine.words import percent

INITIAL = "artifacts/initial.safetensors"
"""The weights the checkpoint's own run started from; a run with the same settings starts from them again."""

Notify = Callable[[Event], None]
Maker = Callable[[RunConfig, RunStore, Notify], Run]


def importing(request: ImportRequest) -> tuple[RunConfig, Maker]:
    """Give the settings of an import, and what makes its run (see `drive.start`).

    Raises:
        EngineError: it cannot be imported; one line that says why.
    """
    found = prepare(request)
    return found.config, partial(ImportRun, found)


@dataclass(frozen=True)
class _NoPictures:
    """A feed for runs without a data set."""

    def __len__(self) -> int:
        return 0

    def batches(self, _purpose: str, _epoch: int, _first: int = 0) -> Iterator[Batch]:
        """Give none."""
        return iter(())


class ImportRun(Run):
    """Takes a checkpoint over: phase 0 loads it, phase 1 stands for the stage that had written it."""

    def __init__(self, found: Import, config: RunConfig, store: RunStore, notify: Notify = lambda _event: None) -> None:
        super().__init__(config, store, notify)
        self._found = found
        self._checkpoint = found.checkpoint

    def events(self) -> Generator[Event]:
        """Do the import.

        Raises:
            EngineError: a file cannot be read or written.
        """
        yield Preparing(text="Keeping the initial weights")
        self._keep_initial()
        started = (yield from self._prepare()) if self._found.measures else self._alone()
        yield started.model_copy(update={"phases": self._infos(), "half_steps": 2})
        yield from self._load()
        yield from self._keep()

    def _load(self) -> Iterator[Event]:
        yield PhaseStarted(phase=0)
        state, checkpoint = self.state, self._checkpoint
        apply(checkpoint, state.network, self._found.density)
        if checkpoint.program is not None and state.prompt.learns:
            state.prompt.take({"delta": checkpoint.program})
        state.mapping_T = torch.tensor(checkpoint.mapping, device=state.device)
        yield LabelsMapped(phase=0, level=0, sources=checkpoint.mapping, counts=())
        if checkpoint.said.accuracy is not None:
            share = percent(checkpoint.said.accuracy, 2)
            text = f"{checkpoint.path.name} says of itself: test accuracy {share} without the prompt, after epoch {self._epoch}"
            yield Message(severity="info", text=text)
        yield PhaseEnded(phase=0)

    def _keep(self) -> Iterator[Event]:
        yield PhaseStarted(phase=1)
        state, phase, epoch = self.state, self._phase(), self._epoch
        assert state.keeper is not None
        yield from self._epochs_before()
        yield EpochEnded(
            phase=1,
            epoch=epoch,
            train_accuracy=_at(self._checkpoint.said.train, epoch),
            kept=state.network.kept(),
            threshold=state.network.threshold,
            prompt_path=state.keeper.keep_prompt(phase, epoch, state.prompt) if state.prompt.learns else "",
            masks_path=state.keeper.keep_masks(phase, epoch, state.network) if isinstance(phase, Search) else "",
        )
        path = state.keeper.keep_state(phase, state, epoch)
        yield LevelSaved(phase=1, level=0, epoch=epoch, complete=True, state_path=path)
        if self._found.measures:
            yield (yield from testing(1, phase, phase.kind, state, prompted=state.prompt.learns))
        yield from self._drain()
        yield PhaseEnded(phase=1)

    def _epochs_before(self) -> Iterator[Event]:
        for epoch in range(1, self._epoch):
            if (accuracy := _at(self._checkpoint.said.train, epoch)) is not None:
                yield EpochEnded(phase=1, epoch=epoch, train_accuracy=accuracy)

    @property
    def _epoch(self) -> int:
        return self._checkpoint.said.epoch

    def _phase(self) -> Search | Finetune:
        density, said = self._found.density, self._checkpoint.said
        if self._checkpoint.stage == "search":
            return Search(0, density, max(said.epoch, said.search_epochs), ())
        return Finetune(0, density, max(said.epoch, said.finetune_epochs), ())

    def _infos(self) -> tuple[PhaseInfo, ...]:
        phase = self._phase()
        return (
            PhaseInfo(kind="load", level=0, density=phase.density),
            PhaseInfo(kind=phase.kind, level=0, density=phase.density, epochs=phase.epochs),
        )

    def _keep_initial(self) -> None:
        """Write the initial weights, and make them those of the configuration."""
        if self._checkpoint.initial is None:
            return
        state = self._load_network().module.state_dict()
        path = self._store.path(INITIAL)
        write_arrays(path, {name: as_array(value) for name, value in state.items()})
        model = self._config.model.model_copy(update={"weights": "file", "weights_file": str(path)})
        self._config = self._store.config = self._config.model_copy(update={"model": model})
        write_text(self._store.folder / "config.json", self._config.model_dump_json(indent=2))

    def _load_network(self) -> Pretrained:
        checkpoint, shape = self._checkpoint, self._found.shape
        weights = whole(blank_network(shape.architecture, shape.num_source), checkpoint.initial or checkpoint.weights)
        return fitted(shape.architecture, weights, str(checkpoint.path))

    def _check(self, pretrained: Pretrained, split: Split) -> None:
        """Everything was checked before the run's folder was made."""

    def _alone(self) -> RunStarted:
        """Make the state without any picture."""
        threads = set_threads(self._config.threads)
        self.device = "cpu"
        pretrained, none = self._load_network(), _NoPictures()
        size = self._config.data.image_size
        targets = _numbered(len(self._checkpoint.mapping))
        state = self._state = TrainState(
            network=SparseNetwork(pretrained.module),
            prompt=build_prompt(self._config.effective_prompt, size, lambda: (0, 0), 0, pretrained.normalization),
            feeds=Feeds(train=none, vp=none, validation=None, test=none),
            optim=self._config.optim,
            num_source=len(pretrained.source_classes),
            num_target=len(targets),
            seed=self._config.seed,
            device=torch.device("cpu"),
            keeper=FolderKeeper(self._store),
        )
        return RunStarted(
            method=self._config.method,
            phases=(),
            layers=state.network.layers,
            source_classes=pretrained.source_classes,
            target_classes=targets,
            num_train=0,
            num_validation=0,
            num_test=0,
            num_prompt_values=self._config.effective_prompt.num_values(size),
            half_steps=2,
            device="cpu",
            threads=threads,
            weights_sha256=weights_sha256(pretrained.module),
        )


def _at(values: tuple[float, ...], epoch: int) -> float | None:
    return values[epoch - 1] if epoch <= len(values) else None


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"class {index}" for index in range(count))
