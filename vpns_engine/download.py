"""Files from the network: whole or not at all, with progress, and going on where an earlier try ended."""

import re
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path

from vpns_engine import __version__
from vpns_engine.errors import EngineError
from vpns_engine.incoming import CHUNK, Head, LostConnection, receive
from vpns_engine.locks import only_one
from vpns_engine.partial import Digest, PartialFile

Report = Callable[[str, float | None], None]
"""Told what goes on, with the share done (0 to 1) where known. What it raises ends the work; it is asked several times a
second, also while nothing comes."""

_TRIES = 5
_REPORT_SECONDS = 0.1
_AGENT = f"vpns-studio/{__version__}"
_SPARE_BYTES = 1 << 20


class Unreachable(EngineError):  # noqa: N818 - what it says is for a person
    """The server cannot be reached, or has not got the file."""


@dataclass(frozen=True)
class _Job:
    url: str
    path: Path
    size: int | None
    digest: Digest | None
    report: Report
    label: str
    by_hand: Path


def fetch_file(
    url: str,
    path: Path,
    *,
    report: Report,
    bytes: int | None = None,
    digest: str | None = None,
    label: str = "",
    mirrors: Sequence[str] = (),
    by_hand: Path | None = None,
) -> Path:
    """Download `url` to `path` unless the file is there already, and give `path`.

    What came of an unfinished download waits in hidden files beside `path`; the next call goes on from there, or begins again
    where the server cannot do that or has another file by now. Where another process downloads it, that is waited for.
    Proxies come from the environment.

    Args:
        url: where the file is.
        path: where it is to be; it appears whole or not at all.
        report: told of every piece of the file.
        bytes: its size, for the share done where the server does not tell.
        digest: `md5:HEX` or `sha256:HEX` (the first digits are enough); without it, a hash in the name is taken
            (`resnet18-f37072fd.pth`).
        label: what a person reads it is called; its name where none is given.
        mirrors: addresses of the same file, tried in turn where the server cannot be reached.
        by_hand: where a person may put the file instead; `path` where none is given.

    Raises:
        Unreachable: no network, or no server has the file.
        EngineError: the file that came is damaged, no space, or no permission.
    """
    if path.is_file():
        return path
    name = url.rsplit("/", 1)[-1]
    job = _Job(url, path, bytes, Digest.of(digest) or digest_in(name), report, label or name, by_hand or path)
    with only_one(
        path.with_name(f".{path.name}.lock"), partial(report, f"Another process downloads {job.label}: waiting", None)
    ):
        if not path.is_file():
            _download_from((url, *mirrors), job)
    return path


def digest_in(name: str) -> Digest | None:
    """Give the checksum that a file's name holds, as torchvision names weights."""
    found = re.search(r"-([0-9a-f]{8,64})\.", name)
    return Digest("sha256", found.group(1)) if found else None


def megabytes(size: int) -> str:
    """Write a size as a person reads it: 12.3 MB, 37 GB."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6)):
        if size >= scale:
            return f"{size / scale:.{1 if size < 10 * scale else 0}f} {unit}"
    return f"{max(1, round(size / 1000))} kB" if size else "0 kB"


def _download_from(urls: Sequence[str], job: _Job) -> None:
    refused: list[Unreachable] = []
    for url in urls:
        try:
            _download(replace(job, url=url))
            return
        except Unreachable as error:
            refused.append(error)
    raise refused[0]


def _download(job: _Job) -> None:
    part = PartialFile(job.path, job.url, job.digest, lambda share: job.report(f"Checking what is there of {job.label}", share))
    # what was there already may be at fault: then once more, from nothing
    tries = 2 if part.size else 1
    for _ in range(tries):
        _fill(job, part)
        if part.is_right():
            part.finish()
            return
        part.discard()
    raise EngineError(f"the download of {job.url} is damaged (its checksum differs): try again")


class _OtherFile(Exception):  # noqa: N818 - no error: the way back to the beginning
    """What the server has is not what was begun."""


def _fill(job: _Job, part: PartialFile) -> None:
    """Receive what is missing; a connection that breaks after it brought something is made again."""
    for _ in range(_TRIES):
        before = part.size
        try:
            _receive(job, part)
            return
        except _OtherFile:
            reason = "the server's file changes"
        except LostConnection as error:
            reason = str(error)
            if part.size <= before:
                break
    if not part.can_go_on:
        raise _unreachable(job, reason)
    there = _progress(job, part)
    raise EngineError(f"{job.label}: the connection broke after {there} ({reason}): try again, it goes on from there")


def _receive(job: _Job, part: PartialFile) -> None:
    if part.is_whole:
        return
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity", **part.range_headers()}
    due = _Due()
    with closing(receive(job.url, headers)) as arriving, closing(part):
        for item in arriving:
            match item:
                case Head():
                    _begin(job, part, item)
                case None:
                    pass
                case _:
                    part.write(item)
            if due(item, part):
                _tell(job, part)
    _tell(job, part)
    if part.total is not None and part.size < part.total:
        raise LostConnection("the server stopped sending")


class _Due:
    """Says when there is something to tell: a good piece more, a moment later, or that nothing comes."""

    def __init__(self) -> None:
        self._size = 0
        self._time = time.monotonic()

    def __call__(self, item: object, part: PartialFile) -> bool:
        now = time.monotonic()
        if item is None or part.size - self._size >= CHUNK or now - self._time >= _REPORT_SECONDS:
            self._size, self._time = part.size, now
            return True
        return False


def _begin(job: _Job, part: PartialFile, head: Head) -> None:
    """Take the answer's head: go on from where the file ends, or begin it anew."""
    match head.status:
        case HTTPStatus.PARTIAL_CONTENT if part.continues(head.headers):
            pass
        case HTTPStatus.OK:
            part.start(head.headers)
        case HTTPStatus.PARTIAL_CONTENT | HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE if part.size:
            part.restart()
            raise _OtherFile
        case status:
            raise _unreachable(job, _status_text(status))
    _check_space(job, part)


def _check_space(job: _Job, part: PartialFile) -> None:
    total = part.total or job.size
    free = shutil.disk_usage(job.path.parent).free
    if total and total - part.size + _SPARE_BYTES > free:
        need = megabytes(total - part.size)
        raise EngineError(f"no space left for {job.path}: {need} are needed and {megabytes(free)} are free; free some")


def _tell(job: _Job, part: PartialFile) -> None:
    job.report(f"Downloading {job.label}: {_progress(job, part)}", _share(job, part))


def _progress(job: _Job, part: PartialFile) -> str:
    total = part.total or job.size
    return f"{megabytes(part.size)} of {megabytes(total)}" if total else megabytes(part.size)


def _share(job: _Job, part: PartialFile) -> float | None:
    total = part.total or job.size
    return min(1.0, part.size / total) if total else None


def _status_text(status: int) -> str:
    try:
        return f"the server answers {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"the server answers {status}"


def _unreachable(job: _Job, reason: str) -> Unreachable:
    return Unreachable(f"{job.label} cannot be downloaded ({reason}): check the network, or save {job.url} as {job.by_hand}")
