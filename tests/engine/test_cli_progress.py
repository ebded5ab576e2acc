"""What a terminal shows of a run."""

import io
import itertools

from vpns_engine.cli_progress import Progress
from vpns_engine.cli_tables import table
from vpns_engine.events import (
    EpochEnded,
    LabelsMapped,
    Message,
    PhaseInfo,
    PhaseStarted,
    Preparing,
    RunEnded,
    RunStarted,
    StepDone,
)
from vpns_engine.specs.layer import LayerInfo
from vpns_engine.words import duration, percent, sparsity_of

STARTED = RunStarted(
    time=10.0,
    method="vpns",
    phases=(PhaseInfo(kind="search", level=0, density=0.1, epochs=2, iterations=4),),
    layers=(LayerInfo(name="conv1", shape=(4, 3, 3, 3)),),
    source_classes=("A", "B"),
    target_classes=("0",),
    num_train=20,
    num_validation=5,
    num_test=7,
    num_prompt_values=336,
    half_steps=2,
    device="cpu",
    threads=1,
)


def step(number: int) -> StepDone:
    return StepDone(time=11.0 + number, phase=0, epoch=1, step=number, losses=(1.0, 2.0), accuracies=(0.25, 0.5))


def shown(*events, moving: bool, tick: float = 0.0) -> str:
    out = io.StringIO()
    times = itertools.count(15 - tick * len(events), tick)
    progress = Progress(out, moving=moving, clock=lambda: next(times))
    for event in events:
        progress(event)
    return out.getvalue()


def test_that_without_a_terminal_each_epoch_is_a_plain_line():
    epoch = EpochEnded(phase=0, epoch=1, loss=0.5, train_accuracy=0.75, val_accuracy=0.5, val_accuracy_prompted=0.25)
    text = shown(
        Preparing(text="Downloading weights", done=0.1), Preparing(text="Downloading weights", done=0.2), STARTED,
        PhaseStarted(time=11.0, phase=0), LabelsMapped(phase=0, level=0, sources=(1,), counts=(9,)), step(1), step(2), epoch,
        Message(severity="warning", text="skipped broken image a.png"), RunEnded(status="finished"), moving=False,
    )  # fmt: skip
    assert "\r" not in text
    assert text.splitlines() == [
        "Downloading weights",
        "20 training, 5 validation, 7 test images; 108 scored weights; 336 prompt values; cpu, 1 thread",
        "Search masks, 90 % sparsity",
        "Labels mapped: 0->B",
        "  epoch 1/2  loss 0.500  train 75.0 %  validation 50.0 %  with prompt 25.0 %",
        "warning: skipped broken image a.png",
    ]


def test_that_the_bar_tells_phase_epoch_share_batch_accuracy_and_time_left(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    last = shown(STARTED, PhaseStarted(time=11.0, phase=0), step(2), moving=True, tick=1).split("\r")[-1]
    assert "25 %  Search masks 90 % 1/2  batch accuracy  50 %  phase 0:09, run 0:09 left" in last
    assert last.count("#") == 4 and last.count("-") == 15


def test_that_the_bar_is_not_drawn_for_every_step_and_never_longer_than_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = shown(STARTED, PhaseStarted(time=11.0, phase=0), step(1), step(2), step(3), moving=True)
    pieces = text.replace("\n", "\r").split("\r")
    assert max(len(piece) for piece in pieces if "#" in piece or "[" in piece) <= 39
    assert text.count("Search masks 90 % 1/2") <= 1


def test_that_the_bar_is_gone_at_the_end(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    text = shown(STARTED, PhaseStarted(time=11.0, phase=0), step(1), RunEnded(status="finished"), moving=True)
    assert text.split("\r")[-1] == "" and text.split("\r")[-2].strip() == ""


def test_that_numbers_are_written_as_a_person_would():
    assert [sparsity_of(density) for density in (0.1, 0.05, 0.001, 1.0)] == ["90 %", "95 %", "99.9 %", "0 %"]
    assert [duration(seconds) for seconds in (None, -1, 59.6, 3599, 3725)] == ["-:--", "0:00", "1:00", "59:59", "1:02:05"]
    assert (percent(None), percent(0.97251, 2)) == ("-", "97.25 %")


def test_that_a_table_aligns_numbers_to_the_right():
    assert table(("Layer", "Kept"), (("conv1", "5"), ("fc", "1,000"))) == ["Layer   Kept", "conv1      5", "fc     1,000"]
