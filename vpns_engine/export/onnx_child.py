"""Writes the ONNX files of an export, in a process of its own: `python -m vpns_engine.export.onnx_child PLACE`.

Shapes: B images, S image side, C canvas side.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from vpns_engine.errors import EngineError
from vpns_engine.export.child import end_with_parent, tell
from vpns_engine.export.onnx_file import write_onnx
from vpns_engine.export.onnx_parts import PROMPT, REQUEST, STATE
from vpns_engine.export.weights import unmodified
from vpns_engine.files import explain, explained


class FromPixels(nn.Module):
    """A network with what comes before it: canvas, prompt and clamp where there is a prompt, then normalisation."""

    def __init__(self, network: nn.Module, request: dict[str, Any], added_3CC: Tensor | None) -> None:
        super().__init__()
        self.network = network
        self.margins = (request["left"], request["right"]) * 2
        self.added_3CC: Tensor | None
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("added_3CC", added_3CC)
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(request[name], dtype=torch.float32).view(1, 3, 1, 1))

    def forward(self, x_B3SS: Tensor) -> Tensor:
        """Give the network's outputs for images in [0, 1]."""
        x = x_B3SS
        if self.added_3CC is not None:
            x = (nn.functional.pad(x, self.margins) + self.added_3CC).clamp(0, 1)
        logits: Tensor = self.network((x - self.mean) / self.std)
        return logits


def main(place: Path) -> None:
    """Write every file that is asked for.

    Raises:
        EngineError: torch cannot write this network, the extra is not installed, or there is no room.
    """
    request = json.loads((place / REQUEST).read_text(encoding="utf-8"))
    torch.set_num_threads(request["threads"])
    arrays = {name: value.numpy() for name, value in load_file(place / STATE).items()}
    network = unmodified(request["architecture"], request["num_outputs"], arrays)
    for number, part in enumerate(request["parts"]):
        tell(place, f"Writing {part['file']}", number / len(request["parts"]))
        prompted = part["input"] == "pixels" and part["views"] == ["prompted"]
        added = load_file(place / PROMPT)["added"] if prompted else None
        whole = FromPixels(network, request, added).eval() if part["input"] == "pixels" else network
        example = torch.rand(2, 3, part["size"], part["size"])
        about = {"input": part["input"], "views": " ".join(part["views"])}
        with explained(Path(request["folder"]).parent):  # the folder itself is a hidden one, until all is done
            write_onnx(whole, example, Path(request["folder"]) / part["file"], about=about)


if __name__ == "__main__":
    end_with_parent()
    try:
        main(Path(sys.argv[1]))
    except EngineError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(explain(error, Path(error.filename or sys.argv[1])))
