"""Write resources/catalogue.json from the networks themselves: `python -m tests.make_catalogue`.

Only the labels and the families are written by hand. Sizes are found by passing images without values (the meta device) through
each network, so nothing is computed and no weights are needed.
"""

import inspect
import json
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

from tests.catalogue_words import place_of, words_of
from vpns_engine.nn.blank import blank
from vpns_engine.nn.networks.resnet_cifar import resnet20
from vpns_engine.nn.normalization import MEAN, STD
from vpns_engine.nn.sparse import scored_weights

PATH = Path(__file__).parent.parent / "resources" / "catalogue.json"
OWN = "resnet20"
LETTERS = 37
V1, V2 = "IMAGENET1K_V1", "IMAGENET1K_V2"
PAPER_WEIGHTS = {"resnet18": V1, "resnet50": V2, "vgg16": V1, "vgg16_bn": V1}
"""The weights the published numbers come from (spec section 5); the others take torchvision's best."""

LEAST, MOST = 8, 1024
"""The sides a DataSpec takes, px."""

_INCEPTION = {"aux_logits": False, "transform_input": True, "init_weights": False}
"""Arguments of GoogLeNet and Inception: no second classifier, the input as the weights want it, torch's own first values."""

_VIT_SIZE = 224
"""The image size ViT's builders take by themselves."""


def names() -> list[str]:
    """Name every architecture: ours, then torchvision's classifiers."""
    return [OWN, *torchvision.models.list_models(torchvision.models)]


@cache
def network(name: str, num_classes: int) -> nn.Module:
    """Build an architecture without values."""
    if name == OWN:
        made = blank(lambda: resnet20(num_classes))
    else:
        builder = torchvision.models.get_model_builder(name)
        made = blank(lambda: builder(weights=None, num_classes=num_classes, **arguments(name)))
    return made.to("meta")


def arguments(name: str) -> dict[str, Any]:
    """Give what the builder needs besides the number of classes."""
    if name == OWN:
        return {}
    module_class = _module_class(torchvision.models.get_model_builder(name))
    known = inspect.signature(module_class).parameters
    size = weights_of(name).transforms().crop_size[0]
    if "image_size" in known and size != _VIT_SIZE:
        return {"image_size": size}
    return _INCEPTION if "aux_logits" in known else {}


def _module_class(builder: Any) -> type[nn.Module]:
    wanted = inspect.signature(builder).return_annotation
    return getattr(inspect.getmodule(builder), wanted) if isinstance(wanted, str) else wanted


def weights_of(name: str) -> Any:
    """Give the weights enum; None for our own network, whose weights are bundled."""
    if name == OWN:
        return None
    known = torchvision.models.get_model_weights(name)
    return known[PAPER_WEIGHTS[name]] if name in PAPER_WEIGHTS else known.DEFAULT


def entry_of(name: str) -> dict[str, Any]:
    """Find out everything about an architecture."""
    family, label = words_of(name)
    return {"label": label, "family": family, **weights_facts(name), **_network_facts(name)}


def weights_facts(name: str) -> dict[str, Any]:
    """Give what torchvision says of the pre-trained weights."""
    weights = weights_of(name)
    if weights is None:
        return {
            "weights": "", "url": "", "num_bytes": 0, "num_source_classes": LETTERS, "image_size": 16,
            "mean": list(MEAN), "std": list(STD),
        }  # fmt: skip
    transform = weights.transforms()
    return {
        "weights": str(weights),
        "url": weights.url,
        "num_bytes": round(weights.meta["_file_size"] * 2**20),
        "num_source_classes": len(weights.meta["categories"]),
        "image_size": transform.crop_size[0],
        "mean": list(transform.mean),
        "std": list(transform.std),
    }


def _network_facts(name: str) -> dict[str, Any]:
    facts = weights_facts(name)
    built = network(name, facts["num_source_classes"])
    classifier, layer = _classifier(built)
    return {
        "num_scored": sum(parameter.numel() for _, _, parameter in scored_weights(built)),
        "num_weights": sum(parameter.numel() for parameter in built.parameters()),
        "num_layers": len(list(scored_weights(built))),
        "num_entries": len(built.state_dict()),
        "num_buffer_bytes": _buffer_bytes(built),
        "classifier": classifier,
        "num_features": layer.weight.shape[1],
        "arguments": arguments(name),
        **_sizes(built, facts["image_size"]),
        "unsupported": "",
    }


def _buffer_bytes(built: nn.Module) -> int:
    parameters = {name for name, _ in built.named_parameters()}
    return sum(value.nbytes for name, value in built.state_dict().items() if name not in parameters)


def _classifier(built: nn.Module) -> tuple[str, nn.Module]:
    """Find the layer that the number of classes decides: the last scored one."""
    entry = [layer for layer, _, _ in scored_weights(built)][-1]
    return entry, built.get_submodule(entry)


def _sizes(built: nn.Module, usual: int) -> dict[str, Any]:
    if not trains_on(built, 2, usual + 1) and not trains_on(built, 2, 2 * usual):
        return {"fixed_size": True, "min_image_size": usual, "one_pixel_size": 0}
    smallest, alone = _first_size(built, 2), _first_size(built, 1)
    return {
        "fixed_size": False,
        "min_image_size": max(LEAST, smallest),
        "one_pixel_size": alone - 1 if alone > smallest else 0,
    }


def _first_size(built: nn.Module, count: int) -> int:
    """Find the smallest side from which on the network trains on `count` images."""
    low, high = 0, 1  # does not, does
    while not trains_on(built, count, high):
        if high > MOST:
            raise ValueError(f"no side up to {MOST} px works for {count} images")
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if trains_on(built, count, middle) else (middle, high)
    return high


def trains_on(built: nn.Module, count: int, size: int) -> bool:
    """Tell whether a network takes `count` images of `size` px in train mode."""
    try:
        built.train()(torch.empty(count, 3, size, size, device="meta"))
    except (RuntimeError, ValueError, AssertionError):
        return False
    return True


def text() -> str:
    """Give the whole catalogue, one line for each architecture."""
    lines = (f" {json.dumps(name)}: {json.dumps(entry_of(name))}" for name in sorted(names(), key=place_of))
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
