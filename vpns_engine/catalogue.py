"""What the window says of a network before torch is loaded; a test builds each network and compares."""

from functools import cache

from pydantic import BaseModel, ConfigDict, TypeAdapter

from vpns_engine.bundled import resource
from vpns_engine.specs.model import Architecture


class CatalogueEntry(BaseModel):
    """An architecture with its pre-trained classes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_scored: int
    """Weights of all convolutions and linear layers, with `num_source_classes` classes."""

    num_source_classes: int

    num_features: int
    """Inputs of the classifier."""

    image_size: int
    """Side in px of the images it was pre-trained on."""

    min_image_size: int
    """Smallest side in px it takes; nothing below the 8 px of a DataSpec."""

    one_pixel_size: int
    """Largest side in px that ends as a map of one pixel in batch normalization, which cannot train on one such image; 0 where
    there is none."""

    def scored_with(self, num_classes: int) -> int:
        """Count the scored weights with another number of classes."""
        return self.num_scored + (num_classes - self.num_source_classes) * self.num_features


@cache
def catalogue() -> dict[Architecture, CatalogueEntry]:
    """Give the entry of every architecture."""
    text = resource("catalogue.json").read_bytes()
    return TypeAdapter(dict[Architecture, CatalogueEntry]).validate_json(text)
