"""MATLAB files: the same values as scipy reads, and one clear line for what is damaged."""

import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from vpns_engine.data_sets.mat_files import read_mat, shape_in_mat
from vpns_engine.errors import EngineError

NUMBERS = {
    "row": np.arange(300, dtype=np.uint16)[None],
    "column": np.arange(5, dtype=np.uint8)[:, None],
    "cube": np.arange(24, dtype=np.int32).reshape(2, 3, 4),
    "pictures": np.arange(96, dtype=np.uint8).reshape(2, 4, 3, 4),
    "float": np.array([[0.5, -1e300]]),
    "single": np.array([[2.5]], dtype=np.float32),
    "long": np.array([[1 << 40]], dtype=np.int64),
    "one": np.array([[7]]),
}
ROWS = np.array([[(4, "00001.jpg", "ñ"), (5, "2.jpg", "車")]], dtype=[("class", object), ("fname", object), ("note", object)])


def written(path: Path, *, packed: bool = True, **content) -> Path:
    savemat(path, content, do_compression=packed)
    return path


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", NUMBERS)
def test_that_numbers_are_those_that_scipy_reads(name, packed, tmp_path):
    path = written(tmp_path / "a.mat", packed=packed, **NUMBERS)
    expected = np.atleast_1d(loadmat(path)[name].squeeze())
    found = read_mat(path, name)
    assert np.array_equal(found, expected)
    assert found.dtype == expected.dtype
    assert shape_in_mat(path, name) == NUMBERS[name].shape


@pytest.mark.parametrize("packed", [True, False])
def test_that_structures_cells_and_texts_are_read(packed, tmp_path):
    names = np.empty((1, 3), dtype=object)
    names[0] = ["Acura RL Sedan 2012", "猫", ""]
    path = written(tmp_path / "a.mat", packed=packed, rows=ROWS, names=names, text="naïve")
    rows = read_mat(path, "rows")
    assert [(row["class"].tolist(), row["fname"], row["note"]) for row in rows] == [
        ([4], "00001.jpg", "ñ"),
        ([5], "2.jpg", "車"),
    ]
    assert read_mat(path, "names") == names[0].tolist()
    assert read_mat(path, "text") == "naïve"


def element(kind: int, raw: bytes, order: str = ">") -> bytes:
    return struct.pack(f"{order}II", kind, len(raw)) + raw + bytes(-len(raw) % 8)


def matrix(kind: int, shape: tuple[int, ...], *parts: bytes, order: str = ">", flags: int = 0) -> bytes:
    head = element(6, struct.pack(f"{order}II", kind | flags, 0), order)
    sizes = element(5, struct.pack(f"{order}{len(shape)}i", *shape), order)
    return element(14, head + sizes + element(1, b"labels", order) + b"".join(parts), order)


def file_of(*elements: bytes, order: str = ">") -> bytes:
    return b"MATLAB 5.0 MAT-file".ljust(124) + (b"\x01\x00MI" if order == ">" else b"\x00\x01IM") + b"".join(elements)


def refused(path: Path, name: str = "labels") -> str:
    with pytest.raises(EngineError) as caught:
        read_mat(path, name)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_that_files_of_big_endian_machines_are_read(tmp_path):
    (tmp_path / "a.mat").write_bytes(file_of(matrix(11, (1, 3), element(4, struct.pack(">3H", 1, 2, 700)))))
    assert read_mat(tmp_path / "a.mat", "labels").tolist() == [1, 2, 700]
    assert read_mat(tmp_path / "a.mat", "labels").dtype.isnative


def test_that_a_damaged_byte_gives_values_or_one_clear_line(tmp_path):
    generator = random.Random(0)
    for packed in (True, False):
        path = written(tmp_path / "a.mat", packed=packed, labels=ROWS, more=NUMBERS["cube"])
        raw = path.read_bytes()
        for _ in range(200):
            at = generator.randrange(124, len(raw))
            path.write_bytes(raw[:at] + generator.randbytes(1) + raw[at + 1 :])
            for name in ("labels", "more"):
                try:
                    read_mat(path, name)
                    shape_in_mat(path, name)
                except EngineError as error:
                    assert str(path) in str(error)


def test_that_a_changed_byte_in_packed_values_is_noticed(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (1, 5000), dtype=np.uint8)
    path = written(tmp_path / "a.mat", labels=values)
    raw = bytearray(path.read_bytes())
    raw[-2] ^= 1  # in the checksum
    path.write_bytes(raw)
    assert "do not unpack" in refused(path)


@pytest.mark.parametrize("share", [0, 0.02, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("packed", [True, False])
def test_that_a_file_that_is_cut_off_is_refused(share, packed, tmp_path):
    path = written(
        tmp_path / "a.mat", packed=packed, labels=np.random.default_rng(0).integers(0, 256, (1, 5000), dtype=np.uint8)
    )
    raw = path.read_bytes()
    path.write_bytes(raw[: int(share * len(raw))])
    assert "damaged" in refused(path)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(500), "no MATLAB 5 file"),
        (struct.pack("<5I", 0, 1, 1, 0, 2) + b"x\0" + bytes(200), "no MATLAB 5 file"),
        (file_of(), "it has no 'labels'"),
        (file_of(element(9, bytes(8))), "something of type 9"),
        (file_of(matrix(6, (1, 2), element(9, bytes(16)), flags=0x0800)), "complex numbers"),
        (file_of(matrix(5, (1, 2), element(9, bytes(16)))), "values of class 5"),
        (file_of(matrix(6, (1, 1 << 30), element(9, bytes(16)))), "16 bytes for float64 of shape (1, 1073741824)"),
        (file_of(matrix(6, (-1, 2), element(9, bytes(16)))), "shape (-1, 2)"),
        (file_of(matrix(6, (1, 2), element(99, bytes(16)))), "numbers of type 99"),
        (file_of(matrix(4, (1, 2), element(16, b"\xff\xff"))), "no utf-8"),
        (file_of(matrix(1, (1, 1 << 30))), "ends too early"),
        (file_of(matrix(2, (1, 1), element(5, struct.pack(">i", 0)), element(1, b"ab"))), "structures without names"),
        (file_of(element(15, b"no zlib")), "do not unpack"),
        (file_of(element(15, zlib.compress(b"short"))), "ends too early"),
    ],
)
def test_that_what_the_format_does_not_allow_is_refused(raw, words, tmp_path):
    (tmp_path / "a.mat").write_bytes(raw)
    assert words in refused(tmp_path / "a.mat")


def test_that_cells_in_cells_end(tmp_path):
    inner = matrix(6, (1, 1), element(9, bytes(8)))
    for _ in range(12):
        inner = matrix(1, (1, 1), inner)
    (tmp_path / "a.mat").write_bytes(file_of(inner))
    assert "more than 8 deep" in refused(tmp_path / "a.mat")


def test_that_packed_bytes_cannot_unpack_to_more_than_they_say(tmp_path):
    good = matrix(9, (1, 8), element(2, bytes(8)))
    (tmp_path / "a.mat").write_bytes(file_of(struct.pack(">II", 15, 0)))
    refused(tmp_path / "a.mat")
    bomb = zlib.compress(good + bytes(2_000_000))
    (tmp_path / "a.mat").write_bytes(file_of(struct.pack(">II", 15, len(bomb)) + bomb))
    assert "do not unpack to a whole variable" in refused(tmp_path / "a.mat")
