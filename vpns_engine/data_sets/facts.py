"""What is known of each named data set before any of it is there: its size, its server, its checksums."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from vpns_engine.bundled import resource
from vpns_engine.specs.data import DATASET_LABELS, Dataset

Unpack = Literal["tar", "zip", "gzip", ""]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Download(_Facts):
    """One file of a data set's server. Paths are relative to the data root."""

    url: str
    name: str
    digest: str
    """`md5:HEX` or `sha256:HEX`."""
    bytes: int
    unpack: Unpack
    """What it is packed with; empty: it is used as it is."""
    into: str
    """The folder it is unpacked in, and beside which torchvision keeps it; empty: the root."""
    gives: tuple[str, ...]
    """The files and folders it brings."""
    mirrors: tuple[str, ...] = ()
    """Other addresses of the same file."""


class DatasetFacts(_Facts):
    """A data set as its makers published it; counts are 0 for parts that it does not bring."""

    key: Dataset
    label: str
    num_classes: int
    num_train: int
    num_validation: int
    num_test: int
    downloads: tuple[Download, ...]
    """In the order in which they are fetched; none: it cannot be."""
    files: dict[str, str]
    """Checksums of single files of the unpacked set, where they are known."""
    manual: str
    """How to get it by hand, with `{root}` for the data root; empty where it can be downloaded."""
    source: str
    """Its home page."""
    licence: str

    @property
    def bytes(self) -> int:
        """Size of all downloads."""
        return sum(download.bytes for download in self.downloads)

    def file_digests(self) -> dict[str, str]:
        """Give the checksums of the files a whole set has, by their paths below the data root, as far as they are known."""
        plain = {name: download.digest for download in self.downloads if not download.unpack for name in download.gives}
        return {**self.files, **plain}

    def by_hand(self, root: Path) -> str:
        """Say how to get it by hand and where to put it."""
        return self.manual.replace("{root}", str(root))


def facts_of(key: Dataset) -> DatasetFacts:
    """Give what is known of a named data set (`specs.data.NAMED`).

    Raises:
        KeyError: it is not one of those.
    """
    return _all()[key]


@cache
def _all() -> dict[str, DatasetFacts]:
    found = json.loads(resource("datasets.json").read_text(encoding="utf-8"))
    facts = [{"key": key, "label": DATASET_LABELS[key], **values} for key, values in found.items()]
    return {one.key: one for one in TypeAdapter(list[DatasetFacts]).validate_python(facts)}
