"""Where a run stands, in words: the same in window and terminal."""

from vpns_engine.history import RunHistory
from vpns_engine.saved_states import level_words
from vpns_engine.specs.phase import PHASE_LABELS


def standing(history: RunHistory, *, amid: int = 0) -> str:
    """Say where a run stands: `in Tune, 90 % sparsity, epoch 3 of 20`; `from the beginning` where nothing is done yet.

    `amid` is the epoch that it is known to be in, for a history without iterations.
    """
    if history.started is None or history.current is None:
        return "from the beginning"
    phase = history.phases[history.current]
    place = f"{PHASE_LABELS[phase.info.kind]}, {level_words(phase.info)}"
    if phase.ended is not None:
        return f"after {place}"
    if phase.info.kind not in ("search", "finetune"):
        return f"in {place}"
    step = phase.last_step
    done = max((epoch.epoch for epoch in phase.epochs), default=0)
    now = max(amid, step.epoch if step is not None else 0)
    if done < now <= phase.info.epochs:
        return f"in {place}, epoch {now} of {phase.info.epochs}"
    return f"in {place}, after epoch {done} of {phase.info.epochs}" if done else f"at the start of {place}"
