"""The logits of the run's own state, to hold an export against: through the very classes the run computed with.

Shapes: B pictures, S image side or source classes, K task classes.
"""

from collections.abc import Callable

import numpy as np
import torch

from vpns_engine.artifacts import FloatArray
from vpns_engine.catalogue import catalogue
from vpns_engine.errors import EngineError
from vpns_engine.export.source import Source
from vpns_engine.export.verify import CHUNK
from vpns_engine.export.weights import unmodified
from vpns_engine.nn.normalization import normalization_of
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork


def reference_logits(source: Source) -> dict[str, FloatArray]:
    """Give the task's logits for the run's sample pictures: `plain` and, with a prompt, `prompted`; shape (B, K) each.

    Raises:
        EngineError: the state's mask is not the one of its own scores.
    """
    return {view: outputs_BS[:, list(source.info.mapping)] for view, outputs_BS in reference_outputs(source).items()}


def reference_outputs(source: Source, check: Callable[[], None] = lambda: None) -> dict[str, FloatArray]:
    """Give all outputs of the network for the run's sample pictures, by view; shape (B, S) each.

    Args:
        source: the state as it was saved.
        check: called before each few pictures; may raise to end it.

    Raises:
        EngineError: the state's mask is not the one of its own scores.
    """
    network = _pruned(source)
    x_B3SS = torch.from_numpy(np.ascontiguousarray(source.pictures)).float() / 255
    with torch.inference_mode():
        inputs = {"plain": normalization_of(source.config.model.architecture)(x_B3SS)}
        if source.prompt:
            inputs["prompted"] = _prompted(source, x_B3SS)
        return {view: _outputs(network, x, check) for view, x in inputs.items()}


def _outputs(network: SparseNetwork, x: torch.Tensor, check: Callable[[], None]) -> FloatArray:
    """Go through the pictures as the fresh process does, as many at once: other numbers at once may move the last bit."""
    found = []
    for part in torch.split(x, CHUNK):
        check()
        found.append(network(part).numpy())
    return np.concatenate(found)


def _pruned(source: Source) -> SparseNetwork:
    architecture = source.config.model.architecture
    unscored = (catalogue()[architecture].classifier,) if source.has_head else ()
    network = SparseNetwork(unmodified(architecture, len(source.started.source_classes), source.weights), unscored)
    names = [layer.name for layer in network.layers]
    if names != list(source.masks) or not set(names) <= source.scores.keys():
        raise EngineError("the saved state is damaged: its scored layers are not those of the network")
    network.set_scores([torch.from_numpy(np.array(source.scores[name])) for name in names])
    network.threshold = source.info.threshold
    network.refresh()
    for name, mask in zip(names, network.masks(), strict=True):
        if not np.array_equal(mask.numpy(), source.masks[name]):
            raise EngineError(f"the saved state is damaged: the mask of {name} is not the one of its scores")
    return network.eval()


def _prompted(source: Source, x_B3SS: torch.Tensor) -> torch.Tensor:
    config = source.config
    wanted = normalization_of(config.model.architecture)
    prompt = build_prompt(config.effective_prompt, config.data.image_size, _nowhere, normalization=wanted)
    learned = {name: torch.from_numpy(np.array(value)) for name, value in source.prompt.items()}
    for name, value in prompt.named_parameters():
        if name not in learned or learned[name].shape != value.shape:
            raise EngineError(f"the saved state is damaged: the prompt's {name} should have shape {tuple(value.shape)}")
    prompt.take(learned)
    prompted: torch.Tensor = prompt(x_B3SS, fixed=True)
    return prompted


def _nowhere() -> tuple[int, int]:
    raise ValueError("a fixed view draws no place")
