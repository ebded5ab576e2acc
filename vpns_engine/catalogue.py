"""What the window says of a network before torch is loaded; a test builds each network and compares."""

from functools import cache

from pydantic import BaseModel, ConfigDict, TypeAdapter

from vpns_engine.bundled import resource
from vpns_engine.specs.model import Architecture


class CatalogueEntry(BaseModel):
    """An architecture with its pre-trained classes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_scored: int
    """Weights of all convolutions and linear layers."""

    num_source_classes: int

    image_size: int
    """Side in px of the images it was pre-trained on."""


@cache
def catalogue() -> dict[Architecture, CatalogueEntry]:
    """Give the entry of every architecture."""
    text = resource("catalogue.json").read_bytes()
    return TypeAdapter(dict[Architecture, CatalogueEntry]).validate_json(text)
