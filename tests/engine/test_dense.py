"""The dense reference: what the unpruned network reaches, beside the levels."""

import json

import pytest

from tests.engine.tiny_runs import make_pictures, run, run_with, tiny_config
from vpns_engine import events as told
from vpns_engine.cli_show import show
from vpns_engine.drive import Control
from vpns_engine.export import export_run
from vpns_engine.nn.prompts import VisualPrompt
from vpns_engine.saved_states import dense_tests
from vpns_engine.specs.phase import DENSE


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def tuned(pictures, tmp_path_factory):
    """A run of one level with a tuned dense reference: its folder and its events."""
    return run(tiny_config(pictures, dense="tuned"), tmp_path_factory.mktemp("runs"))


def _of(events, kind, level=None):
    return [event for event in events if isinstance(event, kind) and (level is None or event.level == level)]


def test_that_the_dense_network_is_mapped_and_tested_untuned_and_tuned(tuned):
    store, events = tuned
    assert [(test.stage, test.accuracy_prompted) for test in _of(events, told.Tested, DENSE)] == [
        ("map", None),
        ("finetune", None),
    ]
    (mapped,) = _of(events, told.LabelsMapped, DENSE)
    history = store.read().history
    assert history.dense.sources == mapped.sources and len(set(mapped.sources)) == 3
    assert [label for label, _ in dense_tests(history)] == ["Dense, mapped", "Dense, tuned"]
    assert sorted(history.levels) == [0]


def test_that_the_dense_network_keeps_every_weight_and_leaves_no_file(tuned):
    store, events = tuned
    started = _of(events, told.RunStarted)[0]
    index = next(i for i, info in enumerate(started.phases) if info.level == DENSE and info.kind == "finetune")
    epochs = [event for event in _of(events, told.EpochEnded) if event.phase == index]
    assert [event.kept for event in epochs] == [tuple(layer.numel for layer in started.layers)] * 2
    assert {(event.prompt_path, event.masks_path, event.val_accuracy_prompted) for event in epochs} == {("", "", None)}
    assert {saved.level for saved in _of(events, told.LevelSaved)} == {0}
    assert not (store.folder / "artifacts/density_1").exists()


def test_that_no_prompt_is_looked_through(pictures, tmp_path, monkeypatch):
    looked = []
    forward = VisualPrompt.forward
    monkeypatch.setattr(VisualPrompt, "forward", lambda self, *given, **more: looked.append(1) or forward(self, *given, **more))
    before = []

    def watch(event):
        if isinstance(event, told.PhaseEnded):
            before.append(len(looked))

    config = tiny_config(pictures, dense="tuned", prompt={"kind": "fix", "square": 4})
    run(config, tmp_path, watch)
    assert before[:4] == [0, 0, 0, 0] and before[-1] > 0


def test_that_a_level_is_the_same_with_and_without_the_dense_reference_before_it(tuned, pictures, tmp_path):
    _, with_dense = tuned
    _, without = run(tiny_config(pictures), tmp_path)
    for kind in (told.LabelsMapped, told.Tested):
        strip = {"seq", "time", "phase"}
        levels = [[event.model_dump(exclude=strip) for event in _of(events, kind, 0)] for events in (with_dense, without)]
        assert levels[0] == levels[1] and levels[0]


def test_that_a_stop_in_the_dense_reference_saves_nothing_and_is_no_failure(pictures, tmp_path):
    control = Control()

    def watch(event):
        if isinstance(event, told.StepDone) and len(event.losses) == 2:
            control.stop()

    _, events = run_with(control, tiny_config(pictures, dense="tuned"), tmp_path, watch)
    assert events[-1].status == "stopped"
    assert not _of(events, told.LevelSaved)


def test_that_terminal_and_export_tell_the_dense_accuracy(tuned, tmp_path):
    store, events = tuned
    mapped, finetuned = (test.accuracy for test in _of(events, told.Tested, DENSE))
    lines = show(store.folder).splitlines()
    assert any("Dense, mapped" in line and f"{mapped * 100:.2f} %" in line for line in lines)
    assert any("Dense, tuned" in line and f"{finetuned * 100:.2f} %" in line for line in lines)
    assert "Label mapping of the dense network" in lines
    folder = export_run(store, tmp_path / "out").folder
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["dense_reference"] == {"map": mapped, "finetune": finetuned}
    assert f"| test, dense, tuned | {finetuned * 100:.2f} % |" in (folder / "README.md").read_text()
