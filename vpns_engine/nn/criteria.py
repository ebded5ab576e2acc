"""Masks set at once, by a criterion over all layers together (larger = keep)."""

import torch
from torch import Tensor

from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.specs.masks import num_dropped
from vpns_engine.specs.phase import Criterion


def set_by_criterion(network: SparseNetwork, criterion: Criterion, density: float, seed: int) -> None:
    """Set the mask of a density: `magnitude` keeps the largest |W| (OMP), `random` an exact count, drawn from the seed."""
    match criterion:
        case "magnitude":
            network.set_scores(network.weights)
            network.set_density(density)
        case "random":
            network.set_scores(_random_scores(network, density, seed))
            network.set_threshold(0.5 if num_dropped(density, network.num_scored) >= 1 else None)


def _random_scores(network: SparseNetwork, density: float, seed: int) -> list[Tensor]:
    """Give scores of 0 (dropped, exactly k of them) and 1 (kept)."""
    order = torch.randperm(network.num_scored, generator=torch.Generator().manual_seed(seed))
    flat = torch.ones(network.num_scored)
    flat[order[: num_dropped(density, network.num_scored)]] = 0
    parts = flat.split([score.numel() for score in network.scores])  # type: ignore[no-untyped-call]
    return [part.view(score.shape) for part, score in zip(parts, network.scores, strict=True)]
