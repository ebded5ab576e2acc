"""Image files, decoded by threads ahead of time and kept while there is room.

Shapes: B batch, R side after resizing, H height, W width.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vpns_engine.errors import EngineError
from vpns_engine.training.decode import BrokenPictureError, decode, size_of
from vpns_engine.training.images import CPU, ImageSource, Shown, room_on, to_device
from vpns_engine.training.shelf import Shelf
from vpns_engine.training.transforms import Cuts, Ids, resized, whole_picture

_LEAST_ROOM = 1 << 30
_MEMORY_SHARE = 8
"""The part of the machine's memory that pictures may fill: one of so many."""
_PROBES = 16
"""Files that are looked at to see whether all pictures have one size."""
_MOST_WORKERS = 16
_CGROUP = Path("/sys/fs/cgroup")
_OF_THE_FILE = (errno.ENOENT, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL)
_LIMIT_FILES = ("memory.max", "memory/memory.limit_in_bytes")


Group = tuple[Ids, Tensor]
"""Positions of a batch, and their pictures: uint8, of one size, on the device."""


class FileImages(ImageSource):
    """Pictures in files. A file that cannot be read is reported once, by name, and skipped from then on.

    What is kept is the smaller of two: the picture as it is, where all have one size, else the resized one. The pixels do not
    depend on the number of workers, nor on what is kept.
    """

    ahead = 2

    def __init__(
        self,
        paths: Sequence[str],
        warn: Callable[[str], None],
        device: torch.device = CPU,
        *,
        workers: int = 0,
        room: int | None = None,
    ) -> None:
        """Open nothing but a few heads.

        Args:
            paths: the files; an id is a position.
            warn: told of each broken file, once.
            device: where batches and, while there is room, pictures go.
            workers: threads that decode; 0: as many as the machine has cores.
            room: bytes that may be kept; None: a part of what the device, or the machine, has.
        """
        super().__init__(device)
        self._paths = paths
        self._warn = warn
        self._pool = ThreadPoolExecutor(workers or min(_MOST_WORKERS, os.cpu_count() or 1), thread_name_prefix="decode")
        self._collector = ThreadPoolExecutor(1, thread_name_prefix="collect")
        self._room = _room(device) if room is None else room
        self._own = _common_size(paths)
        self._shelves: dict[tuple[int, int], Shelf] = {}

    @property
    def room(self) -> int:
        """See `ImageSource`."""
        return sum(shelf.nbytes for shelf in self._shelves.values())

    @property
    def kept_share(self) -> float:
        """See `ImageSource`."""
        return min((shelf.share for shelf in self._shelves.values()), default=1.0)

    def fetch(self, ids_B: Ids, side: int) -> Shown:
        """See `ImageSource`."""
        x, good = self.begin(ids_B, whole_picture(ids_B.size, side))()
        return (x * 255).round_().to(torch.uint8), good

    def begin(self, ids_B: Ids, cuts: Cuts) -> Callable[[], Shown]:
        """See `ImageSource`."""
        shape = self._kept_shape(cuts.side)
        shelf = self._shelf(shape)
        here = shelf.has(ids_B)
        wanted = [place for place in np.flatnonzero(~here).tolist() if int(ids_B[place]) not in self.broken]
        decoding = {place: self._pool.submit(self._picture, int(ids_B[place]), shape, cuts.side) for place in wanted}
        collecting = self._collector.submit(self._collect, decoding, shape)
        kept = np.flatnonzero(here)

        def wait() -> Shown:
            alike, others = collecting.result()
            shelf.put(ids_B[alike[0]], alike[1])
            return self._joined([(kept, shelf.take(ids_B[kept])), alike, others], cuts)

        return wait

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._collector.shutdown(wait=False, cancel_futures=True)

    def _collect(self, decoding: dict[int, Future[Tensor | None]], shape: tuple[int, int]) -> tuple[Group, Group]:
        """Wait, in a thread, for a batch's pictures and bring them to the device: those of the kept shape, and others."""
        found = {place: picture for place, future in decoding.items() if (picture := future.result()) is not None}
        alike = {place: picture for place, picture in found.items() if picture.shape[1:] == shape}
        others = {place: picture for place, picture in found.items() if place not in alike}
        return self._group(alike), self._group(others)

    def _group(self, pictures: dict[int, Tensor]) -> Group:
        if not pictures:
            return np.empty(0, dtype=np.int64), torch.empty(0, 3, 1, 1, dtype=torch.uint8, device=self.device)
        whole = torch.from_numpy(np.stack([picture.numpy() for picture in pictures.values()]))
        return np.array(list(pictures)), to_device(whole, self.device)

    def _joined(self, groups: list[Group], cuts: Cuts) -> Shown:
        """Show each group, and bring all into the batch's order."""
        groups = [(places, pictures) for places, pictures in groups if places.size]
        parts = [self.show(pictures, cuts.at(places)) for places, pictures in groups]
        if not parts:
            return torch.empty(0, 3, cuts.size, cuts.size, device=self.device), np.empty(0, dtype=np.int64)
        places = np.concatenate([places for places, _ in groups])
        if len(parts) == 1:
            return parts[0], places
        order = np.argsort(places)
        return torch.cat(parts)[torch.from_numpy(order).to(self.device)], places[order]

    def _picture(self, index: int, shape: tuple[int, int], side: int) -> Tensor | None:
        """Decode one file, in a worker thread: as it is where it has the shape that is kept, else resized."""
        try:
            picture = decode(self._paths[index])
        except BrokenPictureError as error:
            self._check_set(Path(self._paths[index]), error)
            self._skip(index, str(error))
            return None
        picture = picture if picture.shape[1:] == shape else resized(picture, side)
        # by numpy: torch would start threads of its own in each worker
        return torch.from_numpy(np.ascontiguousarray(picture.numpy()))

    def _check_set(self, path: Path, error: BrokenPictureError) -> None:
        """Tell a picture that is broken, and can be done without, from a set that went away: that would change the result.

        Raises:
            EngineError: the picture's folder is gone, or the system cannot read it for another reason than the file itself.
        """
        folder = path.parent
        if error.number and not os.path.isdir(folder):  # noqa: PTH112 - pathlib's raises where one may not look
            raise EngineError(f"the images are gone: {folder} is not there; bring it back, then resume")
        if error.number and error.number not in _OF_THE_FILE:
            raise EngineError(f"the images cannot be read any more: {path}: {error}; see to that, then resume")

    def _skip(self, index: int, reason: str) -> None:
        if index not in self.broken:
            self.broken.add(index)
            self._warn(f"skipped broken image {Path(self._paths[index]).name}: {reason} ({len(self.broken)} skipped so far)")

    def _kept_shape(self, side: int) -> tuple[int, int]:
        own = self._own
        return own if own is not None and own[0] * own[1] <= side * side else (side, side)

    def _shelf(self, shape: tuple[int, int]) -> Shelf:
        if shape not in self._shelves:
            rows = min(len(self._paths), self._room // (3 * shape[0] * shape[1]))
            self._shelves[shape] = Shelf(len(self._paths), shape, rows, self.device)
            self._room -= self._shelves[shape].nbytes
        return self._shelves[shape]


def _common_size(paths: Sequence[str]) -> tuple[int, int] | None:
    """Give height and width that all pictures seem to have: those of a few files from all over the set."""
    probes = sorted({int(place) for place in np.linspace(0, len(paths) - 1, min(_PROBES, len(paths)))})
    sizes = {size for place in probes if (size := size_of(paths[place])) is not None}
    return sizes.pop() if len(sizes) == 1 else None


def _room(device: torch.device) -> int:
    if device.type == "cuda":
        return room_on(device)
    memory = _memory()
    room = max(_LEAST_ROOM, memory // _MEMORY_SHARE)
    return min(room, memory // 4) if memory else room


def _memory() -> int:
    """Bytes of memory this process may use; 0 where the machine does not say."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return 0
    return min([os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), *_limits(_CGROUP)])


def _limits(folder: Path) -> Iterator[int]:
    """Give what a container or a job scheduler leaves this process (Linux control groups); nothing where there is no limit."""
    for name in _LIMIT_FILES:
        try:
            text = (folder / name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal():
            yield int(text)
