"""`vpns import`: a checkpoint of the released code becomes a run that shows, measures, exports and is tuned further."""

import json

import numpy as np
import pytest
import torch

from tests.engine.checkpoints import Written, changed, write_both
from vpns_engine.artifacts import read_arrays, read_state_info
from vpns_engine.cli import main
from vpns_engine.drive import Control, start
from vpns_engine.export import export_run
from vpns_engine.official.importing import importing
from vpns_engine.official.request import ImportRequest
from vpns_engine.official.write import write_checkpoint
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Written:
    return write_both(tmp_path_factory.mktemp("official"))


def _import(file, runs, *options) -> tuple[int, RunStore | None]:
    code = main(["import", str(file), "--runs", str(runs), "--device", "cpu", *options])
    found = RunLibrary(runs).runs()
    return code, RunStore.open(found[0]) if found else None


def _last(store):
    return [saved for level in store.read().history.levels.values() for saved in level.saved][-1]


def _state(store):
    return read_arrays(store.path(_last(store).state_path))


@pytest.mark.parametrize("stage", ["search", "finetune"])
def test_that_an_import_holds_what_the_run_had_saved(written, tmp_path, stage):
    file = written.prune if stage == "search" else written.best
    code, store = _import(file, tmp_path, "--density", "0.5")
    assert code == 0
    own = next(s for s in written.store.read().history.levels[0].saved if f"/{stage}/" in s.state_path)
    expected, found = read_arrays(written.store.path(own.state_path)), _state(store)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], array) for name, array in expected.items())
    before, after = read_state_info(written.store.path(own.state_path)), read_state_info(store.path(_last(store).state_path))
    assert (after.phase, after.density, after.threshold, after.mapping) == (stage, 0.5, before.threshold, before.mapping)


def test_that_an_import_with_its_data_measures_what_the_run_had_measured(written, tmp_path):
    for file, stage in ((written.prune, "search"), (written.best, "finetune")):
        code, store = _import(file, tmp_path / stage, "--density", "0.5", "--folder", str(written.pictures))
        expected, found = written.store.read().history.levels[0].test(stage), store.read().history.levels[0].test(stage)
        assert code == 0
        assert (found.accuracy, found.accuracy_prompted) == (expected.accuracy, expected.accuracy_prompted)


def test_that_an_import_without_data_says_only_what_the_file_says(written, tmp_path, capsys):
    code, store = _import(written.best, tmp_path, "--density", "0.5")
    history = store.read().history
    assert code == 0 and not history.levels[0].tested
    assert (store.config.data.dataset, history.started.num_test) == ("unknown", 0)
    assert history.started.target_classes == ("class 0", "class 1", "class 2")
    assert [phase.info.kind for phase in history.phases] == ["load", "finetune"]
    assert "1best.pth says of itself: test accuracy" in capsys.readouterr().out
    assert main(["show", str(store.folder)]) == 0
    shown = capsys.readouterr().out
    assert "Tuned (epoch 1 of 1)" in shown and "class 2" in shown and "layer3.2.conv2" in shown


def test_that_an_import_can_be_exported_in_both_formats(written, tmp_path):
    _, store = _import(written.best, tmp_path / "runs", "--density", "0.5")
    assert export_run(store, tmp_path / "plain").num_kept == export_run(written.store, tmp_path / "own").num_kept
    again = write_checkpoint(store, tmp_path / "released").path
    before, after = (torch.load(path, weights_only=True) for path in (written.best, again))
    for name in ("state_dict", "init_weight", "visual_prompt"):
        assert list(before[name]) == list(after[name])
        assert all(torch.equal(before[name][key], after[name][key]) for key in before[name])
    assert before["weight_optimizer"]["param_groups"] == after["weight_optimizer"]["param_groups"]


def test_that_an_import_can_be_run_again_from_its_initial_weights(written, tmp_path):
    _, store = _import(written.best, tmp_path / "runs", "--density", "0.5", "--folder", str(written.pictures))
    assert store.config == RunConfig.model_validate_json((store.folder / "config.json").read_text(encoding="utf-8"))
    options = ["--search-epochs", "1", "--finetune-epochs", "1", "--runs", str(tmp_path / "again"), "--threads", "1"]
    assert main(["run", "--config", str(store.folder), *options]) == 0
    again = RunStore.open(RunLibrary(tmp_path / "again").runs()[0]).read().history.started
    assert again.weights_sha256 == written.store.read().history.started.weights_sha256


def test_that_without_initial_weights_the_file_is_still_opened(written, tmp_path):
    path = changed(written.best, tmp_path / "1best.pth", lambda content: content.pop("init_weight"))
    code, store = _import(path, tmp_path / "runs", "--density", "0.5")
    assert code == 0 and store.config.model.weights == "pretrained"


