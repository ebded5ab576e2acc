"""Reads a `*prune.pth` or `*best.pth` of the released code.

Such a file holds dense weights and scores, the prompt, the mapping, and what was measured. It holds neither density, threshold
nor mask: the mask is found again from the scores and a density that is given (see `rebuild`).

Shapes: C canvas side, T target classes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from vpns_engine.errors import EngineError
from vpns_engine.official.pickles import open_checkpoint
from vpns_engine.official.settings import Said, Settings, said_in, settings_in

Stage = Literal["search", "finetune"]
SCORES = ".popup_scores"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of the released code, checked."""

    path: Path
    stage: Stage
    """`search`: written after the mask had been found (prune); `finetune`: by the tuning (best)."""
    weights: Mapping[str, Tensor]
    """The dense state dict, without the scores."""
    scores: Mapping[str, Tensor]
    """By layer, in the network's order."""
    initial: Mapping[str, Tensor] | None
    """The state dict the run started from, without scores."""
    program: Tensor | None
    """The prompt as learned, (3, C, C); None where the file has no prompt."""
    region: Tensor | None
    """1 where the prompt acts, (C, C); None where the file does not say."""
    mapping: tuple[int, ...]
    """Source class of each target class."""
    said: Said
    settings: Settings

    @property
    def num_scored(self) -> int:
        """Number of scored weights."""
        return sum(score.numel() for score in self.scores.values())


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; nothing in the file is run.

    Raises:
        EngineError: it cannot be read, or is no checkpoint of the released code; one line that says why.
    """
    content = open_checkpoint(path)
    weights, scores = _split(content, path)
    initial = content.get("init_weight")
    program, region = _prompt(content, path)
    return Checkpoint(
        path=path,
        stage=_stage(content, path),
        weights=weights,
        scores=scores,
        initial=_plain(initial, weights) if isinstance(initial, Mapping) else None,
        program=program,
        region=region,
        mapping=_mapping(content, path),
        said=said_in(content),
        settings=settings_in(content),
    )


def _split(content: Mapping[str, Any], path: Path) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Give the weights and the scores of the state dict."""
    state = content.get("state_dict")
    if not isinstance(state, Mapping):
        hint = ": it is a plain state dict; take it as a weights file" if _is_plain(content) else ": it has no state_dict"
        raise _no_checkpoint(path, hint)
    if not all(isinstance(name, str) and isinstance(value, Tensor) for name, value in state.items()):
        raise _no_checkpoint(path, ": its state_dict holds more than tensors")
    scores = {name.removesuffix(SCORES): value for name, value in state.items() if name.endswith(SCORES)}
    if not scores:
        raise _no_checkpoint(path, ": no layer has popup_scores")
    weights = {name: value for name, value in state.items() if not name.endswith(SCORES)}
    for layer, score in scores.items():
        _check_layer(layer, score, weights.get(f"{layer}.weight"), path)
    for name, value in state.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise EngineError(f"{path}: {name} holds values that are not finite (the training diverged)")
    return {name: _single(value) for name, value in weights.items()}, {layer: _single(s) for layer, s in scores.items()}


def _is_plain(content: Mapping[str, Any]) -> bool:
    return bool(content) and all(isinstance(value, Tensor) for value in content.values())


def _check_layer(layer: str, score: Tensor, weight: Tensor | None, path: Path) -> None:
    if weight is None:
        raise EngineError(f"{path}: layer {layer} has scores but no weight")
    if score.shape != weight.shape or not score.is_floating_point():
        raise EngineError(
            f"{path}: the scores of {layer} are {tuple(score.shape)}, its weight is {tuple(weight.shape)}: they belong together"
        )


def _plain(initial: Mapping[Any, Any], weights: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """Give the initial state dict; None where it is not that of the same network."""
    for name, value in weights.items():
        given = initial.get(name)
        if not isinstance(given, Tensor) or given.shape != value.shape:
            return None
    return {name: _single(initial[name]) for name in weights}


def _single(value: Tensor) -> Tensor:
    return value.detach().float().contiguous() if value.is_floating_point() else value.detach().clone()


def _prompt(content: Mapping[str, Any], path: Path) -> tuple[Tensor | None, Tensor | None]:
    """Give program and region of the prompt."""
    prompt = content.get("visual_prompt")
    if prompt is None:
        return None, None
    program = prompt.get("program") if isinstance(prompt, Mapping) else None
    if not isinstance(program, Tensor):
        raise _no_checkpoint(path, ": its visual_prompt has no program")
    if program.ndim != 3 or program.shape[0] != 3 or program.shape[1] != program.shape[2]:
        raise EngineError(f"{path}: the prompt has the shape {tuple(program.shape)}; 3 x C x C is needed")
    if not torch.isfinite(program).all():
        raise EngineError(f"{path}: the prompt holds values that are not finite (the training diverged)")
    return _single(program), _region(prompt.get("mask"), program, path)


def _region(mask: object, program: Tensor, path: Path) -> Tensor | None:
    if mask is None:
        return None
    if not isinstance(mask, Tensor) or mask.shape != program.shape:
        shape = tuple(mask.shape) if isinstance(mask, Tensor) else "no tensor"
        raise EngineError(f"{path}: the prompt's mask is {shape}, the prompt {tuple(program.shape)}: they belong together")
    if not torch.equal(mask, mask[:1].expand_as(mask)) or not ((mask == 0) | (mask == 1)).all():
        raise EngineError(f"{path}: the prompt's mask is not one region of 0 and 1")
    return _single(mask[0])


def _mapping(content: Mapping[str, Any], path: Path) -> tuple[int, ...]:
    given = content.get("mapping_sequence")
    if isinstance(given, Tensor):
        given = given.tolist()
    if not isinstance(given, list) or not given or not all(isinstance(source, int) for source in given):
        raise _no_checkpoint(path, ": it has no mapping_sequence of source classes")
    if len(set(given)) != len(given) or min(given) < 0:
        raise EngineError(f"{path}: the mapping gives a source class to two target classes, or is negative")
    return tuple(given)


def _stage(content: Mapping[str, Any], path: Path) -> Stage:
    """Tell which stage wrote the file: only that of the search has moments of the scores' optimizer."""
    optimizer = content.get("score_optimizer")
    if isinstance(optimizer, Mapping):
        return "search" if optimizer.get("state") else "finetune"
    return "search" if re.search("prune", path.stem) else "finetune"


def _no_checkpoint(path: Path, why: str) -> EngineError:
    return EngineError(f"{path} is no checkpoint of the released code{why}")
