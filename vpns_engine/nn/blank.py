"""Networks without values: built in a moment, no random number drawn, to be filled from a state dict."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

_FILLED = frozenset((torch.empty, torch.ones, torch.zeros, torch.full, torch.rand, torch.randn))
"""What parameters and buffers are made with. Not arange and the like: networks compute shapes and index tables with them."""


class _WithoutValues(TorchFunctionMode):
    """Makes tensors that are about to be filled on the meta device.

    Under `torch.device("meta")` nothing has values, and RegNet, which computes its widths with tensors, could not be built.
    """

    def __torch_function__(
        self,
        func: Any,  # noqa: ANN401 - any function of torch's
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        given = kwargs or {}
        return func(*args, **(given | {"device": "meta"} if func in _FILLED else given))


def blank(build: Callable[[], nn.Module]) -> nn.Module:
    """Build a module whose parameters have shapes but no values.

    A state dict puts them there with `load_state_dict(state, assign=True)`, or `to_empty` makes room for them.
    """
    with _WithoutValues():
        return build()
