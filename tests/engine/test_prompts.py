"""The visual prompts."""

import pytest
import torch
from torch.optim import SGD

from vpns_engine.nn.normalization import normalize
from vpns_engine.nn.prompts import RandomPrompt, build_prompt, margins
from vpns_engine.specs.prompt import PromptSpec


def _prompt(image_size=10, offset=(0, 0), **spec):
    return build_prompt(PromptSpec(canvas=12, **spec), image_size, lambda: offset)


def test_that_a_zero_prompt_on_black_pixels_moves():
    prompt = _prompt(kind="pad", pad=2)
    optimizer = SGD([prompt.delta], lr=0.1)
    (-prompt(torch.zeros(2, 3, 10, 10)).sum()).backward()
    optimizer.step()
    ring = prompt.region.bool()
    assert (prompt.delta[:, ring] > 0).all()
    assert (prompt.delta[:, ~ring] == 0).all()


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        ({"kind": "pad", "pad": 2}, 12 * 12 - 8 * 8),
        ({"kind": "pad", "pad": 0}, 0),
        ({"kind": "pad", "pad": 6}, 144),
        ({"kind": "fix", "square": 5}, 25),
        ({"kind": "random", "square": 5}, 25),
        ({"kind": "expand"}, 144 - 100),
        ({"kind": "none"}, 0),
    ],
)
def test_that_the_region_has_as_many_values_as_the_spec_counts(spec, count):
    prompt = _prompt(**spec)
    assert int(prompt.region.sum()) == count
    assert prompt.spec.num_values(10) == 3 * count


def test_that_an_odd_margin_is_wider_at_the_left_and_the_top():
    assert margins(12, 9) == (2, 1)
    padded = _prompt(kind="pad", image_size=9).pad_image(torch.ones(1, 3, 9, 9))
    assert padded[0, 0, 2:11, 2:11].eq(1).all()
    assert padded.sum() == 3 * 81


def test_that_a_pad_prompt_starts_neutral_and_a_square_starts_at_a_half():
    black = torch.zeros(1, 3, 10, 10)
    assert torch.equal(_prompt(kind="pad", pad=2)(black), normalize(torch.zeros(1, 3, 12, 12)))
    added = _prompt(kind="fix", square=4).added()
    assert added[:, :4, :4].eq(0.5).all()
    assert added.sum() == 3 * 16 * 0.5


def test_that_the_random_square_moves_from_pass_to_pass_and_stands_in_the_middle_when_fixed():
    places = iter([(0, 0), (3, 5)])
    prompt = build_prompt(PromptSpec(kind="random", canvas=12, square=4), 12, lambda: next(places))
    assert isinstance(prompt, RandomPrompt)
    first, second = prompt.added(fixed=False), prompt.added(fixed=False)
    assert first[0, 0, 0] == 0.5
    assert second[0, 3:7, 5:9].eq(0.5).all() and second.sum() == first.sum()
    assert torch.equal(prompt.added(), prompt.added())
    assert prompt.added()[0, 4:8, 4:8].eq(0.5).all()


def test_that_the_control_arm_gets_the_padded_image_and_nothing_to_learn():
    x = torch.rand(2, 3, 10, 10)
    prompt = _prompt(kind="none")
    assert not prompt.learns
    assert torch.equal(prompt(x), normalize(torch.nn.functional.pad(x, (1, 1, 1, 1))))


def test_that_a_prompt_beyond_the_pixel_range_is_clamped():
    prompt = _prompt(kind="pad", pad=2)
    with torch.no_grad():
        prompt.delta.fill_(5.0)
    whole = prompt(torch.full((1, 3, 10, 10), 0.5))
    assert torch.equal(whole[:, :, 0, 0], normalize(torch.ones(1, 3, 1, 1))[:, :, 0, 0])
