"""The methods, each a row of data."""

from typing import Literal

MethodName = Literal["vpns", "control", "omp", "random"]

METHOD_LABELS: dict[MethodName, str] = {
    "vpns": "VPNs",
    "control": "Control arm (no prompt)",
    "omp": "OMP (magnitude)",
    "random": "Random",
}
"""What a person reads for each method."""
