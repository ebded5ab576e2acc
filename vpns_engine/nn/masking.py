"""The element-wise rules of masked weights, a cache-sized piece at a time (spec section 1).

All tensors of one call have the same shape.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

_CHUNK = 1 << 16
"""Elements taken at a time on the CPU: they stay in a core's cache between the operations."""


@torch.no_grad()
def score_gradient(gradient: Tensor, weight: Tensor, score: Tensor) -> Tensor:
    """Give `dL/dS = dL/d(W*m) * W * sign(S)`, at pruned positions too, in the memory of `gradient`."""
    gradient = gradient.contiguous()
    for piece, weights, scores in pieces(gradient, weight, score):
        factor = torch.sign(scores)
        factor.mul_(weights)
        piece.mul_(factor)
    return gradient


def mask_of(score: Tensor, threshold: float) -> Tensor:
    """Give m, bool: 1 where |S| > tau, strictly; a score that is NaN keeps its weight, as in the released code."""
    mask = torch.empty(score.shape, dtype=torch.bool, device=score.device)
    # no larger buffer than the mask itself: fresh memory costs more than the comparison
    for kept, scores in pieces(mask, score):
        torch.le(scores.abs(), threshold, out=kept).logical_not_()
    return mask


@torch.no_grad()
def masked(values: Tensor, score: Tensor, threshold: float, out: Tensor) -> Tensor:
    """Write `values * m`, with m = |S| > tau, to `out`."""
    if values.device.type in ("cpu", "cuda"):
        # the backward pass of hardshrink is just this rule (0 where |S| <= tau), in one pass over memory
        torch.ops.aten.hardshrink_backward.grad_input(values, score, threshold, grad_input=out)
    else:
        torch.mul(values, mask_of(score, threshold), out=out)
    return out


@torch.no_grad()
def rewrite(product: Tensor, weight: Tensor, places: Tensor, dropped: Tensor) -> None:
    """Rewrite W * m at the flat `places` where m changed; `dropped` is 1 - m there."""
    values = weight.view(-1)[places]
    values[dropped] = 0
    product.view(-1)[places] = values


def pieces(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Walk flat views of contiguous tensors in step, a cache-sized piece at a time on the CPU, whole elsewhere."""
    flat = [tensor.detach().view(-1) for tensor in tensors]
    total = flat[0].numel()
    size = _CHUNK if flat[0].device.type == "cpu" else max(1, total)
    for start in range(0, total, size):
        yield tuple(tensor[start : start + size] for tensor in flat)
