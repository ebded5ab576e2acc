"""The recorded cases that come with the project, replayed through the engine."""

from pathlib import Path

import pytest

from tests.conformance.cases import Case, Precision, find_cases
from tests.conformance.report import Line
from tests.conformance.suite import jobs_of, replay

_FOLDER = Path(__file__).parent / "cases"
_MOST_WEIGHTS = 20_000_000
"""Larger networks are left to the command line."""


def _jobs() -> list[tuple[Case, Precision]]:
    small = (case for case in find_cases(_FOLDER) if case.settings.get("total", 0) <= _MOST_WEIGHTS)
    return [(case, precision) for case in small for precision in jobs_of(case)]


_JOBS = _jobs()


@pytest.mark.parametrize(("case", "precision"), _JOBS, ids=[f"{case.name}-{precision}" for case, precision in _JOBS])
def test_that_the_engine_gives_the_recorded_numbers(case, precision):
    lines: list[Line] = []
    replay(case, precision, lines.append)
    assert lines
    assert not [str(line) for line in lines if not line.holds]


def test_that_the_replay_notices_todays_clamp(monkeypatch):
    monkeypatch.setattr("vpns_engine.nn.prompts.clamp_unit", lambda x: x.clamp(0, 1))
    short = _short_lines("tiny_pad_in24_d10_fast")
    assert "search: sampled prompt entries" in short
    assert "initial scores" not in short


def test_that_the_replay_notices_a_mask_that_keeps_ties(monkeypatch):
    monkeypatch.setattr("vpns_engine.nn.sparse.mask_of", lambda score, threshold: score.abs() >= threshold)
    assert "first kept per layer" in _short_lines("tiny_pad_d50")


def _short_lines(name: str) -> list[str]:
    lines: list[Line] = []
    replay(Case(_FOLDER / "traj" / name), "f64", lines.append)
    return [line.quantity for line in lines if not line.holds]


def test_that_every_case_is_replayed():
    assert all(jobs_of(case) for case in find_cases(_FOLDER))
