"""Which network, and where its weights come from."""

from typing import Literal

from pydantic import field_validator
from pydantic_core.core_schema import ValidationInfo

from vpns_engine.specs.fields import Spec, option

Architecture = Literal["resnet20", "resnet18", "resnet50", "vgg16", "vgg16_bn"]
Weights = Literal["pretrained", "file", "none"]


class ModelSpec(Spec):
    """The pre-trained network that is pruned."""

    architecture: Architecture = option(
        "resnet20",
        "Architecture",
        words={
            "resnet20": "ResNet-20 (bundled)",
            "resnet18": "ResNet-18",
            "resnet50": "ResNet-50",
            "vgg16": "VGG-16",
            "vgg16_bn": "VGG-16-BN",
        },
    )
    """The network. ResNet-20 comes with the program (trained on letters, 16 px); the others are torchvision's."""

    weights: Weights = option(
        "pretrained",
        "Weights",
        words={"pretrained": "Pre-trained", "file": "From a file", "none": "None (random)"},
    )
    """pretrained: the bundled weights, or torchvision's ImageNet weights (downloaded once); file: a plain state dict of
    your own; none: random weights, drawn from the seed."""

    weights_file: str = option("", "Weights file", only_with={"weights": ("file",)}, path="file")
    """A plain state dict (.safetensors, .pt or .pth) of the chosen architecture. Read without running any code in it."""

    @field_validator("weights_file")
    @classmethod
    def _given_when_needed(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("weights") == "file" and not value.strip():
            raise ValueError("choose a weights file, or take other weights than 'file'")
        return value
