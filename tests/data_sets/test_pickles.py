"""A data set's pickles give plain values; a hostile one runs nothing."""

import io
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.data_sets.checks import refusal
from tests.data_sets.old_pickles import write_old_pickle
from tests.data_sets.writers import write
from vpns_engine.data_sets.pickles import read_pickle
from vpns_engine.errors import EngineError

CONTENT = {
    "data": np.arange(24, dtype=np.uint8).reshape(2, 12),
    "wide": np.array([[1, 70_000], [-3, 4]], dtype=">i4"),
    "columns": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "labels": [3, 1, 4],
    "names": ["apple", "naïve".encode().decode("latin1")],
    "nested": {"a": (1, 2.5, None, True)},
}


def read(tmp_path: Path, raw: bytes) -> dict:
    (tmp_path / "batch").write_bytes(raw)
    return read_pickle(tmp_path / "batch")


def refused(tmp_path: Path, raw: bytes) -> str:
    with pytest.raises(EngineError) as caught:
        read(tmp_path, raw)
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "batch") in str(caught.value)
    return str(caught.value)


def same(found: dict, expected: dict) -> bool:
    return found.keys() == expected.keys() and all(
        np.array_equal(found[name], value) and found[name].dtype == value.dtype
        if isinstance(value, np.ndarray)
        else found[name] == value
        for name, value in expected.items()
    )


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_that_pickles_of_this_time_are_read(tmp_path, protocol):
    assert same(read(tmp_path, pickle.dumps(CONTENT, protocol=protocol)), CONTENT)


def test_that_pickles_of_python_2_are_read(tmp_path):
    content = {name: value for name, value in CONTENT.items() if name != "nested"}
    write_old_pickle(tmp_path / "old", content)
    raw = (tmp_path / "old").read_bytes()
    assert b"numpy.core.multiarray\n_reconstruct" in raw
    assert b"X\x05\x00\x00\x00apple" not in raw  # no Python 3 text in it
    assert same(
        read(tmp_path, raw), {**content, "names": ["apple", "naïve".encode().decode("latin1").encode().decode("latin1")]}
    )


class _Command:
    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self._marker),)


@pytest.mark.parametrize("protocol", range(6))
def test_that_a_hostile_pickle_runs_nothing(tmp_path, protocol):
    marker = tmp_path / "ran"
    message = refused(tmp_path, pickle.dumps({"data": _Command(marker)}, protocol=protocol))
    assert "mkdir, which is not allowed" in message
    assert not marker.exists()
    pickle.loads(pickle.dumps(_Command(marker), protocol=protocol))  # it would have
    assert marker.exists()


def test_that_a_hostile_batch_stops_the_reading_of_a_set(tmp_path):
    write("cifar100", tmp_path, per_class=1)
    marker = tmp_path / "ran"
    (tmp_path / "cifar-100-python" / "train").write_bytes(pickle.dumps({"data": _Command(marker), "fine_labels": [1]}))
    assert "not allowed" in refusal("cifar100", tmp_path)
    assert not marker.exists()


@pytest.mark.parametrize(
    "name",
    [
        b"builtins\neval",
        b"builtins\ngetattr",
        b"__builtin__\nexec",
        b"os\nsystem",
        b"posix\nsystem",
        b"subprocess\nPopen",
        b"numpy\nload",
        b"numpy\nfromfile",
        b"numpy.core.multiarray\nscalar",
        b"numpy\nndarray.tofile",
        b"torch\nload",
        b"_codecs\ndecode",
        b"codecs\nopen",
        b"copyreg\n_reconstructor",
        b"vpns_engine.data_sets.pickles\nread_pickle",
    ],
)
def test_that_no_other_name_can_be_asked_for(tmp_path, name):
    assert name.decode().replace("\n", ".") in refused(tmp_path, b"c" + name + b"\n(tR.")


def test_that_nested_names_are_refused_as_well(tmp_path):
    stream = io.BytesIO()
    for text in ("numpy", "ndarray.tofile"):
        stream.write(b"\x8c" + bytes([len(text)]) + text.encode())
    assert "numpy.ndarray.tofile" in refused(tmp_path, b"\x80\x04" + stream.getvalue() + b"\x93.")


@pytest.mark.parametrize("array", [np.array([{}, []], dtype=object), np.zeros(2, dtype="u1,O"), np.array(["text"])])
def test_that_only_arrays_of_numbers_are_read(tmp_path, array):
    refused(tmp_path, pickle.dumps({"data": array}, protocol=2))


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
def test_that_the_number_of_a_reference_asks_for_no_memory(tmp_path):
    (tmp_path / "batch").write_bytes(b"\x80\x02}r\xff\xff\xff\x3f.")  # a dictionary, remembered as number 2**30 - 1
    limited = (
        "import resource, sys; from pathlib import Path; from vpns_engine.data_sets.pickles import read_pickle\n"
        "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)); assert read_pickle(Path(sys.argv[1])) == {}"
    )
    command = [sys.executable, "-c", limited, str(tmp_path / "batch")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_that_flags_of_a_number_type_cannot_make_references_of_bytes(tmp_path):
    """numpy's own type would take these flags, and the bytes of the array for addresses."""
    hostile = (
        b"\x80\x02}U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x01\x85cnumpy\ndtype\nU\x02u8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb"
        b"\x89U\x08" + struct.pack("<Q", 0x4142) + b"tbs."
    )
    assert read(tmp_path, hostile)["data"].tolist() == [0x4142]
    assert not read(tmp_path, hostile)["data"].dtype.hasobject


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_that_a_pickle_that_is_cut_off_is_refused(tmp_path, share):
    raw = pickle.dumps(CONTENT, protocol=2)
    assert "damaged" in (said := refused(tmp_path, raw[: int(len(raw) * share)]))
    assert "Error" not in said and "Ran out" not in said


def test_that_any_damaged_byte_gives_values_or_one_clear_line(tmp_path):
    raw = pickle.dumps({"data": CONTENT["data"], "labels": [1, 2]}, protocol=2)
    for at in range(len(raw)):
        for value in (0, 0xFF, raw[at] ^ 1):
            try:
                read(tmp_path, raw[:at] + bytes([value]) + raw[at + 1 :])
            except EngineError as error:
                assert str(tmp_path / "batch") in str(error)


def test_that_a_pickle_of_something_else_is_refused(tmp_path):
    assert "list instead of a dictionary" in refused(tmp_path, pickle.dumps([1]))
    assert "damaged" in refused(tmp_path, b"<html>not found</html>")
