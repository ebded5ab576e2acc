"""Which network, and where its weights come from."""

from typing import Literal

from pydantic import field_validator
from pydantic_core.core_schema import ValidationInfo

from vpns_engine.catalogue import labels, why_not
from vpns_engine.specs.fields import Spec, option

Weights = Literal["pretrained", "file", "none"]


class ModelSpec(Spec):
    """The pre-trained network that is pruned."""

    architecture: str = option("resnet20", "Architecture", words=labels())
    """The network. ResNet-20 comes with the program (trained on letters, 16 px); the others are torchvision's (trained on
    ImageNet): `vpns weights list` names them."""

    weights: Weights = option(
        "pretrained",
        "Weights",
        words={"pretrained": "Pre-trained", "file": "From a file", "none": "None (random)"},
    )
    """pretrained: the bundled weights, or torchvision's ImageNet weights (downloaded once); file: a plain state dict of
    your own; none: random weights, drawn from the seed."""

    weights_file: str = option("", "Weights file", only_with={"weights": ("file",)}, path="file")
    """A plain state dict (.safetensors, .pt or .pth) of the chosen architecture. Read without running any code in it."""

    @field_validator("architecture")
    @classmethod
    def _known(cls, value: str) -> str:
        if reason := why_not(value):
            raise ValueError(reason)
        return value

    @field_validator("weights_file")
    @classmethod
    def _given_when_needed(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("weights") == "file" and not value.strip():
            raise ValueError("choose a weights file, or take other weights than 'file'")
        return value
