"""What is in the wheel and in the source archive."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

pytest.importorskip("hatchling", reason="the wheel is built with hatchling (extra: dev)")

NOT_SHIPPED = ("resources/screenshots/",)
FIND = """
import sys
sys.path.insert(0, sys.argv[1])
from vpns_engine.bundled import resource
print(resource("demo/digits.npz"))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    (path,) = built.glob("*.whl")
    return path


def test_that_the_wheel_holds_the_packages_and_every_resource(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == _packages() | {f"vpns_engine/{name}" for name in _resources()}


def test_that_the_wheel_finds_its_own_resources(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    command = [sys.executable, "-c", FIND, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(tmp_path / "vpns_engine" / "resources" / "demo" / "digits.npz"), done.stderr


def test_that_the_wheel_brings_both_commands_and_the_licences(wheel):
    with zipfile.ZipFile(wheel) as file:
        entries = {name.split(".dist-info/")[1]: file.read(name).decode() for name in file.namelist() if ".dist-info/" in name}
    assert "vpns = vpns_engine.cli:main" in entries["entry_points.txt"]
    assert "vpns-studio = vpns_gui.__main__:main" in entries["entry_points.txt"]
    assert "VPNs Studio contributors" in entries["licenses/LICENSE"]
    assert "CC BY 4.0" in entries["licenses/resources/demo/DIGITS-LICENSE.md"]


def test_that_the_source_archive_is_enough_to_build_and_test(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as file:
        held = {name.split("/", 1)[1] for name in file.getnames() if "/" in name}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "tests/conftest.py"}
    assert held >= wanted | _packages() | _resources()


def _packages() -> set[str]:
    return {name for package in ("vpns_engine", "vpns_gui") for name in _files_below(package)}


def _resources() -> set[str]:
    return {name for name in _files_below("resources") if not name.startswith(NOT_SHIPPED)}


def _files_below(folder: str) -> set[str]:
    paths = (path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts and path.name != ".DS_Store"}
