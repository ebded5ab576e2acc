"""Work on a batch in pieces, by several threads on the CPU."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch


def in_pieces(work: Callable[[slice], None], count: int, piece: int, device: torch.device) -> None:
    """Do `work` on slices of a batch; on the CPU in as many threads as torch computes with, in each of which it computes alone.

    torch's own threads wait for each other after each operation. For work that is a row of short ones that takes many times as
    long as the work itself as soon as another program runs.

    Args:
        work: writes to its own slice only.
        count: pictures in the batch.
        piece: pictures in a slice.
        device: where the batch is.
    """
    slices = [slice(start, min(start + piece, count)) for start in range(0, count, piece)]
    threads = torch.get_num_threads()
    if device.type != "cpu" or min(threads, len(slices)) < 2:
        for here in slices:
            work(here)
        return
    # torch has one number of threads for all of a process: nobody else computes while a batch is made
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(min(threads, len(slices)), thread_name_prefix="pictures") as pool:
            list(pool.map(work, slices))
    finally:
        torch.set_num_threads(threads)
