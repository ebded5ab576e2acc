"""Files of weights before they are read: where torchvision's are kept, and what a file's header says. Without torch."""

import os
from pathlib import Path

from safetensors import SafetensorError, safe_open

from vpns_engine.catalogue import catalogue
from vpns_engine.files import expanded
from vpns_engine.folders import cache_folder


def weights_folders() -> tuple[Path, ...]:
    """Give the folders where torchvision's own files are looked for, the first first.

    `VPNS_WEIGHTS` (for machines without a network), our downloads, and the ones of torch itself.
    """
    given = os.environ.get("VPNS_WEIGHTS")
    return (*((expanded(given),) if given else ()), _downloads(), _torch_downloads())


def find_weights(architecture: str) -> Path | None:
    """Find the file of an architecture's pre-trained weights; None where it is nowhere, or the weights are bundled."""
    name = catalogue()[architecture].file_name
    return next((path for folder in weights_folders() if name and (path := folder / name).is_file()), None)


def download_path(architecture: str) -> Path:
    """Give the place a download is kept at."""
    return _downloads() / catalogue()[architecture].file_name


def num_classes_in(path: Path, architecture: str) -> int | None:
    """Read the number of classes off a .safetensors file's header; None where the file does not tell."""
    if path.suffix != ".safetensors":
        return None
    name = f"{catalogue()[architecture].classifier}.weight"
    try:
        with safe_open(path, framework="numpy") as file:
            shape = file.get_slice(name).get_shape()
    except (OSError, SafetensorError):
        return None
    return int(shape[0]) if len(shape) > 1 else None


def _downloads() -> Path:
    return cache_folder() / "weights"


def _torch_downloads() -> Path:
    """Give torch.hub's folder, by the rule torch.hub documents."""
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or Path(caches) / "torch"
    return expanded(str(home)) / "hub" / "checkpoints"
