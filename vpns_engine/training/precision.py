"""What the network's passes compute in: float32 or mixed precision, and the order of an image's values in memory.

Only the passes through the network are touched: scores, thresholds, losses and updates are float32 whatever is in force.

Shapes: B batch, C channels, H height, W width, S source classes.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from vpns_engine.specs.run import RunConfig


@dataclass(frozen=True)
class Computing:
    """How a network's passes are made. The parameters keep their layout; only inputs change theirs."""

    precision: Literal["float32", "bf16"] = "float32"
    channels_last: bool = False

    def logits(self, network: nn.Module, x_BCHW: Tensor) -> Tensor:
        """Make a forward pass; the source logits (B, S) come in the input's precision."""
        if self.channels_last:
            x_BCHW = x_BCHW.contiguous(memory_format=torch.channels_last)
        if self.precision == "float32":
            logits_BS: Tensor = network(x_BCHW)
            return logits_BS
        with torch.autocast(x_BCHW.device.type, dtype=torch.bfloat16):
            logits_BS = network(x_BCHW)
        return logits_BS.to(x_BCHW.dtype)


PLAIN = Computing()
"""float32, channels first."""


def in_force(config: RunConfig, device: torch.device) -> Computing:
    """Give what a config means on a device: `auto` is fast on a CUDA GPU and plain elsewhere, protocol 'paper' always plain."""
    if config.data.protocol == "paper":
        return PLAIN
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    bf16 = has_bf16 if config.precision == "auto" else config.precision == "bf16"
    last = device.type == "cuda" if config.channels_last == "auto" else config.channels_last == "on"
    return Computing("bf16" if bf16 else "float32", last)
