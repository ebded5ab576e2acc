"""Exports in every format: what is written, what is opened again from each file alone, what is refused, what is left behind."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import onnx
import psutil
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

from tests.architecture.sources import ROOT
from tests.engine.saved_runs import MAPPING, saved_run
from vpns_engine.artifacts import read_mask, unpack
from vpns_engine.errors import EngineError
from vpns_engine.export.check import check_export
from vpns_engine.export.child import run_child
from vpns_engine.export.contents import files_of
from vpns_engine.export.head import own_head
from vpns_engine.export.opening import open_export
from vpns_engine.export.progress import ExportCancelled, Progress
from vpns_engine.export.reference import reference_logits
from vpns_engine.export.sizes import count_state
from vpns_engine.export.source import read_source
from vpns_engine.export.sparse_file import read_sparse
from vpns_engine.export.weights import folded_state, unmodified
from vpns_engine.exporting import export
from vpns_engine.specs.export import FORMAT_LABELS, ExportSpec
from vpns_engine.specs.problems import config_from

ALL = ExportSpec(formats=tuple(FORMAT_LABELS), license="cc-by-4.0", base_model="somebody/letters")
OWN = ExportSpec(formats=("onnx",), head="own", onnx_input="normalised")
SMALL = ExportSpec(formats=("sparse",), head="own", prompt=False)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Give a run whose canvas is larger than its images, with a folder of a person's in its settings."""
    place = tmp_path_factory.mktemp("formats")
    start = str(place / "secret name" / "state.safetensors")
    values = {"prompt": {"kind": "pad", "canvas": 25, "pad": 3}, "start_from": start}
    return saved_run(place / "runs", config_from(values))


@pytest.fixture(scope="module")
def source(store):
    return read_source(store, level=None, stage=None)


@pytest.fixture(scope="module")
def reference(source):
    return reference_logits(source)


@pytest.fixture(scope="module")
def everything(store, tmp_path_factory):
    """Export in all formats but the released code's: the run did not start from the weights it says."""
    spec = ALL.model_copy(update={"formats": tuple(name for name in FORMAT_LABELS if name != "released")})
    return export(store, tmp_path_factory.mktemp("all") / "out", spec=spec), spec


@pytest.fixture(scope="module")
def own(store, tmp_path_factory):
    return export(store, tmp_path_factory.mktemp("own") / "out", spec=OWN), OWN


@pytest.fixture(scope="module")
def small(store, tmp_path_factory):
    return export(store, tmp_path_factory.mktemp("small") / "out", spec=SMALL), SMALL


def without(result, tmp_path, *names):
    """Copy an export without some of its files."""
    folder = tmp_path / "copy"
    shutil.copytree(result.folder, folder, ignore=shutil.ignore_patterns(*names))
    return folder


def close(found, expected, limit) -> bool:
    return float(np.abs(found - expected).max()) <= limit * float(np.abs(expected).max())


def test_that_all_formats_together_are_all_there(everything):
    result, _ = everything
    assert {
        "model.safetensors", "model.pt", "model_plain.onnx", "model_prompted.onnx", "masks.safetensors",
        "model_sparse.safetensors", "README.md", ".gitattributes", "example.py", "example_onnx.py",
    } < set(result.files)  # fmt: skip
    assert set(result.files) == {path.name for path in result.folder.iterdir()}
    assert result.max_logit_difference == 0
    assert 0 <= result.max_onnx_difference < 1e-4


@pytest.mark.parametrize(
    ("left_out", "file", "limit"),
    [
        ((), "model.safetensors", 1e-6),
        (("model.safetensors",), "model.pt", 1e-6),
        (("model.safetensors", "model.pt"), "model_sparse.safetensors", 1e-6),
        (("model.safetensors", "model.pt", "model_sparse.safetensors"), "model_plain.onnx", 1e-4),
    ],
)
def test_that_each_network_file_alone_gives_the_runs_logits(everything, source, reference, tmp_path, left_out, file, limit):
    opened = open_export(without(everything[0], tmp_path, *left_out))
    assert opened.network_file == file
    assert opened.views == ("plain", "prompted")
    for view, expected in reference.items():
        assert close(opened.logits(source.pictures, view == "prompted"), expected, limit), view
        assert close(opened.logits(source.pictures[:1], view == "prompted"), expected[:1], limit), view
    chances = opened.predict(source.pictures, prompted=True)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)
    assert (chances.argmax(axis=1) == reference["prompted"].argmax(axis=1)).all()


