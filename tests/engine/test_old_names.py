"""State dicts as torchvision wrote them once: read as torchvision itself reads them."""

import re

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import densenet, get_model

from vpns_engine.errors import EngineError
from vpns_engine.nn.models import blank_network, fitted, plain_network
from vpns_engine.nn.old_names import renamed


def _numbered(architecture: str, num_classes: int = 9) -> dict[str, torch.Tensor]:
    """Give a state dict whose entries all differ."""
    generator = torch.Generator().manual_seed(1)
    shapes = {name: (value.shape, value.dtype) for name, value in blank_network(architecture, num_classes).state_dict().items()}
    return {
        name: torch.rand(shape, generator=generator) if dtype.is_floating_point else torch.zeros(shape, dtype=dtype)
        for name, (shape, dtype) in shapes.items()
    }


def _same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class _Weights:
    """Stands for a weights enum whose file holds a given state dict."""

    def __init__(self, state):
        self.state = state

    def get_state_dict(self, **_how):
        """Give a copy, which its reader may change."""
        return dict(self.state)


def test_that_densenets_old_file_is_read_as_torchvision_reads_it():
    present = _numbered("densenet121")
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", name): value
        for name, value in present.items()
        if not name.endswith("num_batches_tracked")
    }
    assert len(old.keys() - present.keys()) > 100
    theirs = get_model("densenet121", weights=None, num_classes=9)
    densenet._load_state_dict(theirs, _Weights(old), progress=False)
    ours = fitted("densenet121", old, "old.pth").module
    assert _same(ours.state_dict(), theirs.state_dict())
    assert _same(ours.state_dict(), present)


def test_that_vits_old_file_is_read_as_torchvision_reads_it():
    present = _numbered("vit_b_32")
    pairs = (".mlp.0.", ".mlp.linear_1."), (".mlp.3.", ".mlp.linear_2.")
    old = {name.replace(*pairs[0]).replace(*pairs[1]): value for name, value in present.items()}
    assert old.keys() != present.keys()
    theirs = get_model("vit_b_32", weights=None, num_classes=9)
    theirs.load_state_dict(dict(old))
    ours = fitted("vit_b_32", old, "old.pth").module
    assert _same(ours.state_dict(), theirs.state_dict())
    assert _same(ours.state_dict(), present)


@pytest.mark.parametrize("architecture", ["googlenet", "inception_v3"])
def test_that_a_second_classifier_is_left_out(architecture):
    whole = get_model(architecture, weights=None, num_classes=9, aux_logits=True, init_weights=False).state_dict()
    ours = fitted(architecture, whole, "mine.pth").module.state_dict()
    assert len(ours) < len(whole)
    assert all(torch.equal(value, whole[name]) for name, value in ours.items())


def test_that_a_file_from_before_the_batch_counters_is_read():
    state = plain_network("resnet20", 9).state_dict()
    old = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    assert len(old) < len(state)
    assert _same(fitted("resnet20", old, "old.pth").module.state_dict(), state)


def test_that_a_missing_batch_norm_is_not_made_up():
    state = {name: value for name, value in plain_network("resnet20", 9).state_dict().items() if not name.startswith("bn1.")}
    with pytest.raises(EngineError, match=r"mine\.pth does not fit resnet20: bn1\.weight is missing \(5 of \d+ entries\)"):
        fitted("resnet20", state, "mine.pth")


def test_that_present_names_stay():
    expected = blank_network("densenet121", 9).state_dict()
    assert list(renamed(expected, expected)) == list(expected)


def test_that_mnasnet_loads_from_a_state_dict_that_does_not_say_its_version(tmp_path):
    state = _numbered("mnasnet0_5")
    save_file(state, tmp_path / "plain.safetensors")
    with pytest.raises(ValueError, match="version"):
        get_model("mnasnet0_5", weights=None, num_classes=9).load_state_dict(dict(state))
    assert _same(fitted("mnasnet0_5", state, "plain").module.state_dict(), state)
