"""Two masks against each other: counts, chance, what of a layer is seen, and masks that do not belong together."""

import time
import tracemalloc

import numpy as np
import pytest

from tests.vgg_run import TOTAL
from vpns_engine.artifacts import pack, write_arrays
from vpns_engine.csv_files import csv_text
from vpns_engine.errors import EngineError
from vpns_engine.mask_compare import HEADER, Window, blocks_of, compare_masks, rows_of, states_of
from vpns_engine.mask_files import MaskFile
from vpns_engine.overlap import BOTH, NEITHER, ONLY_A, ONLY_B, Overlap, together

SHAPES = {"conv": (6, 3, 3, 3), "flat": (7,), "odd": (9, 5, 3), "deep": (4, 2, 3, 3, 3), "wide": (300, 17), "head": (20, 6)}


def made(path, masks, shapes=None):
    write_arrays(path, {name: pack(mask) for name, mask in masks.items()}, {"shapes": shapes or shapes_of(masks)})
    return path


def shapes_of(masks):
    return {name: mask.shape for name, mask in masks.items()}


def drawn(seed, density=0.3, shapes=SHAPES):
    random = np.random.default_rng(seed)
    return {name: random.random(shape) < density for name, shape in shapes.items()}


@pytest.fixture
def pair(tmp_path):
    masks = drawn(1), drawn(2, 0.5)
    with MaskFile.open(made(tmp_path / "a", masks[0])) as a, MaskFile.open(made(tmp_path / "b", masks[1])) as b:
        yield a, b, masks


def test_that_every_layer_is_counted(pair):
    a, b, (in_a, in_b) = pair
    found = compare_masks(a, b)
    assert [layer.name for layer in found.layers] == list(SHAPES)
    for layer in found.layers:
        one, two = in_a[layer.name], in_b[layer.name]
        assert (layer.numel, layer.kept_a, layer.kept_b) == (one.size, one.sum(), two.sum())
        assert (layer.both, layer.only_a, layer.only_b) == ((one & two).sum(), (one & ~two).sum(), (~one & two).sum())
        assert layer.neither == (~one & ~two).sum()
        assert layer.iou == pytest.approx((one & two).sum() / (one | two).sum())
    total = found.total
    assert total.numel == sum(mask.size for mask in in_a.values())
    assert total.both + total.only_a + total.only_b + total.neither == total.numel
    assert found.used is None and found.total_used is None and not found.left_out


def test_that_bits_behind_the_last_weight_do_not_count(tmp_path):
    dirty = {"flat": np.array([0b1010_1011], np.uint8)}
    for name in ("a", "b"):
        write_arrays(tmp_path / name, dirty, {"shapes": {"flat": (7,)}})
    with MaskFile.open(tmp_path / "a") as a, MaskFile.open(tmp_path / "b") as b:
        layer = compare_masks(a, b).layers[0]
    assert (layer.kept_a, layer.kept_b, layer.both, layer.neither) == (4, 4, 4, 3)


def test_that_chance_is_what_independent_masks_have():
    random, numel, kept_a, kept_b = np.random.default_rng(5), 400, 60, 90
    a = np.arange(numel) < kept_a
    both = np.array([(a & (random.permutation(numel) < kept_b)).sum() for _ in range(4000)])
    found = Overlap.of("x", numel, kept_a, kept_b, int(both[0]))
    assert found.expected == pytest.approx(both.mean(), abs=4 * both.std() / np.sqrt(len(both)))
    assert found.variance == pytest.approx(both.var(), rel=0.1)
    ratios = both / (kept_a + kept_b - both)
    assert found.by_chance == pytest.approx(ratios.mean(), rel=0.02)
    low, high = found.chance_range
    assert 0.92 < np.mean((ratios >= low) & (ratios <= high)) < 0.99


def test_that_the_total_of_chance_is_a_ratio_of_expectations():
    dense, thin = Overlap.of("dense", 100, 90, 90, 85), Overlap.of("thin", 10_000, 10, 10, 0)
    total = together((dense, thin), "all")
    expected = 90 * 90 / 100 + 10 * 10 / 10_000
    assert total.by_chance == pytest.approx(expected / (100 + 100 - expected))
    # one density for all would be quite another chance
    assert total.by_chance > 10 * Overlap.of("all", 10_100, 100, 100, 85).by_chance


def test_that_identical_nested_and_empty_masks_have_their_limits():
    same, nested = Overlap.of("x", 100, 20, 20, 20), Overlap.of("x", 100, 40, 10, 10)
    assert same.iou == same.most == 1 and nested.iou == nested.most == 0.25
    apart, nothing = Overlap.of("x", 100, 20, 20, 0), Overlap.of("x", 100, 0, 0, 0)
    assert apart.iou == 0 and apart.beyond_chance == 0
    assert nothing.iou is nothing.by_chance is nothing.beyond_chance is nothing.chance_range is nothing.most is None
    full = Overlap.of("x", 10, 10, 10, 10)
    assert full.by_chance == 1 and full.chance_range == (1, 1)
    assert Overlap.of("x", 1, 1, 1, 1).variance == 0 and Overlap.of("x", 0, 0, 0, 0).expected == 0
    one_empty = Overlap.of("x", 100, 5, 0, 0)
    assert one_empty.iou == one_empty.by_chance == 0 and one_empty.beyond_chance is None