def test_that_the_own_classifier_is_the_mapped_rows_to_the_last_bit(small, source, reference):
    result, _ = small
    state, whole = read_sparse(result.folder / "model_sparse.safetensors"), folded_state(source)
    assert state.keys() == whole.keys()
    for name, value in state.items():
        expected = whole[name][list(MAPPING)] if name.startswith("fc.") else whole[name]
        assert torch.equal(torch.from_numpy(value), expected), name
    assert result.num_scored == 272_624 - 27 * 64
    opened = open_export(result.folder)
    assert opened.classes == source.started.target_classes
    assert close(opened.logits(source.pictures), reference["plain"], 1e-6)


def test_that_onnx_files_alone_predict_with_an_own_classifier(own, source, reference):
    opened = open_export(own[0].folder)
    assert opened.network_file == "model_plain.onnx" and opened.views == ("plain", "prompted")
    assert "example.py" not in own[0].files and "example_onnx.py" in own[0].files
    for view, expected in reference.items():
        assert close(opened.logits(source.pictures, view == "prompted"), expected, 1e-4)


def test_that_labels_and_card_of_an_own_classifier_name_both_numbers(own):
    labels = json.loads((own[0].folder / "labels.json").read_text())
    assert labels["num_outputs"] == 10
    assert [entry["output"] for entry in labels["classes"]] == list(range(10))
    assert [entry["source"] for entry in labels["classes"]] == list(MAPPING)
    assert labels["classes"][1] == {"name": "1", "output": 1, "source": 8, "source_name": "s8"}
    card = (own[0].folder / "README.md").read_text()
    assert "one output for each class" in card and "| 1 | 1 | s8 |" in card


@pytest.mark.parametrize("example", ["example.py", "example_onnx.py"])
def test_that_the_examples_of_an_own_classifier_run_alone(small, own, source, reference, tmp_path, example):
    folder = (small if example == "example.py" else own)[0].folder
    Image.fromarray(source.pictures[2].transpose(1, 2, 0)).save(tmp_path / "picture.png")
    words = [sys.executable, "-B", "-X", "importtime", example, str(tmp_path / "picture.png")]
    shown = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    assert "vpns_engine" not in shown.stderr
    assert ("| torch" in shown.stderr) == (example == "example.py")
    views = (
        {"without prompt": "plain", "with prompt": "prompted"} if example == "example_onnx.py" else {"without prompt": "plain"}
    )
    assert [line.split(" (")[0] for line in shown.stdout.splitlines()] == [
        f"{words}: {reference[view][2].argmax()}" for words, view in views.items()
    ]


def test_that_onnx_takes_pixels_or_what_the_network_gets(everything, own):
    sizes = {}
    for result, _ in (everything, own):
        for part in json.loads((result.folder / "preprocessing.json").read_text())["onnx"]:
            graph = onnx.load(result.folder / part["file"]).graph
            (given,) = graph.input
            sides = [side.dim_param or side.dim_value for side in given.type.tensor_type.shape.dim]
            sizes[part["file"], part["input"]] = sides
    assert {sides[0] for sides in sizes.values()} == {"batch"}
    assert {key: sides[1:] for key, sides in sizes.items()} == {
        ("model_plain.onnx", "pixels"): [3, 16, 16],
        ("model_prompted.onnx", "pixels"): [3, 16, 16],
        ("model_plain.onnx", "normalised"): [3, 16, 16],
        ("model_prompted.onnx", "normalised"): [3, 25, 25],
    }


def test_that_the_masks_are_the_runs_bits(everything, source):
    for layer, mask in source.masks.items():
        np.testing.assert_array_equal(read_mask(everything[0].folder / "masks.safetensors", layer), mask)


def test_that_the_sparse_file_says_what_it_saves(everything):
    result, _ = everything
    sizes = json.loads((result.folder / "metrics.json").read_text())["size_bytes"]
    assert sizes["dense"] == result.sizes["model.safetensors"]
    assert sizes["sparse"] == result.sizes["model_sparse.safetensors"]
    assert sizes["sparse_zipped"] < sizes["sparse"] < sizes["dense"] / 6
    assert sizes["dense_zipped"] < sizes["dense"]
    times = f"{sizes['dense'] / sizes['sparse']:.1f} times smaller than dense"
    assert times in (result.folder / "README.md").read_text() and times in result.saving.words()


