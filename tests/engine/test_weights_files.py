"""What is known of weights files before they are read: where they are, and how many classes they have."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from vpns_engine.catalogue import catalogue
from vpns_engine.nn.models import blank_network, plain_network
from vpns_engine.weights_files import download_path, find_weights, num_classes_in, weights_folders


def _written(state, path):
    save_file(state, path)
    return path


def test_that_the_number_of_classes_stands_in_the_header(tmp_path):
    assert num_classes_in(_written(plain_network("resnet20", 12).state_dict(), tmp_path / "a.safetensors"), "resnet20") == 12


@pytest.mark.parametrize("architecture", ["vgg16", "squeezenet1_0", "maxvit_t", "vit_b_16", "mobilenet_v3_small"])
def test_that_the_classes_are_read_off_the_classifier_of_the_architecture(tmp_path, architecture):
    name = f"{catalogue()[architecture].classifier}.weight"
    shape = blank_network(architecture, 9).state_dict()[name].shape
    assert num_classes_in(_written({name: torch.zeros(shape)}, tmp_path / "weights.safetensors"), architecture) == 9


def test_that_a_layer_of_another_architecture_is_not_taken_for_the_classifier(tmp_path):
    state = {"classifier.3.weight": torch.zeros(7, 2), "classifier.6.weight": torch.zeros(5, 2)}
    path = _written(state, tmp_path / "a.safetensors")
    assert (num_classes_in(path, "vgg16"), num_classes_in(path, "mobilenet_v3_small")) == (5, 7)


@pytest.mark.parametrize("state", [{"other.weight": torch.zeros(5, 2)}, {"fc.weight": torch.zeros(5)}])
def test_that_a_file_of_something_else_tells_nothing(tmp_path, state):
    assert num_classes_in(_written(state, tmp_path / "other.safetensors"), "resnet18") is None


def test_that_a_file_that_cannot_be_read_tells_nothing(tmp_path):
    (tmp_path / "cut.safetensors").write_bytes(b"cut")
    torch.save({"fc.weight": torch.zeros(5, 2)}, tmp_path / "pickled.pt")
    for name in ("cut.safetensors", "gone.safetensors", "pickled.pt"):
        assert num_classes_in(tmp_path / name, "resnet18") is None


def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, Path]:
    monkeypatch.setenv("VPNS_WEIGHTS", str(tmp_path / "given"))
    monkeypatch.setenv("VPNS_CACHE", str(tmp_path / "ours"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torchs"))
    return tmp_path / "given", tmp_path / "ours" / "weights", tmp_path / "torchs" / "hub" / "checkpoints"


def test_that_weights_are_looked_for_in_the_given_folder_then_ours_then_torchs(tmp_path, monkeypatch):
    folders = _folders(tmp_path, monkeypatch)
    assert weights_folders() == folders
    assert find_weights("resnet18") is None
    for folder in reversed(folders):
        folder.mkdir(parents=True)
        (folder / "resnet18-f37072fd.pth").write_bytes(b"")
        assert find_weights("resnet18") == folder / "resnet18-f37072fd.pth"


def test_that_a_symbolic_link_to_weights_is_followed(tmp_path, monkeypatch):
    given, *_ = _folders(tmp_path, monkeypatch)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "resnet18-f37072fd.pth").write_bytes(b"")
    given.symlink_to(tmp_path / "elsewhere")
    assert find_weights("resnet18") == given / "resnet18-f37072fd.pth"


def test_that_a_folder_of_that_name_is_no_weights_file(tmp_path, monkeypatch):
    given, *_ = _folders(tmp_path, monkeypatch)
    (given / "resnet18-f37072fd.pth").mkdir(parents=True)
    assert find_weights("resnet18") is None


def test_that_bundled_weights_are_looked_for_nowhere(tmp_path, monkeypatch):
    given, *_ = _folders(tmp_path, monkeypatch)
    given.mkdir()
    assert find_weights("resnet20") is None


@pytest.mark.parametrize("given", ["TORCH_HOME", "XDG_CACHE_HOME", "HOME"])
def test_that_torchs_folder_is_the_one_torch_uses(tmp_path, monkeypatch, given):
    for name in ("VPNS_WEIGHTS", "TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(given, str(tmp_path))
    assert weights_folders()[-1] == Path(torch.hub.get_dir()) / "checkpoints"


def test_that_a_download_is_kept_under_torchvisions_name(tmp_path, monkeypatch):
    _, ours, _ = _folders(tmp_path, monkeypatch)
    assert download_path("vit_b_16") == ours / "vit_b_16-c867db91.pth"
