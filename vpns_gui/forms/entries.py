"""What a choice offers: entries in groups, each with a few words beside it, some that cannot be chosen and why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One value of a choice."""

    value: str
    text: str
    """What a person reads for it."""
    group: str = ""
    """The heading it stands under in the list; empty: none."""
    hint: str = ""
    """A few words at the end of its line."""
    off: str = ""
    """Why it cannot be chosen; empty where it can."""


@dataclass(frozen=True)
class Heading:
    """The title of a group."""

    text: str


Line = Entry | Heading


def lines_of(entries: Sequence[Entry], typed: str = "") -> tuple[Line, ...]:
    """Give the lines of a list: the entries that match what was typed, a heading before each group that has any.

    Every word typed must be in the name, the value or the group; case, spaces and punctuation do not count.
    """
    wanted = [_letters(word) for word in typed.split()]
    return tuple(_under_headings([entry for entry in entries if all(word in _searched(entry) for word in wanted)]))


def begins_with(text: str, typed: str) -> bool:
    """Tell whether a name begins with what was typed; case, spaces and punctuation do not count."""
    return _letters(text).startswith(_letters(typed))


def _under_headings(entries: Sequence[Entry]) -> Iterator[Line]:
    group = ""
    for entry in entries:
        if entry.group and entry.group != group:
            yield Heading(entry.group)
        group = entry.group
        yield entry


def _searched(entry: Entry) -> str:
    return "\n".join(_letters(text) for text in (entry.text, entry.value, entry.group))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
