"""Multiply-accumulates of a network, counted while a real image passes it: what multiplies what is seen at every product.

Each value of a weight is used equally often, so skipping zeros leaves the share of its values that are not 0.
Padding counts as the values that stand there, as is usual.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from vpns_engine.gains.model import LayerWork, Work
from vpns_engine.gains.subject import Measured, Subject

_aten = torch.ops.aten
_PRODUCTS: Mapping[Any, tuple[int, int]] = {
    _aten.mm.default: (0, 1),
    _aten.bmm.default: (0, 1),
    _aten.mv.default: (0, 1),
    _aten.addmm.default: (1, 2),
    _aten.addmv.default: (1, 2),
    _aten.baddbmm.default: (1, 2),
}
"""Products of matrices with the places of their factors among the arguments."""
_CONVOLUTION = _aten.convolution.default


@dataclass
class _Count:
    calls: int = 0
    macs: int = 0
    left: int = 0


class MacCounter(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch gives it no types
    """Counts multiply-accumulates by parameter, as long as it is entered."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._names = {_place(parameter): name for name, parameter in network.named_parameters()}
        self.counts: dict[str, _Count] = {}
        """By the parameter's name; the empty name is that of products of two activations."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        """Count a product, and let it happen."""
        result = func(*args, **(kwargs or {}))
        if func is _CONVOLUTION:
            self._convolution(args, result)
        elif func in _PRODUCTS:
            first, second = (args[place] for place in _PRODUCTS[func])
            self._product(first, second, result)
        return result

    def _convolution(self, args: Any, result: Tensor) -> None:  # noqa: ANN401
        x, weight, transposed = args[0], args[1], args[6]
        places = x.numel() if transposed else result.numel()
        self._add(weight, places * weight[0].numel())

    def _product(self, first: Tensor, second: Tensor, result: Tensor) -> None:
        weight = first if _place(first) in self._names else second
        self._add(weight, result.numel() * first.shape[-1])

    def _add(self, factor: Tensor, macs: int) -> None:
        name = self._names.get(_place(factor), "")
        count = self.counts.setdefault(name, _Count())
        count.calls += 1
        count.macs += macs
        # the factor itself may be a part of the weight: an attention's, taken apart for query, key and value
        count.left += macs * int(torch.count_nonzero(factor)) // factor.numel() if name else macs


def _place(tensor: Tensor) -> int:
    """Tell a weight from others by its memory: a transposed one, or a part of it, is still the same."""
    return tensor.untyped_storage().data_ptr()


def work_of(subject: Subject) -> tuple[Work, ...]:
    """Count the pruned network's work for one image: at the images' size, and on the canvas where that is another."""
    plain = _count(subject, subject.variants["pruned"])
    if "prompted" not in subject.variants:
        return (plain,)
    prompted = _count(subject, subject.variants["prompted"])
    return (plain,) if prompted.size_px == plain.size_px else (plain, prompted)


def _count(subject: Subject, measured: Measured) -> Work:
    network = measured.network
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it hides its products in one operation
    try:
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            x = measured.seen(subject.batch(1))
            with MacCounter(network) as counter:
                network(x)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return Work(size_px=x.shape[-1], layers=tuple(_layers(network, counter.counts)))


def _layers(network: nn.Module, counts: Mapping[str, _Count]) -> Iterator[LayerWork]:
    weights = dict(network.named_parameters())
    for name in (*weights, ""):  # in the network's order, products of activations last
        if (count := counts.get(name)) is None:
            continue
        weight = weights.get(name)
        yield LayerWork(
            layer=name.removesuffix(".weight").removesuffix(".in_proj_weight"),
            calls=count.calls,
            weights=0 if weight is None else weight.numel(),
            nonzero=0 if weight is None else int(torch.count_nonzero(weight)),
            macs=count.macs,
            skipped=count.macs - count.left,
        )
