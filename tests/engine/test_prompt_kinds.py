"""Kinds of prompt: each is one spec and one class, and nothing else need know of it."""

from typing import Literal

import numpy as np
import pytest
import torch
from torch.optim import SGD

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.engine.tiny_states import SIDE, do, rewound, search, tiny_state, tune
from vpns_engine.artifacts import read_arrays
from vpns_engine.cli_options import build_config, leaves, settings_text
from vpns_engine.events import EpochEnded, LevelSaved, RunStarted
from vpns_engine.nn.normalization import normalize
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.specs.fields import only_with_of, words_of
from vpns_engine.specs.problems import field_at, validate
from vpns_engine.specs.prompt import FixSpec, NoPromptSpec, PadSpec, PromptSpec
from vpns_engine.specs.run import RunConfig

KINDS = ("pad", "fix", "random", "expand", "low_rank", "none")


def low_rank(canvas=12, rank=2, seed=5):
    return build_prompt(PromptSpec(kind="low_rank", canvas=canvas, rank=rank), 10, lambda: (0, 0), seed)


def stored(prompt):
    """The problems of a config with this prompt, or the prompt it gives."""
    result = validate({"prompt": prompt})
    return result.prompt if isinstance(result, RunConfig) else [(p.location, p.message) for p in result]


def test_that_naming_a_kind_gives_its_own_spec():
    assert tuple(PromptSpec.kinds()) == KINDS
    assert type(PromptSpec(kind="fix", canvas=48)) is FixSpec
    assert type(RunConfig().prompt) is PadSpec and RunConfig.model_validate({"prompt": {}}).prompt == PadSpec()
    assert RunConfig(prompt=FixSpec(square=3)).prompt == RunConfig(prompt={"kind": "fix", "square": 3}).prompt


@pytest.mark.parametrize("kind", KINDS)
def test_that_every_kind_reads_back_from_its_json_with_its_own_fields_only(kind):
    config = RunConfig.model_validate({"prompt": {"kind": kind, "canvas": 24}})
    assert RunConfig.model_validate_json(config.model_dump_json()) == config
    written = config.model_dump(mode="json")["prompt"]
    own = {"pad": {"pad"}, "fix": {"square"}, "random": {"square"}, "low_rank": {"rank"}}.get(kind, set())
    assert set(written) == {"kind", "canvas"} | own
    assert config.prompt.label and config.prompt.where() and config.prompt.num_values(16) >= 0


def test_that_a_run_folder_of_before_opens_without_the_fields_of_other_kinds():
    old = {"canvas": 16, "pad": 2, "square": 8}
    assert stored({"kind": "pad", **old}) == PadSpec()
    assert stored({"kind": "none", **old}) == NoPromptSpec()
    assert stored({"kind": "fix", "canvas": 16, "pad": 99, "square": 8}) == FixSpec(square=8)


@pytest.mark.parametrize(
    ("prompt", "place", "words"),
    [
        ({"kind": "halo"}, "prompt.kind", "Prompt 'halo': one of 'pad', 'fix'"),
        ({"kind": 5}, "prompt.kind", "Prompt '5': one of 'pad', 'fix'"),
        ({"kind": ["pad"]}, "prompt.kind", "one of 'pad', 'fix'"),
        ({"kind": "low_rank", "rank": 0}, "prompt.rank", "Rank 0: at least 1"),
        ({"kind": "low_rank", "rank": 9}, "prompt.rank", "rank 9 exceeds half the canvas (16 px): at most 8"),
        ({"kind": "low_rank", "rank": "x"}, "prompt.rank", "Rank 'x': a whole number is needed"),
        ({"kind": "low_rank", "width": 3}, "prompt.width", "no such setting"),
        ({"kind": "low_rank", "canvas": 7, "rank": 4}, "prompt.canvas", "Canvas 7 px: at least 8 px"),
        (5, "prompt", "dictionary"),
    ],
)
def test_that_a_prompt_that_cannot_work_is_one_line_at_its_field(prompt, place, words):
    (problem,) = stored(prompt)
    assert problem[0] == place and words in problem[1]


def test_that_the_base_alone_is_no_prompt():
    with pytest.raises(ValueError, match="'pad', 'fix'"):
        PromptSpec(kind="halo")


def test_that_two_kinds_cannot_have_one_name():
    with pytest.raises(TypeError, match="'pad' is defined twice"):

        class Twice(PadSpec):
            kind: Literal["pad"] = "pad"

    assert PromptSpec.kinds()["pad"] is PadSpec


