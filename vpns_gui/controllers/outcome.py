"""What is said when a run is over: how it ended, what came out, and what to do next."""

from vpns_engine.history import RunHistory
from vpns_engine.saved_states import saved_name
from vpns_engine.words import percent, sparsity_of
from vpns_gui.notices import Notice


def outcome(history: RunHistory) -> Notice:
    """Sum up a run that has ended."""
    ended = history.ended
    if ended is None:
        return Notice("This run has not ended, or it was cut off", "warning")
    match ended.status:
        case "finished":
            return Notice(f"Finished. {_tested(history)} Press Export to write it for plain PyTorch.")
        case "stopped":
            return Notice(f"Stopped. {_kept(history)}")
        case "failed":
            return Notice(f"Failed: {ended.text or 'no reason given'}. {_kept(history)}", "error")


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
        return "No mask was saved yet, so there is nothing to export; change the settings if needed and press Start."
    last = saved[-1]
    what = f"{saved_name(history, last)} at {sparsity_of(history.levels[last.level].density)} sparsity"
    return f"Kept: {what}. Press Export to write it for plain PyTorch."
