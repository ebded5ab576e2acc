"""Begins work before its result is needed."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def begun_ahead(works: Iterable[Callable[[], T]], ahead: int) -> Iterator[T]:
    """Give the results in their order; taking a piece of work from `works` begins it, calling it waits for its result.

    Args:
        works: pieces of work, begun as they are taken.
        ahead: how many are under way while a result is used.
    """
    waiting: deque[Callable[[], T]] = deque()
    for work in works:
        waiting.append(work)
        if len(waiting) > ahead:
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()
