"""Checkpoints of the released code for tests: written by our own writer from a run of a second, then changed as a test wants."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def changed(path: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Write a changed copy of a checkpoint."""
    content = dict(torch.load(path, weights_only=True))
    change(content)
    torch.save(content, target)
    return target
