"""Exports of the bundled network, checked from outside: files, numbers, refusals."""

import errno
import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file

from tests.engine.saved_runs import MAPPING, saved_run
from vpns_engine.artifacts import read_array, read_arrays, read_info, read_mask, write_arrays
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded
from vpns_engine.export import card, check, contents, export_run, weights
from vpns_engine.export.documents import metrics
from vpns_engine.export.reference import reference_logits
from vpns_engine.export.source import read_source
from vpns_engine.nn.networks.resnet_cifar import resnet20
from vpns_engine.nn.normalization import normalize
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.specs.export import ExportSpec
from vpns_engine.specs.problems import config_from
from vpns_engine.store import RunStore

FILES = {
    "README.md", "config.json", "example.py", "labels.json", "masks.safetensors", "metrics.json", "model.pt",
    "model.safetensors", "preprocessing.json", "prompt.png", "prompt.safetensors", "resnet_cifar.py",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> RunStore:
    values = {"prompt": {"kind": "pad", "canvas": 25, "pad": 3}, "mask": {"sparsities": [0.9, 0.98]}}
    return saved_run(tmp_path_factory.mktemp("runs"), config_from(values))


@pytest.fixture(scope="module")
def exported(store, tmp_path_factory):
    return export_run(store, tmp_path_factory.mktemp("exports") / "new" / "digits", level=0)


def run_of(tmp_path, **values) -> RunStore:
    return saved_run(tmp_path / "runs", config_from(values))


def state_path(store: RunStore):
    return store.path(store.read().history.levels[0].saved[-1].state_path)


def change_state(store: RunStore, **arrays) -> None:
    """Replace arrays of a saved state; dots in their names are written as two underscores."""
    path = state_path(store)
    changed = {name.replace("__", "."): value for name, value in arrays.items()}
    write_arrays(path, read_arrays(path) | changed, read_info(path))


def left_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_that_an_export_holds_its_files_and_nothing_else(exported):
    assert set(left_in(exported.folder)) == FILES == set(exported.files)
    assert left_in(exported.folder.parent) == ["digits"]


def test_that_every_file_can_be_read_by_those_who_can_enter_the_folder(exported):
    modes = {path.stat().st_mode & 0o777 for path in exported.folder.iterdir()}
    assert modes == {exported.folder.stat().st_mode & 0o666}


def test_that_both_model_files_load_strictly_and_are_zero_where_the_mask_prunes(store, exported):
    from_pickle = torch.load(exported.folder / "model.pt", weights_only=True)
    network = resnet20(37)
    network.load_state_dict(from_pickle, strict=True)
    from_safetensors = load_file(exported.folder / "model.safetensors")
    assert list(from_pickle) == list(resnet20(37).state_dict())
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), from_safetensors[name])
        assert value.shape == from_safetensors[name].shape == from_pickle[name].shape
    for layer in store.read().history.started.layers:
        mask = read_mask(exported.folder / "masks.safetensors", layer.name)
        dense = read_array(state_path_of_level(store, 0), f"weights/{layer.name}.weight")
        np.testing.assert_array_equal(from_safetensors[f"{layer.name}.weight"], np.where(mask, dense, 0))
        assert not np.signbit(from_safetensors[f"{layer.name}.weight"][~mask]).any()


def state_path_of_level(store, level):
    return store.path(store.read().history.levels[level].saved[-1].state_path)


def test_that_the_density_is_the_share_of_values_in_the_file_that_are_not_zero(store, exported):
    found = load_file(exported.folder / "model.safetensors")
    layers = store.read().history.started.layers
    nonzero = sum(np.count_nonzero(found[f"{layer.name}.weight"]) for layer in layers)
    assert exported.density == nonzero / 272_624
    assert exported.num_kept == nonzero == 27_263
    assert exported.num_scored == 272_624


def test_that_the_fresh_process_gave_the_very_same_logits(exported):
    assert exported.max_logit_difference == 0
    assert "the same logits, bit for bit" in (exported.folder / "README.md").read_text()


