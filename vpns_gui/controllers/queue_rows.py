"""How the runs of the queue are said: a row each, and all together in a few words."""

from pathlib import Path

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


def row_of(entry: Entry, lane: str, *, editing: bool = False) -> QueueRow:
    """Say how an entry stands; `lane` is the device that its setting stands for, empty while that is not known."""
    config = entry.config
    return QueueRow(
        key=entry.key,
        name=config.name,
        what=title_of(config.model_copy(update={"name": ""})),
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
