"""The file from which a run goes on exactly where it was, and where to go on when that is damaged."""

import pickle
import pickletools
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import torch
from pydantic import ValidationError
from torch import Tensor

from vpns_engine.errors import EngineError, OutOfMemory
from vpns_engine.events import RunStarted
from vpns_engine.files import explain, explained, flush_folder, write_whole
from vpns_engine.history import RunHistory
from vpns_engine.plan import plan
from vpns_engine.specs.phase import Phase, Rewind, epochs_of
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.training.content import VERSION, About, Tensors, Versioned, state_content, take_up
from vpns_engine.training.place import Place
from vpns_engine.training.state import TrainState

LAST = "checkpoints/last.pt"
BEFORE = "checkpoints/before.pt"
FRESH = "checkpoints/fresh.pt"
"""The next one, whole, until it takes the place of the last."""
_DAMAGE = (
    zipfile.BadZipFile,
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    AssertionError,
    OverflowError,
    MemoryError,
)
"""What the readers of zip archives and of torch answer a damaged file with."""

_NAMES = ("torch._utils _rebuild_tensor_v2", "collections OrderedDict")
"""What our pickles name beside kinds of storages. torch lets more through, a bytearray of any length among it."""
_MOST_PICKLE_BYTES = 16 * 2**20
"""Of the largest networks it takes a fifth of that."""

_MOST_THREADS = 1024
"""No machine of ours has more cores; a damaged file may tell of millions, and no machine can start those."""


class _Content(TypedDict):
    about: str
    tensors: Tensors


@dataclass
class Checkpoint:
    """A checkpoint as it was read."""

    path: Path
    about: About
    tensors: Tensors


@dataclass
class ResumePoint:
    """From where a run goes on."""

    at: int
    """The last event that still holds; -1: the run begins anew."""
    place: Place
    """In the plan."""
    damage: tuple[str, ...] = ()
    """What was found damaged on the way here, a line each."""
    checkpoint: Checkpoint | None = None
    """None: the state is made anew. It is let go once a run has taken it up."""
    started: RunStarted | None = None
    """What the run was begun with; None where it begins anew."""
    told: int = -1
    """The last event up to `at` that is sure to stand in events.jsonl."""

    @property
    def threads(self) -> int:
        """Threads that the run was begun with: they decide the last bits; 0 where it begins anew."""
        return min(self.started.threads, _MOST_THREADS) if self.started is not None else 0


def write_checkpoint(store: RunStore, state: TrainState, *, at: int, told: int, broken: Sequence[int]) -> None:
    """Write the last whole moment of a state; the checkpoint before stays beside it.

    Args:
        store: the run.
        state: its state; it has a whole moment.
        at: number of the event that was told at that moment.
        told: number of the last event up to there that is written for certain.
        broken: pictures that could not be read.

    Raises:
        EngineError: it cannot be written; those before stand.
    """
    moment, phases = state.moment, plan(store.config)
    assert moment is not None
    about = tensors = None
    if not _anew(phases, moment.place):
        about, tensors = state_content(state, phases[moment.place.phase])
    whole = About(
        digest=store.config.digest,
        at=at,
        told=told,
        place=moment.place,
        device=str(state.device),
        torch=str(torch.__version__),
        broken=tuple(broken),
        state=about,
    )
    content = _Content(about=whole.model_dump_json(), tensors=tensors or {})
    fresh, last, before = (store.path(name) for name in (FRESH, LAST, BEFORE))
    with explained(fresh):
        _clear_halves(fresh)
    write_whole(fresh, partial(_save, content))
    with explained(last):
        if last.is_file():
            last.replace(before)
        fresh.replace(last)
    flush_folder(last.parent)


def _save(content: _Content, path: Path) -> None:
    try:
        with path.open("wb") as file:  # of a path torch's writer does not say what the operating system refused
            torch.save(content, file)
    except RuntimeError as error:
        # nor does it let that through: its own complaint about the cut file comes in between
        if isinstance(refused := error.__context__, OSError):
            raise refused from error
        raise


def _clear_halves(fresh: Path) -> None:
    """Remove what processes that were killed while they wrote one have left; each may take gigabytes."""
    for half in fresh.parent.glob(f".{fresh.name}.*"):
        half.unlink(missing_ok=True)


def _anew(phases: Sequence[Phase], place: Place) -> bool:
    """Tell a place from which on nothing of the state is needed: the end, and the start of a level."""
    return place.phase >= len(phases) or (not place.begun and isinstance(phases[place.phase], Rewind))


def resume_point(store: RunStore, history: RunHistory) -> ResumePoint:
    """Find from where a run goes on: its last checkpoint, else the one before, else the last level begun, else its start."""
    damage: list[str] = []
    for name in (LAST, FRESH, BEFORE):
        try:
            path = store.path(name)
            if not path.exists():
                continue
            found = read_checkpoint(path, store.config)
            _check_told(found, history)
        except OutOfMemory:  # it may be whole: what it holds must not be lost for that
            raise
        except EngineError as error:
            damage.append(str(error))
            continue
        return ResumePoint(found.about.at, found.about.place, tuple(damage), found, history.started, found.about.told)
    at, place = _level_start(history)
    return ResumePoint(at, place, tuple(damage), None, history.started, at)


