"""What a checkpoint holds, and how a state takes it up again: plain values that are checked, and tensors by name.

| tensors | what |
|---|---|
| `weights/<entry>` | the dense state dict of the network, buffers too |
| `scores/<index>` | of each scored layer |
| `prompt/<name>` | what the prompt learns |
| `optimizer/<group>/<index>/<name>` | what an optimizer remembers of each value it trains |
| `best/weights/...`, `found/weights/...`, `found/scores/...` | the tuning's best epoch so far, the end of its search |
| `numbers`, `device_numbers` | torch's generators |

Values that stand in the file already, or that a level starts with anyway (`start/...`), are not written again: `same` says
whose they are.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded
from vpns_engine.specs.phase import Finetune, Group, Phase, Search
from vpns_engine.training.place import Count, Place
from vpns_engine.training.randomness import set_device_numbers
from vpns_engine.training.state import Moment, Snapshot, TrainState

VERSION: Literal[1] = 1
Tensors = dict[str, Tensor]
_Number = Annotated[int, Field(ge=-1, le=2**52)]
"""Of an event; there is room for others after it."""
_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Rate(_Plain):
    """Where an optimizer's rate and its schedule stand."""

    lr: float
    last_lr: float
    last_epoch: Count
    step_count: Count


class SnapshotAbout(_Plain):
    """The plain values of a snapshot."""

    threshold: float | None
    epoch: Count
    mapping: tuple[Count, ...] | None
    counts: tuple[Count, ...]
    scored: bool
    """It has scores of its own."""


class StateAbout(_Plain):
    """The plain values of a state."""

    threshold: float | None
    num_dropped: Count | None
    mapping: tuple[Count, ...] | None
    counts: tuple[Count, ...]
    epoch: Count
    saved: bool
    prompt_places: dict[str, Any] | None
    rates: dict[Group, Rate]
    best: SnapshotAbout | None
    best_epoch: EpochEnded | None
    found: SnapshotAbout | None
    same: dict[str, str]
    """Names of tensors that are not written, each with the name of the one it equals."""


class Versioned(BaseModel):
    """What every version of a checkpoint says of itself."""

    version: int


class About(_Plain):
    """All plain values of a checkpoint."""

    version: Literal[1] = VERSION
    digest: str
    """The configuration (see RunConfig.digest)."""
    at: _Number
    """The last event that belongs to it."""
    told: _Number
    """The last event up to there that is sure to stand in events.jsonl."""
    place: Place
    device: str
    torch: str
    broken: tuple[Count, ...] = ()
    """Files that could not be read, by their number in the data set: they are not tried again."""
    state: StateAbout | None
    """None where the state is made anew from here on: at the start of a level, and at the end."""


def state_content(state: TrainState, phase: Phase) -> tuple[StateAbout, Tensors]:
    """Give what a state was at its last whole moment, in `phase`; tensors of the CPU are the state's own, not copies."""
    moment = state.moment
    assert moment is not None
    training = isinstance(phase, Search | Finetune) and 1 <= moment.place.epoch <= phase.epochs
    rates = {group: _rate(state, number) for number, group in enumerate(state.optimizers)} if training else {}
    written, same = _apart(dict(_tensors(state, moment, rates)), _start(state))
    return _about(state, moment, rates, same), written


def _about(state: TrainState, moment: Moment, rates: dict[Group, Rate], same: dict[str, str]) -> StateAbout:
    return StateAbout(
        threshold=state.network.threshold if state.aside is None else state.aside.threshold,
        num_dropped=state.network.num_dropped,
        mapping=_listed(moment.mapping_T),
        counts=moment.counts,
        epoch=moment.epoch,
        saved=moment.saved,
        prompt_places=None if moment.prompt_places is None else dict(moment.prompt_places),
        rates=rates,
        best=_about_snapshot(state.best),
        best_epoch=state.best_epoch,
        found=_about_snapshot(state.found),
        same=same,
    )


