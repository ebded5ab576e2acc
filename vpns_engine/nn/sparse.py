"""A network with scores and masks around it; the network itself stays as it is (spec section 1).

The wrapped network always holds the weights it computes with, W * m. Its dense weights W and the scores S stand beside it,
one of each for every scored weight; the mask is what the threshold says of the scores, m = |S| > tau. So a pass costs what a
pass of the bare network costs, and the network's own state dict is the pruned checkpoint.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vpns_engine.nn.masking import mask_of, masked, rewrite, score_gradient
from vpns_engine.nn.threshold import ThresholdSearch
from vpns_engine.specs.layer import LayerInfo
from vpns_engine.specs.masks import num_dropped


@dataclass
class ScoredWeight:
    """One scored weight. All tensors have the weight's shape."""

    name: str
    """The layer (`layer1.0.conv1`)."""
    entry: str
    """The weight's key in the network's state dict (`layer1.0.conv1.weight`)."""
    parameter: nn.Parameter
    """W * m, inside the network."""
    weight: Tensor
    """W, dense."""
    score: Tensor
    """S."""


def scored_weights(network: nn.Module) -> Iterator[tuple[str, str, nn.Parameter]]:
    """Give layer name, state-dict key and parameter of every scored weight, in the network's order, each parameter once."""
    seen: set[int] = set()
    for name, module in network.named_modules():
        attribute = _scored_attribute(module)
        parameter = getattr(module, attribute, None) if attribute else None
        if isinstance(parameter, nn.Parameter) and id(parameter) not in seen:
            seen.add(id(parameter))
            yield name, f"{name}.{attribute}" if name else str(attribute), parameter


def _scored_attribute(module: nn.Module) -> str | None:
    if isinstance(module, nn.MultiheadAttention):
        return "in_proj_weight"
    convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d
    return "weight" if isinstance(module, convolution | nn.Linear) else None


def initial_score(weight: Tensor) -> Tensor:
    """Give `sqrt(6 / fan_in) * W / max|W|`; fan_in is in_channels / groups * kh * kw, or in_features."""
    fan_in = weight[0].numel()
    low, high = torch.aminmax(weight)
    largest = torch.maximum(-low, high)
    if largest == 0:
        return torch.zeros_like(weight)
    # the bound is a number of double precision, the product one rounding each, as the released code computes it
    return (math.sqrt(6 / fan_in) * weight).div_(largest)


