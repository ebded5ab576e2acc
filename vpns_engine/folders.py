"""Where settings, runs and downloads are kept (appdirs), each with an environment variable to move it."""

import os
from pathlib import Path

import appdirs

_APP = "vpns-studio"


def runs_folder() -> Path:
    """Folder of runs: `VPNS_RUNS`, else the user's data folder."""
    return Path(os.environ.get("VPNS_RUNS") or Path(appdirs.user_data_dir(_APP, appauthor=False)) / "runs")


def cache_folder() -> Path:
    """Folder of downloads: `VPNS_CACHE`, else the user's cache folder."""
    return Path(os.environ.get("VPNS_CACHE") or appdirs.user_cache_dir(_APP, appauthor=False))


def config_folder() -> Path:
    """Folder of settings: `VPNS_CONFIG`, else the user's config folder."""
    return Path(os.environ.get("VPNS_CONFIG") or appdirs.user_config_dir(_APP, appauthor=False))
