"""A disk that is full under an export: one line that names the right place, and nothing left."""

import os
import tempfile

import pytest
import torch

from tests.engine.saved_runs import saved_run
from tests.faults.support import NoDiskError, small_disk
from vpns_engine.errors import EngineError
from vpns_engine.exporting import export
from vpns_engine.specs.export import ExportSpec
from vpns_engine.specs.problems import config_from


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    torch.set_num_threads(1)
    return saved_run(tmp_path_factory.mktemp("runs"), config_from({}))


@pytest.fixture
def disk(tmp_path):
    """Give a disk with 700 kB of room: less than the network has."""
    try:
        with small_disk(tmp_path / "disk", 6) as place:
            room = os.statvfs(place)
            (place / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize - 700_000))
            yield place
    except NoDiskError as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", ["safetensors", "onnx", "pt"])
def test_that_an_export_onto_a_full_disk_leaves_nothing(store, disk, name):
    with pytest.raises(EngineError, match="no space left for") as caught:
        export(store, disk / "out", spec=ExportSpec(formats=(name,)))
    assert str(disk) in str(caught.value) and "\n" not in str(caught.value)
    assert [path.name for path in disk.iterdir()] == ["ballast"]


def test_that_a_full_temporary_folder_is_named_and_not_the_exports(store, disk, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    with pytest.raises(EngineError, match="no space left for") as caught:
        export(store, tmp_path / "out", spec=ExportSpec(formats=("onnx",)))
    assert str(disk) in str(caught.value) and not (tmp_path / "out").exists()
    assert not list(disk.glob("vpns-*"))
