"""How large each format of an export will be, counted from a saved state before anything is written; without torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vpns_engine.artifacts import BitArray, StateInfo, read_arrays, read_num_bytes, read_state_info, unpack
from vpns_engine.catalogue import catalogue
from vpns_engine.errors import EngineError
from vpns_engine.export.source import Stage, choose, entry_of
from vpns_engine.export.sparse_file import sparse_bytes
from vpns_engine.specs.export import ExportFormat, ExportSpec
from vpns_engine.specs.optim import OptimSpec
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

_HEADER, _PICKLED, _GRAPH, _MASK = 100, 300, 150, 150
"""About what a file needs beside the values of an entry: safetensors, torch's own, ONNX; and the name of a mask."""
_CARD = 12_000
"""About what card, labels, figures and settings have."""
_VALUE = 4
_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)
"""How many bits are set in each byte."""


@dataclass(frozen=True)
class Layer:
    """One scored weight, with all rows and with those that the task's classes use."""

    size: int
    kept: int
    own_size: int
    own_kept: int


@dataclass(frozen=True)
class Counted:
    """What a saved state holds, counted."""

    weights: int
    """Bytes of the dense state dict."""
    own_weights: int
    """The same with the task's own classifier."""
    num_entries: int
    layers: tuple[Layer, ...]
    prompt: int
    """Bytes of one of the prompt's arrays; 0 without a prompt."""
    moments: int
    """Values that the released code's optimizers keep."""
    one_size: bool
    """Image and canvas have the same size."""

    def sizes(self, spec: ExportSpec) -> Mapping[ExportFormat, int]:
        """Give the bytes of each format, whether or not it is wanted, within a few percent."""
        own = spec.head == "own"
        weights = self.own_weights if own else self.weights
        size, kept = self._counts(own=own)
        scored = sum(size)
        sparse = sum(min(sparse_bytes(all_, few, _VALUE), all_ * _VALUE) for all_, few in zip(size, kept, strict=True))
        state = weights + self.num_entries * _HEADER
        onnx = weights + self.num_entries * _GRAPH
        scores = _VALUE * sum(layer.size for layer in self.layers)
        released = 2 * (self.weights + scores) + _VALUE * self.moments + 3 * self.num_entries * _PICKLED
        return {
            "safetensors": state,
            "pt": weights + self.num_entries * _PICKLED,
            "onnx": onnx * (2 if self._two_files(spec) else 1),
            "masks": scored // 8 + len(self.layers) * _MASK,
            "sparse": weights - scored * _VALUE + sparse + (self.num_entries + len(self.layers)) * _HEADER,
            "hub": _CARD,
            "released": released + self.prompt,
        }

    def whole(self, spec: ExportSpec) -> int:
        """Give the bytes of the whole folder."""
        sizes = self.sizes(spec)
        rest = 0 if spec.released_only else _CARD + (3 * self.prompt if spec.prompt else 0)
        return sum(sizes[name] for name in spec.files) + rest

    def _counts(self, *, own: bool) -> tuple[list[int], list[int]]:
        return (
            [layer.own_size if own else layer.size for layer in self.layers],
            [layer.own_kept if own else layer.kept for layer in self.layers],
        )

    def _two_files(self, spec: ExportSpec) -> bool:
        return spec.prompt and self.prompt > 0 and not (spec.onnx_input == "normalised" and self.one_size)


def count_state(store: RunStore, *, level: int | None, stage: Stage | None) -> Counted:
    """Count a saved state; its masks are read, its weights are not.

    Raises:
        EngineError: there is none, or its file is missing or damaged.
    """
    history = store.read().history
    saved = choose(history, level=level, stage=stage)
    path = store.path(saved.state_path)
    info = read_state_info(path)
    found = read_num_bytes(path)
    weights = {name.removeprefix("weights/"): size for name, size in found.items() if name.startswith("weights/")}
    bits = read_arrays(path, tuple(name for name in found if name.startswith("masks/")))
    config, classifier = store.config, catalogue()[store.config.model.architecture].classifier
    rows = () if config.mapping.kind == "head" else info.mapping
    own = sum(_own_bytes(classifier, name, weights, info, rows) for name in weights)
    canvas = config.effective_prompt.canvas
    return Counted(
        weights=sum(weights.values()),
        own_weights=own,
        num_entries=len(weights),
        layers=tuple(_layer(name, info, bits.get(f"masks/{name}"), rows if name == classifier else ()) for name in info.shapes),
        prompt=3 * canvas**2 * _VALUE if config.uses_prompt else 0,
        moments=_moments(config, info, weights),
        one_size=canvas == config.data.image_size,
    )


def _own_bytes(classifier: str, name: str, weights: Mapping[str, int], info: StateInfo, rows: tuple[int, ...]) -> int:
    shape = info.shapes.get(classifier)
    if not rows or not shape or name not in (f"{classifier}.weight", f"{classifier}.bias"):
        return weights[name]
    return weights[name] * len(rows) // shape[0]


def _layer(name: str, info: StateInfo, bits: BitArray | None, rows: tuple[int, ...]) -> Layer:
    shape = info.shapes[name]
    size = int(np.prod(shape, dtype=np.int64))
    if bits is not None and (bits.dtype != np.uint8 or bits.size != (size + 7) // 8):
        raise EngineError(f"the saved state is damaged: the mask of {name} does not belong to a weight of shape {shape}")
    kept = size if bits is None else int(_ONES[bits].sum(dtype=np.int64))
    if not rows:
        return Layer(size, kept, size, kept)
    if max(rows) >= shape[0]:
        raise EngineError("the saved state is damaged: it maps to a source class that the network does not have")
    own = len(rows) * (size // shape[0])
    return Layer(size, kept, own, own if bits is None else int(np.count_nonzero(unpack(bits, shape)[list(rows)])))


def _moments(config: RunConfig, info: StateInfo, weights: Mapping[str, int]) -> int:
    """Count the values that an optimizer of the released code keeps beside what it trains."""
    if info.phase == "finetune":
        learned = sum(size for name, size in weights.items() if not name.endswith(("running_mean", "running_var", "tracked")))
        return _each(config.optim.weights) * learned // _VALUE
    scored = sum(weights[entry_of(layer, weights)] for layer in info.shapes if entry_of(layer, weights) in weights)
    return _each(config.optim.scores) * scored // _VALUE


def _each(spec: OptimSpec) -> int:
    return 2 if spec.kind == "adam" else int(spec.momentum > 0)
