"""A short name for the weights that a network holds."""

import hashlib

from torch import nn


def weights_sha256(network: nn.Module) -> str:
    """Give the SHA-256 (hexadecimal) of all floating-point tensors, in state-dict order, as little-endian bytes."""
    digest = hashlib.sha256()
    for value in network.state_dict().values():
        if value.is_floating_point():
            array = value.detach().cpu().contiguous().numpy()
            digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()
