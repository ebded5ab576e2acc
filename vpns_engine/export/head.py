"""The task's own classifier: the mapped rows of the pre-trained one, which give the very numbers that the task reads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from vpns_engine.catalogue import catalogue
from vpns_engine.errors import EngineError
from vpns_engine.export.source import Array, Source


def own_head(source: Source) -> Source:
    """Give the same state with a classifier that has one output for each class of the task.

    Raises:
        EngineError: the state has no mapping, or a classifier of another kind.
    """
    if source.has_head:
        return source  # it is one already
    layer, rows = catalogue()[source.config.model.architecture].classifier, source.info.mapping
    if not rows or f"{layer}.weight" not in source.weights:
        raise EngineError("the saved state has no label mapping: a classifier of the task's own classes cannot be made of it")
    entries = [name for name in (f"{layer}.weight", f"{layer}.bias") if name in source.weights]
    shapes = {name: (len(rows), *shape[1:]) if name == layer else shape for name, shape in source.info.shapes.items()}
    return replace(
        source,
        origin=source,
        weights=_chosen(source.weights, entries, rows),
        scores=_chosen(source.scores, [layer], rows),
        masks=_chosen(source.masks, [layer], rows),
        info=replace(source.info, mapping=tuple(range(len(rows))), shapes=shapes),
        started=source.started.model_copy(update={"source_classes": source.started.target_classes}),
    )


def _chosen(arrays: Mapping[str, Array], names: Sequence[str], rows: Sequence[int]) -> dict[str, Array]:
    chosen = [name for name in names if name in arrays]
    return {**arrays, **{name: np.ascontiguousarray(arrays[name][list(rows)]) for name in chosen}}
