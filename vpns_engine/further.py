"""Going on from a run's saved state: the settings of the run that tunes it further."""

from typing import Any

from vpns_engine.artifacts import read_state_info
from vpns_engine.export.source import Stage, choose
from vpns_engine.store import RunStore


def further_values(store: RunStore, *, level: int | None = None, stage: Stage | None = None) -> dict[str, Any]:
    """Give the nested plain values of a configuration that goes on from a run's saved state.

    Args:
        store: the run; its settings are taken over.
        level: which density, from 0; the last saved one by default.
        stage: `search` or `finetune`; the level's last by default.

    Raises:
        EngineError: nothing is saved, or its file cannot be read.
    """
    saved = choose(store.read(steps=False).history, level=level, stage=stage)
    path = store.path(saved.state_path)
    values = store.config.model_dump(mode="json")
    values["start_from"] = str(path)
    values["mask"]["sparsities"] = [round(1 - read_state_info(path).density, 12)]
    return values
