"""Exports opened again to predict: old ones, pictures of one's own, and folders that are damaged or mean harm."""

import json
import shutil

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.numpy import load_file, save_file

from tests.engine.saved_runs import MAPPING, saved_run
from vpns_engine.errors import EngineError
from vpns_engine.export import export_run
from vpns_engine.export.opening import open_export
from vpns_engine.specs.export import ExportSpec
from vpns_engine.specs.problems import config_from


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("opening")
    store = saved_run(place / "runs", config_from({"prompt": {"kind": "pad", "canvas": 20, "pad": 3}}))
    return export_run(store, place / "out", spec=ExportSpec(formats=("safetensors",))).folder


@pytest.fixture
def folder(exported, tmp_path):
    """Give a copy that a test may damage."""
    return shutil.copytree(exported, tmp_path / "out")


def change(path, *keys, value):
    """Change one value of a JSON file."""
    content = json.loads(path.read_text())
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(content))


def refused(folder, words):
    with pytest.raises(EngineError, match=words) as caught:
        open_export(folder).predict(np.zeros((1, 3, 16, 16), np.uint8), prompted=True)
    assert "\n" not in str(caught.value)


def test_that_an_export_of_an_older_version_opens(folder):
    content = json.loads((folder / "labels.json").read_text())
    for entry in content["classes"]:
        del entry["output"]
    (folder / "labels.json").write_text(json.dumps(content))
    how = json.loads((folder / "preprocessing.json").read_text())
    del how["onnx"]
    (folder / "preprocessing.json").write_text(json.dumps(how))
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 16, 16), dtype=np.uint8)
    opened = open_export(folder)
    network = opened._logits(opened._seen(images.astype(np.float32) / 255, prompted=False), "plain")
    np.testing.assert_array_equal(opened.logits(images), network[:, list(MAPPING)])


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK"])
def test_that_pictures_of_every_kind_are_read_in_the_exports_size(folder, tmp_path, mode):
    path = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 31, 3), dtype=np.uint8)).convert(mode).save(path)
    picture = open_export(folder).read(path)
    assert picture.shape == (3, 16, 16) and picture.dtype == np.uint8
    expected = Image.open(path).convert("RGB").resize((16, 16), Image.Resampling.BILINEAR)
    assert np.abs(picture.astype(int) - np.asarray(expected).transpose(2, 0, 1).astype(int)).max() <= 1


def test_that_a_broken_picture_is_one_line(folder, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (tmp_path / "empty.jpg").write_bytes(b"")
    opened = open_export(folder)
    for name in ("broken.png", "empty.jpg", "missing.png"):
        with pytest.raises(EngineError, match=name) as caught:
            opened.read(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_that_wrong_pictures_are_one_line(folder):
    opened = open_export(folder)
    with pytest.raises(EngineError, match="takes images of 16 x 16 px"):
        opened.predict(np.zeros((1, 3, 17, 16), np.uint8))
    with pytest.raises(EngineError, match="takes images of 16 x 16 px"):
        opened.predict(np.zeros((1, 3, 16, 16), np.float32))
    (folder / "prompt.safetensors").unlink()
    refused(folder, "has no prompt")


@pytest.mark.parametrize(
    ("file", "keys", "value", "words"),
    [
        ("labels.json", ("num_outputs",), 10**12, "whole number"),
        ("labels.json", ("num_outputs",), 36, "not those of resnet20"),
        ("labels.json", ("classes",), [], "no list of classes"),
        ("labels.json", ("classes", 0, "output"), 37, "whole number from 0 to 36"),
        ("labels.json", ("classes", 0, "output"), -1, "whole number"),
        ("labels.json", ("classes", 0), "cat", "damaged"),
        ("preprocessing.json", ("image_size",), 10**9, "whole number"),
        ("preprocessing.json", ("canvas",), 8, "whole number from 16"),
        ("preprocessing.json", ("image_on_canvas", "left"), 5, "from 0 to 4"),
        ("preprocessing.json", ("std",), [0, 1, 1], "three numbers"),
        ("preprocessing.json", ("mean",), [1, 1], "three numbers"),
        ("preprocessing.json", ("canvas",), 21, "no prompt of 21 x 21 px"),
        ("preprocessing.json", ("onnx",), [{"file": "../../x.onnx", "views": ["plain"], "input": "pixels"}], "no ONNX file"),
        ("config.json", ("model", "architecture"), "os.system", "is not known"),
        ("config.json", ("model",), None, "names no network"),
    ],
)
def test_that_a_folder_that_says_what_cannot_be_is_refused_in_one_line(folder, file, keys, value, words):
    change(folder / file, *keys, value=value)
    refused(folder, words)


def test_that_a_folder_without_its_parts_is_refused_in_one_line(folder, tmp_path):
    (tmp_path / "other").mkdir()
    refused(tmp_path / "other", "is no export")
    refused(tmp_path / "nowhere", "is no export")
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-100])
    refused(folder, "cannot be read")
    (folder / "model.safetensors").unlink()
    refused(folder, "holds no network")
    (folder / "1best.pth").write_bytes(b"")
    refused(folder, "only a checkpoint of the released code")


