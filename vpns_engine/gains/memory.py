"""The most memory a fresh process has while a batch passes the network: `python -m vpns_engine.gains.memory REQUEST`."""

import json
import sys
from pathlib import Path

import psutil
import torch
from pydantic import BaseModel, ConfigDict
from safetensors.torch import load_file

from vpns_engine.nn.models import blank_network, versioned

BATCH = 32


class MemoryRequest(BaseModel):
    """What is passed through what."""

    model_config = ConfigDict(frozen=True)

    architecture: str
    num_source: int
    weights: Path
    """A plain state dict."""
    batch: Path
    """`x`, what the network gets."""
    device: str
    threads: int


def peak_bytes() -> int:
    """Give the most memory that this process had so far.

    Not `ru_maxrss` on Linux: a new process inherits that of the one that began it.
    """
    if sys.platform.startswith("linux"):
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    if sys.platform == "win32":
        found: int = psutil.Process().memory_info().peak_wset
        return found
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def pass_one_batch(request: MemoryRequest) -> dict[str, int]:
    """Load a network and pass one batch: the `peak`, and what the process had `before`, in bytes."""
    torch.set_num_threads(request.threads)
    on_gpu = request.device != "cpu"
    before = 0 if on_gpu else peak_bytes()
    network = blank_network(request.architecture, request.num_source)
    network.load_state_dict(versioned(network, load_file(request.weights)), strict=True, assign=True)
    network.eval().to(request.device)
    batch = load_file(request.batch)["x"].to(request.device)
    with torch.inference_mode():
        network(batch)
    return {"before": before, "peak": int(torch.cuda.max_memory_allocated()) if on_gpu else peak_bytes()}


def main() -> None:
    """Do what the request says; the last line that is printed is the answer."""
    request = MemoryRequest.model_validate_json(Path(sys.argv[1]).read_bytes())
    print(json.dumps(pass_one_batch(request)), flush=True)


if __name__ == "__main__":
    main()
