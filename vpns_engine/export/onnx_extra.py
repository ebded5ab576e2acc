"""Whether the extra `[onnx]` is installed. Importing this does not import torch."""

from importlib.util import find_spec

_WRITE, _RUN = ("onnx", "onnxscript"), ("onnxruntime",)


def onnx_missing(*, running: bool = True) -> str:
    """Say in one line what has to be installed to write (and run) ONNX files; empty where it is there."""
    names = [name for name in (*_WRITE, *(_RUN if running else ())) if find_spec(name) is None]
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    return f"{', '.join(names)} {verb} not installed: ONNX files need the extra [onnx] (pip install \"vpns-studio[onnx]\")"
