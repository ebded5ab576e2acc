"""Where settings, runs and downloads are kept (appdirs), each with an environment variable to move it."""

import os
from pathlib import Path

import appdirs

from vpns_engine.files import expanded, write_text

_APP = "vpns-studio"


def runs_folder() -> Path:
    """Folder of runs: `VPNS_RUNS`, else the one set by `set_runs_folder`, else one in the user's data folder."""
    if given := os.environ.get("VPNS_RUNS"):
        return expanded(given)
    return _chosen(_runs_setting()) or usual_runs_folder()


def usual_runs_folder() -> Path:
    """Folder of runs where none is set."""
    return Path(appdirs.user_data_dir(_APP, appauthor=False)) / "runs"


def set_runs_folder(folder: Path | None) -> None:
    """Set the folder of runs for the window and the command line; None: the one of the program again.

    Raises:
        EngineError: the setting cannot be written.
    """
    write_text(_runs_setting(), "" if folder is None else f"{folder.absolute()}\n")


def cache_folder() -> Path:
    """Folder of downloads: `VPNS_CACHE`, else the user's cache folder."""
    return Path(os.environ.get("VPNS_CACHE") or appdirs.user_cache_dir(_APP, appauthor=False))


def data_folder() -> Path:
    """Folder below which data sets stand: `VPNS_DATA`, else the one set by `set_data_folder`, else one in the user's data
    folder."""
    if given := os.environ.get("VPNS_DATA"):
        return expanded(given)
    return _chosen(_data_setting()) or usual_data_folder()


def usual_data_folder() -> Path:
    """Folder of data sets where none is set."""
    return Path(appdirs.user_data_dir(_APP, appauthor=False)) / "data"


def set_data_folder(folder: Path | None) -> None:
    """Set the folder of data sets for the window and the command line; None: the one of the program again.

    Raises:
        EngineError: the setting cannot be written.
    """
    write_text(_data_setting(), "" if folder is None else f"{folder.absolute()}\n")


def _data_setting() -> Path:
    return config_folder() / "data-root.txt"


def _runs_setting() -> Path:
    return config_folder() / "runs-folder.txt"


def _chosen(setting: Path) -> Path | None:
    try:
        text = setting.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return expanded(text) if text else None


def config_folder() -> Path:
    """Folder of settings: `VPNS_CONFIG`, else the user's config folder."""
    return Path(os.environ.get("VPNS_CONFIG") or appdirs.user_config_dir(_APP, appauthor=False))
