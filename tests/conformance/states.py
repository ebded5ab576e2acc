"""Differences of whole saved states: weights, scores, statistics, prompt, masks.

Large networks are recorded by sampled entries and sums.
"""

from collections.abc import Iterator

import numpy as np

from tests.conformance.cases import TARGET, Array
from tests.conformance.digests import sha256
from tests.conformance.replay import Replay
from tests.conformance.report import differences, worst_difference, worst_of

SAVED = {"prune": "after search", "final": "after tuning"}
"""Recorded ends of the two stages, and our words for them."""


class StateGaps:
    """Differences of the saved states of all levels, by kind of tensor."""

    def __init__(self, replay: Replay, end: str) -> None:
        self._expected = replay.expected
        self._states = {f"s{number}.{end}": replay.states[f"s{number}.{end}"] for number in levels(replay)}
        self._batch_norms = _batch_norms(next(iter(self._states.values())))

    def worst(self, group: str) -> float:
        """Give the worst difference of a group: weights, statistics, counters, scores, prompt."""
        whole = [gap for prefix, state in self._states.items() for gap in self._gaps(prefix, state, group)]
        return worst_of([*whole, *(self._joined_gaps() if group == "weights" else ())])

    def share_beyond(self, group: str, limit: float) -> float:
        """Give the largest share of a tensor's entries that are further off than a limit."""
        shares = [
            float(np.mean(differences(array, self._expected[f"{prefix}.{name}"]) > limit))
            for prefix, state in self._states.items()
            for name, array in state.items()
            if kind_of(name) == group and f"{prefix}.{name}" in self._expected
        ]
        return worst_of(shares)

    def sums(self) -> list[float]:
        """Give the relative differences of (sum, sum of absolutes, L2 norm); the plain sum is held to the sum of absolutes."""
        found = []
        for prefix, state in self._states.items():
            for name, array in state.items():
                expected = self._expected.get(f"{prefix}.sum.{name}")
                if expected is not None:
                    wide = array.astype(np.float64)
                    here = np.array([wide.sum(), np.abs(wide).sum(), np.sqrt(np.square(wide).sum())])
                    found.append(float(np.max(np.abs(here - expected) / max(float(expected[1]), 1e-300))))
        return found

    @property
    def num_unrecorded(self) -> int:
        """Count tensors that we have and the record has not, and the other way round."""
        missing = 0
        for prefix, state in self._states.items():
            recorded = {name.removeprefix(f"{prefix}.") for name in self._expected if name.startswith(f"{prefix}.")}
            recorded = {name.removeprefix("samp.") for name in recorded if not name.startswith("sum.")}
            mine = set(state) - {"mask_packed"}
            if f"{prefix}.bn_weight_cat" in self._expected:
                mine -= {f"{name}.{kind}" for name in self._batch_norms for kind in ("weight", "bias", "num_batches_tracked")}
            missing += len(mine ^ (recorded - {"mask_packed", "near_thr_count", "bn_weight_cat", "bn_bias_cat"}))
        return missing

    def _gaps(self, prefix: str, state: dict[str, Array], group: str) -> Iterator[float]:
        for name, array in state.items():
            if kind_of(name) == group:
                yield from tensor_gaps(array, self._expected, f"{prefix}.", name)

    def _joined_gaps(self) -> Iterator[float]:
        for prefix, state in self._states.items():
            for kind in ("weight", "bias"):
                expected = self._expected.get(f"{prefix}.bn_{kind}_cat")
                if expected is not None:
                    joined = np.concatenate([state[f"{name}.{kind}"] for name in self._batch_norms])
                    yield worst_difference(joined, expected)


def kind_of(name: str) -> str:
    """Give the group a tensor belongs to."""
    kinds = {"running_mean": "statistics", "running_var": "statistics", "num_batches_tracked": "counters"}
    kinds |= {"popup_scores": "scores", "program": "prompt", "mask_packed": "mask"}
    return kinds.get(name.rsplit(".", 1)[-1], "weights")


def _batch_norms(state: dict[str, Array]) -> list[str]:
    return [name.removesuffix(".running_mean") for name in state if name.endswith(".running_mean")]


def levels(replay: Replay) -> range:
    """Number the levels as recorded, from 1."""
    return range(1, len(replay.config.mask.sparsities) + 1)


def num_mask_bits(replay: Replay, end: str) -> float:
    """Count the mask bits that differ; the mask of the tuning is the one that the search left."""
    pairs = ((replay.states[f"s{n}.{end}"], replay.expected[f"s{n}.prune.mask_packed"]) for n in levels(replay))
    return worst_of([_num_bits(state, expected) for state, expected in pairs])


def _num_bits(state: dict[str, Array], expected: Array) -> float:
    found = state["mask_packed"]
    return float("inf") if found.shape != expected.shape else float(np.unpackbits(np.bitwise_xor(found, expected)).sum())


def mask_digests(replay: Replay, end: str) -> tuple[list[str], list[str]]:
    """Give the digests of the masks, found and recorded."""
    recorded = replay.case.settings["mask_packbits_sha256"][TARGET][replay.precision]
    names = [f"s{number}.{end}" for number in levels(replay)]
    return [sha256(replay.states[name]["mask_packed"]) for name in names], [recorded[name] for name in names]


def tensor_gaps(found: Array, expected: dict[str, Array], prefix: str, *names: str) -> Iterator[float]:
    """Give a tensor's worst difference from what is recorded of it: the whole, or sampled entries."""
    for name in names:
        if prefix + name in expected:
            yield worst_difference(found, expected[prefix + name])
        if f"{prefix}samp.{name}" in expected:
            yield worst_difference(found.reshape(-1)[expected[f"samp_idx.{name}"]], expected[f"{prefix}samp.{name}"])
