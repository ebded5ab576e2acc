"""A file that is being downloaded: what has come so far, and what is needed to go on."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from vpns_engine.files import explained

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Digest:
    """A checksum, or the first digits of one."""

    algorithm: str
    digits: str

    @classmethod
    def of(cls, text: str | None) -> Self | None:
        """Read `md5:HEX` or `sha256:HEX`.

        Raises:
            ValueError: it is of no such form.
        """
        if text is None:
            return None
        found = re.fullmatch(r"(md5|sha256):([0-9a-f]{8,64})", text)
        if not found:
            raise ValueError(f"{text!r} is no md5:HEX or sha256:HEX")
        return cls(found.group(1), found.group(2))

    def fits(self, path: Path, report: Callable[[float], None] = lambda _share: None) -> bool:
        """Tell whether a file has this checksum; `report` is told the share read.

        Raises:
            EngineError: the file cannot be read.
        """
        found = self.new()
        _take_in(path, found, report)
        return found.hexdigest().startswith(self.digits)

    def new(self) -> "hashlib._Hash":
        """Give an empty checksum of this kind, to be fed."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


class PartialFile:
    """The hidden beginning of a file, with a note beside it that says of what.

    Args:
        path: the file it will be.
        url: where it comes from; what came from elsewhere is not gone on with.
        digest: its checksum; without one, only a server that names the file's version is gone on with.
        report: told the share, while what is there already is read again.
    """

    def __init__(self, path: Path, url: str, digest: Digest | None, report: Callable[[float], None]) -> None:
        self._path = path
        self._url = url
        self._digest = digest
        self._beside = path.with_name(f".{path.name}.part")
        self._note = path.with_name(f".{path.name}.part.json")
        self._file: IO[bytes] | None = None
        self.size = 0
        """Bytes that are there."""
        self.total: int | None = None
        """Bytes that the server said the whole has."""
        self._version = ""
        self._hash = self._empty()
        self._find(report)

    @property
    def is_whole(self) -> bool:
        """Tell whether all bytes are there."""
        return self.total is not None and self.size == self.total

    @property
    def can_go_on(self) -> bool:
        """Tell whether a further request can go on from here, rather than begin again."""
        return self.size > 0 and bool(self._version or self._digest)

    def range_headers(self) -> dict[str, str]:
        """Give the headers that ask for the rest only, if the file is still the same."""
        if not self.can_go_on:
            return {}
        same = {"If-Range": self._version} if self._version else {}
        return {"Range": f"bytes={self.size}-", **same}

    def continues(self, headers: Mapping[str, str]) -> bool:
        """Tell whether an answer is the rest of this very file."""
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("content-range", "").strip())
        if not found or int(found.group(1)) != self.size:
            return False
        total = None if found.group(2) == "*" else int(found.group(2))
        if self.total is not None and total is not None and total != self.total:
            return False
        self.total = self.total if total is None else total
        return True

    def start(self, headers: Mapping[str, str]) -> None:
        """Begin the file with an answer that brings all of it."""
        self.restart()
        length = headers.get("content-length", "")
        self.total = int(length) if length.isdigit() else None
        tag = headers.get("etag", "")
        # a weak tag does not promise the same bytes
        self._version = tag if tag.startswith('"') else headers.get("last-modified", "")
        note = {"url": self._url, "version": self._version, "total": self.total}
        with explained(self._path):
            self._note.write_text(json.dumps(note), encoding="utf-8")

    def restart(self) -> None:
        """Throw away what is there; the next piece is the first."""
        self.close()
        self.size, self.total, self._version, self._hash = 0, None, "", self._empty()
        with explained(self._path):
            self._note.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Add to the end."""
        with explained(self._path):
            if self._file is None:
                self._file = self._beside.open("r+b" if self.size else "wb")
                if self.size:
                    self._file.truncate(self.size)
                    self._file.seek(self.size)
            self._file.write(chunk)
            self._file.flush()
        self._hash.update(chunk)
        self.size += len(chunk)

    def close(self) -> None:
        """Let go of the file; the next piece opens it again."""
        file, self._file = self._file, None
        if file is not None:
            with explained(self._path):
                file.close()

    def is_right(self) -> bool:
        """Tell whether what is there has the checksum; without one, it is taken as it is."""
        return self._digest is None or self._hash.hexdigest().startswith(self._digest.digits)

    def finish(self) -> None:
        """Put the file in its place."""
        with explained(self._path):
            with self._beside.open("ab") as file:
                os.fsync(file.fileno())
            self._beside.replace(self._path)
            self._note.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove everything."""
        self.restart()
        with explained(self._path):
            self._beside.unlink(missing_ok=True)

    def _find(self, report: Callable[[float], None]) -> None:
        """Take over what an earlier try left, where it is known what it is."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            there = self._beside.stat().st_size
        except (OSError, ValueError):
            return
        if not isinstance(note, dict) or note.get("url") != self._url:
            return
        version, total = note.get("version"), note.get("total")
        total = total if isinstance(total, int) else None
        if not there or (total is not None and there > total):
            return
        self._version, self.total, self.size = version if isinstance(version, str) else "", total, there
        _take_in(self._beside, self._hash, report)

    def _empty(self) -> "hashlib._Hash":
        return (self._digest or Digest("sha256", "")).new()


def _take_in(path: Path, found: "hashlib._Hash", report: Callable[[float], None]) -> None:
    with explained(path):
        size, file = max(1, path.stat().st_size), path.open("rb")
    with file:
        while True:
            with explained(path):
                chunk = file.read(_CHUNK)
            if not chunk:
                return
            found.update(chunk)
            report(file.tell() / size)