def test_that_sizes_are_counted_before_anything_is_written(store, everything, own, small):
    files = {"safetensors": "model.safetensors", "pt": "model.pt", "masks": "masks", "sparse": "model_sparse", "onnx": ".onnx"}
    counted = count_state(store, level=None, stage=None)
    for result, spec in (everything, own, small):
        sizes = counted.sizes(spec)
        for name in set(spec.files) & files.keys():
            written = sum(size for file, size in result.sizes.items() if files[name] in file)
            assert abs(sizes[name] - written) < 0.04 * written, name
        assert abs(counted.whole(spec) - sum(result.sizes.values())) < 0.02 * sum(result.sizes.values())


def test_that_the_hubs_card_begins_with_facts_and_figures(everything):
    text = (everything[0].folder / "README.md").read_text()
    _, matter, _ = text.split("---\n", 2)
    plain = dict(re.findall(r"^([a-z_]+): (.*)$", matter, re.MULTILINE))
    assert {name: json.loads(value) for name, value in plain.items()} == {
        "license": "cc-by-4.0",
        "library_name": "pytorch",
        "pipeline_tag": "image-classification",
        "base_model": "somebody/letters",
    }
    tags = [json.loads(line) for line in re.findall(r"^- (.*)$", matter, re.MULTILINE)]
    assert {"pruning", "vpns", "visual-prompting", "onnx"} < set(tags)
    (model,) = json.loads(matter.split("model-index:\n")[1])
    (result,) = model["results"]
    assert result["dataset"] == {"type": "digits", "name": "Digits (bundled)", "split": "test"}
    assert [(metric["type"], metric["value"]) for metric in result["metrics"]] == [("accuracy", 0.75), ("accuracy", 0.5)]


def test_that_a_folder_for_a_hub_names_no_place_of_this_machine(everything, store):
    places = [str(ROOT).encode(), str(store.folder.parent).encode(), b"secret name"]
    for path in everything[0].folder.iterdir():
        assert not [place for place in places if place in path.read_bytes()], path.name
    assert json.loads((everything[0].folder / "config.json").read_text())["start_from"] == "state.safetensors"


def test_that_without_the_prompt_there_is_none(small):
    result, _ = small
    assert not [name for name in result.files if "prompt" in name]
    assert "The run's prompt was left out." in (result.folder / "README.md").read_text()
    opened = open_export(result.folder)
    assert opened.views == ("plain",) and not opened.has_prompt


def test_that_masks_alone_are_an_export_without_a_network(store, tmp_path):
    result = export(store, tmp_path / "out", spec=ExportSpec(formats=("masks",)))
    assert not [name for name in result.files if name.startswith(("model", "example"))]
    assert "every bit of the masks was read again" in (result.folder / "README.md").read_text()
    with pytest.raises(EngineError, match="holds no network"):
        open_export(result.folder)


def test_that_a_hub_folder_never_lacks_a_network():
    assert ExportSpec(formats=("hub",)).files == ("safetensors", "hub")
    assert ExportSpec(formats=("hub", "onnx")).files == ("onnx", "hub")


@pytest.mark.parametrize(
    ("architecture", "size"),
    [("squeezenet1_1", 32), ("mobilenet_v3_small", 32), ("maxvit_t", 224)],
    ids=lambda value: str(value),
)
def test_that_classifiers_of_every_kind_give_their_rows(tmp_path, architecture, size):
    """A convolution, a linear layer with a bias, and one without."""
    model = {"architecture": architecture, "weights": "none"}
    config = config_from({"model": model, "data": {"image_size": size}, "prompt": {"kind": "pad", "canvas": size, "pad": 2}})
    whole = read_source(saved_run(tmp_path, config, num_source=1000, stages=("finetune",)), level=None, stage=None)
    few = own_head(replace(whole, pictures=whole.pictures[:1]))
    assert few.num_scored < whole.num_scored
    expected = reference_logits(few.saved_as)["plain"]
    network = unmodified(architecture, 10, {name: value.numpy() for name, value in folded_state(few).items()})
    with torch.inference_mode():
        mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        found = network((torch.from_numpy(few.pictures).float() / 255 - mean) / std)
    assert found.shape == (1, 10)
    assert close(found.numpy(), expected, 1e-6)


