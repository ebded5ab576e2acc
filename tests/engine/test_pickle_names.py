"""Files of weights that ask for more memory than they hold."""

import pickle
import tracemalloc
import zipfile

import pytest
import torch

from vpns_engine.errors import EngineError
from vpns_engine.nn.models import plain_network, read_state_dict
from vpns_engine.official.pickles import open_checkpoint

_ASKED, _ALLOWED = 3 * 2**30, 2**28


class _Bytes:
    def __reduce__(self):
        return bytearray, (_ASKED,)


def _zipped(path):
    with zipfile.ZipFile(path, "w") as parts:
        for name, content in (("data.pkl", _pickled()), ("version", b"3\n"), ("byteorder", b"little")):
            parts.writestr(f"archive/{name}", content)


def _plain(path):
    path.write_bytes(_pickled())


def _pickled():
    return pickle.dumps({"state_dict": _Bytes()}, protocol=2)


@pytest.mark.parametrize("write", [_zipped, _plain])
@pytest.mark.parametrize("read", [read_state_dict, open_checkpoint])
def test_that_a_few_bytes_that_ask_for_gigabytes_do_not_get_them(tmp_path, write, read):
    path = tmp_path / "weights.pth"
    write(path)
    tracemalloc.start()
    try:
        with pytest.raises(EngineError, match="holds more than tensors"):
            read(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < _ALLOWED


@pytest.mark.parametrize("zipped", [True, False])
def test_that_files_of_both_of_torchs_formats_are_read(tmp_path, zipped):
    state = plain_network("resnet20", 10).state_dict()
    torch.save(state, tmp_path / "weights.pth", _use_new_zipfile_serialization=zipped)
    assert read_state_dict(tmp_path / "weights.pth").keys() == state.keys()