def test_that_the_example_runs_alone_and_agrees_with_the_run(exported, store, tmp_path):
    source = read_source(store, level=0, stage=None)
    picture = source.pictures[2]
    Image.fromarray(picture.transpose(1, 2, 0)).save(tmp_path / "picture.png")
    shown = subprocess.run(
        [sys.executable, "-B", "-X", "importtime", "example.py", str(tmp_path / "picture.png")],
        cwd=exported.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "vpns_engine" not in shown.stderr and "torchvision" not in shown.stderr
    expected = reference_logits(source)
    for words, view in (("without prompt", "plain"), ("with prompt", "prompted")):
        assert f"{words}: {expected[view][2].argmax()} (" in shown.stdout


def test_that_labels_name_source_and_target_classes(exported):
    labels = json.loads((exported.folder / "labels.json").read_text())
    assert labels["num_outputs"] == 37
    assert labels["classes"][0] == {"name": "0", "output": 14, "source": 14, "source_name": "s14"}
    assert tuple(entry["source"] for entry in labels["classes"]) == MAPPING


def test_that_the_odd_pixel_of_the_canvas_goes_to_the_left_and_the_top(exported):
    how = json.loads((exported.folder / "preprocessing.json").read_text())
    assert how["image_on_canvas"] == {"left": 5, "right": 4, "top": 5, "bottom": 4}
    assert (how["image_size"], how["canvas"], how["prompt"]["kind"]) == (16, 25, "pad")


def test_that_metrics_tell_level_stage_tests_and_densities(exported):
    metrics = json.loads((exported.folder / "metrics.json").read_text())
    assert (metrics["level"], metrics["sparsity_asked"], metrics["stage"], metrics["tuned"]) == (0, 0.9, "finetune", True)
    assert metrics["test"] == {"accuracy": 0.75, "accuracy_prompted": 0.5}
    assert len(metrics["tests_of_the_run"]) == 4
    assert metrics["chosen_epoch"] == 20
    assert sum(layer["kept"] for layer in metrics["layers"]) == 27_263
    unused = [row for row in range(37) if row not in MAPPING]
    fc = read_mask(exported.folder / "masks.safetensors", "fc")
    expected = (27_263 - np.count_nonzero(fc[unused])) / (272_624 - 27 * 64)
    assert metrics["density"] == {
        "mask": 27_263 / 272_624,
        "file": 27_263 / 272_624,
        "without_unused_classifier_rows": expected,
    }


def test_that_the_exact_prompt_and_its_picture_are_there(exported, store):
    prompt = load_file(exported.folder / "prompt.safetensors")
    np.testing.assert_array_equal(prompt["delta"], read_array(state_path_of_level(store, 0), "prompt/delta"))
    pixels = np.asarray(Image.open(exported.folder / "prompt.png"))
    assert pixels.shape == (275, 275, 3)
    assert tuple(pixels[137, 137]) == (128, 128, 128)
    bound = np.abs(prompt["added"]).max()
    assert f"{bound:.4g}" in (exported.folder / "README.md").read_text()
    brightest = np.unravel_index(prompt["added"].argmax(), prompt["added"].shape)
    assert pixels[brightest[1] * 11, brightest[2] * 11, brightest[0]] == np.rint(127.5 + 127.5 * prompt["added"].max() / bound)


@pytest.mark.parametrize(
    ("protocol", "epochs", "words", "tuned"),
    [
        ("held-out", (), "**HARDLY TUNED.** Hardly tuned (stopped amid epoch 1 of 20). Expect less", False),
        (
            "held-out",
            (1, 2, 3),
            "Tuned (epoch 2 of 20, stopped early): the remaining weights are those of that epoch, chosen",
            True,
        ),
        ("paper", (1, 2), "Tuned (stopped amid epoch 3 of 20): the weights are those of that moment, of which nothing", True),
    ],
)
def test_that_the_card_says_where_a_tuning_was_stopped(tmp_path, protocol, epochs, words, tuned):
    store = run_of(tmp_path, data={"protocol": protocol})
    whole = store.read().history
    at, path = len(whole.phases) - 1, store.folder / "events.jsonl"
    kept = [line for line in path.read_text().splitlines() if f'"phase":{at},' not in line.replace(" ", "")]
    path.write_text("\n".join(kept) + "\n")
    accuracy = 0.5 if protocol == "held-out" else None
    for epoch in epochs:
        store.append(EpochEnded(phase=at, epoch=epoch, val_accuracy=accuracy, seq=100 + epoch))
    saved = whole.levels[0].saved[-1]
    store.append(saved.model_copy(update={"epoch": min(2, len(epochs)), "complete": False, "seq": 200}))
    store.close()
    source = read_source(store, level=None, stage=None)
    assert source.saved.phase == at
    assert card._state(source).startswith(words)
    assert (source.tuning == "tuned") is tuned


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["on the digits (UCI)", "started from the weights bundled with VPNs Studio"]),
        ({"data": {"dataset": "cifar100", "image_size": 16}}, ["on CIFAR-100\n"]),
        ({"data": {"dataset": "unknown", "image_size": 16}}, ["on a data set that is not known\n"]),
        ({"start_from": "elsewhere/state.safetensors"}, ["started from the saved state of another run"]),
    ],
    ids=["digits", "named", "unknown", "start"],
)
def test_that_the_card_names_the_data_set_and_the_start(tmp_path, changes, words):
    source = read_source(run_of(tmp_path), level=None, stage=None)
    config = config_from(source.config.model_dump(mode="json") | changes)
    text = _card(replace(source, config=config))
    assert all(some in text for some in words)


