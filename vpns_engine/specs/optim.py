"""Optimizer and schedule of one group of values."""

from typing import Literal

from vpns_engine.specs.fields import Spec, option


class OptimSpec(Spec):
    """One optimizer with its schedule. Weight decay is coupled (added to the gradient), for Adam as for SGD."""

    kind: Literal["adam", "sgd"] = option("adam", "Optimizer", advanced=True, words={"adam": "Adam", "sgd": "SGD"})
    """adam, or sgd with momentum."""

    lr: float = option(1e-3, "Learning rate", advanced=True, gt=0, le=10)
    """Learning rate of the first epoch."""

    momentum: float = option(0.9, "Momentum", advanced=True, only_with={"kind": ("sgd",)}, ge=0, lt=1)
    """Momentum of sgd; adam does not use it."""

    weight_decay: float = option(1e-4, "Weight decay", advanced=True, ge=0, le=1)
    """L2 decay, added to the gradient of everything this optimizer trains."""

    schedule: Literal["cosine", "multistep"] = option(
        "cosine", "Schedule", advanced=True, words={"cosine": "Cosine to 0", "multistep": "Two steps of 0.1"}
    )
    """cosine: falls to 0 over the phase's epochs; multistep: x 0.1 at 50 % and at 72 % of them. Moves once per epoch."""


class OptimGroups(Spec):
    """The optimizers of the two stages."""

    scores: OptimSpec = option(OptimSpec(kind="adam", lr=1e-3), "Scores (search)")
    """Scores, in the search."""

    search_prompt: OptimSpec = option(OptimSpec(kind="adam", lr=1e-3), "Prompt (search)")
    """Prompt, in the search."""

    weights: OptimSpec = option(OptimSpec(kind="sgd", lr=1e-2), "Weights (tuning)")
    """Weights, biases and batch-norm, in the tuning; a new linear head in the search too."""

    finetune_prompt: OptimSpec = option(OptimSpec(kind="sgd", lr=1e-2), "Prompt (tuning)")
    """Prompt, in the tuning."""
