"""How the pre-trained classes serve as the task's classes."""

from typing import Literal

from vpns_engine.specs.fields import Spec, option


class MappingSpec(Spec):
    """The label mapping; the pre-trained classifier is kept as it is."""

    kind: Literal["flm"] = option("flm", "Label mapping", advanced=True, words={"flm": "Frequency (FLM)"})
    """flm: each target class takes the source class it is most often taken for, one to one (frequency label mapping)."""
