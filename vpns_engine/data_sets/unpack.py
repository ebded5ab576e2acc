"""Unpack a data set's archive: plain files and folders only, and never outside the folder that is meant for them."""

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

from vpns_engine.data_sets.facts import Unpack
from vpns_engine.errors import EngineError
from vpns_engine.files import explain, explained

_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, UnicodeError, NotImplementedError)
_CHUNK = 1 << 20


def unpack(archive: Path, folder: Path, kind: Unpack, report: Callable[[float], None]) -> None:
    """Unpack `archive` below `folder`, which is made. Modes and owners in the archive are left aside.

    Args:
        archive: the file.
        folder: where its members go; a `gzip` file becomes the one file of its name without `.gz`, a file that is not packed
            is copied.
        kind: what it is packed with.
        report: told the share done (0 to 1); what it raises ends the work.

    Raises:
        EngineError: a member that is a link or a device or would lie outside the folder, a damaged archive, no space, no
            permission.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    match kind:
        case "tar":
            _untar(archive, folder, report)
        case "zip":
            _unzip(archive, folder, report)
        case "gzip":
            with _reading(archive), gzip.open(archive, "rb") as packed:
                _write(cast(IO[bytes], packed), folder / archive.name.removesuffix(".gz"), archive, lambda: None)
        case "":
            with _reading(archive), archive.open("rb") as plain:
                _write(plain, folder / archive.name, archive, lambda: None)
    report(1.0)


def _untar(archive: Path, folder: Path, report: Callable[[float], None]) -> None:
    size = max(1, archive.stat().st_size)
    with archive.open("rb") as file, _opened_tar(archive, file) as packed:
        for member in _members(archive, packed):
            path = _inside(archive, folder, member.name)
            if member.isdir():
                _make_folder(path)
            elif member.isreg():
                with _reading(archive):
                    content = packed.extractfile(member)
                if content is not None:
                    _write(content, path, archive, lambda: report(file.tell() / size))
            else:
                raise _strange(archive, member.name, "neither a file nor a folder")


@contextmanager
def _opened_tar(archive: Path, file: IO[bytes]) -> Iterator[tarfile.TarFile]:
    with _reading(archive):
        packed = tarfile.open(fileobj=file, mode="r:*")  # noqa: SIM115 - closed below, out of reach of the translation
    with packed:
        yield packed


def _members(archive: Path, packed: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while True:
        with _reading(archive):
            member = packed.next()
        if member is None:
            break
        yield member
    with _reading(archive):  # a compressed archive's own checksum comes last
        while packed.fileobj is not None and packed.fileobj.read(_CHUNK):
            pass


def _unzip(archive: Path, folder: Path, report: Callable[[float], None]) -> None:
    with _reading(archive):
        packed = zipfile.ZipFile(archive)
    with packed:
        infos = packed.infolist()
        total, done = max(1, sum(info.compress_size for info in infos)), 0
        for info in infos:
            path = _inside(archive, folder, info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _strange(archive, info.filename, "neither a file nor a folder")
            if info.flag_bits & 1:
                raise _strange(archive, info.filename, "encrypted")
            if info.is_dir():
                _make_folder(path)
            else:
                with _reading(archive):
                    content = packed.open(info)
                with content:
                    _write(content, path, archive, lambda: None)
            done += info.compress_size
            report(done / total)


def _inside(archive: Path, folder: Path, name: str) -> Path:
    """Give the place of a member; refuse one that would lie elsewhere, whatever the system's way of writing paths."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if posix.is_absolute() or windows.anchor or ".." in posix.parts or ".." in windows.parts or "\0" in name:
        raise _strange(archive, name, "outside the folder it is unpacked in")
    return folder.joinpath(*posix.parts)


def _strange(archive: Path, name: str, why: str) -> EngineError:
    return EngineError(f"{archive.name} is not unpacked: its member {name[:200]!r} is {why}")


def _make_folder(path: Path) -> None:
    with explained(path):
        path.mkdir(parents=True, exist_ok=True)


def _write(content: IO[bytes], path: Path, archive: Path, tell: Callable[[], None]) -> None:
    _make_folder(path.parent)
    with explained(path):
        file = path.open("wb")
    with file:
        while True:
            with _reading(archive):
                chunk = content.read(_CHUNK)
            if not chunk:
                break
            with explained(path):
                file.write(chunk)
                file.flush()
            tell()


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise EngineError(f"{archive} is damaged and cannot be unpacked ({reason})") from error
    except OSError as error:
        raise EngineError(explain(error, archive)) from error