def _check_told(found: Checkpoint, history: RunHistory) -> None:
    if history.started is None or found.about.told > history.last_seq:
        raise EngineError(
            f"{found.path} is of event {found.about.at}, but events.jsonl tells no more than {history.last_seq + 1} events"
        )


def _level_start(history: RunHistory) -> tuple[int, Place]:
    """Give the last event before the last level that was begun, and its place: levels do not depend on each other."""
    started = history.started
    if started is None:
        return -1, Place(phase=0)
    infos = [phase.info for phase in history.phases]
    for index in range(len(infos) - 1, -1, -1):
        begun = history.phases[index].begun
        if begun is not None and (index == 0 or infos[index - 1].level != infos[index].level):
            return begun.seq - 1, Place(phase=index)
    return max(started.seq, *(tested.seq for tested in history.dense_elsewhere), 0), Place(phase=0)


def restore(found: Checkpoint, state: TrainState, phases: Sequence[Phase]) -> None:
    """Make a fresh state what it was at a checkpoint; where it is made anew from there on, nothing.

    Raises:
        EngineError: the checkpoint does not fit the run.
    """
    if found.about.state is None:
        return
    try:
        take_up(state, phases[found.about.place.phase], found.about.place, found.about.state, found.tensors)
    except EngineError as error:
        raise EngineError(f"{found.path} does not fit the run: {error}; remove it to go on from before it") from error


def read_checkpoint(path: Path, config: RunConfig) -> Checkpoint:
    """Read a checkpoint of a run: tensors and plain values, nothing in it is run.

    Raises:
        EngineError: it is missing, damaged, of another configuration or of another version; one line.
    """
    content = _read(path)
    about = _about(path, content.get("about"))
    tensors = content.get("tensors")
    if not isinstance(tensors, dict) or not all(isinstance(name, str) and _is_plain(value) for name, value in tensors.items()):
        raise EngineError(f"{path} is damaged: it does not hold tensors by name")
    if about.digest != config.digest:
        raise EngineError(f"{path} is of another configuration ({about.digest}) than the run's ({config.digest})")
    phases, place = plan(config), about.place
    fits = place.phase < len(phases) and place.epoch <= epochs_of(phases[place.phase]) + 1
    if not fits and place != Place(phase=len(phases)):
        raise EngineError(f"{path} is damaged: phase {place.phase}, epoch {place.epoch} is not in the run's plan")
    if about.state is None and not _anew(phases, place):
        raise EngineError(f"{path} is damaged: it holds no state")
    return Checkpoint(path, about, tensors)


def _about(path: Path, text: object) -> About:
    try:
        version = Versioned.model_validate_json(text).version if isinstance(text, str) else 0
        if version > VERSION:
            raise EngineError(f"{path} was written by a newer VPNs Studio (version {version}, this one reads {VERSION})")
        return About.model_validate_json(text if isinstance(text, str) else "")
    except ValidationError as error:
        raise EngineError(f"{path} is damaged: what it says of itself cannot be read") from error


def _is_plain(value: object) -> bool:
    """Tell a tensor as it is written: with values of its own for all of its entries."""
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_quantized or value.device.type != "cpu":
        return False
    return value.untyped_storage().nbytes() == value.nbytes


def _read(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        _check_parts(path, size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of what it would refuse anyway
            found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise EngineError(explain(error, path)) from error
    except pickle.UnpicklingError as error:
        raise EngineError(f"{path} holds more than tensors and plain values and was not opened") from error
    except _DAMAGE as error:
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            raise OutOfMemory(f"not enough memory to read {path}: close other programs, and try again", 0) from error
        raise EngineError(f"{path} is damaged and is not used ({_first_line(error)})") from error
    if not isinstance(found, dict):
        raise EngineError(f"{path} is no checkpoint")
    return found


def _check_parts(path: Path, size: int) -> None:
    """Read every part against its checksum; torch's own reader does not look at it."""
    if size == 0:
        raise ValueError("it is empty")
    with zipfile.ZipFile(path) as parts:
        infos = parts.infolist()
        # a part that would grow as it is read is none of ours
        if any(info.compress_type != zipfile.ZIP_STORED for info in infos) or sum(i.file_size for i in infos) > size:
            raise ValueError("a part is not what torch writes")
        if (broken := parts.testzip()) is not None:
            raise ValueError(f"the checksum of {broken} is not right")
        for info in infos:
            if info.filename.endswith("data.pkl"):
                _check_names(parts, info)


def _check_names(parts: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Refuse a pickle that names what ours never do, before anything is made of it."""
    if info.file_size > _MOST_PICKLE_BYTES:
        raise ValueError(f"a description of {info.file_size} bytes")
    for operation, name, _ in pickletools.genops(parts.read(info)):
        if operation.name in ("GLOBAL", "STACK_GLOBAL", "INST") and not (name in _NAMES or _is_storage(str(name))):
            raise pickle.UnpicklingError(f"it names {name}")


def _is_storage(name: str) -> bool:
    return name.startswith("torch ") and name.endswith("Storage")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
