"""The networks and their weights."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from vpns_engine.bundled import resource
from vpns_engine.catalogue import catalogue
from vpns_engine.errors import EngineError
from vpns_engine.nn.models import load_pretrained, plain_network, read_state_dict, source_class_names
from vpns_engine.nn.normalization import IMAGENET, Normalization, normalization_of
from vpns_engine.specs.model import ModelSpec


def _silent(_text, _done):
    return None


def _load(path, architecture="resnet20"):
    return load_pretrained(ModelSpec(architecture=architecture, weights="file", weights_file=str(path)), 1, _silent)


def test_that_the_bundled_letters_load_with_their_names():
    loaded = load_pretrained(ModelSpec(), 1, _silent)
    names = json.loads(resource("demo/letters_classes.json").read_text(encoding="utf-8"))
    assert list(loaded.source_classes) == names
    assert loaded.module.fc.out_features == len(names)


def test_that_random_weights_come_from_the_seed():
    first, again, other = (load_pretrained(ModelSpec(weights="none"), seed, _silent).module for seed in (1, 1, 2))
    assert torch.equal(first.conv1.weight, again.conv1.weight)
    assert not torch.equal(first.conv1.weight, other.conv1.weight)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".pth"])
def test_that_weights_saved_from_the_architecture_load_again(tmp_path, suffix):
    state = plain_network("resnet20", 12).state_dict()
    path = tmp_path / f"weights{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    loaded = _load(path)
    assert torch.equal(loaded.module.fc.weight, state["fc.weight"])
    assert loaded.source_classes == tuple(f"class {index}" for index in range(12))


def test_that_weights_of_another_architecture_are_refused_with_the_first_misfit(tmp_path):
    torch.save(plain_network("resnet18", 10).state_dict(), tmp_path / "other.pt")
    with pytest.raises(EngineError, match=r"does not fit resnet20: .* is missing") as caught:
        _load(tmp_path / "other.pt")
    assert "\n" not in str(caught.value)


def test_that_an_entry_of_another_shape_is_named_with_both_shapes(tmp_path):
    state = plain_network("resnet20", 10).state_dict()
    state["conv1.weight"] = torch.zeros(16, 1, 3, 3)
    torch.save(state, tmp_path / "grey.pt")
    with pytest.raises(EngineError, match=r"conv1\.weight is \(16, 1, 3, 3\), not \(16, 3, 3, 3\)"):
        _load(tmp_path / "grey.pt")


def test_that_an_entry_too_many_is_named(tmp_path):
    torch.save(plain_network("resnet20", 10).state_dict() | {"extra.weight": torch.zeros(1)}, tmp_path / "more.pt")
    with pytest.raises(EngineError, match=r"extra\.weight does not belong there"):
        _load(tmp_path / "more.pt")


class _Trap:
    """Would make a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value, protocol=2))])
def test_that_code_in_a_weights_file_is_not_run(tmp_path, write):
    write({"conv1.weight": _Trap(tmp_path / "sprung")}, tmp_path / "trap.pt")
    with pytest.raises(EngineError, match=r"trap\.pt .*not opened: save a plain state dict") as caught:
        _load(tmp_path / "trap.pt")
    assert not (tmp_path / "sprung").exists()
    assert "\n" not in str(caught.value)


def test_that_a_whole_module_is_refused(tmp_path):
    torch.save(plain_network("resnet20", 10), tmp_path / "module.pt")
    with pytest.raises(EngineError, match="save a plain state dict"):
        _load(tmp_path / "module.pt")


def test_that_a_missing_weights_file_is_named(tmp_path):
    with pytest.raises(EngineError, match=r"weights file .*nowhere\.pt is not there"):
        _load(tmp_path / "nowhere.pt")


