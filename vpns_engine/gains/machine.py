"""The machine that measures, as a reader of the report has to know it. No name of it, no person's."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from vpns_engine import __version__
from vpns_engine.errors import EngineError
from vpns_engine.gains.model import Machine
from vpns_engine.store import RunLibrary, RunStore

_LOOK_SECONDS = 0.4
_PACKAGES = ("torch", "torchvision", "onnx", "onnxruntime", "numpy")
_NEWEST = 100
"""Runs that are asked whether somebody works on them; older ones are hardly going on."""


def this_machine(gpu: str = "") -> Machine:
    """Describe this machine; its accelerator only torch can name."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 0,
        memory=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        gpu=gpu,
        versions={"vpns-studio": __version__} | {name: found for name in _PACKAGES if (found := _version(name))},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def busy_share() -> float | None:
    """Look for a moment how much of the processors is in use; None where the system does not tell."""
    found: float = psutil.cpu_percent(_LOOK_SECONDS)
    return min(1.0, max(0.0, found / 100))


def at_work(store: RunStore) -> str:
    """Say which run of the folder is being worked on: timings beside it mean little. Empty where none is."""
    for folder in dict.fromkeys((store.folder, *RunLibrary(store.folder.parent).runs()[:_NEWEST])):
        try:
            state = RunStore(folder, store.config).read_info().state
        except EngineError:
            continue
        if state == "running":
            own = folder == store.folder
            return "this run is going on" if own else f"the run {folder.name} is going on"
    return ""
