"""How the pre-trained classes serve as the task's classes."""

from typing import Literal

from vpns_engine.specs.fields import Spec, option

MappingKind = Literal["flm", "ilm", "rlm", "head"]

MAPPING_LABELS: dict[MappingKind, str] = {
    "flm": "Frequency (FLM)",
    "ilm": "Iterative (ILM)",
    "rlm": "Random (RLM)",
    "head": "New linear head",
}
"""What a person reads for each mapping."""


class MappingSpec(Spec):
    """The label mapping: the pre-trained classifier is kept as it is, or a new one takes its place."""

    kind: MappingKind = option("flm", "Label mapping", advanced=True, words=MAPPING_LABELS)
    """flm: each target class takes the source class it is most often taken for, one to one (frequency label mapping), found
    once for each sparsity; ilm: found again at the start of each epoch; rlm: source classes drawn at random, one to one;
    head: a new linear classifier in place of the pre-trained one, neither scored nor pruned, which learns in both stages."""
