"""What is said of a run that does not work here: how it stands or ended, what came out, and what to do next."""

from vpns_engine.history import RunHistory
from vpns_engine.saved_states import saved_name
from vpns_engine.standing import standing
from vpns_engine.store import State
from vpns_engine.words import percent, sparsity_of
from vpns_gui.notices import Notice

_RESUME = "Resume goes on where it was left."
_LATER = "Once the cause is gone, Resume goes on where it was left."
_NO_NUMBER = "the loss is no longer a number"
SAME_AGAIN = "Resume would come to the same end: choose Use this run's settings in the Run menu, change them, and start."


def outcome(history: RunHistory, state: State | None = None, *, here: bool = False, resumable: bool = True) -> Notice:
    """Sum up how a run stands: as `state` says, else as its events do.

    `here`: it works in this window; `resumable`: it can go on where it was left.
    """
    ended = history.ended
    resume = _RESUME if resumable else ""
    match state or (ended.status if ended is not None else "interrupted"):
        case "finished":
            return Notice(f"Finished. {_tested(history)} Press Export to write it for plain PyTorch.")
        case "stopped":
            return Notice(f"Stopped. {_kept(history)} {resume}".rstrip())
        case "failed":
            why = ended.text if ended is not None and ended.text else "no reason given"
            then = _then(history) if resumable else ""
            return Notice(f"Failed: {why.rstrip('.')}. {_kept(history)} {then}".rstrip(), "error")
        case "interrupted":
            return Notice(f"Interrupted {place_of(history)}: its process ended without a word. {resume}".rstrip(), "warning")
        case "paused" if here:
            return Notice(f"Paused {place_of(history)}. {_held(history)} Continue goes on at the same batch.")
        case "paused":
            return Notice(f"Paused {place_of(history)} by the process that works on it; it can be continued there.")
        case "running":
            return Notice("Another process works on this run. It is shown as it goes on, and can be stopped there only.")


def ends_the_same_again(history: RunHistory) -> bool:
    """Tell whether a run failed by its own settings, so that going on does not help."""
    return history.ended is not None and history.ended.text.startswith(_NO_NUMBER)


def _then(history: RunHistory) -> str:
    return SAME_AGAIN if ends_the_same_again(history) else _LATER


def place_of(history: RunHistory) -> str:
    """Say where a run is: `in Search masks, 90 % sparsity, epoch 3 of 30`."""
    return "before its first phase" if history.current is None else standing(history)


def _held(history: RunHistory) -> str:
    text = history.paused.text.removeprefix("Paused; ").rstrip(".") if history.paused is not None else ""
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _tested(history: RunHistory) -> str:
    parts = []
    for number in sorted(history.levels):
        level = history.levels[number]
        found = level.test("finetune") or level.test("search")
        if found is not None:
            prompted = f" ({percent(found.accuracy_prompted)} with prompt)" if found.accuracy_prompted is not None else ""
            parts.append(f"{percent(found.accuracy)}{prompted} at {sparsity_of(level.density)} sparsity")
    return f"Test accuracy {', '.join(parts)}." if parts else "Nothing was tested."


def _kept(history: RunHistory) -> str:
    saved = [item for number in sorted(history.levels) for item in history.levels[number].saved]
    if not saved:
        return "No mask was saved yet, so there is nothing to export."
    last = saved[-1]
    what = f"{saved_name(history, last)} at {sparsity_of(history.levels[last.level].density)} sparsity"
    return f"Kept: {what}. Press Export to write it for plain PyTorch."
