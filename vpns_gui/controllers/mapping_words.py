"""The label mapping of a moment, as rows of a table with what has to be known of it."""

from dataclasses import dataclass

from vpns_engine.events import LabelsMapped, RunStarted
from vpns_engine.history import LevelHistory, RunHistory
from vpns_engine.words import sparsity_of
from vpns_gui.moments import Moment, name_of

Row = tuple[str, ...]

_BY_ORDER = "Where the count is 0, no image was taken for any free class, and the class was assigned by order."
MAPPING_NOTE = f"{_BY_ORDER} The mapping is found with the pruned, untuned network."
ILM_NOTE = f"{_BY_ORDER} Found anew at each epoch."
HEAD_NOTE = "The classifier is new, with an output for each class: nothing is mapped. It is neither scored nor pruned."


@dataclass(frozen=True)
class MappingTexts:
    """What the mapping's table shows."""

    rows: list[Row]
    title: str
    note: str


def mapping_at(level: LevelHistory, moment: Moment | None) -> LabelsMapped | None:
    """Give the mapping that was in force at a moment; the last one where none is asked for."""
    found = level.mappings
    if moment is not None:
        found = [mapped for mapped in found if (mapped.phase, mapped.epoch) <= (moment.phase, moment.epoch)]
    # a tuning that goes back to an epoch tells its mapping once more, under the same number
    return max(found, key=lambda mapped: (mapped.phase, mapped.epoch, mapped.seq), default=None) or level.mapped


def mapping_texts(history: RunHistory, kind: str, number: int, moment: Moment | None) -> MappingTexts:
    """Give the mapping of a level at a moment by name.

    Args:
        kind: the mapping's kind, as MappingSpec names it.
        number: the level.
    """
    level = history.level(number)
    if kind == "head":
        return MappingTexts([], "New linear classifier", HEAD_NOTE)
    if level is None or history.started is None:
        return MappingTexts([], "Label mapping", "")
    is_dense = level is history.dense
    mapped = mapping_at(level, moment if kind == "ilm" else None)
    title = f"Label mapping {'of the dense network' if is_dense else f'at {sparsity_of(level.density)} sparsity'}"
    if kind == "ilm" and moment is not None and mapped is not None:
        title += f", {name_of(history, moment)}"
    note = ILM_NOTE if kind == "ilm" else "" if is_dense else MAPPING_NOTE
    counts = mapped.counts if mapped is not None else ()
    return MappingTexts(mapping_rows(history.started, mapped), title, note if 0 in counts else "")


def mapping_rows(started: RunStarted, mapped: LabelsMapped | None) -> list[Row]:
    """Give a row for each target class; empty before the mapping is found."""
    if mapped is None:
        return []
    return [
        (target, _name(started.source_classes, source), f"{mapped.counts[index]:,}" if index < len(mapped.counts) else "-")
        for index, (target, source) in enumerate(zip(started.target_classes, mapped.sources, strict=False))
    ]


def _name(classes: tuple[str, ...], index: int) -> str:
    return classes[index] if 0 <= index < len(classes) else str(index)
