"""Where the bundled resources are: inside the wheel, or at the top of a checkout."""

from importlib.resources import files
from pathlib import Path


def resource(name: str) -> Path:
    """Give the path of one bundled file or folder, for example `demo/digits.npz`.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = Path(str(files("vpns_engine")))
    for root in (package / "resources", package.parent / "resources"):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"bundled resource {name} is missing; the installation is incomplete")
