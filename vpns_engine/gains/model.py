"""What was measured of one saved state: the report's figures, and their JSON form. Figures only; the words come later."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

SCHEMA_VERSION = 1
_Text = Annotated[str, Field(max_length=1000)]
Count = Annotated[int, Field(ge=0, le=2**60)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Seconds = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
_Ratio = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Variant = Literal["dense", "pruned", "prompted"]
"""The network without the mask, with it, and with it behind the prompt."""
Part = Literal["sizes", "work", "torch", "onnx", "cuda", "memory"]
"""What is measured, one after another."""
FileKind = Literal["plain", "zipped", "sparse", "sparse_zipped"]
"""The usual file of weights, the same zipped, bits with the kept values, and that zipped."""
PARTS: tuple[Part, ...] = ("sizes", "work", "torch", "onnx", "cuda", "memory")


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Machine(_Figures):
    """Where it was measured."""

    processor: _Text = ""
    cores: Count = 0
    """As the system counts them, hyper-threads too."""
    memory: Count = 0
    """Bytes."""
    system: _Text = ""
    gpu: _Text = ""
    """Empty where there is none that PyTorch can use."""
    versions: dict[str, _Text] = Field(default_factory=dict)

    @property
    def same_place(self) -> tuple[str, int, str]:
        """What tells one machine from another here; no name of it is kept."""
        return self.processor, self.cores, self.gpu


class FileSize(_Figures):
    """Bytes of a file that was written with the dense and with the pruned weights."""

    kind: FileKind
    dense: Count
    pruned: Count


class Weights(_Figures):
    """Numbers of weights, counted in the network that was measured."""

    parameters: Count
    """All of them: biases and batch-norm too."""
    scored: Count
    """Those that could be pruned."""
    kept: Count
    """Those that the mask keeps."""
    dense_nonzero: Count
    """Parameters of the dense network that are not 0."""
    pruned_nonzero: Count
    """Parameters of the pruned network that are not 0."""
    unused_rows: Count = 0
    """Classifier rows that no class of the task reads."""
    unused_weights: Count = 0
    """Weights in them; they could be dropped from the dense network as well."""
    unused_kept: Count = 0
    """Those of them that the mask keeps."""


class LayerWork(_Figures):
    """Multiply-accumulates of one layer for one image; `layer` is empty for products of two activations (attention)."""

    layer: _Text
    calls: Count
    weights: Count
    """0 for products of activations."""
    nonzero: Count
    macs: Count
    skipped: Count
    """Of these, what a multiplication by a weight that is 0 takes up in the pruned network."""

    @property
    def left(self) -> int:
        """What would be left if zeros were skipped."""
        return self.macs - self.skipped


class Work(_Figures):
    """Multiply-accumulates of one image's pass through the network, counted with the sizes that a real pass has."""

    size_px: Count
    """Side of the network's input."""
    layers: tuple[LayerWork, ...]

    @property
    def macs(self) -> int:
        """All of them."""
        return sum(layer.macs for layer in self.layers)

    @property
    def left(self) -> int:
        """What would be left if zeros were skipped."""
        return sum(layer.left for layer in self.layers)


class Spread(_Figures):
    """Median and quartiles of what was measured several times; seconds, or a ratio."""

    median: _Ratio
    low: _Ratio
    """First quartile."""
    high: _Ratio
    """Third quartile."""
    rounds: Count


class Timing(_Figures):
    """Seconds that one batch takes, in one way of computing. The variants took turns, round by round."""

    engine: Literal["PyTorch", "ONNX Runtime"]
    device: _Text
    batch: Annotated[int, Field(ge=1, le=2**20)]
    threads: Count = 0
    """On the CPU; 0 on a GPU."""
    seconds: dict[Variant, Spread]
    ratio: Spread
    """Pruned over dense, round by round: below 1 is faster."""
    most_difference: _Ratio = 0.0
    """Largest difference of the logits to PyTorch's, over the largest logit."""

    @field_validator("seconds")
    @classmethod
    def _has_both(cls, value: dict[Variant, Spread]) -> dict[Variant, Spread]:
        if not {"dense", "pruned"} <= value.keys():
            raise ValueError("dense and pruned belong together")
        return value


class Memory(_Figures):
    """Most memory that a fresh process had while it passed one batch. Bytes."""

    device: _Text
    batch: Count
    dense: Count
    pruned: Count
    dense_before: Count = 0
    """What it had before the network was loaded: the libraries. Of a GPU: nothing."""
    pruned_before: Count = 0


class Gains(_Figures):
    """Everything that was measured of one saved state, on one machine, at one time."""

    schema_version: int = SCHEMA_VERSION
    run: _Text
    level: Count
    stage: Literal["search", "finetune"]
    density: _Share
    epoch: Count
    saved_seq: Count
    """Number of the event that told of the state: another state of the same stage has another one."""
    measured_at: _Seconds
    """Seconds since 1970."""
    seconds: _Seconds
    """How long it took."""
    quick: bool
    """Fewer rounds."""
    threads: Count
    machine: Machine
    busy: _Share | None = None
    """Share of the processors that other programs used just before; None where it cannot be told."""
    disturbed: _Text = ""
    """What else was known to be at work; empty where nothing was."""
    noise_pictures: bool = False
    """The run's own pictures were gone: noise was passed through the network."""
    weights: Weights | None = None
    sizes: tuple[FileSize, ...] = ()
    work: tuple[Work, ...] = ()
    """For the plain input, then for the canvas where that is larger."""
    timings: tuple[Timing, ...] = ()
    memory: tuple[Memory, ...] = ()
    missing: dict[Part, _Text] = Field(default_factory=dict)
    """Why a part was not measured."""
