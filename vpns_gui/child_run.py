"""A run of the queue in a process of its own, for a device that the window's own run does not use.

It outlives the window: what it does stands in its run folder, as of any run.
"""

import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from vpns_engine.files import explained, write_text
from vpns_engine.folders import config_folder
from vpns_engine.liveness import started_at
from vpns_engine.waiting import MAX_TEXT, Entry, settled

_READ_BYTES = 65_536
_FOLDER = re.compile(r"^Run folder: (.+)$", re.MULTILINE)
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class ChildRun:
    """The process that works on one entry, begun by this window."""

    def __init__(self, entry: Entry, runs: Path) -> None:
        """Begin it.

        Raises:
            EngineError: its settings or its output cannot be written, or no process can be made.
        """
        settings, self._output = _files(entry)
        write_text(settings, entry.config.model_dump_json())
        words = ["resume", entry.folder] if entry.folder else ["run", "--config", str(settings)]
        words += ["--again"] if entry.again and not entry.folder else []
        with explained(self._output), self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vpns_engine", *words, "--runs", str(runs)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                creationflags=_NO_WINDOW,
            )
        self.entry = entry.changed(
            state="running", text="", process=self._process.pid, process_started=started_at(self._process.pid) or 0.0
        )

    def look(self) -> Entry:
        """Give the entry as it stands now; look again until it does not run any more."""
        code = self._process.poll()
        folder = self.entry.folder or folder_in(self._output)
        self.entry = self.entry.changed(folder=folder)
        if code is None:
            return self.entry
        self.entry = settled(self.entry) if folder else self._without_folder(code)
        if self.entry.state == "running":  # its folder says so, but nobody works on it any more
            self.entry = self.entry.changed(state="interrupted")
        self.entry = self.entry.changed(process=0)
        _clean(self.entry)
        return self.entry

    def _without_folder(self, code: int) -> Entry:
        if code == 0:
            return self.entry.changed(state="done", text="")
        return self.entry.changed(state="failed", text=_last_line(self._output) or f"the process ended with code {code}")

    def leave(self) -> None:
        """Let it go on without this window, which waits for it no more."""
        self._process.returncode = self._process.poll() or 0  # or Python would complain that nobody waited for it

    def stop(self) -> None:
        """Ask it to stop within one batch and to keep its result so far."""
        self._process.send_signal(signal.SIGTERM)


def stop_process(entry: Entry) -> None:
    """Ask the process of an entry, begun by a window before this one, to stop within one batch."""
    with suppress(psutil.Error):
        if entry.process and started_at(entry.process) == entry.process_started:
            psutil.Process(entry.process).send_signal(signal.SIGTERM)


def folder_of(entry: Entry) -> str:
    """Give the run folder that an entry's process has made; empty where it has none yet."""
    return entry.folder or folder_in(_files(entry)[1])


def folder_in(output: Path) -> str:
    """Find the run folder in what a process said; empty where it has none yet."""
    found = _FOLDER.search(_read(output))
    return found.group(1).strip() if found else ""


def _files(entry: Entry) -> tuple[Path, Path]:
    folder = config_folder() / "queue"
    return folder / f"{entry.key}.json", folder / f"{entry.key}.log"


def _clean(entry: Entry) -> None:
    for path in _files(entry):
        with suppress(OSError):
            path.unlink()


def _last_line(output: Path) -> str:
    lines = [line for line in _read(output).splitlines() if line.strip()]
    return lines[-1].removeprefix("vpns: ")[:MAX_TEXT] if lines else ""


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_READ_BYTES).decode(errors="replace")
    except OSError:
        return ""