def test_that_the_card_of_an_import_does_not_count_its_training_images(tmp_path):
    source = read_source(run_of(tmp_path), level=None, stage=None)
    started = source.started.model_copy(update={"num_train": 0})
    assert "with an unknown number of training images" in _card(replace(source, started=started))


def _card(source) -> str:
    found = check.Check(1, 1, 0.0, dict.fromkeys(source.masks, 1))
    return card.card_text(source, found, contents.Contents(ExportSpec(), check.Files(), None), metrics(source, found))


def test_that_the_card_says_what_unstructured_zeros_do_not_give(exported):
    card = (exported.folder / "README.md").read_text()
    assert "UNTUNED" not in card and "$" not in card
    assert "**not faster**" in card and "full size" in card
    assert "27,263 of 272,624" in card and "| 0 | 14 | s14 |" in card


def test_that_a_level_and_the_untuned_stage_can_be_chosen_and_are_marked(store, tmp_path):
    result = export_run(store, tmp_path / "untuned", level=1, stage="search")
    card = (result.folder / "README.md").read_text()
    assert "**UNTUNED.**" in card and "98 % sparse" in card
    assert json.loads((result.folder / "metrics.json").read_text())["tuned"] is False
    assert result.num_kept == 5_453


def test_that_without_a_choice_the_last_saved_state_is_taken(store):
    source = read_source(store, level=None, stage=None)
    assert (source.saved.level, source.stage) == (1, "finetune")
    assert read_source(store, level=None, stage="search").saved.level == 1


def test_that_a_method_without_a_prompt_exports_none(tmp_path):
    result = export_run(run_of(tmp_path, method="omp"), tmp_path / "omp")
    assert set(result.files) == FILES - {"prompt.safetensors", "prompt.png"}
    example = (result.folder / "example.py").read_text()
    assert "with prompt" not in example
    assert "This method has no visual prompt." in (result.folder / "README.md").read_text()


def test_that_an_unpruned_level_is_exported_whole(tmp_path):
    result = export_run(run_of(tmp_path, mask={"sparsities": [0.0]}), tmp_path / "dense")
    assert result.num_kept == result.num_scored == 272_624


def test_that_kept_weights_that_are_zero_are_counted_apart(tmp_path):
    store = run_of(tmp_path)
    name = "weights/layer3.0.conv1.weight"
    change_state(store, **{name.replace(".", "__"): np.zeros_like(read_array(state_path(store), name))})
    kept = np.count_nonzero(read_mask(state_path(store), "layer3.0.conv1"))
    result = export_run(store, tmp_path / "out")
    assert result.density == (result.num_kept - kept) / result.num_scored
    assert f"{kept:,} kept weights happen to be exactly 0" in (result.folder / "README.md").read_text()


