"""Re-read an export in a fresh process: `python verify.py FOLDER REQUEST ANSWER`.

Imports nothing of this project, only what lies in the exported folder, so that it sees what its reader will see.

Shapes: B pictures, S image side, K task classes.
"""

import contextlib
import importlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open

FILES = ("model.safetensors", "model.pt")


def main(folder: Path, request: Path, answer: Path) -> None:
    """Load both model files through the export's own example and write the logits and counts to `answer` (npz)."""
    with np.load(request) as file:
        pictures_B3SS, threads = file["pictures"], int(file["threads"])
    torch.set_num_threads(threads)
    sys.path.insert(0, str(folder))
    example = importlib.import_module("example")
    x_B3SS = torch.from_numpy(pictures_B3SS).float() / 255
    found: dict[str, Any] = {}
    for name in FILES:
        found.update({f"{name}/{view}": logits for view, logits in logits_of(example, name, x_B3SS).items()})
    found["layers"] = np.array(json.dumps(count_layers(folder)))
    found["picture"] = read_back(example, pictures_B3SS[0], answer.with_name("picture.png"))
    np.savez(answer, **found)


def logits_of(example: Any, name: str, x_B3SS: torch.Tensor) -> dict[str, np.ndarray]:  # noqa: ANN401
    """Give the task's logits of one model file, without and (where there is one) with the prompt, shape (B, K)."""
    network = example.load(name)
    with torch.inference_mode():
        views = {"plain": example.logits(network, example.plain(x_B3SS))}
        if hasattr(example, "prompted"):
            views["prompted"] = example.logits(network, example.prompted(x_B3SS))
    return {view: logits_BK.numpy() for view, logits_BK in views.items()}


def count_layers(folder: Path) -> dict[str, tuple[int, int]]:
    """Count, in the written file, each scored layer's weights that are not 0, and those of them that the mask prunes."""
    counts = {}
    with (
        safe_open(folder / "model.safetensors", framework="numpy") as model,
        safe_open(folder / "masks.safetensors", framework="numpy") as masks,
    ):
        entries = set(model.keys())
        for layer in masks.keys():  # noqa: SIM118 - not a dictionary
            names = (f"{layer}.weight", f"{layer}.in_proj_weight", layer)
            weight = model.get_tensor(next(name for name in names if name in entries)).reshape(-1)
            kept = np.unpackbits(masks.get_tensor(layer), count=weight.size).astype(bool)
            counts[layer] = (int(np.count_nonzero(weight)), int(np.count_nonzero(weight[~kept])))
    return counts


def read_back(example: Any, picture_3SS: np.ndarray, path: Path) -> np.ndarray:  # noqa: ANN401
    """Run the example as a person would, on a picture file; give what it read from that file."""
    Image.fromarray(np.ascontiguousarray(picture_3SS.transpose(1, 2, 0))).save(path)
    with contextlib.redirect_stdout(io.StringIO()):
        example.main(str(path))
    x_13SS: torch.Tensor = example.read(path)
    return x_13SS.numpy()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
