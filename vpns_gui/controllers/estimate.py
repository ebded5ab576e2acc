"""What the set-up's run would take: its disk counted at once, time and memory timed in a process of its own when asked for."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from PySide6.QtCore import QObject, QProcess, QTimer

from vpns_engine.estimate import Estimate, cost_words, disk_problem, disk_words, memory_problems, room_of_all
from vpns_engine.keeping import read_keeping
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import Sweep
from vpns_engine.usage import Room, free_on, room_of
from vpns_gui.background import Background
from vpns_gui.controllers.run import RunController
from vpns_gui.forms.setup_panel import SetupPanel

_PAUSE_MS = 300
_KILL_MS = 3000
_KNOWN = 20
_RUN_IS_ON = "A run is on: it would be timed with it."


class EstimateController(QObject):
    """Fills the estimate line. An estimate is kept for as long as the window is open, and shown whenever its settings are."""

    def __init__(self, run: RunController, panel: SetupPanel, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._run, self._panel, self._line, self._runs = run, panel, panel.estimate_line, runs
        self._known: dict[str, Estimate] = {}
        self._sweep: Sweep | None = None
        self._asked = ""
        self._file: Path | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self._disk = Background(self)
        self._disk.done.connect(self._show_disk)
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.readyReadStandardError.connect(self._report)
        self._process.finished.connect(self._finish)
        self._process.errorOccurred.connect(self._fail_to_start)
        self._cancelled = False
        self._said = ""
        self._line.estimate_requested.connect(self.estimate)
        self._line.cancel_requested.connect(self.cancel)
        panel.summed.connect(self._take)
        panel.ready_changed.connect(self._update)
        run.state_changed.connect(self._update)
        self._take(panel.sweep)

    @property
    def busy(self) -> bool:
        """Tell whether an estimate is on."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def set_runs(self, runs: Path) -> None:
        """Runs are kept in another folder from now on."""
        self._runs = runs
        self.look_again()

    def look_again(self) -> None:
        """Count the disk again: what is kept of a run, or what is free, is another."""
        self._pause.start()

    def estimate(self) -> None:
        """Time the set-up's run."""
        if self.busy or self._sweep is None or self._panel.why_not_estimated or self._run.state != "idle":
            return
        config = self._sweep.config
        with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="vpns-", delete=False, encoding="utf-8") as file:
            file.write(config.model_dump_json())
        self._file, self._asked, self._cancelled, self._said = Path(file.name), _key(config), False, ""
        words = ["-m", "vpns_engine", "estimate", "--config", file.name, "--json", "--runs", str(self._runs)]
        self._process.setArguments(words)
        self._process.start()
        self._line.set_warning("")
        self._line.set_cost("Loading torch")
        self._line.set_busy(True)

    def cancel(self) -> None:
        """Give the estimate up."""
        self._cancelled = True
        self._ask_to_end()
        QTimer.singleShot(_KILL_MS, self._process, self._process.kill)

    def close(self) -> None:
        """Give up: the window closes."""
        self._pause.stop()
        if self.busy:
            self._cancelled = True
            self._ask_to_end()
            if not self._process.waitForFinished(_KILL_MS):
                self._process.kill()
                self._process.waitForFinished(_KILL_MS)

    def _ask_to_end(self) -> None:
        """Let it clean up behind itself; on Windows, where it cannot be asked, it just ends."""
        with suppress(OSError):
            if number := self._process.processId():
                os.kill(number, signal.SIGTERM)

    def _take(self, sweep: Sweep | None) -> None:
        """Take in what the settings amount to."""
        if self.busy and (sweep is None or _key(sweep.config) != self._asked):
            self.cancel()
        self._sweep = sweep
        self._pause.start()
        self._show()

    def _update(self) -> None:
        on = _RUN_IS_ON if self._run.state != "idle" else ""
        self._line.set_possible(self._panel.why_not_estimated or on)

    def _look(self) -> None:
        if self._sweep is None or self._panel.lists:
            self._line.set_disk("")
            return
        found = self._panel.choices.at(self._sweep.config)
        info = found.info if found else None
        counts = {
            "num_target": len(info.classes) if info else None,
            "num_in_file": found.num_in_file if found else None,
            "num_test": info.num_test if info else None,
        }
        self._disk.start(partial(_count, self._sweep, self._estimate(), counts, self._runs))

    def _show_disk(self, counted: "tuple[Room | None, int | None]") -> None:
        room, free = counted
        if self._sweep is None:
            return
        self._line.set_disk("" if room is None else disk_words(room, free))
        self._warn(room, free)

    def _warn(self, room: Room | None, free: int | None) -> None:
        estimate = self._estimate()
        problems = list(memory_problems(estimate)) if estimate else []
        if room is not None and (problem := disk_problem(room, free, self._runs)):
            problems.append(problem)
        if problems or not self._said:
            self._line.set_warning("\n".join(problem[:1].upper() + problem[1:] for problem in problems))

    def _show(self) -> None:
        """Show the estimate that belongs to the settings, if there is one."""
        estimate = self._estimate()
        if not self.busy:
            self._line.set_cost(cost_words(estimate) if estimate else "")
            self._said = ""
            self._line.set_warning("")
        self._update()

    def _estimate(self) -> Estimate | None:
        if self._sweep is None:
            return None
        found = self._known.get(_key(self._sweep.config))
        return found.times(len(self._sweep.configs)) if found else None

    def _report(self) -> None:
        lines = bytes(self._process.readAllStandardError().data()).decode(errors="replace").splitlines()
        if said := [line for line in lines if line.strip()]:
            self._said = said[-1].removeprefix("vpns: ")
            if not self._cancelled:
                self._line.set_cost(f"{self._said} …")

    def _finish(self, code: int) -> None:
        self._report()
        self._forget_file()
        found = estimate_in(bytes(self._process.readAllStandardOutput().data())) if code == 0 else None
        self._line.set_busy(False)
        why = "" if found is not None or self._cancelled else self._said or f"the estimate ended with code {code}"
        if found is not None:
            self._known[self._asked] = found
            for key in list(self._known)[:-_KNOWN]:
                del self._known[key]
        self._show()
        self._said = why
        self._line.set_warning(f"No estimate: {why}" if why else "")
        self._pause.start()

    def _fail_to_start(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._said = self._process.errorString()
            self._finish(1)

    def _forget_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.unlink()


def estimate_in(output: bytes) -> Estimate | None:
    """Read an estimate off the last line of what a process said; None where it is none."""
    line = next((line for line in reversed(output.split(b"\n")) if line.strip()), b"")
    try:
        return Estimate.model_validate_json(line)
    except ValidationError:
        return None


def _key(config: RunConfig) -> str:
    """Name what an estimate holds for: seed and name change nothing of it."""
    return config.model_copy(update={"seed": 0, "name": ""}).model_dump_json()


def _count(
    sweep: Sweep, estimate: Estimate | None, counts: Mapping[str, int | None], runs: Path
) -> tuple[Room | None, int | None]:
    """Count the disk that the runs need, and what is free."""
    keeping = read_keeping()
    if estimate is not None:
        return room_of_all(sweep.configs, keeping, estimate), free_on(runs)
    rooms = [room_of(config, keeping, **counts) for config in sweep.configs]
    return _sum(rooms), free_on(runs)


def _sum(rooms: Iterable[Room | None]) -> Room | None:
    found = Room(0, 0, 0, 0)
    for room in rooms:
        if room is None:
            return None
        found += room
    return found
