"""Who may import whom."""

import subprocess
import sys
from functools import cache

import pytest
from importlinter import cli

from tests.architecture.sources import ROOT


def test_that_the_import_contracts_hold(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    outcome = cli.lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert outcome == cli.EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_that_the_window_comes_up_before_torch_is_loaded():
    assert not _loaded("vpns_gui.app") & {"torch", "torchvision", "safetensors.torch"}


@pytest.mark.parametrize("module", ["vpns_engine.cli", "vpns_engine.drive", "vpns_engine.presets", "vpns_engine.forecast"])
def test_that_the_engine_answers_before_torch_is_loaded(module):
    assert not _loaded(module) & {"torch", "torchvision", "safetensors.torch"}


def test_that_the_engine_works_without_qt():
    assert not _loaded("vpns_engine.cli, vpns_engine.training.run, vpns_engine.export") & {"PySide6", "shiboken6", "pyqtgraph"}


def test_that_the_check_of_system_libraries_comes_before_qt():
    assert not _loaded("vpns_gui.__main__, vpns_gui.system_libraries") & {"PySide6", "shiboken6", "pyqtgraph"}


@cache
def _loaded(modules: str) -> frozenset[str]:
    """Import modules in a fresh process and give what is loaded then."""
    program = f"import {modules}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return frozenset(done.stdout.split())