def test_that_weights_that_are_no_numbers_are_refused(folder):
    state = load_file(folder / "model.safetensors")
    state["fc.bias"][:] = np.nan
    save_file(state, folder / "model.safetensors")
    refused(folder, "are no numbers")


def test_that_nothing_in_the_folder_is_run(folder, tmp_path):
    trace = tmp_path / "trace"
    (folder / "example.py").write_text(f"open({str(trace)!r}, 'w')")
    (folder / "resnet_cifar.py").write_text(f"open({str(trace)!r}, 'w')")
    assert open_export(folder).classes[0] == "0"
    (folder / "model.safetensors").unlink()
    torch.save({"conv1.weight": Evil(trace)}, folder / "model.pt")
    refused(folder, "holds more than tensors")
    assert not trace.exists()


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def only_onnx(folder, content):
    """Leave an ONNX file as the only network there is."""
    (folder / "model.safetensors").unlink()
    change(folder / "preprocessing.json", "onnx", value=[{"file": "m.onnx", "views": ["plain", "prompted"], "input": "pixels"}])
    (folder / "m.onnx").write_bytes(content)


def test_that_an_onnx_file_that_is_none_is_one_line(folder):
    only_onnx(folder, b"no such thing" * 50)
    refused(folder, "m.onnx cannot be opened by ONNX Runtime")


def onnx_of(weight, inputs=("images",)):
    """Give an ONNX file that gives a constant, whatever images it gets."""
    taken = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3, 16, 16]) for name in inputs]
    given = helper.make_tensor_value_info("logits", weight.data_type, list(weight.dims))
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["logits"])], "g", taken, [given], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()


@pytest.mark.parametrize(
    ("weight", "inputs", "words"),
    [
        (np.zeros((1, 2), np.float32), ("images",), "gives 2 outputs, labels.json says"),
        (np.zeros((7, 37), np.float32), ("images",), "a row of numbers for each image"),
        (np.zeros(37, np.float32), ("images",), "a row of numbers for each image"),
        (np.zeros((1, 37), np.int64), ("images",), "a row of numbers for each image"),
        (np.zeros((1, 37), np.float32), (), "takes 0 inputs"),
        (np.zeros((1, 37), np.float32), ("images", "more"), "takes 2 inputs"),
    ],
)
def test_that_an_onnx_file_of_something_else_is_one_line(folder, weight, inputs, words):
    only_onnx(folder, onnx_of(numpy_helper.from_array(weight, "w"), inputs))
    refused(folder, words)


@pytest.mark.parametrize("place", ["../secret", "link", "{parent}/secret"])
def test_that_an_onnx_file_reads_nothing_outside_its_folder(folder, place):
    (folder.parent / "secret").write_bytes(bytes(4 * 37))
    if place == "link":
        (folder / "link").symlink_to(folder.parent / "secret")
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 37], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=place.format(parent=folder.parent))
    only_onnx(folder, onnx_of(weight))
    refused(folder, "External data path")
