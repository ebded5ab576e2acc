"""The report as tables, bars and sentences: the same in window, terminal and HTML. Plain data only."""

from dataclasses import dataclass, field
from typing import Literal

BarKind = Literal["dense", "pruned", "prompted"]
"""Of which network a bar is: the last one is the pruned one behind its prompt."""
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Table:
    """Rows of text below titles; columns from `first_number` on hold numbers."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    first_number: int = 1
    strong: frozenset[int] = frozenset()
    """Rows that stand out."""
    tip: str = ""
    """The term (see the window's list of terms) that its title is explained by."""


@dataclass(frozen=True)
class Bar:
    """One bar: a value, in words too, with the range that it varies in."""

    label: str
    value: float
    words: str
    kind: BarKind = "pruned"
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Group:
    """Bars that are compared with one another; the longest of them fills the width, or `full` does."""

    label: str
    bars: tuple[Bar, ...]
    full: float | None = None


@dataclass(frozen=True)
class Chart:
    """Groups of bars below a title."""

    name: str
    title: str
    groups: tuple[Group, ...]
    compact: bool = False
    """One line a group, the bars laid over one another: for many of them."""


@dataclass(frozen=True)
class Section:
    """A part of the report."""

    name: str
    title: str
    tables: tuple[Table, ...] = ()
    chart: Chart | None = None
    missing: str = ""
    """Why there is nothing; empty where there is."""


@dataclass(frozen=True)
class Headline:
    """One figure at a glance."""

    title: str
    value: str
    words: str
    """What it is held against."""


@dataclass(frozen=True)
class Saying:
    """Sentences below a heading."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    state: str
    measured: str
    """When, where and how; empty where nothing was measured yet."""
    warnings: tuple[str, ...] = ()
    """What speaks against trusting the figures."""
    headlines: tuple[Headline, ...] = ()
    sayings: tuple[Saying, ...] = ()
    sections: tuple[Section, ...] = field(default=())
