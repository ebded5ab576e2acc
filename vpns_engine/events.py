"""What a run tells while it works: typed events, one JSON line each."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from vpns_engine.specs.layer import LayerInfo
from vpns_engine.specs.method import MethodName
from vpns_engine.specs.phase import DENSE, PhaseKind

Count = Annotated[int, Field(ge=0, le=2**53)]
"""What is counted; what a hostile file says beyond is refused here, before anybody reckons with it."""
_Share = Annotated[float, Field(ge=0, le=1)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Level = Annotated[int, Field(ge=DENSE, le=10**6)]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="constants")

    seq: Count = 0
    """Position in the run, from 0; only grows."""

    time: Annotated[float, Field(ge=0, le=1e11)] = 0.0
    """Seconds since 1970."""


class PhaseInfo(BaseModel):
    """A phase as planned. `iterations` is per epoch; a map phase has one epoch. The dense reference's level is -1."""

    model_config = ConfigDict(frozen=True)

    kind: PhaseKind
    level: _Level
    density: _Share
    epochs: Count = 0
    iterations: Count = 0

    @property
    def is_dense(self) -> bool:
        """Tell a phase of the dense reference from those of the levels."""
        return self.level == DENSE


class RunStarted(_Event):
    """The data and the network are read, and this is what will be worked on; only `Preparing` comes before."""

    kind: Literal["run-started"] = "run-started"
    method: MethodName
    phases: tuple[PhaseInfo, ...]
    layers: tuple[LayerInfo, ...]
    source_classes: tuple[str, ...]
    target_classes: tuple[str, ...]
    num_train: Count
    num_validation: Count
    num_test: Count
    num_prompt_values: Count
    half_steps: Count
    """Updates per iteration."""
    device: str
    threads: Count
    precision: Literal["float32", "bf16"] = "float32"
    """What the network's passes compute in."""
    channels_last: bool = False
    """Images lie in memory with the channels last."""
    samples_path: str = ""
    """Example images (see vpns_engine.artifacts), relative to the run folder."""
    weights_sha256: str = ""
    """SHA-256 of the weights the run started from: all floating-point tensors in state-dict order, little-endian."""


class PhaseStarted(_Event):
    """A phase begins; `phase` indexes RunStarted.phases."""

    kind: Literal["phase-started"] = "phase-started"
    phase: Count


class LabelsMapped(_Event):
    """The label mapping of a level is known, is found anew, or is that of the epoch that a tuning goes back to."""

    kind: Literal["labels-mapped"] = "labels-mapped"
    phase: Count
    level: _Level
    epoch: Count = 0
    """Epoch of the phase that it serves, from 1; 0 is the mapping a level starts with."""
    sources: tuple[Count, ...]
    """Source class of each target class."""
    counts: tuple[Count, ...]
    """How many training images of the target class were taken for that source class; empty where nobody counted."""


class StepDone(_Event):
    """An iteration is done; one value for each half-step, in the phase's order."""

    kind: Literal["step"] = "step"
    phase: Count
    epoch: Count
    """From 1."""
    step: Count
    """Iteration within the epoch, from 1."""
    losses: tuple[float, ...]
    accuracies: tuple[_Share, ...]
    """Share of the batch, 0 to 1."""


class Measuring(_Event):
    """A batch of images was looked at; like iterations, not all of these are written down."""

    kind: Literal["measuring"] = "measuring"
    phase: Count
    part: Literal["validation", "test", "mapping"]
    """`mapping`: the training images, between two epochs, for a label mapping that is found anew."""
    done: _Share
    """Share of the part that is done, 0 to 1."""


