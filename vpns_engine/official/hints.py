"""What the folders above a checkpoint say: the released code writes its settings into their names.

A checkpoint lies in `.../VP<kind>/SIZE<image>_<canvas>_<ring>_<square>/.../DENSITY[1.0, 0.6]/.../1best.pth`, where the number
is the place in the list of densities. What is told by a person always comes before these hints.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_KINDS = {"pad": "pad", "fix": "fix", "random": "random", "expand": "expand", "expansive": "expand"}


@dataclass(frozen=True)
class Hints:
    """None where the path does not tell."""

    density: float | None = None
    kind: str | None = None
    image_size: int | None = None
    square: int | None = None


def hints_of(path: Path) -> Hints:
    """Read the names above a checkpoint."""
    text = path.absolute().as_posix()
    sizes = re.search(r"/SIZE(\d+)_\d+_\d+_(\d+)/", text)
    kind = re.search(r"/VP([a-z]+)/", text)
    return Hints(
        density=_density(path, text),
        kind=_KINDS.get(kind.group(1)) if kind else None,
        image_size=int(sizes.group(1)) if sizes else None,
        square=int(sizes.group(2)) if sizes else None,
    )


def _density(path: Path, text: str) -> float | None:
    place, listed = re.match(r"\d+", path.name), re.search(r"/DENSITY\[([0-9., ]+)\]/", text)
    if place is None or listed is None:
        return None
    try:
        values = [float(value) for value in listed.group(1).split(",")]
    except ValueError:
        return None
    index = int(place.group())
    return values[index] if index < len(values) and 0 < values[index] <= 1 else None
