"""Replays of single operations."""

from collections.abc import Callable

from tests.conformance.cases import Case, Precision
from tests.conformance.report import Report
from tests.conformance.units import full_networks, layers, mappings, masks, optimizers, prompts, scores, thresholds

_BOTH: tuple[Precision, ...] = ("f32", "f64")
_SINGLE: tuple[Precision, ...] = ("f32",)


def replayer_of(case: Case) -> Callable[[Case, Precision, Report], None] | None:
    """Give the replay of a case, told from what its settings and inputs hold; None where they are of no known kind."""
    found = _kind(case)
    return found[0] if found else None


def precisions_of(case: Case) -> tuple[Precision, ...]:
    """Give the precisions a case is recorded at."""
    found = _kind(case)
    return found[1] if found else ()


def _kind(case: Case) -> tuple[Callable[[Case, Precision, Report], None], tuple[Precision, ...]] | None:
    settings, inputs = case.settings, case.inputs
    match settings:
        case {"recipe": _, "layers": _}:
            return full_networks.replay, _SINGLE
        case {"spec": _, "requires_grad": _}:
            return scores.replay, _BOTH
        case {"sets": _, "densities": _}:
            return thresholds.replay, _BOTH
        case {"layers": _, "modes": _}:
            return layers.replay, _BOTH
        case {"prompts": _}:
            return prompts.replay, _BOTH
        case {"optim": _}:
            return optimizers.replay, _BOTH
        case {"cases": _}:
            return mappings.replay, _SINGLE
        case _ if {"score", "threshold", "g"} == set(inputs):
            return masks.replay, _SINGLE
        case _:
            return None