def test_that_fields_of_one_kind_are_offered_with_that_kind_only():
    assert set(words_of(field_at("prompt.kind"))) == set(KINDS)
    assert only_with_of(field_at("prompt.square")) == {"kind": ("fix", "random")}
    assert only_with_of(field_at("prompt.rank")) == {"kind": ("low_rank",)}
    assert {"prompt.pad", "prompt.square", "prompt.rank"} <= dict(leaves()).keys()
    assert "prompt.rank=4" in settings_text()


def test_that_the_command_line_makes_any_kind():
    config = build_config({"prompt.kind": "low_rank", "prompt.rank": "2", "prompt.pad": "3"})
    assert config.prompt == PromptSpec(kind="low_rank", rank=2)


def test_that_a_prompt_without_a_class_is_refused():
    class Idle(PromptSpec):
        label = "Idle"
        about = "nothing"
        kind: Literal["idle"] = "idle"

    try:
        with pytest.raises(TypeError, match="no prompt works for Idle"):
            build_prompt(Idle(), 10, lambda: (0, 0))
    finally:
        Idle.forget()


def test_that_a_low_rank_prompt_has_the_published_number_of_values_and_starts_at_nothing():
    assert PromptSpec(kind="low_rank", canvas=224).num_values(224) == 5376
    prompt = low_rank()
    assert sum(value.numel() for value in prompt.parameters()) == prompt.spec.num_values(10)
    assert prompt.factor_b.shape == (3, 12, 2) and prompt.factor_a.shape == (3, 2, 12)
    assert prompt.factor_b.eq(0).all() and prompt.factor_a.ne(0).all()
    assert 0.003 < float(prompt.factor_a.detach().std()) < 0.03
    assert prompt.added().eq(0).all()
    x = torch.rand(2, 3, 10, 10)
    assert torch.equal(prompt(x), normalize(prompt.pad_image(x)))


def test_that_a_low_rank_prompt_moves_and_keeps_its_rank():
    prompt = low_rank()
    optimizer = SGD(prompt.parameters(), lr=1.0)
    generator = torch.Generator().manual_seed(1)
    target = torch.rand(3, 12, 12, generator=generator)
    for _ in range(3):
        optimizer.zero_grad()
        (prompt(torch.zeros(1, 3, 10, 10)) * target).sum().backward()
        optimizer.step()
    assert prompt.factor_b.ne(0).any()
    assert torch.linalg.matrix_rank(prompt.added().detach()).tolist() == [2, 2, 2]


def test_that_a_low_rank_prompt_depends_on_its_seed_alone():
    assert torch.equal(low_rank(seed=5).factor_a, low_rank(seed=5).factor_a)
    assert not torch.equal(low_rank(seed=5).factor_a, low_rank(seed=6).factor_a)


def test_that_a_level_starts_with_the_first_low_rank_prompt_again():
    state = rewound(tiny_state(prompt=PromptSpec(kind="low_rank", canvas=SIDE, rank=2)))
    start = state.prompt.learned()
    do(search(), state)
    do(tune(), state)
    assert any(not torch.equal(value, start[name]) for name, value in state.prompt.learned().items())
    rewound(state)
    assert all(torch.equal(value, start[name]) for name, value in state.prompt.learned().items())


def test_that_values_of_another_prompt_are_not_taken():
    with pytest.raises(KeyError):
        low_rank().take({"delta": torch.zeros(3, 12, 12)})


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "set")


def test_that_a_low_rank_run_leaves_its_factors_and_what_they_add(pictures, tmp_path):
    store, events = run(tiny_config(pictures, prompt={"kind": "low_rank", "rank": 2}), tmp_path)
    assert events[-1].text == ""
    (started,) = (event for event in events if isinstance(event, RunStarted))
    assert started.num_prompt_values == 2 * 3 * 8 * 2
    first, *_, last = (event for event in events if isinstance(event, EpochEnded) and event.prompt_path)
    before, after = read_arrays(store.path(first.prompt_path)), read_arrays(store.path(last.prompt_path))
    assert not before["added"].any() and after["added"].any()
    np.testing.assert_allclose(after["added"], after["factor_b"] @ after["factor_a"], rtol=1e-4, atol=1e-7)
    state = [event for event in events if isinstance(event, LevelSaved)][-1]
    arrays = read_arrays(store.path(state.state_path))
    assert {"prompt/factor_a", "prompt/factor_b", "prompt/delta", "prompt/added"} <= arrays.keys()