class EpochEnded(_Event):
    """An epoch is done. Accuracies are shares (0 to 1); None where not measured."""

    kind: Literal["epoch"] = "epoch"
    phase: Count
    epoch: Count
    """From 1; 0 is the state before the first epoch of the phase."""
    loss: float | None = None
    """Mean training loss of the un-prompted half-steps."""
    loss_prompted: float | None = None
    """Mean training loss of the prompted half-steps."""
    train_accuracy: _Share | None = None
    """Over the un-prompted half-steps."""
    train_accuracy_prompted: _Share | None = None
    val_accuracy: _Share | None = None
    """Validation split without the prompt."""
    val_accuracy_prompted: _Share | None = None
    val_loss: float | None = None
    kept: tuple[Count, ...] = ()
    """Kept weights of each layer, in the order of RunStarted.layers."""
    threshold: float | None = None
    """Score threshold tau; None where no mask is set or the mask has none."""
    learning_rates: dict[str, float] = Field(default_factory=dict)
    """By group: scores, weights, prompt."""
    seconds: _Number = 0.0
    prompt_path: str = ""
    """Prompt after this epoch (see vpns_engine.artifacts), relative to the run folder; empty without a prompt."""
    masks_path: str = ""


class LevelSaved(_Event):
    """A level's state stands in a file: after a phase, or at a stop."""

    kind: Literal["level-saved"] = "level-saved"
    phase: Count
    level: _Level
    epoch: Count
    """Chosen epoch of that phase, from 1; 0 is the state before its first epoch."""
    complete: bool
    """False where the phase was stopped early."""
    state_path: str
    """State (see vpns_engine.artifacts), relative to the run folder."""


class Tested(_Event):
    """The test split was read, after every choice of the level was made."""

    kind: Literal["tested"] = "tested"
    level: _Level
    stage: PhaseKind
    """Which state: `search` (mask found, untuned) or `finetune` (tuned); of the dense reference (level -1) `map` (its labels
    mapped, untuned) or `finetune`."""
    accuracy: _Share
    """Without the prompt, 0 to 1."""
    accuracy_prompted: _Share | None
    """With the prompt; None where the method has none."""
    taken_from: str = ""
    """The run that measured it, where that is another one: the dense reference is not done twice."""
    predictions_path: str = ""
    """What was made of each test image (see vpns_engine.prediction_files), relative to the folder of the run that measured it;
    empty in runs of before this was kept."""


class PhaseEnded(_Event):
    """A phase is over."""

    kind: Literal["phase-ended"] = "phase-ended"
    phase: Count


class Message(_Event):
    """A line for the log."""

    kind: Literal["message"] = "message"
    severity: Literal["info", "warning", "error"]
    text: str


class Preparing(_Event):
    """Work before the first phase, or a download, with its progress."""

    kind: Literal["preparing"] = "preparing"
    text: str
    done: _Number | None = None
    """0 to 1; None where unknown."""


class Paused(_Event):
    """Nothing is worked on until the run is told to go on; all that matters stands in a file."""

    kind: Literal["paused"] = "paused"
    held_mib: _Number | None = None
    """What the program still holds on the device, in MiB; None where that cannot be told."""
    text: str


class Resumed(_Event):
    """The run goes on from an earlier moment: what was told after event `at` no longer holds."""

    kind: Literal["resumed"] = "resumed"
    at: Annotated[int, Field(ge=-1, le=2**53)]
    """Number of the last event that holds; -1: the run begins anew."""
    text: str


class RunEnded(_Event):
    """Last event, once; a run that is resumed has another one."""

    kind: Literal["run-ended"] = "run-ended"
    status: Literal["finished", "stopped", "failed"]
    text: str = ""
    micro_batch: Count = 0
    """Images at once that may fit, where the run failed for lack of memory; 0 else."""


Event = Annotated[
    RunStarted
    | PhaseStarted
    | LabelsMapped
    | StepDone
    | Measuring
    | EpochEnded
    | LevelSaved
    | Tested
    | PhaseEnded
    | Message
    | Preparing
    | Paused
    | Resumed
    | RunEnded,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def to_json(event: Event) -> str:
    """Write an event as one line of JSON, without a line end."""
    return event.model_dump_json()


def from_json(line: str | bytes) -> Event:
    """Read an event from one line.

    Raises:
        ValueError: the line is not a whole event (pydantic's ValidationError is one).
    """
    return _ADAPTER.validate_json(line)
