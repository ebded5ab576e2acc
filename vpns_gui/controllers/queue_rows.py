"""How the runs of the queue are said: a row each, and all together in a few words."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from vpns_engine.differences import run_labels
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.run import RunConfig
from vpns_engine.waiting import STATE_LABELS, Entry, Queue, State
from vpns_gui.controllers.run_bar import title_of
from vpns_gui.forms.form import device_words
from vpns_gui.models.queue_table import QueueRow

_ORDER: tuple[State, ...] = ("running", "waiting", "interrupted", "stopped", "failed", "finished", "done")
_TONES = {
    "waiting": "text",
    "running": "accent",
    "interrupted": "warning",
    "finished": "good",
    "done": "good",
    "stopped": "warning",
    "failed": "danger",
}


def names_of(configs: Sequence[RunConfig]) -> list[str]:
    """Name runs by what matters in them; those of one name by what differs between them as well."""
    names = [title_of(config.model_copy(update={"name": ""})) for config in configs]
    groups: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        groups[name].append(number)
    for numbers in groups.values():
        differences = _differences(tuple(configs[number] for number in numbers))
        for number, words in zip(numbers, differences, strict=True):
            names[number] += f" · {words}" if words else ""
    return names


@lru_cache(maxsize=256)
def _differences(configs: tuple[RunConfig, ...]) -> tuple[str, ...]:
    if len(set(configs)) < 2:
        return ("",) * len(configs)
    labels = run_labels([config.model_copy(update={"name": ""}) for config in configs])
    if len(set(labels)) < 2:  # they differ in where the data stand, or in threads
        return ("",) * len(configs)
    methods = [f"{METHOD_LABELS[config.method]}, " for config in configs]  # their names begin with it
    return tuple(label.removeprefix(method) for label, method in zip(labels, methods, strict=True))


def row_of(entry: Entry, what: str, lane: str, *, editing: bool = False) -> QueueRow:
    """Say how an entry stands.

    Args:
        entry: the run.
        what: its words among the others (see `names_of`).
        lane: the device that its setting stands for, empty while that is not known.
        editing: its settings are in the form.
    """
    config = entry.config
    return QueueRow(
        key=entry.key,
        name=config.name,
        what=what,
        device=_device(config.device, lane),
        state=_state(entry, editing=editing),
        tip=_tip(entry),
        tone=_TONES[entry.state],
        strong=entry.state == "running",
    )


def _state(entry: Entry, *, editing: bool) -> str:
    if editing:
        return "being edited"
    if entry.state == "waiting" and entry.folder:
        return "waiting to go on"
    return STATE_LABELS[entry.state]


def _device(wanted: str, lane: str) -> str:
    words = device_words(wanted)
    return f"{words} ({lane})" if wanted == "auto" and lane else words


def _tip(entry: Entry) -> str:
    lines = [entry.text] if entry.text else []
    lines += [Path(entry.folder).name] if entry.folder else []
    return "\n".join(lines)


def counted(queue: Queue) -> str:
    """Count the runs by how they stand: `1 running, 3 waiting`."""
    counts = ((len(queue.in_state(state)), STATE_LABELS[state]) for state in _ORDER)
    return ", ".join(f"{count} {words}" for count, words in counts if count)
