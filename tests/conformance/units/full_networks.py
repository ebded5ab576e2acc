"""Initial scores, thresholds and masks of torchvision networks: sampled entries, counts and digests."""

import numpy as np
import torch

from tests.conformance.cases import Array, Case, Precision
from tests.conformance.digests import sha256
from tests.conformance.networks import network_of_recipe, state_digest
from tests.conformance.report import Report, num_different, worst_difference, worst_relative
from vpns_engine.nn.sparse import SparseNetwork


def replay(case: Case, _precision: Precision, report: Report) -> None:
    """Make the network from its seed, wrap it, and set each density."""
    settings, expected = case.settings, case.arrays("expected")
    plain = network_of_recipe(settings["recipe"])
    report.equal("initial weights (SHA-256)", state_digest(plain.state_dict()), settings["state_sha256"])
    network = SparseNetwork(plain)
    layers = [(layer.name, list(layer.shape)) for layer in network.layers]
    report.equal("scored layers", repr(layers), repr([(entry["name"], entry["shape"]) for entry in settings["layers"]]))
    report.equal("scored weights", network.num_scored, settings["total"])
    _compare_scores(network, case, expected, report)
    _compare_masks(network, case, expected, report)


def _compare_scores(network: SparseNetwork, case: Case, expected: dict[str, Array], report: Report) -> None:
    recorded = case.settings["layers"]
    report.equal("scores (SHA-256)", [sha256(s.numpy()) for s in network.scores], [entry["score_sha256"] for entry in recorded])
    for name, tensors in (("weight", network.weights), ("score", network.scores)):
        picked = np.stack([t.numpy().reshape(-1)[i] for t, i in zip(tensors, expected["sample_index"], strict=True)])
        report.add(f"sampled {name}s", worst_difference(picked, expected[f"sample_{name}"]), 0)
    sums = np.array([float(score.double().abs().sum()) for score in network.scores])
    report.add("sum |score| (relative)", worst_relative(sums, np.array([e["score_abs_sum"] for e in recorded])), 1e-12)


def _compare_masks(network: SparseNetwork, case: Case, expected: dict[str, Array], report: Report) -> None:
    thresholds, kept, samples, digests = [], [], [], []
    for density in expected["density"]:
        network.set_density(float(density))
        masks = [mask.numpy().reshape(-1) for mask in network.masks()]
        thresholds.append(np.nan if network.threshold is None else network.threshold)
        kept.append(network.kept())
        samples.append(np.stack([mask[i] for mask, i in zip(masks, expected["sample_index"], strict=True)]))
        digests.append(sha256(np.packbits(np.concatenate(masks))))
        _check_weights(network, masks)
    report.add("threshold (relative)", worst_relative(np.array(thresholds), expected["threshold"]), 0)
    report.equal("kept per layer", kept, expected["kept"])
    report.add("sampled mask bits", num_different(samples, expected["sample_mask"]), 0)
    report.equal("masks (SHA-256)", digests, case.settings["mask_packbits_sha256"])


def _check_weights(network: SparseNetwork, masks: list[Array]) -> None:
    """The network must compute with W * m: look at its last layer."""
    last = network.scored[-1]
    whole = last.weight * torch.from_numpy(masks[-1]).view(last.weight.shape)
    assert torch.equal(last.parameter.detach(), whole), "the network does not compute with the masked weights"