def _tensors(state: TrainState, moment: Moment, rates: Mapping[Group, Rate]) -> Iterator[tuple[str, Tensor]]:
    aside = state.aside
    yield from _named("weights", state.network.dense_state() if aside is None else aside.weights)
    yield from _named("scores", dict(enumerate(state.network.scores)))
    yield from _named("prompt", dict(state.prompt.named_parameters()) if aside is None else aside.prompt)
    for group in rates:
        for index, values in state.optimizers[group].state_dict()["state"].items():
            yield from _named(f"optimizer/{group}/{index}", {name: v for name, v in values.items() if isinstance(v, Tensor)})
    for name, snapshot in (("best", state.best), ("found", state.found)):
        if snapshot is not None:
            yield from _named(f"{name}/weights", snapshot.weights)
            yield from _named(f"{name}/scores", dict(enumerate(snapshot.scores or [])))
            yield from _named(f"{name}/prompt", snapshot.prompt)
    yield "numbers", moment.numbers
    if moment.device_numbers is not None:
        yield "device_numbers", moment.device_numbers


def _named(prefix: str, values: Mapping[Any, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, value in values.items():
        yield f"{prefix}/{name}", value


def _start(state: TrainState) -> Tensors:
    start = state.start
    return dict(_named("start/weights", start.weights)) | dict(_named("start/scores", dict(enumerate(start.scores or []))))


def _apart(tensors: Tensors, start: Tensors) -> tuple[Tensors, dict[str, str]]:
    """Sort out what is not to be written: values that stand under another name."""
    written: Tensors = {}
    same: dict[str, str] = {}
    for name, value in tensors.items():
        value = _plain(value)
        twin = next((other for other in _twins(name) if _equal(value, written.get(other, start.get(other)))), None)
        if twin is None:
            written[name] = value
        else:
            same[name] = twin
    return written, same


def _twins(name: str) -> tuple[str, ...]:
    """Name those that may hold the same: the same entry of the start, of the state and of its best epoch."""
    kind = next((kind for kind in ("weights", "scores") if f"{kind}/" in name and not name.startswith("optimizer/")), None)
    if kind is None:
        return ()
    entry = name[name.index(f"{kind}/") :]
    return tuple(twin for twin in (f"start/{entry}", entry, f"best/{entry}") if twin != name)


def _plain(value: Tensor) -> Tensor:
    """Bring a tensor to the CPU, without the rest of a storage that it is a part of."""
    value = value.detach().cpu()
    return value if value.untyped_storage().nbytes() == value.nbytes else value.clone()


def _equal(one: Tensor, other: Tensor | None) -> bool:
    """Tell whether two tensors hold the same bits: -0 is not 0, a number that is none equals itself."""
    if other is None or (one.shape, one.dtype) != (other.shape, other.dtype):
        return False
    bits = _BITS[one.element_size()]
    return torch.equal(one.view(bits), other.view(bits))


def _rate(state: TrainState, number: int) -> Rate:
    schedule = state.schedules[number]
    return Rate(
        lr=float(schedule.optimizer.param_groups[0]["lr"]),
        last_lr=float(schedule.get_last_lr()[0]),
        last_epoch=schedule.last_epoch,
        step_count=schedule._step_count,
    )


def _about_snapshot(snapshot: Snapshot | None) -> SnapshotAbout | None:
    if snapshot is None:
        return None
    return SnapshotAbout(
        threshold=snapshot.threshold,
        epoch=snapshot.epoch,
        mapping=_listed(snapshot.mapping_T),
        counts=snapshot.counts,
        scored=snapshot.scores is not None,
    )


def _listed(mapping_T: Tensor | None) -> tuple[int, ...] | None:
    return None if mapping_T is None else tuple(mapping_T.tolist())


def take_up(state: TrainState, phase: Phase, place: Place, about: StateAbout, tensors: Tensors) -> None:
    """Make a fresh state what it was at a place within or before `phase`.

    Raises:
        EngineError: the content is not that of such a state; what is wrong, and where.
    """
    if place.begun and isinstance(phase, Search | Finetune):
        state.prepare(phase)
    found = _Found(tensors, about.same, _start(state))
    network = state.network
    state.best = _snapshot(state, "best", about.best, found)
    state.found = _snapshot(state, "found", about.found, found)
    state.best_epoch = about.best_epoch
    network.take_up(found.all("scores", dict(enumerate(network.scores))), about.threshold, about.num_dropped)
    network.load_plain_state(found.named("weights", network.dense_state()))
    state.prompt.take(found.named("prompt", dict(state.prompt.named_parameters())))
    state.mapping_T, state.counts = _mapping(state, about.mapping), about.counts
    state.epoch, state.saved = about.epoch, about.saved
    for number, group in enumerate(state.optimizers):
        if group in about.rates:
            _take_up_rate(state, number, group, about.rates[group], found)
    _take_up_numbers(state, about, tensors)


class _Found:
    """The tensors of a checkpoint, by name, checked against those they are for."""

    def __init__(self, tensors: Tensors, same: Mapping[str, str], start: Tensors) -> None:
        self._tensors = {**start, **tensors}
        self._same = same

    def named(self, prefix: str, like: Mapping[str, Tensor]) -> Tensors:
        return {name: self.one(f"{prefix}/{name}", value) for name, value in like.items()}

    def all(self, prefix: str, like: Mapping[int, Tensor]) -> list[Tensor]:
        return [self.one(f"{prefix}/{index}", value) for index, value in like.items()]

    def one(self, name: str, like: Tensor) -> Tensor:
        value = self._tensors.get(self._same.get(name, name))
        if value is None:
            raise EngineError(f"it has no {name}")
        if (value.shape, value.dtype) != (like.shape, like.dtype):
            raise EngineError(f"{name} is {_kind(value)}, not {_kind(like)}")
        return value

    def below(self, prefix: str) -> dict[str, Tensor]:
        found = {name: value for name, value in self._tensors.items() if name.startswith(prefix)}
        return {name.removeprefix(prefix): value for name, value in found.items()}


def _kind(value: Tensor) -> str:
    return f"{str(value.dtype).removeprefix('torch.')} of shape {tuple(value.shape)}"


def _snapshot(state: TrainState, name: str, about: SnapshotAbout | None, found: _Found) -> Snapshot | None:
    if about is None:
        return None
    network = state.network
    return Snapshot(
        found.named(f"{name}/weights", network.dense_state()),
        found.all(f"{name}/scores", dict(enumerate(network.scores))) if about.scored else None,
        about.threshold,
        found.named(f"{name}/prompt", dict(state.prompt.named_parameters())),
        about.epoch,
        _mapping(state, about.mapping),
        about.counts,
    )


def _mapping(state: TrainState, mapping: tuple[int, ...] | None) -> Tensor | None:
    if mapping is None:
        return None
    if len(mapping) != state.num_target or not all(source < state.num_source for source in mapping):
        raise EngineError(f"its mapping of {len(mapping)} classes is not one of {state.num_target} to {state.num_source}")
    return torch.tensor(mapping, dtype=torch.int64, device=state.device)


def _take_up_rate(state: TrainState, number: int, group: Group, rate: Rate, found: _Found) -> None:
    optimizer, schedule = state.optimizers[group], state.schedules[number]
    values = optimizer.param_groups[0]["params"]
    remembered: dict[int, Tensors] = {}
    for place, value in found.below(f"optimizer/{group}/").items():
        index, _, name = place.partition("/")
        if not index.isdecimal() or int(index) >= len(values):
            raise EngineError(f"optimizer/{group}/{place} belongs to nothing that is trained")
        if name != "step" and value.shape != values[int(index)].shape:
            raise EngineError(f"optimizer/{group}/{place} is {_kind(value)}, not {_kind(values[int(index)])}")
        remembered.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": remembered, "param_groups": optimizer.state_dict()["param_groups"]})
    optimizer.param_groups[0]["lr"] = rate.lr
    schedule.load_state_dict({"last_epoch": rate.last_epoch, "_step_count": rate.step_count, "_last_lr": [rate.last_lr]})
    # steps that were made before the checkpoint count: a schedule that moves before its optimizer warns of it
    optimizer._opt_called = True  # type: ignore[attr-defined]


def _take_up_numbers(state: TrainState, about: StateAbout, tensors: Tensors) -> None:
    """Put the generators where they stood; an accelerator's own only on one of its kind."""
    try:
        if state.places is not None and about.prompt_places is not None:
            state.places.position = about.prompt_places
        torch.set_rng_state(tensors["numbers"])
        if "device_numbers" in tensors and state.device.type != "cpu":
            set_device_numbers(state.device, tensors["device_numbers"])
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise EngineError(f"the state of a random generator in it is none ({error})") from error
