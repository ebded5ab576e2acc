"""Digests of arrays, as they were recorded."""

import hashlib

import numpy as np

from tests.conformance.cases import Array


def sha256(array: Array) -> str:
    """SHA-256 over an array's little-endian bytes in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()