def tampered(result, source, formats, tmp_path, change):
    """Check a copy of an export again in which `change(folder)` has changed a file."""
    folder, place = without(result, tmp_path), tmp_path / "place"
    change(folder)
    place.mkdir()
    return check_export(folder, source, files_of(source, ExportSpec(formats=formats)), place, Progress())


def test_that_onnx_files_of_other_logits_are_noticed(everything, source, tmp_path):
    def swap(folder):
        shutil.copyfile(folder / "model_prompted.onnx", folder / "model_plain.onnx")

    with pytest.raises(EngineError, match=r"other logits than the run \(model_plain.onnx, plain\)"):
        tampered(everything[0], source, ("onnx",), tmp_path, swap)


def test_that_a_single_wrong_bit_of_a_mask_is_noticed(everything, source, tmp_path):
    def flip(folder):
        bits = load_file(folder / "masks.safetensors")
        bits["layer2.0.conv1"][3] ^= 1
        save_file(bits, folder / "masks.safetensors")

    with pytest.raises(EngineError, match=r"another mask of layer2\.0\.conv1"):
        tampered(everything[0], source, ("masks",), tmp_path, flip)


def test_that_a_wrong_place_in_the_sparse_file_is_noticed(everything, source, tmp_path):
    def shift(folder):
        path = folder / "model_sparse.safetensors"
        data = bytearray(path.read_bytes())
        length = int.from_bytes(data[:8], "little")
        start, end = json.loads(data[8 : 8 + length])["bits/layer3.1.conv2.weight"]["data_offsets"]
        kept = unpack(
            np.frombuffer(data[8 + length + start : 8 + length + end], np.uint8), source.masks["layer3.1.conv2"].shape
        )
        moved = np.packbits(np.roll(kept.reshape(-1), 1))
        data[8 + length + start : 8 + length + end] = moved.tobytes()
        path.write_bytes(data)

    with pytest.raises(EngineError, match=r"weights of layer3.1.conv2 that the mask prunes"):
        tampered(everything[0], source, ("sparse",), tmp_path, shift)


def test_that_a_cancelled_export_ends_at_once_and_leaves_nothing(store, tmp_path):
    cancelled, when = threading.Event(), []

    def report(text, _done):
        if text.startswith("Writing model_plain.onnx"):  # the child says so: it is at work
            when.append(time.monotonic())
            cancelled.set()

    with pytest.raises(ExportCancelled, match="nothing was written"):
        export(store, tmp_path / "new" / "out", spec=ExportSpec(formats=("onnx",)), report=report, cancelled=cancelled.is_set)
    assert time.monotonic() - when[0] < 1
    assert not list(tmp_path.iterdir())
    assert not [child for child in psutil.Process().children() if any("onnx_child" in word for word in child.cmdline())]


@pytest.mark.parametrize("step", ["Reading the saved state", "Writing model.pt", "Computing the run's own logits"])
def test_that_an_export_can_be_cancelled_at_any_step(store, tmp_path, step):
    said = []
    with pytest.raises(ExportCancelled):
        export(
            store,
            tmp_path / "out",
            spec=ExportSpec(formats=("pt",)),
            report=lambda text, _done: said.append(text),
            cancelled=lambda: step in said,
        )
    assert said[-1] == step
    assert not list(tmp_path.iterdir())


def test_that_the_share_done_only_grows(store, tmp_path):
    shares = []
    export(store, tmp_path / "out", spec=ExportSpec(formats=("masks",)), report=lambda _text, done: shares.append(done))
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1


def test_that_a_child_that_fails_says_its_last_line(tmp_path):
    with pytest.raises(EngineError, match=r"^the file could not be written: no such operator: Foo$"):
        run_child(
            ["-c", "import sys; sys.exit('a\\nno such operator: Foo')"],
            tmp_path,
            tmp_path,
            Progress(),
            "the file could not be written",
        )


def test_that_without_the_extra_one_line_says_what_to_install(store, tmp_path, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr("vpns_engine.export.onnx_extra.find_spec", lambda name: None if name == "onnxscript" else real(name))
    with pytest.raises(EngineError, match=r"onnxscript is not installed.*pip install \"vpns-studio\[onnx\]\""):
        export(store, tmp_path / "out", spec=ExportSpec(formats=("onnx",)))
    assert not list(tmp_path.iterdir())
