"""What a weights file says of itself before it is read: its header, without torch."""

from pathlib import Path

from safetensors import SafetensorError, safe_open

_CLASSIFIERS = ("fc.bias", "classifier.6.bias")
"""Biases of the classifiers of all architectures; a network has one of them."""


def num_classes_in(path: Path) -> int | None:
    """Read the number of classes off a .safetensors file's header; None where the file does not tell."""
    if path.suffix != ".safetensors":
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            name = next((name for name in _CLASSIFIERS if name in file.keys()), None)  # noqa: SIM118 - it is no mapping
            shape = file.get_slice(name).get_shape() if name else []
    except (OSError, SafetensorError):
        return None
    return int(shape[0]) if len(shape) == 1 else None
