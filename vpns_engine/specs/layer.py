"""A scored layer: its name and shape."""

from math import prod

from pydantic import BaseModel, ConfigDict


class LayerInfo(BaseModel):
    """A scored weight: its layer's name in the network (`layer1.0.conv1`) and its shape."""

    model_config = ConfigDict(frozen=True)

    name: str
    shape: tuple[int, ...]

    @property
    def numel(self) -> int:
        """Number of weights."""
        return prod(self.shape)
