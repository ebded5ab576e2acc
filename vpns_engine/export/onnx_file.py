"""ONNX files: writing a network as one, and running one. What the extra `[onnx]` brings is loaded when it is first needed.

Shapes: B batch, C input side, N outputs.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vpns_engine.artifacts import FloatArray
from vpns_engine.errors import EngineError
from vpns_engine.export.onnx_extra import onnx_missing

__all__ = ["OnnxNetwork", "onnx_missing", "write_onnx"]

OPSET = 20
"""The version of ONNX's operators that is written; runtimes since early 2024 know it."""
IMAGES, LOGITS = "images", "logits"
"""What a file's input and output are called unless told otherwise."""
MOST_IN_ONE_FILE = 1_900_000_000
"""Bytes of weights; the format's container ends at 2 GiB, and larger ones stand in a second file, `<name>.data`."""


def write_onnx(
    network: nn.Module,
    example_input: Tensor,
    path: Path,
    *,
    input_name: str = IMAGES,
    output_name: str = LOGITS,
    about: Mapping[str, str] | None = None,
) -> None:
    """Write a network as an ONNX file with any number of images at once.

    Args:
        network: takes one tensor and gives one; it is written as in eval mode.
        example_input: two images or more, shape (B, 3, C, C): every other side is fixed to what it is here.
        path: the file; `<path>.data` stands beside it where the weights are too large for one file.
        input_name: what the input is called in the file.
        output_name: what the output is called.
        about: words that are kept in the file.

    Raises:
        EngineError: the extra is not installed, or torch cannot write this network.
        OSError: the file cannot be written.
    """
    if missing := onnx_missing(running=False):
        raise EngineError(missing)
    large = sum(value.nbytes for value in network.state_dict().values()) > MOST_IN_ONE_FILE
    program = _exported(network.eval(), example_input, input_name, output_name)
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()  # where in which source file it came from: of no use, with this machine's paths
    for key in [key for key in program.model.metadata_props if "trace" in key]:
        del program.model.metadata_props[key]
    program.model.metadata_props.update(about or {})
    program.save(str(path), external_data=large)


def _exported(network: nn.Module, example_input: Tensor, input_name: str, output_name: str) -> Any:  # noqa: ANN401
    try:
        # what the libraries say to each other about coming versions
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            return torch.onnx.export(
                network,
                (example_input,),
                dynamo=True,
                opset_version=OPSET,
                input_names=[input_name],
                output_names=[output_name],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                verbose=False,
            )
    except (torch.onnx.OnnxExporterError, RuntimeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise EngineError(f"torch cannot write this network as ONNX: {(lines or [type(error).__name__])[0][:300]}") from error


class OnnxNetwork:
    """An ONNX file that was opened, on the CPU."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        """Open a file.

        Raises:
            EngineError: the extra is not installed, or it is no such file.
        """
        if missing := onnx_missing():
            raise EngineError(missing)
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.log_severity_level = 4  # its errors are raised as well
        self._errors = _errors()
        try:
            self._session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        except self._errors as error:
            raise EngineError(f"{path.name} cannot be opened by ONNX Runtime: {_first_line(error)}") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise EngineError(f"{path.name} takes {len(inputs)} inputs instead of images alone")
        self._input = inputs[0].name

    def __call__(self, images_B3CC: FloatArray) -> FloatArray:
        """Give what the file computes, shape (B, N).

        Raises:
            EngineError: the file does not take such images, or gives something else than a row of numbers for each.
        """
        try:
            found: npt.NDArray[np.float32] = self._session.run(None, {self._input: images_B3CC})[0]
        except self._errors as error:
            raise EngineError(f"the ONNX file cannot be run: {_first_line(error)}") from error
        is_table = isinstance(found, np.ndarray) and found.dtype.kind == "f" and found.ndim == 2
        if not is_table or len(found) != len(images_B3CC):
            raise EngineError("the ONNX file gives something else than a row of numbers for each image")
        return found


def _errors() -> tuple[type[Exception], ...]:
    """Give what ONNX Runtime raises: its exceptions have no class in common but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*own, RuntimeError, ValueError, OSError)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