def test_that_unused_rows_of_the_classifier_are_told_apart(pair):
    a, b, (in_a, in_b) = pair
    used = [1, 5, 5, 19]
    found = compare_masks(a, b, "head", used)
    rows = sorted(set(used))
    one, two = in_a["head"][rows], in_b["head"][rows]
    assert (found.num_rows, found.num_used_rows) == (20, 3)
    assert (found.used.numel, found.used.both, found.used.kept_a) == (one.size, (one & two).sum(), one.sum())
    assert found.total_used.numel == found.total.numel - 17 * 6
    assert found.total_used.both == found.total.both - (in_a["head"] & in_b["head"]).sum() + (one & two).sum()


@pytest.mark.parametrize(("classifier", "used"), [("head", range(20)), ("head", ()), ("", [1]), ("gone", [1]), ("flat", [1])])
def test_that_nothing_is_told_apart_where_no_row_is_unused(pair, classifier, used):
    a, b, _ = pair
    found = compare_masks(a, b, classifier, used)
    assert found.used is None and found.total_used is None


def test_that_a_classifier_of_other_classes_is_left_out(tmp_path, pair):
    a = pair[0]
    shapes = SHAPES | {"head": (31, 6)}
    with MaskFile.open(made(tmp_path / "c", drawn(3, shapes=shapes))) as other:
        found = compare_masks(a, other, "head", [1])
        assert [layer.name for layer in found.layers] == [name for name in SHAPES if name != "head"]
        assert found.left_out == ("head: 20 × 6 in A, 31 × 6 in B",) and found.used is None
        with pytest.raises(EngineError, match="head is 20 × 6 in A and 31 × 6 in B"):
            compare_masks(a, other)
        with pytest.raises(EngineError, match="cannot be compared"):
            states_of(a, other, "head", Window(0, 1, 0, 1))


@pytest.mark.parametrize(
    ("shapes", "line"),
    [
        ({"conv": (6, 3, 3, 3)}, "A has 6 layers, B has 1"),
        (SHAPES | {"conv": (6, 3, 5, 5)}, "conv is 6 × 3 × 3 × 3 in A and 6 × 3 × 5 × 5 in B"),
        ({("other" if name == "odd" else name): shape for name, shape in SHAPES.items()}, "a layer odd where B has other"),
        ({}, "has no layers"),
    ],
)
def test_that_masks_of_different_networks_are_refused_in_one_line(tmp_path, pair, shapes, line):
    with MaskFile.open(made(tmp_path / "c", drawn(3, shapes=shapes))) as other, pytest.raises(EngineError) as refused:
        compare_masks(pair[0], other, "head")
    assert line in str(refused.value) and "\n" not in str(refused.value)


def test_that_the_states_of_weights_are_those_of_the_two_masks(pair):
    a, b, (in_a, in_b) = pair
    words = {(False, False): NEITHER, (True, False): ONLY_A, (False, True): ONLY_B, (True, True): BOTH}
    for name, shape in SHAPES.items():
        found = states_of(a, b, name, Window(0, 10**6, 0, 10**6))
        wanted = [words[pair] for pair in zip(in_a[name].ravel().tolist(), in_b[name].ravel().tolist(), strict=True)]
        assert found.ndim == 4 and found.ravel().tolist() == wanted, shape
    part = states_of(a, b, "wide", Window(298, 9, 15, 9))
    assert part.shape == (2, 2, 1, 1) and np.array_equal(part, states_of(a, b, "wide", Window(0, 300, 0, 17))[298:, 15:])


def test_that_blocks_count_their_weights_up_to_the_edge(pair):
    a, b, (in_a, in_b) = pair
    for name in SHAPES:
        whole = blocks_of(a, b, name, 4)
        one, two = in_a[name], in_b[name]
        assert whole.numel.sum() == one.size and max(whole.numel.shape) <= 4
        for counts, mask in ((whole.both, one & two), (whole.only_a, one & ~two), (whole.only_b, ~one & two)):
            assert counts.sum() == mask.sum(), name
    found = blocks_of(a, b, "wide", 100)
    assert (found.out_block, found.in_block) == (3, 1)
    assert found.both[7, 2] == (in_a["wide"] & in_b["wide"])[21:24, 2].sum()
    conv = blocks_of(a, b, "conv", 2)
    assert (conv.out_block, conv.in_block) == (3, 2) and conv.numel.tolist() == [[54, 27], [54, 27]]
    assert conv.only_a[1, 1] == (in_a["conv"] & ~in_b["conv"])[3:6, 2].sum()


def test_that_the_file_has_every_layer_and_the_totals(pair):
    a, b, _ = pair
    found = compare_masks(a, b, "head", [1, 2])
    rows = rows_of(found)
    assert [row[0] for row in rows] == [*SHAPES, "head, used rows", "All layers", "Without unused rows"]
    assert all(len(row) == len(HEADER) for row in rows) and rows[0][1] == "6x3x3x3"
    assert csv_text(HEADER, rows).count("\n") == len(rows) + 1
    assert rows[-2][HEADER.index("iou")] == found.total.iou


def test_that_vgg16_is_compared_within_a_second_and_without_being_unpacked(vgg16_run):
    paths = sorted(vgg16_run.folder.rglob("masks_*.safetensors"))
    with MaskFile.open(paths[0]) as a, MaskFile.open(paths[2]) as b:
        begun = time.process_time()
        found = compare_masks(a, b, "classifier.6", range(10))
        assert time.process_time() - begun < 1
        tracemalloc.start()
        try:
            compare_masks(a, b, "classifier.6", range(10))
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert found.total.numel == TOTAL and most < TOTAL / 8 < 20 * 2**20
    # few weights are drawn anew from one epoch to the next
    assert 0.9 < found.total.iou < 1 and found.total.by_chance < 0.1
