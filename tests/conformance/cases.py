"""Recorded cases: where they are, and how they are read. What a case is about follows from its content, not from its name."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Array = npt.NDArray[Any]
Precision = Literal["f32", "f64"]
DTYPES: dict[Precision, torch.dtype] = {"f32": torch.float32, "f64": torch.float64}
TARGET = "t21"


@dataclass(frozen=True)
class Case:
    """A folder with `case.json`."""

    folder: Path

    @property
    def name(self) -> str:
        """Folder and its parent: `traj/tiny_pad_d50`."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Content of `case.json`."""
        found: dict[str, Any] = json.loads((self.folder / "case.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def inputs(self) -> dict[str, Array]:
        """Every array of `inputs.npz`; empty where there is none."""
        return self.arrays("inputs")

    def arrays(self, name: str) -> dict[str, Array]:
        """Read every array of one file."""
        path = self.folder / f"{name}.npz"
        if not path.is_file():
            return {}
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}

    @cached_property
    def spread(self) -> dict[str, Any]:
        """How far the authors' program moves from itself (`spread.json`, its target part); empty where not given."""
        path = self.folder / "spread.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))[TARGET] if path.is_file() else {}
        return found

    def tensor(self, name: str, precision: Precision | None = None) -> Tensor:
        """Give an input as a tensor, widened where a precision is asked for."""
        tensor = torch.from_numpy(np.array(self.inputs[name]))
        return tensor if precision is None else tensor.to(DTYPES[precision])


def find_cases(folder: Path) -> Iterator[Case]:
    """Give every case at or below a folder, in the order of their names."""
    for path in sorted(folder.rglob("case.json")):
        yield Case(path.parent)
