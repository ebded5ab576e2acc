"""A run as one line of a table, read from its folder; damaged ones too."""

import datetime
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from vpns_engine.catalogue import labels
from vpns_engine.errors import EngineError
from vpns_engine.history import LevelHistory, RunHistory
from vpns_engine.keeping import usage_of
from vpns_engine.marks import Marks, read_marks
from vpns_engine.saved_states import dense_tests
from vpns_engine.specs.data import DATASET_LABELS
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunInfo, RunStore, State
from vpns_engine.words import sparsity_of

RowState = Literal["running", "paused", "interrupted", "stopped", "failed", "finished", "damaged"]
STATE_LABELS: dict[RowState, str] = {
    "running": "Running",
    "paused": "Paused",
    "interrupted": "Interrupted",
    "stopped": "Stopped",
    "failed": "Failed",
    "finished": "Finished",
    "damaged": "Damaged",
}
"""What a person reads for each state, in the order in which they are offered."""


@dataclass(frozen=True)
class RunRow:
    """What the library says of a run. Accuracies are shares (0 to 1), one for each level, in the order of `densities`.

    A plain class: ten thousand of them are made at once.
    """

    folder: Path
    name: str = ""
    """The one given to it; empty where none was."""
    architecture: str = ""
    data: str = ""
    method: str = ""
    prompt: str = ""
    densities: tuple[float, ...] = ()
    plain: tuple[float | None, ...] = ()
    prompted: tuple[float | None, ...] = ()
    dense: float | None = None
    seed: int | None = None
    done: float = 0.0
    """Share of the run that is done."""
    num_bytes: int = 0
    status: State = "finished"
    """How it stands, unless it goes on: then `info` tells."""
    began: float = 0.0
    """Seconds since 1970; 0 where nobody wrote it down."""
    message: str = ""
    """What the run said at its end."""
    imported: bool = False
    info: str = ""
    """The `run.json` of a run that says that it goes on; empty for others."""
    tags: tuple[str, ...] = ()
    note: str = ""
    damage: str = ""
    """What of it cannot be read; empty where all can."""
    opens: bool = True
    """It can be opened."""

    @property
    def state(self) -> RowState:
        """Tell how it stands now."""
        if not self.opens:
            return "damaged"
        return RunInfo.model_validate_json(self.info).state if self.info else self.status

    @property
    def goes_on(self) -> bool:
        """Tell whether the run says that it is worked on: then its state can change without a word."""
        return bool(self.info)

    @property
    def resumable(self) -> bool:
        """Tell whether the run was left before its end and can go on."""
        return self.state in ("interrupted", "stopped", "failed") and not self.imported

    @property
    def started(self) -> datetime.datetime | None:
        """When it began; None where nobody wrote it down."""
        try:
            return datetime.datetime.fromtimestamp(self.began) if self.began > 0 else None
        except (ValueError, OverflowError, OSError):
            return None

    @cached_property
    def words(self) -> str:
        """Everything a person may look for, in small letters; the state is not among it, for that changes by itself."""
        sparsities = (sparsity_of(density) for density in self.densities)
        seed = "" if self.seed is None else f"seed {self.seed}"
        when = f"{self.started:%Y-%m-%d %H:%M}" if self.started else ""
        parts = (self.folder.name, self.name, self.architecture, self.data, self.method, self.prompt, seed, when)
        return "\n".join((*parts, *sparsities, *self.tags, self.note, self.message, self.damage)).casefold()


def read_row(folder: Path) -> RunRow:
    """Read a run folder as far as that is possible."""
    damage: list[str] = []
    info, marks, num_bytes = RunInfo(), Marks(), sum(usage_of(folder).values())
    try:
        marks = read_marks(folder)
    except EngineError as error:
        damage.append(str(error))
    try:
        store = RunStore.open(folder)
        info = store.read_info()
        replay = store.read(steps=False)
    except EngineError as error:
        why = "; ".join((*damage, str(error)))
        return RunRow(folder=folder, num_bytes=num_bytes, tags=marks.tags, note=marks.note, damage=why, opens=False)
    history = replay.history
    levels = [_best_known(history, number) for number in range(len(store.config.mask.densities))]
    dense = dense_tests(history)
    return RunRow(
        folder=folder,
        **_words_of(store.config),
        densities=store.config.mask.densities,
        plain=tuple(_share(plain) for plain, _ in levels),
        prompted=tuple(_share(prompted) for _, prompted in levels),
        dense=_share(dense[-1][1].accuracy) if dense else None,
        seed=store.config.seed,
        done=_share(history.done) or 0.0,
        num_bytes=num_bytes,
        status=info.status,
        began=info.started if math.isfinite(info.started) else 0.0,
        message=info.message,
        imported=info.imported,
        info=info.model_dump_json(exclude={"versions"}) if info.status in ("running", "paused") else "",
        tags=marks.tags,
        note=marks.note,
        damage="; ".join(damage),
    )


def _best_known(history: RunHistory, number: int) -> tuple[float | None, float | None]:
    """Give the test accuracies of a level's last state, without and with the prompt."""
    level: LevelHistory | None = history.levels.get(number)
    found = (level.test("finetune") or level.test("search")) if level is not None else None
    return (found.accuracy, found.accuracy_prompted) if found is not None else (None, None)


def _share(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _words_of(config: RunConfig) -> dict[str, Any]:
    prompt, data = config.effective_prompt, config.data
    folder = Path(data.folder).name or "folder"
    return {
        "name": config.name,
        "architecture": labels()[config.model.architecture].split(" (")[0],
        "data": folder if data.dataset == "folder" else DATASET_LABELS[data.dataset].split(" (")[0],
        "method": METHOD_LABELS["control" if config.is_control else config.method].split(" (")[0],
        "prompt": f"{prompt.kind} {prompt.size}".rstrip() if prompt.learns else "",
    }


@dataclass(frozen=True)
class Filter:
    """Which runs are wanted. `text`: every word of it must be found; `state` and `tag` are exact, empty for any."""

    text: str = ""
    state: str = ""
    tag: str = ""

    def of(self, rows: Iterable[RunRow]) -> list[RunRow]:
        """Give the rows that are wanted, in their order."""
        terms = self.text.casefold().split()
        return [row for row in rows if self._wants(row, terms)]

    def _wants(self, row: RunRow, terms: list[str]) -> bool:
        if self.tag and self.tag not in row.tags:
            return False
        if terms and not all(term in row.words for term in terms):
            return False
        return not self.state or row.state == self.state
