"""The kept share of a saved state, with and without the classifier's rows that no class of the task uses."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import prod

import numpy as np

from vpns_engine.artifacts import BoolArray, read_mask, read_names, read_state_info
from vpns_engine.errors import EngineError
from vpns_engine.history import RunHistory
from vpns_engine.store import RunStore


@dataclass(frozen=True)
class Density:
    """Scored weights, and those that the mask keeps.

    `without_unused_rows` is the kept share without the classifier's rows that no class of the task uses: they could be dropped
    anyway. None where the last scored layer is no such classifier.
    """

    num_kept: int
    num_scored: int
    without_unused_rows: float | None

    @property
    def share(self) -> float:
        """The kept share of all scored weights."""
        return self.num_kept / self.num_scored


def density_of(masks: Mapping[str, BoolArray], num_source: int, mapping: Sequence[int]) -> Density:
    """Count the masks of the scored layers, in order; `mapping` is the source class of each target class."""
    return _counted([(mask.size, int(np.count_nonzero(mask))) for mask in masks.values()], _last(masks), num_source, mapping)


def _last(masks: Mapping[str, BoolArray]) -> BoolArray:
    return masks[list(masks)[-1]]


def _counted(counts: Sequence[tuple[int, int]], last: BoolArray, num_source: int, mapping: Sequence[int]) -> Density:
    scored, kept = (sum(column) for column in zip(*counts, strict=True))
    if not scored:
        raise EngineError("no weight was scored")
    # with all rows in use there is nothing to leave out, whatever the last scored layer is (a new head is not scored)
    without = kept / scored if len(set(mapping)) == num_source else None
    if without is None and last.ndim >= 2 and last.shape[0] == num_source:
        unused = np.delete(last, list(mapping), axis=0)
        left = scored - unused.size
        without = (kept - int(np.count_nonzero(unused))) / left if left else None
    return Density(kept, scored, without)


def _nothing_dropped(shapes: Sequence[tuple[int, ...]], num_source: int, mapping: Sequence[int]) -> Density:
    """Count without making a mask: a damaged file may claim any shape."""
    scored = sum(prod(shape) for shape in shapes)
    if not scored:
        raise EngineError("no weight was scored")
    last, used = shapes[-1], len(set(mapping))
    is_classifier = len(last) >= 2 and last[0] == num_source
    left = scored - (num_source - used) * prod(last[1:])
    return Density(scored, scored, 1.0 if used == num_source or (is_classifier and left) else None)


def read_density(store: RunStore, state_path: str, num_source: int) -> Density:
    """Count the masks of a saved state, one layer after another.

    Raises:
        EngineError: the file is missing or damaged.
    """
    path = store.path(state_path)
    info, names = read_state_info(path), set(read_names(path))
    if not info.shapes or not all(0 <= source < num_source for source in info.mapping):
        raise EngineError(f"{path.name} is damaged: no layers, or a mapping to classes that are not there")
    if info.threshold is None and not any(name.startswith("masks/") for name in names):  # density 1: no mask is set
        return _nothing_dropped(list(info.shapes.values()), num_source, info.mapping)
    counts: list[tuple[int, int]] = []
    last = np.zeros(0, np.bool_)
    for layer in info.shapes:
        last = read_mask(path, layer)
        counts.append((last.size, int(np.count_nonzero(last))))
    return _counted(counts, last, num_source, info.mapping)


def densities_of(store: RunStore, state_paths: Iterable[str], num_source: int) -> dict[str, Density]:
    """Count saved states, by the paths of their files; those that cannot be read are left out."""
    found = {}
    for path in state_paths:
        with suppress(EngineError):  # who shows the run says what is damaged
            found[path] = read_density(store, path, num_source)
    return found


def densities_of_run(store: RunStore, history: RunHistory) -> dict[str, Density]:
    """Count every saved state of a run."""
    if history.started is None:
        return {}
    paths = {saved.state_path for level in history.levels.values() for saved in level.saved}
    return densities_of(store, paths, len(history.started.source_classes))
