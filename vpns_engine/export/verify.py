"""Re-read an export in a fresh process: `python verify.py FOLDER PLACE`.

Imports nothing of this project, only what lies in the exported folder, so that it sees what its reader will see. PLACE holds
`request.npz` and takes `answer.npz`.

Shapes: B pictures, S image side, K task classes.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors import safe_open

CHUNK = 4
"""Pictures that go through a network at once."""


def main(folder: Path, place: Path) -> None:
    """Load each file as the export's own examples do; write logits, counts and a picture that was read back."""
    with np.load(place / "request.npz") as file:
        request = {name: file[name] for name in file.files}
    asked = json.loads(str(request["asked"]))
    sys.path.insert(0, str(folder))
    steps = Steps(place, len(asked["states"]) + len(asked["onnx"]) + 1)
    found: dict[str, Any] = {}
    if asked["states"]:
        read_states(request, asked, steps, found)
    if asked["onnx"]:
        run_onnx(request["pictures"], asked, steps, found)
    if asked["states"] or asked["onnx"]:
        steps.next("Reading a picture back")
        example = importlib.import_module("example" if asked["states"] else "example_onnx")
        found["picture"] = read_back(example, request["pictures"][0], place / "picture.png")
    if asked["masks"]:
        found["wrong_masks"] = np.array(json.dumps(wrong_masks(folder, request)))
    np.savez(place / "answer.npz", **found)


class Steps:
    """Says how far it is, in a file."""

    def __init__(self, place: Path, count: int) -> None:
        self._place, self._count, self._done = place, count, 0

    def next(self, text: str) -> None:
        """Begin the next step."""
        beside = self._place / ".progress.txt"
        beside.write_text(f"{self._done / self._count:.4f} {text}", encoding="utf-8")
        beside.replace(self._place / "progress.txt")
        self._done += 1


def read_states(request: Mapping[str, Any], asked: Mapping[str, Any], steps: Steps, found: dict[str, Any]) -> None:
    """Load each state dict through the example: its logits, and each layer's weights that are not 0."""
    for name in asked["states"]:
        steps.next(f"Opening {name} in a fresh process")  # said before torch is loaded, most of the work as a rule
        example = importlib.import_module("example")
        network = example.load(name)
        for view in asked["views"]:
            found[f"{name}/{view}"] = logits_of(example, network, view, request["pictures"], asked["threads"])
        state = {entry: value.numpy() for entry, value in network.state_dict().items()}
        found[f"{name}/layers"] = np.array(json.dumps(count_layers(state, request, asked["entries"])))


def logits_of(example: Any, network: Any, view: str, pictures_B3SS: np.ndarray, threads: int) -> np.ndarray:  # noqa: ANN401
    """Give the task's logits as the example computes them, a few pictures at a time."""
    import torch

    torch.set_num_threads(threads)
    parts = []
    for start in range(0, len(pictures_B3SS), CHUNK):
        x_B3SS = torch.from_numpy(pictures_B3SS[start : start + CHUNK]).float() / 255
        with torch.inference_mode():
            parts.append(example.logits(network, getattr(example, view)(x_B3SS)).numpy())
    return np.concatenate(parts)


def count_layers(
    state: Mapping[str, Any], request: Mapping[str, Any], entries: Mapping[str, str]
) -> dict[str, tuple[int, int]]:
    """Count each scored layer's weights that are not 0, and those of them that the mask prunes."""
    counts = {}
    for layer, entry in entries.items():
        weight = state[entry].reshape(-1)
        kept = np.unpackbits(request[f"bits/{layer}"], count=weight.size).astype(bool)
        counts[layer] = (int(np.count_nonzero(weight)), int(np.count_nonzero(weight[~kept])))
    return counts


def run_onnx(pictures_B3SS: np.ndarray, asked: Mapping[str, Any], steps: Steps, found: dict[str, Any]) -> None:
    """Run each ONNX file through its example, with all pictures at once and with one."""
    example = importlib.import_module("example_onnx")
    x_B3SS = pictures_B3SS.astype(np.float32) / np.float32(255)
    for part in asked["onnx"]:
        steps.next(f"Running {part['file']} in a fresh process")
        for view in part["views"]:
            found[f"{part['file']}/{view}"] = example.logits(x_B3SS, view)
            found[f"{part['file']}/{view}/one"] = example.logits(x_B3SS[:1], view)


def wrong_masks(folder: Path, request: Mapping[str, Any]) -> list[str]:
    """Name the layers whose bits are not those they should be, and those that are missing or too many."""
    expected = {name.removeprefix("bits/"): bits for name, bits in request.items() if name.startswith("bits/")}
    with safe_open(folder / "masks.safetensors", framework="numpy") as file:
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    both = expected.keys() & found.keys()
    return sorted(
        (expected.keys() ^ found.keys()) | {layer for layer in both if not np.array_equal(expected[layer], found[layer])}
    )


def read_back(example: Any, picture_3SS: np.ndarray, path: Path) -> np.ndarray:  # noqa: ANN401
    """Run the example as a person would, on a picture file; give what it read from that file."""
    Image.fromarray(np.ascontiguousarray(picture_3SS.transpose(1, 2, 0))).save(path)
    with contextlib.redirect_stdout(io.StringIO()):
        example.main(str(path))
    return np.asarray(example.read(path))


def end_with_parent() -> None:
    """End once whoever began this is gone: the input ends then. Not by sys.stdin, whose lock a shutdown would trip over."""
    while os.read(0, 1):
        pass
    os._exit(4)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    main(*map(Path, sys.argv[1:3]))
