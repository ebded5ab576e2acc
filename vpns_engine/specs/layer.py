"""A scored layer: its name and shape."""

from math import prod
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_Side = Annotated[int, Field(ge=1, le=2**31)]


class LayerInfo(BaseModel):
    """A scored weight: its layer's name in the network (`layer1.0.conv1`) and its shape."""

    model_config = ConfigDict(frozen=True)

    name: str
    shape: Annotated[tuple[_Side, ...], Field(min_length=1, max_length=8)]

    @property
    def numel(self) -> int:
        """Number of weights."""
        return prod(self.shape)
