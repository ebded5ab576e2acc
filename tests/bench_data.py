"""Speed of the data path alone, beside the released code's way: PIL transforms in two loaders of two worker processes each.

CIFAR-shaped pictures, read as both views of an iteration need them: the train view (resize, crop, mirror) and the prompt's
(resize). Also as small JPEG files, and the share of an iteration that is spent on data.

Shapes: N pictures.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from vpns_engine.datasets import Part
from vpns_engine.specs.data import DataSpec
from vpns_engine.training.feeds import Batch, Feed, ImageFeed
from vpns_engine.training.image_files import FileImages
from vpns_engine.training.images import HeldImages, ImageSource

SIDE, WORKERS = 32, 2
WANTED = {"cpu": 3, "cuda": 20}


class PilPictures(Dataset[tuple[Tensor, int]]):
    """Pictures through torchvision's PIL transforms, one at a time."""

    def __init__(self, pictures_N: np.ndarray, size: int, *, augmented: bool) -> None:
        self._pictures_N = pictures_N
        side = int(size * 9 / 8) if augmented else size
        extra = [transforms.RandomCrop(size), transforms.RandomHorizontalFlip()] if augmented else []
        rgb = transforms.Lambda(_rgb)
        self._transform = transforms.Compose([transforms.Resize((side, side)), *extra, rgb, transforms.ToTensor()])

    def __len__(self) -> int:
        return len(self._pictures_N)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._transform(Image.fromarray(self._pictures_N[index])), index % 10


def _rgb(picture: Image.Image) -> Image.Image:
    return picture.convert("RGB")


def cifar_shaped(count: int) -> np.ndarray:
    """Make pictures of 32 x 32 px."""
    return np.random.default_rng(7).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def feeds_of(source: ImageSource, count: int, size: int, batch_size: int) -> tuple[ImageFeed, ImageFeed]:
    """Give the two views of a run."""
    part = Part(np.arange(count), np.arange(count) % 10)
    data = DataSpec(image_size=size, batch_size=batch_size, flip=True)
    train = ImageFeed(source, part, data, source.device, 7, "train", augmented=True, shuffled=True)
    return train, ImageFeed(source, part, data, source.device, 7, "vp", augmented=False, shuffled=True)


def drained(feeds: tuple[Feed, Feed], epoch: int, device: torch.device) -> tuple[int, float]:
    """Read both views of an epoch to the end, and give pictures and seconds."""
    began, count = time.perf_counter(), 0
    for pair in zip(*(feed.batches("search", epoch) for feed in feeds), strict=True):
        count += sum(len(batch.y_B) for batch in pair)
        settle(device)
    return count, time.perf_counter() - began


def settle(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def by_pil(pictures_N: np.ndarray, size: int, batch_size: int, device: torch.device) -> tuple[int, float]:
    """Read both views with two loaders; their start is not counted."""
    views = [PilPictures(pictures_N, size, augmented=augmented) for augmented in (True, False)]
    pinned = device.type == "cuda"
    loaders = [DataLoader(view, batch_size, shuffle=True, num_workers=WORKERS, pin_memory=pinned) for view in views]
    passes = zip(*loaders, strict=True)
    for x, y in next(passes):
        x.to(device), y.to(device)
    began, count = time.perf_counter(), 0
    for pair in passes:
        for x, y in pair:
            count += len(y)
            x.to(device, non_blocking=True), y.to(device, non_blocking=True)
        settle(device)
    return count, time.perf_counter() - began


def compare(size: int, batch_size: int, count: int, device: torch.device, rounds: int = 3) -> None:
    """Print pictures a second, ours and PIL's, in turn; threads: as many as there are cores."""
    pictures, threads = cifar_shaped(count), torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    feeds = feeds_of(HeldImages(pictures, device), count, size, batch_size)
    drained(feeds, 0, device)
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(_rate(drained(feeds, 1 + number, device)))
        theirs.append(_rate(by_pil(pictures, size, batch_size, device)))
    torch.set_num_threads(threads)
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    print(
        f"data path  {SIDE} -> {size} px  batch {batch_size}, {device}, {os.cpu_count()} cores: {median(ours):,.0f} pictures/s,"
        f" PIL in 2 x {WORKERS} processes {median(theirs):,.0f}: {ratio:.1f} times; wanted {WANTED[device.type]}",
        flush=True,
    )


def compare_files(size: int, batch_size: int, count: int, device: torch.device) -> None:
    """Print pictures a second from JPEG files of 64 x 64 px: as they are decoded, and once they are kept."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{number}.jpg" for number in range(count)]
        for path, picture in zip(paths, cifar_shaped(count), strict=True):
            Image.fromarray(picture).resize((64, 64), Image.Resampling.BICUBIC).save(Path(path), quality=90)
        source = FileImages(paths, print, device)
        feeds = feeds_of(source, count, size, batch_size)
        first, later = (_rate(drained(feeds, epoch, device)) for epoch in (1, 2))
        source.close()
    print(f"data path  64 px JPEG files -> {size} px: {first:,.0f} pictures/s in epoch 1, {later:,.0f} later", flush=True)


def _rate(done: tuple[int, float]) -> float:
    count, seconds = done
    return count / seconds


def waiting_share(work: Callable[[Batch, Batch], None], feeds: tuple[Feed, Feed], device: torch.device, rounds: int) -> float:
    """Give the share of an iteration's time in which the network has nothing to do because its batches are not there."""
    passes = _endless(feeds)
    for _ in range(2):
        work(*next(passes))
    data, whole = 0.0, 0.0
    for _ in range(rounds):
        began = time.perf_counter()
        batches = next(passes)
        settle(device)
        data += time.perf_counter() - began
        work(*batches)
        settle(device)
        whole += time.perf_counter() - began
    return data / whole


def _endless(feeds: tuple[Feed, Feed]) -> Iterator[tuple[Batch, Batch]]:
    epoch = 0
    while True:
        epoch += 1
        yield from zip(*(feed.batches("search", epoch) for feed in feeds), strict=True)
