"""The mask of scores, and the gradient that reaches them through it."""

import numpy as np
import torch
from torch import nn

from tests.conformance.cases import Case, Precision
from tests.conformance.report import Report, num_different, worst_difference
from vpns_engine.nn.sparse import SparseNetwork


def replay(case: Case, _precision: Precision, report: Report) -> None:
    """Set each threshold on a layer of ones, whose gradient is then the one given."""
    score, expected = case.tensor("score"), case.arrays("expected")
    masks, gradients, outputs = [], [], []
    for threshold in case.inputs["threshold"]:
        layer = nn.Linear(score.shape[1], score.shape[0], bias=False)
        nn.init.ones_(layer.weight)
        network = SparseNetwork(layer)
        network.set_scores([score])
        network.set_threshold(float(threshold))
        output = network(torch.eye(score.shape[1])).T
        output.backward(case.tensor("g"))
        network.scores_from_gradients()
        gradient = network.scores[0].grad
        assert gradient is not None
        masks.append(network.masks()[0].numpy())
        outputs.append(output.detach().numpy())
        gradients.append(gradient.numpy())
    report.add("mask", num_different(np.array(masks).astype(np.float32), expected["mask"]), 0)
    report.add("masked weights", num_different(np.array(outputs), expected["mask"]), 0)
    report.add("gradient of the score", worst_difference(np.array(gradients), expected["g_score"]), 0)
