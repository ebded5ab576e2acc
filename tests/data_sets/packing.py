"""Pack a miniature set as its server would, and let the facts point at a server on this machine."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

from tests.data_sets.web import Web
from tests.data_sets.writers import write
from vpns_engine.data_sets.facts import DatasetFacts, Download, facts_of


def serve_set(key: str, made: Path, web: Web) -> DatasetFacts:
    """Write a miniature set below `made`, put its archives on the server, and give facts that fit them."""
    write(key, made)
    facts = facts_of(key)
    return facts.model_copy(update={"downloads": tuple(_offered(one, made, web) for one in facts.downloads)})


def _offered(download: Download, made: Path, web: Web) -> Download:
    content = packed(download, made)
    web.files[download.name] = content
    digest = "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest()
    return download.model_copy(update={"url": web.url(download.name), "digest": digest, "bytes": len(content), "mirrors": ()})


def packed(download: Download, made: Path) -> bytes:
    """Give the archive that one download would be."""
    base = made / download.into
    given = [made / name for name in download.gives]
    files = [path for one in given for path in sorted([one, *one.rglob("*")])]
    match download.unpack:
        case "tar":
            return _tar([(path, str(path.relative_to(base))) for path in files])
        case "zip":
            return _zip([(path, str(path.relative_to(base))) for path in files])
        case "gzip":
            return gzip.compress(given[0].read_bytes())
        case _:
            return given[0].read_bytes()


def _tar(files: list[tuple[Path, str]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, name in files:
            archive.add(path, name, recursive=False)
    return buffer.getvalue()


def _zip(files: list[tuple[Path, str]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, name in files:
            archive.write(path, name)
    return buffer.getvalue()
