"""Sparse files: read back to the last bit, as small as was counted, and harmless when they are damaged."""

import json
import zlib

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from vpns_engine.errors import EngineError
from vpns_engine.export.sparse_file import is_sparse, read_sparse, sparse_size, write_sparse, zipped_size


def state(density: float):
    """Give weights as networks have them (convolution, attention, bias, counter, none at all) and masks of two of them."""
    random = np.random.default_rng(3)
    weights = {
        "conv.weight": random.normal(size=(7, 3, 3, 3)).astype(np.float32),
        "attention.in_proj_weight": random.normal(size=(33, 11)).astype(np.float32),
        "conv.bias": random.normal(size=7).astype(np.float32),
        "bn.num_batches_tracked": np.array(12, np.int64),
        "empty": np.zeros((0, 4), np.float32),
    }
    weights["conv.weight"].reshape(-1)[:5] = [-0.0, 0.0, np.float32(1e-40), -1, 1]
    masks = {"conv": random.random((7, 3, 3, 3)) < density, "attention": random.random((33, 11)) < density}
    masks["conv"].reshape(-1)[:5] = True
    return weights, masks


def same_bits(found, expected) -> bool:
    return found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("density", [0.0, 0.1, 0.97, 1.0])
def test_that_a_sparse_file_gives_the_very_weights_that_are_kept(tmp_path, density):
    weights, masks = state(density)
    size = write_sparse(weights, masks, tmp_path / "model_sparse.safetensors")
    assert size == (tmp_path / "model_sparse.safetensors").stat().st_size
    found = read_sparse(tmp_path / "model_sparse.safetensors")
    assert found.keys() == weights.keys()
    entries = {"conv.weight": masks["conv"], "attention.in_proj_weight": masks["attention"]}
    for name, value in weights.items():
        expected = np.where(entries[name], value, np.float32(0)) if name in entries else value
        assert same_bits(found[name], expected), name


def test_that_a_tensor_stays_dense_where_bits_and_values_are_no_smaller(tmp_path):
    weights, masks = state(1.0)
    masks["attention"] = masks["attention"] & False
    write_sparse(weights, masks, tmp_path / "x.safetensors")
    names = set(load_file(tmp_path / "x.safetensors"))
    assert {"conv.weight", "bits/attention.in_proj_weight", "values/attention.in_proj_weight"} < names
    assert not any(name.endswith("/conv.weight") for name in names)
    assert is_sparse(tmp_path / "x.safetensors")


@pytest.mark.parametrize("density", [0.02, 0.5, 1.0])
def test_that_the_size_is_counted_before_it_is_written(tmp_path, density):
    weights, masks = state(density)
    counted = sparse_size(weights, masks)
    write_sparse(weights, masks, tmp_path / "x.safetensors")
    assert counted.dense == sum(value.nbytes for value in weights.values())
    assert counted.sparse == sum(value.nbytes for value in load_file(tmp_path / "x.safetensors").values())


def test_that_the_zipped_size_is_that_of_a_zipped_file():
    parts = [bytes(5_000_000), np.random.default_rng(0).bytes(100_000)]
    looked = []
    assert zipped_size(parts, lambda: looked.append(1)) == len(zlib.compress(b"".join(parts)))
    assert len(looked) == 3  # every 4 MiB


def test_that_a_mask_of_another_shape_is_misuse(tmp_path):
    weights, masks = state(0.5)
    with pytest.raises(ValueError, match=r"mask of conv\.weight"):
        write_sparse(weights, masks | {"conv": np.ones(3, np.bool_)}, tmp_path / "x")
    assert not (tmp_path / "x").exists()


FORMAT = "bits and kept values"
BITS = np.array([0b10100000], np.uint8)
VALUES = np.ones(2, np.float32)


@pytest.mark.parametrize(
    ("arrays", "info", "words"),
    [
        ({"a": VALUES}, {}, "is no sparse file"),
        ({"a": VALUES}, {"format": FORMAT, "shapes": []}, "is no sparse file"),
        ({"bits/a": BITS}, {"format": FORMAT, "shapes": {"a": [8]}}, "bits and values of a are not both there"),
        (
            {"bits/a": BITS, "values/a": VALUES[:1]},
            {"format": FORMAT, "shapes": {"a": [8]}},
            "keeps 2 weights and has 1 values",
        ),
        ({"bits/a": BITS, "values/a": VALUES}, {"format": FORMAT, "shapes": {"a": [80]}}, "mask of 1 bytes"),
        ({"bits/a": BITS, "values/a": VALUES}, {"format": FORMAT, "shapes": {"a": [2**62, 2**62]}}, "no shape"),
        ({"bits/a": BITS, "values/a": VALUES}, {"format": FORMAT, "shapes": {"a": [2**39] * 8}}, "mask of 1 bytes"),
        ({"bits/a": BITS, "values/a": VALUES}, {"format": FORMAT, "shapes": {"a": [True]}}, "no shape"),
        ({"bits/a": BITS, "values/a": VALUES}, {"format": FORMAT, "shapes": {"a": "8"}}, "no shape"),
        ({"bits/a": BITS, "values/a": VALUES}, {"format": FORMAT, "shapes": {}}, "belong to no tensor"),
        ({"bits/a": BITS, "values/a": VALUES, "a": VALUES}, {"format": FORMAT, "shapes": {"a": [8]}}, "not both there"),
    ],
)
def test_that_a_damaged_sparse_file_is_one_line(tmp_path, arrays, info, words):
    path = tmp_path / "bad.safetensors"
    save_file(arrays, path, metadata={"vpns": json.dumps(info)})
    with pytest.raises(EngineError, match=words) as caught:
        read_sparse(path)
    assert "\n" not in str(caught.value)


def test_that_a_cut_or_missing_sparse_file_is_one_line(tmp_path):
    weights, masks = state(0.3)
    path = tmp_path / "cut.safetensors"
    write_sparse(weights, masks, path)
    path.write_bytes(path.read_bytes()[:-9])
    for wrong in (path, tmp_path / "none.safetensors"):
        with pytest.raises(EngineError, match="cannot be read") as caught:
            read_sparse(wrong)
        assert "\n" not in str(caught.value)
