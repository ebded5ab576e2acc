"""Events and their JSON form."""

import json
import math
from typing import get_args

import pytest
from pydantic import ValidationError

from vpns_engine import events
from vpns_engine.events import EpochEnded, Message, PhaseInfo, RunEnded, RunStarted, StepDone, from_json, to_json
from vpns_engine.specs.layer import LayerInfo

STARTED = RunStarted(
    method="vpns",
    phases=(
        PhaseInfo(kind="rewind", level=0, density=0.1),
        PhaseInfo(kind="search", level=0, density=0.1, epochs=2, iterations=4),
    ),
    layers=(LayerInfo(name="layer1.0.conv1", shape=(16, 3, 3, 3)), LayerInfo(name="fc", shape=(37, 64))),
    source_classes=("A", "ä\n"),
    target_classes=("0",),
    num_train=200,
    num_validation=300,
    num_test=600,
    num_prompt_values=336,
    half_steps=2,
    device="cpu",
    threads=1,
)
NO_EVENTS = ("", "{", "[]", "3", '{"kind": "phase-ended"}', '{"kind": "unheard-of"}', b"\xff\xfe", "[" * 100_000)


@pytest.mark.parametrize(
    "event",
    [
        STARTED,
        StepDone(seq=7, time=1.5, phase=1, epoch=1, step=1, losses=(0.1 + 0.2, 1e-45), accuracies=(1.0, 0.0)),
        EpochEnded(phase=1, epoch=2, kept=(3, 4), threshold=0.25, learning_rates={"scores": 1e-3}),
        Message(severity="warning", text="a line\nbreak, \u2028 and \x00"),
        RunEnded(status="failed", text="why"),
    ],
)
def test_that_an_event_survives_json_in_one_line(event):
    line = to_json(event)
    assert "\n" not in line
    assert from_json(line) == event
    assert from_json(line.encode()) == event


def test_that_a_loss_that_is_not_finite_survives():
    line = to_json(StepDone(phase=0, epoch=1, step=1, losses=(math.nan, math.inf, -math.inf), accuracies=()))
    losses = from_json(line).losses
    assert math.isnan(losses[0])
    assert losses[1:] == (math.inf, -math.inf)
    assert json.loads(line)["losses"][1] == math.inf


def test_that_every_kind_is_another_word():
    union, _ = get_args(events.Event)
    kinds = [kind.model_fields["kind"].default for kind in get_args(union)]
    assert len(set(kinds)) == len(kinds) == 14


def test_that_fields_of_a_later_version_are_passed_over():
    assert from_json('{"kind": "phase-ended", "phase": 1, "colour": "red"}') == events.PhaseEnded(phase=1)


@pytest.mark.parametrize("line", NO_EVENTS)
def test_that_a_line_that_is_no_event_is_a_value_error(line):
    with pytest.raises(ValueError):
        from_json(line)


def test_that_an_event_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        STARTED.seq = 3


def test_that_a_layer_counts_its_weights():
    assert [layer.numel for layer in STARTED.layers] == [432, 2368]
