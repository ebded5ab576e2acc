"""Arrays a run leaves behind."""

import errno

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save_file

from vpns_engine import artifacts
from vpns_engine.artifacts import (
    pack,
    read_array,
    read_arrays,
    read_info,
    read_mask,
    read_names,
    read_state_info,
    unpack,
    write_arrays,
)
from vpns_engine.errors import EngineError

STATE = {"phase": "search", "density": 0.1, "threshold": 0.5, "epoch": 3, "mapping": [4, 0], "shapes": {"fc": [2, 5]}}
DAMAGED = (b"", b"\x08", b"{}" * 40, b"\xff" * 64, (10**12).to_bytes(8, "little") + b"{}")


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (8,), (9,), (2, 5), (3, 2, 3, 3)])
def test_that_a_mask_survives_packing(shape):
    mask = np.random.default_rng(7).random(shape) < 0.3
    bits = pack(mask)
    assert bits.dtype == np.uint8
    assert bits.size == (mask.size + 7) // 8
    again = unpack(bits, shape)
    assert again.shape == shape
    assert np.array_equal(again, mask)


def test_that_the_first_weight_is_the_highest_bit_in_c_order():
    mask = np.zeros((2, 5), dtype=np.float32)
    mask[0, 0] = mask[1, 4] = 3
    assert pack(mask).tolist() == [0b10000000, 0b01000000]
    assert pack(np.asfortranarray(mask)).tolist() == [0b10000000, 0b01000000]


@pytest.mark.parametrize("bits", [np.zeros(3, np.uint8), np.zeros(2, np.int64), np.zeros((2, 1), np.uint8)])
def test_that_bits_of_another_shape_are_refused(bits):
    with pytest.raises(EngineError, match=r"does not belong to a weight of shape \(2, 5\)"):
        unpack(bits, (2, 5))


def test_that_arrays_come_back_as_they_were(tmp_path):
    arrays = {
        "count": np.array(3, dtype=np.int64),  # batch-norm's num_batches_tracked has no dimension
        "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "empty": np.zeros((0, 3), dtype=np.float32),
        "flags": np.array([True, False]),
        "nan": np.array([np.nan, -0.0, np.inf], dtype=np.float32),
    }
    path = tmp_path / "deep" / "x.safetensors"
    write_arrays(path, arrays, {"epoch": 3})
    assert set(read_names(path)) == set(arrays)
    assert read_info(path) == {"epoch": 3}
    for name, array in read_arrays(path).items():
        assert (array.shape, array.dtype) == (arrays[name].shape, arrays[name].dtype)
        assert np.ascontiguousarray(array).tobytes() == np.ascontiguousarray(arrays[name]).tobytes()


def test_that_one_array_is_read_by_its_name(tmp_path):
    write_arrays(tmp_path / "x", {"a": np.zeros(2), "b": np.ones(2)})
    assert read_array(tmp_path / "x", "b").tolist() == [1, 1]
    with pytest.raises(EngineError, match="x cannot be read"):
        read_array(tmp_path / "x", "c")


@pytest.mark.parametrize("content", DAMAGED)
def test_that_a_damaged_file_is_told_in_words(tmp_path, content):
    path = tmp_path / "state.safetensors"
    path.write_bytes(content)
    for read in (read_arrays, read_names, read_info, read_state_info, lambda path: read_mask(path, "fc")):
        with pytest.raises(EngineError, match=r"state\.safetensors"):
            read(path)


def test_that_a_missing_file_is_told_in_words(tmp_path):
    for read in (read_arrays, read_names, read_info, read_state_info, lambda path: read_mask(path, "fc")):
        with pytest.raises(EngineError, match="gone"):
            read(tmp_path / "gone")


def test_that_a_cut_file_is_told_in_words(tmp_path):
    path = tmp_path / "x"
    write_arrays(path, {"a": np.zeros(100)})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EngineError, match="x cannot be read"):
        read_array(path, "a")


def test_that_a_state_says_what_it_is(tmp_path):
    path = tmp_path / "x"
    write_arrays(path, {"masks/fc": pack(np.ones((2, 5)))}, STATE)
    info = read_state_info(path)
    assert (info.phase, info.density, info.threshold, info.epoch) == ("search", 0.1, 0.5, 3)
    assert (info.mapping, info.shapes) == ((4, 0), {"fc": (2, 5)})
    write_arrays(path, {}, STATE | {"threshold": None})
    assert read_state_info(path).threshold is None


@pytest.mark.parametrize("name", STATE)
@pytest.mark.parametrize("value", [..., "x", [["y"]], {"fc": 3}])
def test_that_a_file_that_is_no_state_is_told_in_words(tmp_path, name, value):
    info = {key: content for key, content in STATE.items() if key != name} | ({} if value is ... else {name: value})
    write_arrays(tmp_path / "x", {}, info)
    if name == "phase" and value is not ...:
        return  # any word will do there
    with pytest.raises(EngineError, match="x is not a state file"):
        read_state_info(tmp_path / "x")


@pytest.mark.parametrize("prefix", ["", "masks/"])
def test_that_a_mask_is_read_from_a_masks_file_and_from_a_state(tmp_path, prefix):
    mask = np.arange(10).reshape(2, 5) % 3 == 0
    write_arrays(tmp_path / "x", {f"{prefix}fc": pack(mask)}, {"shapes": {"fc": [2, 5]}})
    assert np.array_equal(read_mask(tmp_path / "x", "fc"), mask)
    with pytest.raises(EngineError, match="x has no layer conv"):
        read_mask(tmp_path / "x", "conv")


@pytest.mark.parametrize("info", [{}, {"epoch": 3}, {"shapes": [2, 5]}, {"shapes": {"fc": "ab"}}, {"shapes": {"fc": [-2, 5]}}])
def test_that_a_file_without_masks_is_told_in_words(tmp_path, info):
    write_arrays(tmp_path / "x", {"fc": pack(np.ones((2, 5)))}, info)
    with pytest.raises(EngineError):
        read_mask(tmp_path / "x", "fc")


@pytest.mark.parametrize("text", ["[1, 2]", "{", "nul"])
def test_that_a_description_that_is_no_table_is_told_in_words(tmp_path, text):
    save_file({"a": np.zeros(2)}, tmp_path / "x", metadata={"vpns": text})
    with pytest.raises(EngineError, match="x cannot be read"):
        read_info(tmp_path / "x")


def test_that_a_file_of_others_without_a_description_has_an_empty_one(tmp_path):
    save_file({"a": np.zeros(2)}, tmp_path / "x")
    assert read_info(tmp_path / "x") == {}


def test_that_a_full_disk_is_recognised_through_safetensors(tmp_path, monkeypatch):
    def full(*_args, **_words):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(artifacts, "save_file", full)
    with pytest.raises(EngineError, match="no space left"):
        write_arrays(tmp_path / "x", {"a": np.zeros(2)})
    assert list(tmp_path.iterdir()) == []
    assert artifacts._as_os_error(SafetensorError("something else")).errno != errno.ENOSPC
