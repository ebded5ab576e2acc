"""Reads a checkpoint of the released code again, in a process of its own: `python -m vpns_engine.official.reread PLACE`.

What it finds is told as SHA-256 digests: the arrays themselves may be gigabytes.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vpns_engine.artifacts import pack
from vpns_engine.export.child import end_with_parent, run_child, tell
from vpns_engine.export.progress import Progress
from vpns_engine.nn.models import plain_network
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.official.read import read_checkpoint
from vpns_engine.official.rebuild import apply

_ASKED, _ANSWER = "asked.json", "answer.json"


def reread(path: Path, architecture: str, num_classes: int, density: float, place: Path, progress: Progress) -> dict[str, str]:
    """Open a checkpoint in a fresh process; give digests of its `masks/LAYER`, `weights/ENTRY`, `mapping` and `prompt`.

    Args:
        place: a folder for what is asked and answered.

    Raises:
        ExportCancelled: it is not wanted any more.
        EngineError: it cannot be read, or is not one of that network.
    """
    asked = {"path": str(path.absolute()), "architecture": architecture, "num_classes": num_classes, "density": density}
    (place / _ASKED).write_text(json.dumps(asked), encoding="utf-8")
    words = ["-m", "vpns_engine.official.reread", str(place)]
    # where the package stands, installed or not
    run_child(words, place, Path(__file__).parents[2], progress, "the checkpoint cannot be read again")
    answer: dict[str, str] = json.loads((place / _ANSWER).read_text(encoding="utf-8"))
    return answer


def digest(array: npt.ArrayLike) -> str:
    """Give the SHA-256 of an array's values, in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def main(place: Path) -> None:
    """Answer what is asked in a folder.

    Raises:
        EngineError: see `reread`.
    """
    end_with_parent()
    asked = json.loads((place / _ASKED).read_text(encoding="utf-8"))
    tell(place, "Reading the checkpoint in a fresh process", 0.2)
    checkpoint = read_checkpoint(Path(asked["path"]))
    network = SparseNetwork(plain_network(asked["architecture"], asked["num_classes"]))
    apply(checkpoint, network, asked["density"])
    tell(place, "Comparing the checkpoint with the run", 0.7)
    masks = zip(network.layers, network.masks(), strict=True)
    found = {f"masks/{layer.name}": digest(pack(mask.numpy())) for layer, mask in masks}
    found |= {f"weights/{name}": digest(value.numpy()) for name, value in network.plain_state(masked=False).items()}
    found["mapping"] = digest(np.array(checkpoint.mapping, np.int64))
    found["prompt"] = digest(np.asarray(checkpoint.program, np.float32))
    (place / _ANSWER).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
