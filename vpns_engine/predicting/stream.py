"""Predictions one after another: pictures are decoded ahead of the network, batch by batch.

Shapes: N images, S image side, T classes.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vpns_engine.errors import EngineError
from vpns_engine.looking import Report
from vpns_engine.predicting import Chances, Prediction, Subject
from vpns_engine.predicting.pictures import Unreadable
from vpns_engine.training.prefetch import begun_ahead

_BATCH = 32
_AHEAD = 2
"""Batches that are decoded while another one is predicted."""
_MOST_WORKERS = 4
"""A large photograph takes some hundred megabytes while it is decoded."""

_Item = Path | Unreadable
_Pixels = npt.NDArray[np.uint8]
_Read = tuple[_Item, _Pixels | str]
"""A file, and its picture or why there is none."""


def predicted(
    subject: Subject, paths: Sequence[_Item], *, top: int, report: Report, cancelled: Callable[[], bool]
) -> Iterator[Prediction]:
    """See `predict_pictures`."""
    pool = ThreadPoolExecutor(min(_MOST_WORKERS, os.cpu_count() or 1), thread_name_prefix="decode")
    done, total = 0, len(paths)
    try:
        for batch in begun_ahead(_begun(subject, paths, pool, cancelled), _AHEAD):
            if cancelled():
                return
            for prediction in _of_batch(subject, batch, top):
                yield prediction
                done += 1
                if cancelled():
                    return
            report(f"Predicting: {done:,} of {total:,} pictures", done / max(1, total))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begun(
    subject: Subject, paths: Sequence[_Item], pool: ThreadPoolExecutor, cancelled: Callable[[], bool]
) -> Iterator[Callable[[], list[_Read]]]:
    for first in range(0, len(paths), _BATCH):
        here = paths[first : first + _BATCH]
        reading = [pool.submit(_read, subject, item) for item in here]
        yield _waiter(here, reading, cancelled)


def _waiter(
    items: Sequence[_Item], reading: list[Future[_Pixels | str]], cancelled: Callable[[], bool]
) -> Callable[[], list[_Read]]:
    def wait() -> list[_Read]:
        found: list[_Read] = []
        for item, future in zip(items, reading, strict=True):
            if cancelled():
                break
            found.append((item, future.result()))
        return found

    return wait


def _read(subject: Subject, item: _Item) -> _Pixels | str:
    if isinstance(item, Unreadable):
        return item.problem
    try:
        return subject.read(item)
    except EngineError as error:
        # it is named beside its problem
        return str(error).removeprefix(f"{item.name}: ").removeprefix(f"{item}: ")
    except MemoryError:
        return "there is not enough memory for a picture of this size"


def _of_batch(subject: Subject, batch: Sequence[_Read], top: int) -> Iterator[Prediction]:
    """Predict the pictures of a batch, and give these and the others in their order."""
    pictures = [picture for _, picture in batch if not isinstance(picture, str)]
    chances = _chances(subject, np.stack(pictures), top) if pictures else iter(())
    for item, picture in batch:
        path = item if isinstance(item, Path) else item.path
        if isinstance(picture, str):
            yield Prediction(path, (), None, picture)
        else:
            yield Prediction(path, *next(chances))


def _chances(subject: Subject, images_N3SS: _Pixels, top: int) -> Iterator[tuple[Chances, Chances | None]]:
    plain = _best(subject, subject.predict(images_N3SS, False), top)
    prompted = _best(subject, subject.predict(images_N3SS, True), top) if subject.has_prompt else [None] * len(plain)
    return zip(plain, prompted, strict=True)


def _best(subject: Subject, chances_NT: npt.NDArray[np.float32], top: int) -> list[Chances]:
    count = max(1, min(top, chances_NT.shape[1]))
    order_Nk = np.argsort(-chances_NT, axis=1, kind="stable")[:, :count]
    return [
        tuple((subject.classes[number], float(row[number])) for number in order.tolist())
        for row, order in zip(chances_NT, order_Nk, strict=True)
    ]
