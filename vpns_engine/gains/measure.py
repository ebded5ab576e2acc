"""Measures a saved state in processes of their own: nothing here imports torch, and a cancel ends them at once."""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vpns_engine.errors import EngineError
from vpns_engine.files import explained
from vpns_engine.gains.machine import at_work, busy_share, this_machine
from vpns_engine.gains.model import PARTS, Gains, Memory, Part
from vpns_engine.gains.process import MeasuringProcess
from vpns_engine.gains.states import State
from vpns_engine.store import RunStore

Report = Callable[[str, float | None], object]
_SHARES: dict[Part, tuple[float, float]] = {
    "sizes": (0.05, 0.15),
    "work": (0.15, 0.2),
    "torch": (0.2, 0.5),
    "onnx": (0.5, 0.8),
    "cuda": (0.8, 0.9),
    "memory": (0.9, 1.0),
}
"""Where each part begins and ends in the whole, about."""


@dataclass
class _Found:
    """What the measuring process has told so far."""

    values: dict[str, Any] = field(default_factory=dict)
    missing: dict[Part, str] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    part: Part = "sizes"
    over: bool = False


def usual_threads() -> int:
    """Give the threads that are measured with unless told otherwise: as many as a run takes, a core is left to the rest."""
    return max(1, (os.cpu_count() or 1) - 1)


def measure(
    store: RunStore,
    state: State,
    *,
    quick: bool = False,
    threads: int = 0,
    report: Report = lambda _text, _done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Gains:
    """Measure everything that can be measured here of a saved state.

    Args:
        store: the run.
        state: which of its states.
        quick: fewer rounds.
        threads: of the CPU; 0 leaves one core to the rest.
        report: is told what goes on, and the share that is done.
        cancelled: is asked again and again; once it says yes the processes are ended.

    Raises:
        Cancelled: it was asked for.
        EngineError: the state cannot be read, or there is no room for files.
    """
    began, threads = time.time(), threads or usual_threads()
    report("Looking at the machine", 0.0)
    disturbed, busy = at_work(store), busy_share()
    with explained(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory(prefix="vpns-gains-") as place:
        folder = Path(place)
        found = _measured(store, state, folder, quick, threads, report, cancelled)
        if found.over:
            _weigh(store, found, folder, threads, report, cancelled)
    for part in PARTS:
        if part not in found.values:
            found.missing.setdefault(part, "the measuring process ended before it")
    return _gains(store, state, found, began=began, quick=quick, threads=threads, busy=busy, disturbed=disturbed)


def _gains(store: RunStore, state: State, found: _Found, **known: Any) -> Gains:  # noqa: ANN401
    values = {
        "run": store.folder.name,
        "level": state.level,
        "stage": state.stage,
        "density": state.density,
        "epoch": state.saved.epoch,
        "saved_seq": state.saved.seq,
        "measured_at": known["began"],
        "seconds": max(0.0, time.time() - known["began"]),
        **{name: known[name] for name in ("quick", "threads", "busy", "disturbed")},
        "machine": this_machine(str(found.about.get("gpu", ""))),
        "noise_pictures": found.about.get("noise_pictures", False),
        "weights": found.values.get("weights"),
        "sizes": found.values.get("sizes", ()),
        "work": found.values.get("work", ()),
        "timings": [timing for part in ("torch", "onnx", "cuda") for timing in found.values.get(part, ())],
        "memory": found.values.get("memory", ()),
        "missing": found.missing,
    }
    try:
        return Gains.model_validate(values)
    except ValidationError as error:
        raise EngineError(f"the measuring process gave figures that cannot be: {error.errors()[0]['msg']}") from error


def _measured(
    store: RunStore, state: State, folder: Path, quick: bool, threads: int, report: Report, cancelled: Callable[[], bool]
) -> _Found:
    request = {
        "run": str(store.folder.absolute()),
        "level": state.level,
        "stage": state.stage,
        "folder": str(folder),
        "quick": quick,
        "threads": threads,
    }
    found = _Found()
    report("Loading PyTorch", 0.01)
    with MeasuringProcess("child", request, folder, threads, cancelled) as process:
        for line in process.lines():
            _take(line, found, report)
    if not found.over:
        found.missing[found.part] = process.why_it_ended
    return found


def _take(line: dict[str, Any], found: _Found, report: Report) -> None:
    match line:
        case {"refused": why}:
            raise EngineError(str(why))
        case {"begins": part}:
            found.part = part
        case {"part": part, "value": value}:
            found.values[part] = value
        case {"part": part, "missing": why}:
            found.missing[part] = str(why)[:1000]
        case {"about": about}:
            found.about = about
        case {"over": True}:
            found.over = True
        case {"text": text, "done": done}:
            low, high = _SHARES[found.part]
            report(str(text), low + (high - low) * float(done))


def _weigh(store: RunStore, found: _Found, folder: Path, threads: int, report: Report, cancelled: Callable[[], bool]) -> None:
    """Measure the memory, a fresh process for each network; on a GPU as well where there is one."""
    history = store.read(steps=False).history
    num_source = len(history.started.source_classes) if history.started else 0
    devices = ("cpu", *(["cuda"] if found.about.get("gpu") else []))
    weighed: list[Memory] = []
    for number, device in enumerate(devices):
        peaks: dict[str, dict[str, int]] = {}
        for name in ("dense", "pruned"):
            low, high = _SHARES["memory"]
            done = (number + (name == "pruned") / 2) / len(devices)
            report(f"Memory of the {name} network", low + (high - low) * done)
            request = {
                "architecture": store.config.model.architecture,
                "num_source": num_source,
                "weights": str(folder / f"{name}.safetensors"),
                "batch": str(folder / "batch.safetensors"),
                "device": device,
                "threads": threads,
            }
            with MeasuringProcess("memory", request, folder, threads, cancelled) as process:
                for line in process.lines():
                    peaks[name] = line
            if name not in peaks:
                found.missing["memory"] = process.why_it_ended
                return
        weighed.append(_memory(device, peaks))
    found.values["memory"] = weighed


def _memory(device: str, peaks: dict[str, dict[str, int]]) -> Memory:
    return Memory(
        device=device,
        batch=32,
        dense=peaks["dense"]["peak"],
        pruned=peaks["pruned"]["peak"],
        dense_before=peaks["dense"]["before"],
        pruned_before=peaks["pruned"]["before"],
    )
