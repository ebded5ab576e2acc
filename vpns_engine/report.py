"""What somebody else needs to know of a run that went wrong, as text without personal paths."""

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from vpns_engine import __version__
from vpns_engine.errors import EngineError
from vpns_engine.files import explained, open_plain
from vpns_engine.folders import cache_folder, config_folder, data_folder
from vpns_engine.hiding import hidden, known_places
from vpns_engine.specs.fields import Spec, path_of
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunInfo, RunStore, check_version
from vpns_engine.words import printable

_LIBRARIES = ("torch", "torchvision", "numpy", "pydantic", "safetensors", "PySide6-Essentials", "pyqtgraph", "pillow", "psutil")
_TAIL_BYTES = 256 * 2**10
_LINES, _LINE = 60, 600
_ITERATIONS = ('"kind":"step"', '"kind":"measuring"')
_MIB = 2**20


def log_tail(folder: Path, lines: int = _LINES) -> list[str]:
    """Give the last lines of a run's log; none where there is no log.

    Raises:
        EngineError: it cannot be read.
    """
    return _tail(folder / "log.txt")[-lines:]


def event_tail(folder: Path, lines: int = _LINES) -> list[str]:
    """Give the last lines of a run's events, without iterations and looks at images.

    Raises:
        EngineError: they cannot be read.
    """
    return [line for line in _tail(folder / "events.jsonl") if not any(kind in line for kind in _ITERATIONS)][-lines:]


def report(folder: Path | None, trouble: str = "") -> str:
    """Describe program, machine and, where one is named, a run: settings, how it stands, the ends of its log and events.

    Whatever of the run is damaged is said in its place. Personal folders, user and host names are left out of it.

    Args:
        folder: the run's folder.
        trouble: an error that the run's own files do not tell of.
    """
    places: dict[str, Path | str] = {"<data>": data_folder(), "<settings>": config_folder(), "<cache>": cache_folder()}
    parts = [("Program", _program())]
    if trouble:
        parts.append(("Error", trouble))
    hosts: tuple[str, ...] = ()
    if folder is not None:
        run = _Run(folder)
        parts += run.parts()
        places = {"<run>": folder.absolute(), "<runs>": folder.absolute().parent, **run.places(), **places}
        hosts = (run.info.host,) if run.info is not None else ()
    text = "\n\n".join(f"== {title}\n{content.rstrip()}" for title, content in parts if content.strip())
    return _clean(hidden(text, known_places(places), hosts))


class _Run:
    """What can be read of a run's folder, whatever state that is in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._damage: list[str] = []
        self._config: RunConfig | None = None
        self.info: RunInfo | None = None
        with self._noted():
            check_version(folder)
        with self._noted():
            self._config = RunStore.open(folder).config
        with self._noted():
            self.info = RunStore(folder, RunConfig()).read_info()

    def parts(self) -> Iterator[tuple[str, str]]:
        """Give titles and texts."""
        log: list[str] = []
        events: list[str] = []
        with self._noted():
            log = log_tail(self._folder)
        with self._noted():
            events = event_tail(self._folder)
        yield "Run", f"{self._folder.name}\n{self._standing()}"
        if self._damage:
            yield "Damaged", "\n".join(self._damage)
        if self._config is not None:
            yield "Settings", json.dumps(_without_paths(self._config), indent=1)
        yield "Log", "\n".join(log)
        yield "Events", "\n".join(events)

    def places(self) -> dict[str, Path | str]:
        """Give the files and folders that the settings name."""
        config = self._config
        if config is None:
            return {}
        return {
            "<images>": config.data.folder,
            "<data root>": config.data.root,
            "<weights file>": config.model.weights_file,
            "<saved state>": config.start_from,
        }

    def _standing(self) -> str:
        info = self.info
        if info is None:
            return ""
        made_with = ", ".join(f"{name} {version}" for name, version in info.versions.items())
        lines = (f"state: {info.state}", f"message: {info.message}", f"device: {info.device}", f"made with: {made_with}")
        return "\n".join(line for line in lines if not line.endswith(": "))

    def _noted(self) -> "_Noted":
        return _Noted(self._damage)


class _Noted(suppress):
    """Takes what cannot be read down, once each, and goes on."""

    def __init__(self, damage: list[str]) -> None:
        super().__init__(EngineError)
        self._damage = damage

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:  # noqa: ANN401 - as Python names them
        if isinstance(error, EngineError) and str(error) not in self._damage:
            self._damage.append(str(error))
        return super().__exit__(kind, error, trace)


def _program() -> str:
    memory = psutil.virtual_memory()
    versions = ", ".join(f"{name} {version}" for name, version in _versions().items())
    return "\n".join(
        (
            f"VPNs Studio {__version__}, Python {platform.python_version()}",
            f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processors",
            f"memory {memory.total // _MIB} MiB, {memory.available // _MIB} MiB free",
            versions,
        )
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _without_paths(spec: Spec) -> dict[str, Any]:
    """Give a spec's values, with a placeholder for each path: where it has blanks no pattern finds its end."""
    values = spec.model_dump(mode="json")
    for name, field in type(spec).model_fields.items():
        inner = getattr(spec, name)
        if isinstance(inner, Spec):
            values[name] = _without_paths(inner)
        elif path_of(field) and inner:
            values[name] = f"<{path_of(field)}>"
    return values


def _tail(path: Path) -> list[str]:
    if not os.path.lexists(path):
        return []
    with open_plain(path) as file, explained(path, "read"):
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = file.read(_TAIL_BYTES).decode("utf-8", "replace").splitlines()
    return lines[1:] if size > _TAIL_BYTES else lines


def _clean(text: str) -> str:
    lines = (line if len(line) <= _LINE else f"{line[:_LINE]} ... ({len(line)} characters)" for line in text.split("\n"))
    return "\n".join(printable(line.replace("\t", "    ")) for line in lines)
