"""What is known of every architecture before torch is loaded; a test builds each network and compares.

`python -m tests.make_catalogue` writes resources/catalogue.json.
"""

import difflib
from functools import cache

from pydantic import BaseModel, ConfigDict, TypeAdapter

from vpns_engine.bundled import resource


class CatalogueEntry(BaseModel):
    """An architecture with its pre-trained weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    """What a person reads."""

    family: str
    """What stands together in a list."""

    weights: str
    """Torchvision's name of the pre-trained weights; empty for the bundled ones."""

    url: str
    """Where they are downloaded from; the last part names the file, with the start of its SHA-256."""

    num_bytes: int
    """Size of that file, to the nearest 0.001 MiB."""

    num_source_classes: int

    image_size: int
    """Side in px of the images it was pre-trained on."""

    mean: tuple[float, float, float]
    """Subtracted from the channels of an image in [0, 1]."""

    std: tuple[float, float, float]
    """What they are divided by then."""

    num_scored: int
    """Weights of all convolutions, linear layers and attention inputs, with `num_source_classes` classes."""

    num_weights: int
    """All parameters, with `num_source_classes` classes."""

    num_layers: int
    """Scored layers."""

    num_entries: int
    """Entries of a state dict: parameters and buffers."""

    num_buffer_bytes: int
    """Size of the buffers: the running statistics of batch normalization and the like."""

    classifier: str
    """The layer whose outputs are the classes; it is scored like the others."""

    num_features: int
    """Inputs of the classifier."""

    arguments: dict[str, bool | int]
    """What its builder needs besides the number of classes."""

    fixed_size: bool
    """It takes images of `image_size` px only."""

    min_image_size: int
    """Smallest side in px it takes; nothing below the 8 px of a DataSpec."""

    one_pixel_size: int
    """Largest side in px that ends as a map of one pixel in batch normalization, which cannot train on one such image; 0 where
    there is none."""

    unsupported: str
    """Why it cannot be pruned here; empty where it can."""

    @property
    def file_name(self) -> str:
        """Name of the weights file; empty for the bundled ones."""
        return self.url.rsplit("/", 1)[-1]

    def scored_with(self, num_classes: int) -> int:
        """Count the scored weights with another number of classes; 0: without the classifier."""
        return self.num_scored + (num_classes - self.num_source_classes) * self.num_features


@cache
def catalogue() -> dict[str, CatalogueEntry]:
    """Give the entry of every architecture, in the order in which they are offered."""
    text = resource("catalogue.json").read_bytes()
    return TypeAdapter(dict[str, CatalogueEntry]).validate_json(text)


@cache
def labels() -> dict[str, str]:
    """Give what a person reads for each architecture."""
    return {name: entry.label for name, entry in catalogue().items()}


def why_not(architecture: str) -> str:
    """Say why an architecture cannot be taken; empty where it can."""
    if entry := catalogue().get(architecture):
        return f"{entry.label} cannot be pruned here: {entry.unsupported}" if entry.unsupported else ""
    near = difflib.get_close_matches(architecture.lower(), list(catalogue()), n=3)
    hint = f"is it {' or '.join(near)}?" if near else "`vpns weights list` lists all"
    return f"architecture '{architecture}' is not known: {hint}"
