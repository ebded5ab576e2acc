"""Label mappings: from the pre-trained classes to the task's.

Shapes: B batch, S source classes, T target classes.
"""

import torch
from torch import Tensor

from vpns_engine.errors import EngineError


def count_predictions(predicted_B: Tensor, target_B: Tensor, num_source: int, num_target: int) -> Tensor:
    """Count how often target class T was predicted as source class S, shape (S, T), int64."""
    cells_B = predicted_B * num_target + target_B
    return torch.bincount(cells_B, minlength=num_source * num_target).view(num_source, num_target)


def draw_sources(num_source: int, num_target: int, seed: int) -> Tensor:
    """Draw distinct source classes for the target classes (RLM), shape (T,), int64.

    Raises:
        EngineError: fewer source classes than target classes.
    """
    _check_enough(num_source, num_target)
    return torch.randperm(num_source, generator=torch.Generator().manual_seed(seed))[:num_target]


def most_frequent(counts_ST: Tensor) -> Tensor:
    """Give each target class the source class it is most often taken for.

    Greedy and one-to-one, largest count first (FLM; Chen et al., CVPR 2023); ties go to the lowest source, then the lowest
    target class.

    Args:
        counts_ST: how often class T was predicted as class S, shape (S, T), int64.

    Returns:
        Source class of each target class, shape (T,), int64.

    Raises:
        EngineError: fewer source classes than target classes.
    """
    num_source, num_target = counts_ST.shape
    _check_enough(num_source, num_target)
    left_ST = counts_ST.clone()
    mapping_T = torch.empty(num_target, dtype=torch.int64)
    for _ in range(num_target):
        # argmax of the flat table takes the first of equals: lowest source, then lowest target
        source, target = divmod(int(left_ST.flatten().argmax()), num_target)
        mapping_T[target] = source
        left_ST[source, :] = -1
        left_ST[:, target] = -1
    return mapping_T


def _check_enough(num_source: int, num_target: int) -> None:
    if num_source < num_target:
        raise EngineError(f"{num_target} target classes need as many source classes, but the network has {num_source}")