@pytest.mark.parametrize("name", ["cut.pt", "cut.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all", b"PK\x03\x04 half of a zip file"])
def test_that_a_damaged_weights_file_gives_one_clear_line(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EngineError, match=rf"weights file .*{name} (cannot be read|holds more than tensors)") as caught:
        _load(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_that_a_weights_file_that_ends_too_early_says_so(tmp_path):
    (tmp_path / "empty.pt").write_bytes(b"")
    with pytest.raises(EngineError, match=r"empty\.pt cannot be read: it ends too early"):
        _load(tmp_path / "empty.pt")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_that_weights_that_are_not_finite_are_refused_by_name(tmp_path, value):
    state = plain_network("resnet20", 12).state_dict()
    state["fc.weight"][3, 4] = value
    torch.save(state, tmp_path / "diverged.pt")
    with pytest.raises(EngineError, match=r"diverged\.pt: fc\.weight holds values that are not finite"):
        _load(tmp_path / "diverged.pt")


def test_that_a_list_of_tensors_is_no_state_dict(tmp_path):
    torch.save([torch.zeros(2)], tmp_path / "list.pt")
    with pytest.raises(EngineError, match="not a plain state dict"):
        read_state_dict(tmp_path / "list.pt")


def test_that_half_precision_weights_compute_in_single_precision(tmp_path):
    state = {name: v.half() if v.is_floating_point() else v for name, v in plain_network("resnet20", 10).state_dict().items()}
    torch.save(state, tmp_path / "half.pt")
    assert _load(tmp_path / "half.pt").module.conv1.weight.dtype == torch.float32


def test_that_without_a_network_the_missing_weights_are_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CACHE", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    wanted = r"weights of ResNet-18 cannot be downloaded \(.*refused.*\): check the network, or save \S+ as \S+resnet18-"
    with pytest.raises(EngineError, match=wanted) as caught:
        load_pretrained(ModelSpec(architecture="resnet18"), 1, _silent)
    assert "\n" not in str(caught.value)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_that_torchvisions_own_file_is_used_where_it_is(tmp_path, monkeypatch):
    state = plain_network("squeezenet1_1", 1000).state_dict()
    torch.save(state, tmp_path / catalogue()["squeezenet1_1"].file_name)
    monkeypatch.setenv("VPNS_WEIGHTS", str(tmp_path))
    loaded = load_pretrained(ModelSpec(architecture="squeezenet1_1"), 1, _silent)
    assert all(torch.equal(value, state[name]) for name, value in loaded.module.state_dict().items())
    assert loaded.source_classes[0] == "tench"


def test_that_half_a_weights_file_is_told_by_its_path(tmp_path, monkeypatch):
    path = tmp_path / catalogue()["squeezenet1_1"].file_name
    torch.save(plain_network("squeezenet1_1", 1000).state_dict(), path)
    path.write_bytes(path.read_bytes()[:100_000])
    monkeypatch.setenv("VPNS_WEIGHTS", str(tmp_path))
    with pytest.raises(EngineError, match=rf"weights file {path} (cannot be read|holds more)") as caught:
        load_pretrained(ModelSpec(architecture="squeezenet1_1"), 1, _silent)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("architecture", ["squeezenet1_1", "maxvit_t", "mobilenet_v3_small"])
def test_that_a_state_dict_of_ones_own_may_have_any_number_of_classes(tmp_path, architecture):
    state = plain_network(architecture, 7).state_dict()
    save_file(state, tmp_path / "mine.safetensors")
    loaded = _load(tmp_path / "mine.safetensors", architecture)
    assert loaded.source_classes == tuple(f"class {index}" for index in range(7))
    assert all(torch.equal(value, state[name]) for name, value in loaded.module.state_dict().items())


def test_that_a_network_brings_the_normalisation_of_its_weights():
    found = {name: normalization_of(name) for name in ("resnet20", "efficientnet_v2_l")}
    assert found == {"resnet20": IMAGENET, "efficientnet_v2_l": Normalization((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))}
    assert load_pretrained(ModelSpec(), 1, _silent).normalization == IMAGENET


@pytest.mark.parametrize("architecture", ["resnet18", "resnet50", "vgg16", "vgg16_bn"])
def test_that_torchvision_networks_have_imagenets_classes(architecture):
    names = source_class_names(architecture)
    assert len(names) == 1000
    assert names[0] == "tench"


def test_that_a_plain_pickle_is_refused_without_a_warning(tmp_path, recwarn):
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"conv1.weight": [1.0]}, protocol=4))
    with pytest.raises(EngineError, match=r"weights file .*plain\.pt"):
        read_state_dict(tmp_path / "plain.pt")
    assert not recwarn.list