_REFUSED = {
    "no density": ([], 1, "does not say its density"),
    "density too large": (["--density", "60"], 1, "density 60 is out of range: more than 0, at most 1"),
    "density of zero": (["--density", "0"], 1, "density 0 is out of range"),
    "density in words": (["--density", "half"], 2, "--density: 'half' is not a number"),
    "another architecture": (["--density", "0.5", "--architecture", "resnet18"], 1, "does not fit resnet18"),
    "an unknown architecture": (["--density", "0.5", "--architecture", "resnet19"], 1, "'resnet19' is not known"),
    "another prompt": (["--density", "0.5", "--prompt", "fix"], 1, "no prompt of kind 'fix'"),
    "an unknown data set": (["--density", "0.5", "--dataset", "imagenette"], 1, "imagenette"),
    "no such folder": (["--density", "0.5", "--folder", "/nowhere/at/all"], 1, "/nowhere/at/all"),
    "images that are too large": (["--density", "0.5", "--image-size", "9"], 1, "canvas 8 px is smaller than the image"),
    "two data sets": (["--density", "0.5", "--dataset", "digits", "--folder", "/tmp"], 2, "--folder and --dataset digits"),
    "another task": (["--density", "0.5", "--dataset", "digits"], 1, "maps 3 classes, the data set has 10"),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_that_a_wrong_request_is_refused_in_one_line_and_leaves_nothing(written, tmp_path, capsys, case):
    options, code, words = _REFUSED[case]
    assert _import(written.best, tmp_path / "runs", *options) == (code, None)
    told = capsys.readouterr().err.strip()
    assert words in told and "\n" not in told


def test_that_a_mapping_beyond_the_classifier_is_refused(written, tmp_path, capsys):
    path = changed(written.best, tmp_path / "1best.pth", lambda c: c.update(mapping_sequence=torch.tensor([0, 1, 37])))
    assert _import(path, tmp_path / "runs", "--density", "0.5") == (1, None)
    assert "maps to source class 37, but its classifier has 37" in capsys.readouterr().err


def test_that_an_import_at_density_one_has_no_mask(written, tmp_path):
    code, store = _import(written.best, tmp_path, "--density", "1")
    assert code == 0
    assert read_state_info(store.path(_last(store).state_path)).threshold is None


def test_that_an_imported_checkpoint_is_tuned_further(written, tmp_path, capsys):
    _, store = _import(written.prune, tmp_path, "--density", "0.5")
    options = ["--runs", str(tmp_path), "--threads", "1", "--finetune-epochs", "2"]
    assert main(["tune", str(store.folder), *options]) == 2
    assert "--dataset: the run does not know its data set" in capsys.readouterr().err
    assert main(["tune", str(store.folder), "--folder", str(written.pictures), *options]) == 0
    tuned = RunStore.open(next(path for path in RunLibrary(tmp_path).runs() if path != store.folder))
    before, after = _state(store), _state(tuned)
    masks = [name for name in before if name.startswith(("masks/", "scores/"))]
    assert masks and all(np.array_equal(before[name], after[name]) for name in masks)
    assert not np.array_equal(before["weights/fc.weight"], after["weights/fc.weight"])
    history = tuned.read().history
    assert [phase.info.kind for phase in history.phases] == ["load", "finetune"]
    assert history.levels[0].sources == store.read().history.levels[0].sources
    assert history.levels[0].test("finetune") is not None
    assert json.loads((tuned.folder / "config.json").read_text(encoding="utf-8"))["finetune_epochs"] == 2


def test_that_an_import_that_is_stopped_while_it_measures_keeps_the_state(written, tmp_path):
    data = {"dataset": "folder", "folder": str(written.pictures), "batch_size": 1}
    config, make = importing(ImportRequest(written.best, 0.5, data=data, more={"device": "cpu"}))
    control, events = Control(), []

    def look(event):
        events.append(event)
        if event.kind == "measuring":
            control.stop()

    store = start(config, tmp_path, control, [look], make=make)
    assert (events[-1].status, [event.kind for event in events].count("measuring")) == ("stopped", 1)
    assert len(_last(store).state_path) and not store.read().history.levels[0].tested
    assert _state(store).keys() > {"prompt/delta", "weights/fc.weight"}


def test_that_a_run_is_exported_in_the_released_format_by_the_command_line(written, tmp_path, capsys):
    options = ["--format", "released", "--level", "1", "--stage", "search"]
    assert main(["export", str(written.store.folder), str(tmp_path / "out"), *options]) == 0
    assert f"exported: {tmp_path / 'out' / '1prune.pth'} (open it with density 0.5" in capsys.readouterr().out
