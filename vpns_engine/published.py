"""The published accuracies (resources/published.csv; their source stands beside it), to be drawn beside one's own."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from vpns_engine.bundled import resource

PROTOCOL = "paper"
"""How all of them were measured: no images held back for validation, the last epoch's state."""

STUDY_LABELS = {
    "main": "Main comparison",
    "architecture": "Main comparison",
    "post_prompt_tuned": "A prompt after pruning, tuned",
    "post_prompt_untuned": "A prompt after pruning, untuned",
    "method_combination": "VPNs with other methods' masks",
    "mask_transfer": "Masks found on other data",
    "ablation_stage": "The prompt in one stage only",
    "ablation_prompt_kind": "Kinds of prompt",
    "ablation_pad": "Widths of the ring",
    "ablation_input_size": "Image sizes",
    "structured": "Whole channels pruned",
}
"""What a person reads for each study; the first two are those of the published settings that are presets here."""

MAIN_STUDIES = ("main", "architecture")
"""The comparisons of methods that the published settings belong to."""

_WITH_PROMPT = ("post_prompt_tuned", "post_prompt_untuned", "method_combination")

OUR_NAMES: Mapping[str, str] = {"VPNs": "vpns", "OMP": "omp", "Random": "random"}
"""The published methods that can be run here, by the name they have in a configuration."""

DENSE_METHOD = "Dense"


@dataclass(frozen=True)
class PublishedPoint:
    """One accuracy. Shares are from 0 to 1; `deviation` is None where none is given."""

    sparsity: float
    accuracy: float
    deviation: float | None
    seeds: int


@dataclass(frozen=True)
class PublishedLine:
    """One method of a study, by growing sparsity."""

    study: str
    method: str
    points: tuple[PublishedPoint, ...]
    where: str
    """The script of the released code that holds the figures."""

    @property
    def prompted(self) -> bool:
        """Tell whether the accuracy was measured with the prompt."""
        return self.study in _WITH_PROMPT

    @property
    def is_dense(self) -> bool:
        """Tell the whole network from what is pruned."""
        return self.method == DENSE_METHOD


def published(architecture: str, dataset: str) -> tuple[PublishedLine, ...]:
    """Give what was published of a network and a data set, study by study; empty where nothing was."""
    return _lines().get((architecture, dataset), ())


@cache
def _lines() -> Mapping[tuple[str, str], tuple[PublishedLine, ...]]:
    places: dict[tuple[str, str], dict[tuple[str, str, str], list[PublishedPoint]]] = {}
    with resource("published.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            lines = places.setdefault((row["architecture"], row["dataset"]), {})
            lines.setdefault((row["study"], row["method"], row["where"]), []).append(_point(row))
    return {place: tuple(_line(*key, points) for key, points in lines.items()) for place, lines in places.items()}


def _point(row: Mapping[str, str]) -> PublishedPoint:
    deviation = float(row["std"]) / 100 if row["std"] else None
    return PublishedPoint(float(row["sparsity"]) / 100, float(row["accuracy"]) / 100, deviation, int(row["seeds"]))


def _line(study: str, method: str, where: str, points: list[PublishedPoint]) -> PublishedLine:
    return PublishedLine(study, method, tuple(sorted(points, key=lambda point: point.sparsity)), where)
