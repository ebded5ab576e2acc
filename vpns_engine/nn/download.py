"""Weights from the network: to a folder that keeps them, whole or not at all, with progress."""

import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from vpns_engine.errors import EngineError
from vpns_engine.files import write_whole

Report = Callable[[str, float | None], None]
_CHUNK = 1 << 18


def fetch(url: str, folder: Path, report: Report) -> Path:
    """Give the local file of `url`, downloading it when it is not there yet.

    Proxies come from the environment. A name with a hash in it (`resnet18-f37072fd.pth`) is checked against it.

    Raises:
        EngineError: no network, or the file that came is damaged.
    """
    path = folder / url.rsplit("/", 1)[-1]
    if path.is_file():
        return path
    write_whole(path, lambda beside: _download(url, beside, report))
    return path


def _download(url: str, path: Path, report: Report) -> None:
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=30) as answer, path.open("wb") as file:
            size = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                megabytes = file.tell() / 2**20
                report(f"Downloading weights: {megabytes:.0f} MB", file.tell() / size if size else None)
    except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
        # most of these are OSErrors: they must not be taken for a full disk
        raise _unreachable(url, path, error) from error
    expected = re.search(r"-([0-9a-f]{8,64})\.", url)
    if expected and not digest.hexdigest().startswith(expected.group(1)):
        raise EngineError(f"the download of {url} is damaged (its checksum differs): try again")


def _unreachable(url: str, path: Path, error: Exception) -> EngineError:
    reason = getattr(error, "reason", error)
    return EngineError(
        f"weights cannot be downloaded ({reason}): check the network, or save {url} as {path.parent / url.rsplit('/', 1)[-1]}"
    )
