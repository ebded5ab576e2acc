"""Mask files, mapped and counted as they lie."""

import json
import time

import numpy as np
import pytest

from tests.vgg_run import DEAD_COLUMNS, DEAD_LAYER, DEAD_ROWS, LAYERS, TOTAL
from vpns_engine.artifacts import pack, read_mask, write_arrays
from vpns_engine.errors import EngineError
from vpns_engine.mask_files import MaskFile, flips

SHAPES = {"conv": (5, 3, 3, 3), "flat": (7,), "one": (1, 1), "odd": (9, 5, 3), "deep": (4, 2, 3, 3, 3), "wide": (300, 17)}


@pytest.fixture
def masks():
    random = np.random.default_rng(3)
    return {name: random.random(shape) < 0.3 for name, shape in SHAPES.items()}


@pytest.fixture
def path(tmp_path, masks):
    write_arrays(tmp_path / "masks", {name: pack(mask) for name, mask in masks.items()}, {"shapes": SHAPES})
    return tmp_path / "masks"


def write_raw(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def described(shapes):
    return {"vpns": json.dumps({"shapes": shapes})}


def test_that_masks_come_back_as_they_were_written(path, masks):
    with MaskFile.open(path) as file:
        assert file.layers == tuple(SHAPES) and file.total == sum(mask.size for mask in masks.values())
        for name, mask in masks.items():
            assert np.array_equal(file.mask(name), mask) and np.array_equal(file.mask(name), read_mask(path, name))
            assert file.kept(name) == mask.sum() and file.numel(name) == mask.size


def test_that_channels_are_counted(path, masks):
    with MaskFile.open(path) as file:
        for name, mask in masks.items():
            counts = file.counts(name)
            as_rows = mask.reshape(1, -1) if mask.ndim == 1 else mask
            kernel = tuple(range(2, as_rows.ndim))
            assert counts.out_O.tolist() == as_rows.sum(axis=(1, *kernel)).tolist()
            assert counts.into_I.tolist() == as_rows.sum(axis=(0, *kernel)).tolist()
            assert counts.kept == mask.sum()


def test_that_rows_are_unpacked_alone(path, masks):
    with MaskFile.open(path) as file:
        assert np.array_equal(file.rows("odd", 4, 3), masks["odd"][4:7])
        assert np.array_equal(file.rows("wide", 290, 50), masks["wide"][290:])
        assert file.rows("wide", 300, 5).shape == (0, 17)
        assert np.array_equal(file.flat("odd", 13, 100), masks["odd"].reshape(-1)[13:113])
        assert file.flat("flat", 5, 9).tolist() == masks["flat"][5:].tolist()


def test_that_blocks_of_kernels_are_counted(path, masks):
    with MaskFile.open(path) as file:
        found = file.block_counts("wide", range(300), range(17), (128, 5))
        parts = [[masks["wide"][out : out + 128, into : into + 5].sum() for into in (0, 5, 10, 15)] for out in (0, 128, 256)]
        assert found.tolist() == parts
        assert file.block_counts("conv", range(1, 5), range(1, 3), (3, 2)).tolist() == [
            [masks["conv"][1:4, 1:3].sum()],
            [masks["conv"][4:5, 1:3].sum()],
        ]
        assert file.block_counts("conv", range(5), range(3, 9), (1, 1)).shape == (5, 0)


@pytest.mark.parametrize("out,into", [(range(1, 4), range(1, 3)), (range(0, 99), range(2, 99)), (range(2, 2), range(0, 1))])
def test_that_a_window_is_unpacked_alone(path, masks, out, into):
    even = np.random.default_rng(4).random((12, 24, 3, 3)) < 0.4
    write_arrays(path.with_name("even"), {"even": pack(even)}, {"shapes": {"even": even.shape}})
    for name, mask in (masks | {"even": even}).items():
        whole = mask.reshape(1, -1, 1) if mask.ndim == 1 else mask.reshape(*mask.shape[:2], -1)
        with MaskFile.open(path.with_name("even") if name == "even" else path) as file:
            assert np.array_equal(file.window(name, out, into), whole[out.start : out.stop, into.start : into.stop])


def test_that_flips_are_counted_in_both_directions():
    random = np.random.default_rng(5)
    before, after = random.random((3, 37)) < 0.5, random.random((3, 37)) < 0.5
    found = flips(pack(before), pack(after), before.size)
    assert found == (int((after & ~before).sum()), int((before & ~after).sum()))


def test_that_each_group_has_input_channels_of_its_own(tmp_path):
    mask = np.ones((6, 2, 3, 3), bool)
    mask[:2, 1] = mask[4] = False  # two outputs a group: the first reads its second input nowhere
    write_arrays(tmp_path / "x", {"conv": pack(mask)}, {"shapes": {"conv": mask.shape}})
    with MaskFile.open(tmp_path / "x") as file:
        counts = file.counts("conv", groups=3)
        assert counts.into_I.tolist() == [18, 0, 18, 18, 9, 9]
        assert (counts.num_empty_in, counts.num_empty_out) == (1, 1)
        assert file.counts("conv").into_I.tolist() == [45, 27]
        with pytest.raises(ValueError, match="6 output channels are no 4 groups"):
            file.counts("conv", groups=4)


def test_that_bits_after_the_last_weight_count_for_nothing(tmp_path):
    write_arrays(tmp_path / "x", {"fc": np.array([0xFF, 0xFF], np.uint8)}, {"shapes": {"fc": (1, 9)}})
    with MaskFile.open(tmp_path / "x") as file:
        assert file.kept("fc") == file.counts("fc").kept == 9


def test_that_a_state_file_gives_masks_weights_and_scores(tmp_path):
    weight = np.arange(10, dtype=np.float32).reshape(2, 5)
    arrays = {"weights/fc.weight": weight, "scores/fc": -weight, "masks/fc": pack(weight > 4)}
    write_arrays(tmp_path / "state", arrays, {"shapes": {"fc": (2, 5)}, "threshold": 0.5})
    with MaskFile.open(tmp_path / "state") as file:
        assert np.array_equal(file.mask("fc"), weight > 4)
        assert np.array_equal(file.array("weights/fc.weight"), weight) and file.info["threshold"] == 0.5
        assert set(file.names) == set(arrays)
        assert file.array("scores/fc").flags.writeable is False


def test_that_a_closed_file_can_be_removed_and_is_read_no_more(path):
    file = MaskFile.open(path)
    view = file.bits("conv")
    file.close()
    assert view.size == 17, "what was given out stays readable"
    with pytest.raises(ValueError, match="closed"):
        file.bits("conv")
    del view
    path.unlink()
    file.close()


def test_that_unknown_layers_are_named(path):
    with MaskFile.open(path) as file:
        for read in (file.bits, file.mask, file.kept, file.counts, file.numel):
            with pytest.raises(EngineError, match="masks has no layer nowhere"):
                read("nowhere")


@pytest.mark.parametrize("content", [b"", b"\x08", b"{}" * 40, b"\xff" * 64, (10**12).to_bytes(8, "little") + b"{}"])
def test_that_a_damaged_file_is_told_in_words(tmp_path, content):
    (tmp_path / "masks").write_bytes(content)
    with pytest.raises(EngineError, match="masks cannot be read"):
        MaskFile.open(tmp_path / "masks")


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "U8", "shape": [2], "data_offsets": [0, 3]},
        {"dtype": "U8", "shape": [2], "data_offsets": [-2, 0]},
        {"dtype": "U8", "shape": [2], "data_offsets": [1, 3]},
        {"dtype": "U8", "shape": [True, 2], "data_offsets": [0, 2]},
        {"dtype": "U8", "shape": [2**70], "data_offsets": [0, 2]},
        {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]},
        {"dtype": "U8", "shape": [1] * 9, "data_offsets": [0, 1]},
        {"dtype": "U8", "shape": [2]},
        {"dtype": ["U8"], "shape": [2], "data_offsets": [0, 2]},
        ["U8"],
        None,
    ],
)
def test_that_a_header_that_does_not_hold_is_refused(tmp_path, entry):
    path = write_raw(tmp_path / "masks", {"fc": entry, "__metadata__": described({"fc": [2, 5]})}, b"\xff\xff")
    with pytest.raises(EngineError, match="masks is damaged: what it says of 'fc' does not hold"):
        MaskFile.open(path)