class SparseNetwork(nn.Module):
    """A plain network, pruned by scores and one threshold: m = |S| > tau.

    `unscored` names layers that are neither scored nor pruned: a new classifier, for one.
    """

    threshold: float | None
    """tau; None: nothing is masked, and scores get no gradient."""

    def __init__(self, network: nn.Module, unscored: Collection[str] = ()) -> None:
        super().__init__()
        self.network = network
        self._unscored = tuple(unscored)
        self.scored = [
            ScoredWeight(name, entry, parameter, parameter.detach().clone(), initial_score(parameter.detach()))
            for name, entry, parameter in scored_weights(network)
            if name not in self._unscored
        ]
        self.threshold = None
        self._search: ThresholdSearch | None = None

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Give the source logits, shape (B, S)."""
        logits: Tensor = self.network(x_BCHW)
        return logits

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The scored weights, in the network's order."""
        return tuple(LayerInfo(name=item.name, shape=tuple(item.weight.shape)) for item in self.scored)

    @property
    def num_scored(self) -> int:
        """N, the number of scored weights."""
        return sum(item.weight.numel() for item in self.scored)

    @property
    def scores(self) -> list[Tensor]:
        """S of every scored weight."""
        return [item.score for item in self.scored]

    @property
    def weights(self) -> list[Tensor]:
        """W of every scored weight, dense."""
        return [item.weight for item in self.scored]

    def other_parameters(self) -> list[nn.Parameter]:
        """Biases, batch-norm and whatever else is not scored."""
        own = {id(item.parameter) for item in self.scored}
        return [parameter for parameter in self.network.parameters() if id(parameter) not in own]

    def head_parameters(self) -> list[nn.Parameter]:
        """Give the parameters of the layers that are left out of the scoring."""
        return [parameter for name in self._unscored for parameter in self.network.get_submodule(name).parameters()]

    def masks(self) -> list[Tensor]:
        """Give m of every scored weight, bool."""
        return [
            torch.ones_like(item.score, dtype=torch.bool) if self.threshold is None else mask_of(item.score, self.threshold)
            for item in self.scored
        ]

    def kept(self) -> tuple[int, ...]:
        """Count the kept weights of each layer."""
        return tuple(int(torch.count_nonzero(mask)) for mask in self.masks())

    def set_density(self, density: float) -> None:
        """Set the threshold for a density from the scores as they are; k < 1 keeps everything, without a mask."""
        k = num_dropped(density, self.num_scored)
        self._search = ThresholdSearch(k) if k >= 1 else None
        self.update_threshold()

    def update_threshold(self) -> None:
        """Recompute the threshold after the scores moved, and what it keeps."""
        if self._search is None:
            self.threshold = None
            self.refresh()
            return
        moved = self._search.find(self.scores)
        self.threshold = moved.threshold
        if moved.turned is None:
            self.refresh()
            return
        for item, turned in zip(self.scored, moved.turned, strict=True):
            if turned.places.size:
                rewrite(item.parameter, item.weight, torch.from_numpy(turned.places), torch.from_numpy(turned.dropped))

    def set_threshold(self, threshold: float | None) -> None:
        """Set the threshold as it is given; None keeps everything."""
        self._search = None
        self.threshold = threshold
        self.refresh()

    @torch.no_grad()
    def set_scores(self, scores: Sequence[Tensor]) -> None:
        """Replace the scores; the threshold stays until it is set again."""
        for item, score in zip(self.scored, scores, strict=True):
            item.score.copy_(score)
        if self._search is not None:
            # what a search remembers of the mask belongs to the scores before
            self._search = ThresholdSearch(self._search.k)

    @property
    def num_dropped(self) -> int | None:
        """k, how many weights a search drops; None where the threshold is given, or there is none."""
        return None if self._search is None else self._search.k

    @torch.no_grad()
    def take_up(self, scores: Sequence[Tensor], threshold: float | None, num_dropped: int | None) -> None:
        """Go on with scores, the threshold they had, and what a search drops; the weights are to be loaded next."""
        self._search = None if num_dropped is None else ThresholdSearch(num_dropped)
        self.set_scores(scores)
        self.threshold = threshold

    @torch.no_grad()
    def refresh(self) -> None:
        """Compute W * m again, after W or m changed."""
        for item in self.scored:
            if self.threshold is None:
                item.parameter.copy_(item.weight)
            else:
                masked(item.weight, item.score, self.threshold, out=item.parameter.data)

    def scores_from_gradients(self) -> None:
        """Turn the gradients of W * m into those of the scores; the network's own are used up.

        Straight through the threshold: `dL/dS = dL/d(W*m) * W * sign(S)`. Without a threshold scores get none.
        """
        for item in self.scored:
            gradient, item.parameter.grad = item.parameter.grad, None
            passes = gradient is not None and self.threshold is not None
            item.score.grad = score_gradient(gradient, item.weight, item.score) if passes and gradient is not None else None

    def weights_from_gradients(self) -> None:
        """Turn the gradients of W * m into those of W, `dL/dW = dL/d(W*m) * m`; the network's own are used up."""
        for item in self.scored:
            gradient, item.parameter.grad = item.parameter.grad, None
            if gradient is not None and self.threshold is not None:
                gradient = gradient.contiguous()
                masked(gradient, item.score, self.threshold, out=gradient)
            item.weight.grad = gradient

    def plain_state(self, *, masked: bool) -> dict[str, Tensor]:
        """Give a copy of the unmodified network's state dict, with the mask folded in or dense."""
        dense = {} if masked else {item.entry: item.weight for item in self.scored}
        return {name: dense.get(name, value).detach().clone() for name, value in self.network.state_dict().items()}

    def dense_state(self) -> dict[str, Tensor]:
        """Give the tensors themselves of the unmodified network's dense state dict, not copies."""
        dense = {item.entry: item.weight for item in self.scored}
        return {name: dense.get(name, value).detach() for name, value in self.network.state_dict().items()}

    @torch.no_grad()
    def load_plain_state(self, state: dict[str, Tensor]) -> None:
        """Load a dense state dict of the unmodified network; scores and threshold stay."""
        own = self.network.state_dict()
        if own.keys() != state.keys():
            raise ValueError("the state dict is not the one of this network")
        # one by one: load_state_dict would ask a network of MNASNet's kind for a version number
        for name, value in own.items():
            value.copy_(state[name])
        for item in self.scored:
            item.weight.copy_(state[item.entry])
        self.refresh()
