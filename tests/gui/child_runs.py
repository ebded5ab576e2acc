"""Runs that other processes work on: the real command line, in a process of its own."""

import subprocess
import sys
from pathlib import Path

from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore


class ChildRun:
    """`vpns run` in a process of its own."""

    def __init__(self, config: RunConfig, runs: Path, place: Path) -> None:
        """`place` is a folder for its configuration and for what it prints."""
        place.mkdir(parents=True, exist_ok=True)
        file = place / "config.json"
        file.write_text(config.model_dump_json(), encoding="utf-8")
        self._runs = runs
        self._before = set(RunLibrary(runs).runs())
        self._printed = (place / "printed.txt").open("wb")
        command = (sys.executable, "-m", "vpns_engine", "run", "--config", str(file), "--runs", str(runs))
        self.process = subprocess.Popen(command, stdout=self._printed, stderr=subprocess.STDOUT)

    def store(self) -> RunStore | None:
        """Give its folder once there is one."""
        new = [folder for folder in RunLibrary(self._runs).runs() if folder not in self._before]
        return RunStore.open(new[0]) if new else None

    def has_worked(self, epochs: int = 1) -> bool:
        """Tell whether some epochs are done; a child that has ended instead is told as what it printed."""
        store = self.store()
        history = store.read(steps=False).history if store is not None else None
        done = history is not None and sum(len(phase.epochs) for phase in history.phases) > epochs
        assert done or self.process.poll() is None, Path(self._printed.name).read_text(encoding="utf-8")
        return done

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self.process.kill()
        self.process.wait()
        self._printed.close()