@pytest.mark.parametrize("shape", [[3, 6], [2, 5, 0], [0, 2**39], [2**39, 2**39], [1]])
def test_that_bits_of_another_shape_are_refused(tmp_path, shape):
    entry = {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}
    path = write_raw(tmp_path / "masks", {"fc": entry, "__metadata__": described({"fc": shape})}, b"\xff\xff")
    with pytest.raises(EngineError, match="do not belong to a weight of shape"):
        MaskFile.open(path)


@pytest.mark.parametrize(
    "told", [{}, {"shapes": 3}, {"shapes": {"fc": "x"}}, {"shapes": {"fc": [-1]}}, {"shapes": {"fc": [1] * 9}}]
)
def test_that_a_file_without_masks_is_told(tmp_path, told):
    write_arrays(tmp_path / "prompt", {"delta": np.zeros(3)}, told)
    with pytest.raises(EngineError, match="prompt has no masks"):
        MaskFile.open(tmp_path / "prompt")


@pytest.mark.parametrize(
    "header", [b"[]", b"{}x", b'{"__metadata__": {"vpns": 3}}', b'{"__metadata__": 3, "a": 0}', b"[" * 5000]
)
def test_that_a_header_of_something_else_is_told_in_words(tmp_path, header):
    with pytest.raises(EngineError, match=r"masks (cannot be read|is damaged|has no masks)"):
        MaskFile.open(write_raw(tmp_path / "masks", header))


def test_that_138_million_weights_are_counted_in_a_second(vgg16_run):
    told = vgg16_run.read().history.phases[0].epochs[0]
    spent = []
    for _ in range(3):  # the least of them: other work on the machine takes its time too
        begun = time.perf_counter()
        with MaskFile.open(vgg16_run.path(told.masks_path)) as file:
            counts = {layer: file.counts(layer) for layer in file.layers}
        spent.append(time.perf_counter() - begun)
    assert file.total == TOTAL == 138_344_128 and tuple(found.kept for found in counts.values()) == told.kept
    dead = counts[DEAD_LAYER]
    assert np.flatnonzero(dead.out_O == 0).tolist() == list(DEAD_ROWS)
    assert np.flatnonzero(dead.into_I == 0).tolist() == list(DEAD_COLUMNS)
    assert told.kept[-1] / LAYERS[-1].numel < 0.01 < told.kept[0] / LAYERS[0].numel
    assert min(spent) < 1.0
