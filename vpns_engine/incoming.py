"""What a server answers, read in a thread of its own: whoever waits for it is never held up."""

import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException

CHUNK = 1 << 18
_TIMEOUT_SECONDS = 30
_TICK_SECONDS = 0.2
_CHUNKS_AHEAD = 8


@dataclass(frozen=True)
class Head:
    """The start of an answer: its status, and its headers under names in lower case."""

    status: int
    headers: Mapping[str, str]


class LostConnection(Exception):  # noqa: N818 - the reason, in words, for whoever makes a line of it
    """No answer came, or not all of it."""


def receive(url: str, headers: Mapping[str, str]) -> Generator[Head | bytes | None]:
    """Ask for `url` and give the answer: its head first, then its content; None when nothing came for a moment.

    Proxies come from the environment. To close the iterator gives up.

    Raises:
        LostConnection: no network, no such server, or the connection broke.
    """
    arrived: queue.Queue[Head | bytes | Exception | None] = queue.Queue(_CHUNKS_AHEAD)
    given_up = threading.Event()

    def put(item: Head | bytes | Exception | None) -> None:
        while not given_up.is_set():
            try:
                arrived.put(item, timeout=_TICK_SECONDS)
                break
            except queue.Full:
                continue

    def read() -> None:
        try:
            for item in _answer(urllib.request.Request(url, headers=dict(headers))):
                put(item)
                if given_up.is_set():
                    return
            put(None)
        except (OSError, HTTPException, ValueError) as error:
            put(error)

    threading.Thread(target=read, name="download", daemon=True).start()
    try:
        yield from _items(arrived)
    finally:
        given_up.set()


def _items(arrived: "queue.Queue[Head | bytes | Exception | None]") -> Iterator[Head | bytes | None]:
    while True:
        try:
            item = arrived.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            yield None
            continue
        if isinstance(item, Exception):
            raise LostConnection(_reason(item)) from item
        if item is None:
            return
        yield item


def _answer(request: urllib.request.Request) -> Iterator[Head | bytes]:
    # an opener of its own each time: the shared one keeps the proxies of the first time
    try:
        answer = urllib.request.build_opener().open(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            yield Head(error.code, {name.lower(): value for name, value in error.headers.items()})
        return
    with answer:
        yield Head(answer.status, {name.lower(): value for name, value in answer.headers.items()})
        while chunk := answer.read1(CHUNK):  # what is there, not waiting for more
            yield chunk


def _reason(error: Exception) -> str:
    """Give the reason in one line; urllib wraps the one that matters."""
    inner = getattr(error, "reason", error)
    text = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    return " ".join(str(text).split())
