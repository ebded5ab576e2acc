"""A run's whole configuration: enough to run it again."""

import hashlib
from typing import Literal, Self

from pydantic import SerializeAsAny, model_validator
from pydantic_core import PydanticCustomError

from vpns_engine.catalogue import catalogue
from vpns_engine.specs.data import DataSpec
from vpns_engine.specs.fields import Spec, option
from vpns_engine.specs.mapping import MappingSpec
from vpns_engine.specs.masks import MaskSpec
from vpns_engine.specs.method import METHOD_LABELS, MethodName
from vpns_engine.specs.model import ModelSpec
from vpns_engine.specs.optim import OptimGroups
from vpns_engine.specs.prompt import NoPromptSpec, PadSpec, PromptSpec

DenseReference = Literal["none", "mapped", "tuned"]
Precision = Literal["auto", "float32", "bf16"]
Switch = Literal["auto", "on", "off"]


class RunConfig(Spec):
    """One run: one seed, one or more densities."""

    name: str = option("", "Name", advanced=True, max_length=60)
    """A name for your own use; part of the run folder's name."""

    method: MethodName = option("vpns", "Method", words=METHOD_LABELS)
    """vpns: masks and prompt learned together; control: the same schedule without a prompt; omp: the largest weights of all
    layers together; random: an exact count of weights at random. All make the same number of updates."""

    model: ModelSpec = ModelSpec()
    """The network."""

    data: DataSpec = DataSpec()
    """The images."""

    prompt: SerializeAsAny[PromptSpec] = PadSpec()
    """The visual prompt."""

    mapping: MappingSpec = MappingSpec()
    """The label mapping."""

    mask: MaskSpec = MaskSpec()
    """The sparsity."""

    search_epochs: int = option(30, "Search epochs", ge=1, le=10000)
    """Epochs of stage 1: scores and prompt learn, weights are frozen. Methods without a search tune that much longer."""

    finetune_epochs: int = option(20, "Tune epochs", ge=1, le=10000)
    """Epochs of stage 2: weights and prompt learn, the mask is fixed."""

    dense: DenseReference = option(
        "mapped",
        "Dense reference",
        advanced=True,
        words={"none": "None", "mapped": "Mapped, untuned", "tuned": "Mapped, and tuned"},
    )
    """What the unpruned network reaches, for comparison. mapped: its labels are mapped and it is tested, which takes one pass
    (a new linear head has learned nothing then, and is not tested); tuned: it is tuned as well, without a prompt, with as many
    updates as a level makes."""

    optim: OptimGroups = OptimGroups()
    """The optimizers."""

    seed: int = option(7, "Seed", ge=0, le=2**31 - 1)
    """Decides batch order, augmentation, random masks and random weights. Several, separated by commas, make a run each, and
    together a mean and its spread."""

    device: str = option("auto", "Device", pattern=r"^(auto|cpu|mps|cuda(:\d{1,2})?)$")
    """auto takes a CUDA GPU, else an Apple GPU (mps), else the CPU."""

    threads: int = option(0, "CPU threads", advanced=True, ge=0, le=256)
    """Threads torch computes with; 0 leaves one core to the window. Part of what decides the last bits of a result."""

    precision: Precision = option(
        "auto",
        "Precision",
        advanced=True,
        words={"auto": "Automatic", "float32": "float32", "bf16": "bf16 (mixed)"},
    )
    """bf16: the network's passes run in mixed precision (autocast); scores, thresholds and updates stay in float32. auto: bf16
    on CUDA, float32 elsewhere. Always float32 under protocol 'paper'."""

    channels_last: Switch = option(
        "auto", "Channels last", advanced=True, words={"auto": "Automatic", "on": "On", "off": "Off"}
    )
    """Order of an image's values in memory; on is faster where convolutions are fast in bf16. auto: on with CUDA, off
    elsewhere. Always off under protocol 'paper'."""

    start_from: str = option("", "Start from", advanced=True, path="file")
    """A saved state of another run (its state.safetensors): a run of one level takes over its weights, scores, mask, prompt and
    mapping and tunes further, without a search."""

    @model_validator(mode="after")
    def _something_to_do(self) -> Self:
        if not self.mask.sparsities and self.dense != "tuned":
            raise located("mask.sparsities", "Sparsity: at least one value is needed")
        return self

    @model_validator(mode="after")
    def _image_fits_canvas(self) -> Self:
        image, canvas = self.data.image_size, self.prompt.canvas
        if image > canvas:
            raise located("prompt.canvas", f"canvas {canvas} px is smaller than the image ({image} px)")
        if self.uses_prompt and (misfit := self.prompt.misfit(image)):
            raise located("prompt.kind", misfit + self._no_way_out())
        return self

    def _no_way_out(self) -> str:
        """Say that no size would help: a network of one size takes image and canvas alike."""
        entry = catalogue().get(self.model.architecture)
        if entry is None or not entry.fixed_size:
            return ""
        return f", but {entry.label} takes both at {entry.image_size} px only: choose another prompt"

    @model_validator(mode="after")
    def _one_level_goes_on(self) -> Self:
        levels = len(self.mask.sparsities)
        if self.start_from and levels > 1:
            raise located("mask.sparsities", f"{levels} sparsities: a run that starts from a saved state has its alone")
        return self

    @property
    def uses_prompt(self) -> bool:
        """Tell whether the method learns a prompt at all."""
        return self.method == "vpns" and self.prompt.learns

    @property
    def is_control(self) -> bool:
        """Tell the control arm: a search without a prompt."""
        return self.method == "control" or (self.method == "vpns" and not self.uses_prompt)

    @property
    def effective_prompt(self) -> PromptSpec:
        """The prompt in force: `none` for the methods that have none."""
        return self.prompt if self.uses_prompt else NoPromptSpec(canvas=self.prompt.canvas)

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that name this configuration; the run's name and where the data stand do not count."""
        data = self.data.model_copy(update={"root": ""})
        text = self.model_copy(update={"name": "", "data": data}).model_dump_json()
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def located(location: str, message: str) -> PydanticCustomError:
    """Make a validation error that belongs to the field at `location` (dotted)."""
    return PydanticCustomError("located", "{message}", {"message": message, "location": location})
