"""What a checkpoint does not say is told from names, shapes and the prompt's region."""

import dataclasses
from pathlib import Path

import pytest
import torch

from vpns_engine.errors import EngineError
from vpns_engine.nn.models import blank_network
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import scored_weights
from vpns_engine.official.hints import hints_of
from vpns_engine.official.infer import prompt_of, shape_of
from vpns_engine.official.read import Checkpoint
from vpns_engine.official.request import ImportRequest, Told
from vpns_engine.official.settings import said_in, settings_in
from vpns_engine.specs.prompt import PromptSpec


def _checkpoint(**changes) -> Checkpoint:
    empty = Checkpoint(
        path=Path("1best.pth"),
        stage="finetune",
        weights={},
        scores={},
        initial=None,
        program=None,
        region=None,
        mapping=(0,),
        said=said_in({}),
        settings=settings_in({}),
    )
    return dataclasses.replace(empty, **changes)


def _of_network(architecture: str, num_classes: int, without: tuple[str, ...] = ()) -> Checkpoint:
    network = blank_network(architecture, num_classes)
    state = {name: value for name, value in network.state_dict().items() if name not in without}
    return _checkpoint(weights=state, scores={name: state[entry] for name, entry, _ in scored_weights(network)})


@pytest.mark.parametrize("architecture", ["resnet20", "resnet18", "resnet50", "vgg16", "vgg16_bn", "mobilenet_v2"])
@pytest.mark.parametrize("num_classes", [1000, 7])
def test_that_the_architecture_is_told_from_names_and_shapes(architecture, num_classes):
    found = shape_of(_of_network(architecture, num_classes))
    assert (found.architecture, found.num_source) == (architecture, num_classes)


def test_that_a_plain_vgg_without_biases_of_its_convolutions_is_told():
    names = blank_network("vgg16", 1000).state_dict()
    convolutions = [name for name in names if name.startswith("features") and name.endswith("bias")]
    assert shape_of(_of_network("vgg16", 1000, tuple(convolutions))).architecture == "vgg16"
    with pytest.raises(EngineError, match="fits no architecture"):
        shape_of(_of_network("vgg16", 1000, tuple(convolutions[:3])))


def test_that_the_wrong_architecture_is_refused_with_the_first_misfit():
    with pytest.raises(EngineError, match=r"does not fit resnet50: layer1\.0\.conv3\.weight is missing"):
        shape_of(_of_network("resnet18", 1000), "resnet50")
    with pytest.raises(EngineError, match="is it resnet18"):
        shape_of(_of_network("resnet18", 1000), "resnet-18")


def test_that_an_unknown_network_is_counted():
    one = torch.zeros(4, 3)
    with pytest.raises(EngineError, match="fits no architecture that is known: 12 scored weights in 1 layers"):
        shape_of(_checkpoint(weights={"fc.weight": one}, scores={"fc": one}))


_PROMPTS = [
    ({"kind": "pad", "canvas": 32, "pad": 4}, 32),
    ({"kind": "pad", "canvas": 33, "pad": 3}, 33),
    ({"kind": "fix", "canvas": 32, "square": 13}, 32),
    ({"kind": "fix", "canvas": 32, "square": 32}, 32),
    ({"kind": "expand", "canvas": 32, "pad": 4}, 21),
]


@pytest.mark.parametrize(("values", "size"), _PROMPTS)
def test_that_the_prompt_is_told_from_its_region(values, size):
    spec = PromptSpec.model_validate(values)
    checkpoint = _with_prompt(spec, size)
    found = prompt_of(checkpoint, Told())
    assert PromptSpec.model_validate(found.values) == spec
    assert found.image_size == size


def _with_prompt(spec: PromptSpec, size: int) -> Checkpoint:
    region = build_prompt(spec, size, lambda: (0, 0)).region
    return _checkpoint(program=torch.zeros(3, spec.canvas, spec.canvas), region=region)


def test_that_a_ring_is_taken_for_pad_unless_expand_is_told():
    spec = PromptSpec.model_validate({"kind": "expand", "canvas": 32})
    checkpoint = _with_prompt(spec, 20)
    assert prompt_of(checkpoint, Told()).values == {"kind": "pad", "pad": 6, "canvas": 32}
    found = prompt_of(checkpoint, Told(kind="expand"))
    assert (found.values, found.image_size) == ({"kind": "expand", "canvas": 32}, 20)
    with pytest.raises(EngineError, match=r"image size 24 px: .* surrounds images of 20 px"):
        prompt_of(checkpoint, Told(kind="expand", image_size=24))


def test_that_an_empty_region_is_no_prompt():
    checkpoint = _checkpoint(program=torch.zeros(3, 16, 16), region=torch.zeros(16, 16))
    assert prompt_of(checkpoint, Told()).values == {"kind": "none", "canvas": 16}
    assert prompt_of(_checkpoint(), Told()).values == {"kind": "none", "canvas": 224}


def test_that_a_region_of_no_kind_or_of_another_is_refused():
    region = torch.zeros(16, 16)
    region[3, 5] = region[9, 2] = 1
    checkpoint = _checkpoint(program=torch.zeros(3, 16, 16), region=region)
    with pytest.raises(EngineError, match="16 px canvas is that of no prompt that is known"):
        prompt_of(checkpoint, Told())
    pad = _with_prompt(PromptSpec.model_validate({"kind": "pad", "canvas": 16, "pad": 2}), 16)
    with pytest.raises(EngineError, match="no prompt of kind 'fix'"):
        prompt_of(pad, Told(kind="fix"))


def test_that_a_moving_square_needs_its_side():
    checkpoint = _checkpoint(program=torch.zeros(3, 16, 16))
    with pytest.raises(EngineError, match="give the side of its square"):
        prompt_of(checkpoint, Told())
    assert prompt_of(checkpoint, Told(square=7)).values == {"kind": "random", "square": 7, "canvas": 16}


_FOLDERS = "vpns/resnet18/cifar10/VPexpand/SIZE128_224_16_115/sgd/DENSITY[1.0, 0.6, 0.05]/SEED7"


def test_that_the_folders_above_a_checkpoint_are_read():
    hints = hints_of(Path(_FOLDERS) / "2best.pth")
    assert (hints.density, hints.kind, hints.image_size, hints.square) == (0.05, "expand", 128, 115)
    assert hints_of(Path(_FOLDERS) / "9best.pth").density is None


def test_that_a_missing_density_is_asked_for_with_what_the_folders_say():
    with pytest.raises(EngineError, match=r"does not say its density.*folders above it say 0\.6"):
        ImportRequest(Path(_FOLDERS) / "1best.pth").checked_density()
    with pytest.raises(EngineError, match=r"does not say its density: give it, 0\.1 for a sparsity of 90 %$"):
        ImportRequest(Path("1best.pth")).checked_density()


@pytest.mark.parametrize("density", [0.0, -0.1, 1.5, 60.0])
def test_that_a_density_out_of_range_is_refused(density):
    with pytest.raises(EngineError, match=f"density {density:g} is out of range: more than 0, at most 1"):
        ImportRequest(Path("1best.pth"), density).checked_density()


def test_that_a_density_that_is_no_number_is_refused():
    with pytest.raises(EngineError, match="density nan is out of range"):
        ImportRequest(Path("1best.pth"), float("nan")).checked_density()
