"""Files that nobody wrote in good faith: bytes and JSON values of a real one, changed at random by hypothesis."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

VALUES = (
    None, True, False, 0, 1, -1, 2, 7, 10**6, 2**31, 2**63, 2**64, 10**40, 0.5, -0.5, 1e308, -1e308, 1e-320,
    float("nan"), float("inf"), float("-inf"), "", "0", "nan", "cpu", "../../etc/passwd", "/dev/zero", "a\x00b", "\x1b[2J",
    "\u202e", "line\nline", "x" * 20_000, "ß" * 300, "/".join("y" * 300), [], [[]], [0], [-1], [None], [1e308], ["x"],
    [10**30] * 3, [0] * 5000, {}, {"": ""}, {"kind": "step"}, {"a": {"b": {"c": []}}},
)  # fmt: skip
"""What stands in the place of a value; a copy of another value of the same file may as well."""
TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"\\", b"{", b"}", b"[" * 5000, b"]", b",", b":", b"\n", b"\r\n", b"NaN",
    b"1e999", b"-Infinity", b"9" * 5000, b'"\\ud800"', b"null", b'{"kind":"run-ended"}', b"PK\x03\x04", b"\x80\x04",
)  # fmt: skip


def changed_bytes(whole: bytes) -> st.SearchStrategy[bytes]:
    """Give a file's bytes with up to four changes: single bits, cuts, copies of other places, and what upsets parsers."""
    place = st.integers(0, len(whole))
    change = st.one_of(
        st.tuples(st.just(_flip), place, st.integers(0, 7)),
        st.tuples(st.just(_cut), place, st.integers(0, 64)),
        st.tuples(st.just(_end), place, st.just(0)),
        st.tuples(st.just(_copy), place, place),
        st.tuples(st.just(_insert), place, st.sampled_from(TOKENS)),
    )
    return st.lists(change, min_size=1, max_size=4).map(lambda changes: _changed(whole, changes))


def _changed(whole: bytes, changes: list[tuple[Callable[..., bytes], int, Any]]) -> bytes:
    for change, place, more in changes:
        whole = change(whole, min(place, len(whole)), more)
    return whole


def _flip(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :] if place < len(data) else data


def _cut(data: bytes, place: int, length: int) -> bytes:
    return data[:place] + data[place + length :]


def _end(data: bytes, place: int, _none: int) -> bytes:
    return data[:place]


def _copy(data: bytes, place: int, source: int) -> bytes:
    return data[:place] + data[source : source + 256] + data[place:]


def _insert(data: bytes, place: int, token: bytes) -> bytes:
    return data[:place] + token + data[place:]


def changed_values(whole: Any) -> st.SearchStrategy[Any]:
    """Give JSON values with up to three of them replaced, left out, or repeated."""
    places = tuple(_places(whole))
    others = st.sampled_from(VALUES) | st.sampled_from(places).map(lambda place: _at(whole, place))
    change = st.tuples(st.sampled_from(places), st.sampled_from(("replace", "leave out", "repeat")), others)
    return st.lists(change, min_size=1, max_size=3).map(lambda changes: _with(whole, changes))


def _places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield here
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*here, key))


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def _with(whole: Any, changes: list[tuple[tuple[Any, ...], str, Any]]) -> Any:
    whole = deepcopy(whole)
    for place, kind, another in changes:
        value = deepcopy(another)
        if not place:
            whole = value
            continue
        try:
            holder = _at(whole, place[:-1])
            if kind == "replace":
                holder[place[-1]] = value
            elif kind == "leave out":
                del holder[place[-1]]
            elif isinstance(holder, list):
                holder.insert(place[-1], value)
            else:
                holder[f"{place[-1]}_"] = value
        except (KeyError, IndexError, TypeError):  # a change before took this place away
            continue
    return whole


def as_json(value: Any) -> bytes:
    """Write values as JSON; NaN and lone surrogates as Python's own writer does."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


SECONDS = 1.0
"""More than enough to read, or to refuse, a small folder."""
_ALWAYS = settings(database=None, deadline=None, print_blob=False, suppress_health_check=list(HealthCheck))
FEW = settings(_ALWAYS, max_examples=25, derandomize=True)
MANY = settings(_ALWAYS, max_examples=500)


@contextmanager
def replaced(path: Path, content: bytes) -> Iterator[None]:
    """Put other content into a file for a while."""
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(whole)


@contextmanager
def only_a_moment() -> Iterator[None]:
    """Hold what is done to a second of this process's time, however busy the machine is."""
    began = time.process_time()
    yield
    assert time.process_time() - began < SECONDS