@pytest.mark.parametrize(
    "prompt",
    [
        {"kind": "pad", "canvas": 16, "pad": 2},
        {"kind": "fix", "canvas": 20, "square": 9},
        {"kind": "random", "canvas": 21, "square": 6},
        {"kind": "expand", "canvas": 23},
    ],
    ids=lambda prompt: prompt["kind"],
)
def test_that_the_example_prompts_as_the_run_did(tmp_path, prompt, monkeypatch):
    source = read_source(run_of(tmp_path, prompt=prompt), level=None, stage=None)
    folder = tmp_path / "out"
    folder.mkdir()
    contents.write_arrays_and_code(source, folder)
    monkeypatch.syspath_prepend(str(folder))
    spec = importlib.util.spec_from_file_location("exported_example", folder / "example.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    x = torch.from_numpy(source.pictures).float() / 255
    engine = build_prompt(source.config.prompt, 16, lambda: (0, 0))
    engine.load_state_dict({"delta": torch.from_numpy(source.prompt["delta"])}, strict=False)
    with torch.no_grad():
        assert torch.equal(example.prompted(x), engine(x, fixed=True))
        assert torch.equal(example.plain(x), normalize(x))


def test_that_the_random_prompts_place_is_said(tmp_path):
    source = read_source(run_of(tmp_path, prompt={"kind": "random", "canvas": 21, "square": 6}), level=None, stage=None)
    contents.write_arrays_and_code(source, tmp_path)
    how = json.loads((tmp_path / "preprocessing.json").read_text())
    assert how["prompt"]["square_at"] == {"row": 7, "column": 7}
    assert "rows and columns 0 to 14" in how["prompt"]["where"]
    added = load_file(tmp_path / "prompt.safetensors")["added"]
    assert np.argwhere(added[0]).min() == 7 and np.argwhere(added[0]).max() == 12


def test_that_a_wrong_weight_in_the_file_is_noticed_and_nothing_is_left(store, tmp_path, monkeypatch):
    right = weights.folded_state

    def wrong(source):
        state = right(source)
        state["fc.bias"][14] += 0.01
        return state

    monkeypatch.setattr(weights, "folded_state", wrong)
    with pytest.raises(EngineError, match="other logits than the run"):
        export_run(store, tmp_path / "new" / "out")
    assert left_in(tmp_path) == []


def test_that_a_pruned_weight_in_the_file_is_noticed(store, tmp_path, monkeypatch):
    right = weights.folded_state

    def dense(source):
        return right(source) | {"fc.weight": torch.from_numpy(source.weights["fc.weight"].copy())}

    monkeypatch.setattr(weights, "folded_state", dense)
    with pytest.raises(EngineError, match="weights of fc that the mask prunes"):
        export_run(store, tmp_path / "out")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("name", ["model.safetensors", "model.pt", "masks.safetensors", "prompt.safetensors"])
def test_that_a_full_disk_is_one_line_that_names_the_target_and_nothing_is_left(store, tmp_path, monkeypatch, name):
    write = Path.write_bytes

    def full(path, data):
        if path.name == name:
            raise OSError(errno.ENOSPC, "full")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(EngineError, match=f"^no space left for {re.escape(str(tmp_path / 'out'))}: "):
        export_run(store, tmp_path / "out")
    assert left_in(tmp_path) == []


def test_that_an_existing_folder_with_something_in_it_is_refused(store, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(EngineError, match="is not empty: choose a new folder"):
        export_run(store, tmp_path)
    with pytest.raises(EngineError, match="is a file"):
        export_run(store, tmp_path / "mine.txt")
    assert left_in(tmp_path) == ["mine.txt"]


def test_that_a_place_that_cannot_be_written_is_one_line(store, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError) as caught:
        export_run(store, tmp_path / "file" / "out")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("weights/fc__weight", np.full((37, 64), np.nan, np.float32), "not finite"),
        ("weights/fc__weight", np.zeros((3, 3), np.float32), "layer fc should have shape"),
        ("masks/fc", np.zeros(296, np.uint8), "mask of fc is not the one of its scores"),
        ("masks/fc", np.zeros(7, np.uint8), "does not belong to a weight"),
        ("weights/fc__bias", np.zeros(5, np.float32), "not those of resnet20"),
        ("prompt/delta", np.zeros((3, 4, 4), np.float32), "no prompt of 16 x 16 px"),
    ],
)
def test_that_a_damaged_state_is_refused_in_one_line(tmp_path, name, value, reason):
    store = run_of(tmp_path)
    change_state(store, **{name: value})
    with pytest.raises(EngineError, match=re.escape(reason)) as caught:
        export_run(store, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_that_what_was_not_saved_cannot_be_exported(tmp_path):
    store = saved_run(tmp_path / "runs", config_from({}), stages=("search",))
    with pytest.raises(EngineError, match="no tuned state was saved"):
        export_run(store, tmp_path / "out", stage="finetune")
    with pytest.raises(EngineError, match="there is no level 3: the run has 1"):
        export_run(store, tmp_path / "out", level=2)
    state_path(store).unlink()
    with pytest.raises(EngineError, match="cannot be read"):
        export_run(store, tmp_path / "out")
    empty = RunStore.create(tmp_path / "runs", config_from({}))
    with pytest.raises(EngineError, match="nothing to export"):
        export_run(empty, tmp_path / "out")
    assert left_in(tmp_path) == ["runs"]


def test_that_an_export_leaves_torchs_random_numbers_alone(store):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    source = read_source(store, level=0, stage=None)
    reference_logits(source)
    weights.folded_state(source)
    assert torch.equal(before, torch.get_rng_state())


def test_that_lost_sample_pictures_are_replaced_by_noise_and_that_is_said(tmp_path):
    store = run_of(tmp_path)
    (store.folder / "artifacts/samples.safetensors").unlink()
    result = export_run(store, tmp_path / "out")
    assert "16\npictures of noise" in (result.folder / "README.md").read_text()


def test_that_importing_the_export_leaves_torch_alone():
    code = "import sys, vpns_engine.export; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
