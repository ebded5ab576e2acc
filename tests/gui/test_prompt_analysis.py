"""What is measured of a prompt, against numbers known otherwise."""

import numpy as np
import pytest

from vpns_gui.views.prompt_analysis import (
    analyse,
    clamped_share,
    compare,
    histograms,
    in_pixels,
    numbers,
    ready,
    spectra,
)


def ring(canvas=16, pad=2, seed=3, size=0.06):
    random = np.random.default_rng(seed)
    added = (random.standard_normal((3, canvas, canvas)) * size).astype(np.float32)
    added[:, pad:-pad, pad:-pad] = 0
    return added


def wave(canvas, across, down, amplitude):
    y, x = np.mgrid[:canvas, :canvas]
    return np.broadcast_to(amplitude * np.cos(2 * np.pi * (across * x + down * y) / canvas), (3, canvas, canvas)).astype(
        np.float32
    )


def test_that_numbers_are_those_of_the_values_that_are_not_zero():
    added = ring()
    found = numbers(added)
    used = added[added != 0]
    assert (found.smallest, found.largest) == (used.min(), used.max()) and found.num_used == 336 and found.num_values == 768
    assert found.l2 == pytest.approx(np.linalg.norm(added)) and found.most == np.abs(added).max()
    positive = np.where(added != 0, np.abs(added) + 0.1, 0).astype(np.float32)
    assert numbers(positive).smallest > 0.1


def test_that_a_prompt_of_zeros_has_numbers_too():
    found = analyse(np.zeros((3, 8, 8), np.float32))
    assert (found.numbers.smallest, found.numbers.l2, found.numbers.num_used) == (0, 0, 0)
    assert found.histograms["red"].counts["red"].sum() == 0 and not found.spectra["mean"].any()


def test_that_every_value_is_counted_once_and_none_on_the_wrong_side_of_zero():
    added = ring()
    for channel, histogram in histograms(added).items():
        assert 0.0 in np.round(histogram.edges, 12)
        for name, counts in histogram.counts.items():
            values = added.mean(axis=0) if name == "mean" else added[("red", "green", "blue").index(name)]
            below = histogram.edges[1:] <= 1e-9
            assert counts.sum() == np.count_nonzero(values) and counts[below].sum() == np.count_nonzero(values < 0), channel
    assert list(histograms(added)["colour"].counts) == ["red", "green", "blue"]


@pytest.mark.parametrize("canvas", [16, 17])
def test_that_a_wave_is_one_pair_of_places_with_half_its_amplitude(canvas):
    found = spectra(wave(canvas, 3, -2, 0.1))["mean"]
    middle = canvas // 2
    assert found[middle - 2, middle + 3] == pytest.approx(0.05, rel=1e-4)
    assert found[middle + 2, middle - 3] == pytest.approx(0.05, rel=1e-4)
    assert np.sort(found.ravel())[-3] < 1e-6


def test_that_the_middle_of_the_spectrum_is_the_mean_and_colours_do_not_cancel():
    flat = np.zeros((3, 16, 16), np.float32)
    flat[0], flat[1] = 0.2, -0.2
    found = spectra(flat)
    assert found["red"][8, 8] == found["green"][8, 8] == pytest.approx(0.2)
    assert found["mean"][8, 8] == pytest.approx(0) and found["blue"][8, 8] == 0
    assert found["colour"][8, 8] == pytest.approx(0.2 * np.sqrt(2 / 3))


def test_that_energy_is_kept():
    added = ring()
    energy = sum(np.square(spectra(added)[channel].astype(float)).sum() for channel in ("red", "green", "blue"))
    assert energy * 16**2 == pytest.approx(np.square(added.astype(float)).sum(), rel=1e-5)


def test_that_the_clamp_is_counted_as_the_prompt_meets_it():
    images = np.zeros((2, 3, 4, 4), np.uint8)
    images[1] = 255
    added = np.zeros((3, 6, 6), np.float32)
    added[:, 0, 0] = -0.1  # on the black margin: clamped on both images
    added[:, 2, 2] = 0.1  # black: free; white: clamped
    assert clamped_share(images, added) == pytest.approx(0.75)
    assert clamped_share(images, np.zeros((3, 6, 6), np.float32)) is None
    assert clamped_share(images[:0], added) is None and clamped_share(np.zeros((1, 3, 9, 9), np.uint8), added) is None


def test_that_delta_has_pixels_only_where_it_is_what_is_added():
    added = ring()
    everywhere = added + np.where(added == 0, np.float32(0.5), np.float32(0))
    assert in_pixels(everywhere, added)  # outside the region it is never seen
    assert not in_pixels(added, 1 / (1 + np.exp(-added)))


def test_that_two_prompts_are_compared_as_vectors():
    one, other = ring(seed=3), ring(seed=4)
    found = compare(one, other)
    cosine = (one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other)
    assert found.cosine == pytest.approx(cosine, rel=1e-4) and found.distance == pytest.approx(
        np.linalg.norm(one - other), rel=1e-5
    )
    assert found.most == pytest.approx(np.abs(one - other).max())
    assert compare(one, one).cosine == pytest.approx(1) and compare(one, -one).cosine == pytest.approx(-1)
    assert compare(one, np.zeros_like(one)).cosine is None


def test_that_a_real_prompt_is_measured_whole(finished_run):
    from vpns_engine.artifacts import read_arrays

    history = finished_run.read().history
    arrays = read_arrays(finished_run.path(history.phases[-1].epochs[-1].prompt_path)) if history.phases[-1].epochs else {}
    arrays = arrays or read_arrays(finished_run.path(history.levels[1].saved[-1].state_path))
    delta, added = (next(v for k, v in arrays.items() if k.endswith(name)) for name in ("delta", "added"))
    examples = read_arrays(finished_run.path(history.started.samples_path))["images"]
    found = ready(delta, added, examples_N3SS=examples)
    assert found.analyses["added"].numbers.num_used == history.started.num_prompt_values
    assert 0 < found.clamped < 1 and in_pixels(delta, added)
