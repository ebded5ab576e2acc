"""Which replay a case gets: told from its content."""

from collections.abc import Callable

from tests.conformance import units
from tests.conformance.cases import TARGET, Case, Precision
from tests.conformance.ckpt import is_checkpoint_case, replay_checkpoints
from tests.conformance.report import Line, Report
from tests.conformance.trajectory import is_large, replay_trajectory

_SLOW = 50_000_000
"""Networks with more scored weights take most of a minute."""

Replayer = Callable[[Case, Precision, Report], None]


def replayer_of(case: Case) -> Replayer | None:
    """Give the replay of a case; None where it has none."""
    if "train_order" in case.inputs:
        return replay_trajectory
    if is_checkpoint_case(case):
        return replay_checkpoints
    return units.replayer_of(case)


def is_known(case: Case) -> bool:
    """Tell whether a case is of a known kind."""
    return replayer_of(case) is not None


def jobs_of(case: Case, *, fast: bool = False) -> tuple[Precision, ...]:
    """Give the precisions a case is replayed at.

    Args:
        case: the case.
        fast: leave out the slow and loose ones.
    """
    replayer = replayer_of(case)
    if replayer is None:
        return ()
    if replayer is replay_checkpoints:
        return ("f32",)
    if replayer is not replay_trajectory:
        return () if fast and case.settings.get("total", 0) > _SLOW else units.precisions_of(case)
    given: list[Precision] = [p for p in ("f32", "f64") if (case.folder / f"expected_{TARGET}_{p}.npz").is_file()]
    return tuple(p for p in given if not (fast and p == "f32" and is_large(case)))


def replay(case: Case, precision: Precision, tell: Callable[[Line], None]) -> None:
    """Replay a case and tell every line."""
    replayer = replayer_of(case)
    assert replayer is not None
    replayer(case, precision, Report(case.name, precision, tell))
