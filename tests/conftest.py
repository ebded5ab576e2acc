"""What holds for every test: no display, one thread, and no folder of the user touched."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from vpns_engine.store import RunStore

# before Qt and torch are imported, here and in the processes that tests start
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("RUNS", "CONFIG", "CACHE"):
            patch.setenv(f"VPNS_{name}", str(tmp_path_factory.mktemp(name.lower())))
        patch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch")))
        patch.delenv("VPNS_WEIGHTS", raising=False)
        yield


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    _set_one_thread()
    yield
    _set_one_thread()  # a run sets its own number


def _set_one_thread() -> None:
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def vgg16_run(tmp_path_factory: pytest.TempPathFactory) -> "RunStore":
    """Give a run of VGG-16 with the masks of three epochs. It is only read: who writes copies the folder."""
    from tests.vgg_run import make_vgg16_run

    return make_vgg16_run(tmp_path_factory.mktemp("vgg16"))


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> "RunStore":
    """Give a finished VPNs run on the digits (see tests.real_runs); tests that write copy its folder."""
    return _made(tmp_path_factory, "vpns")


@pytest.fixture(scope="session")
def finished_omp_run(tmp_path_factory: pytest.TempPathFactory) -> "RunStore":
    """Give the same by one-shot magnitude pruning."""
    return _made(tmp_path_factory, "omp")


@pytest.fixture(scope="session")
def finished_control_run(tmp_path_factory: pytest.TempPathFactory) -> "RunStore":
    """Give the same by the control arm, without a prompt."""
    return _made(tmp_path_factory, "control")


@pytest.fixture(scope="session")
def measured_run(
    tmp_path_factory: pytest.TempPathFactory, finished_run: "RunStore", finished_control_run: "RunStore"
) -> "RunStore":
    """Give a copy of the finished run, the control arm beside it, whose last state's gains were measured; only read it."""
    from tests.measured_runs import measured_copy

    return _once(tmp_path_factory, "measured", lambda runs: measured_copy(runs, finished_run, finished_control_run))


def _made(places: pytest.TempPathFactory, method: str) -> "RunStore":
    # here, so that tests without torch stay quick
    from tests.real_runs import digits_config, make_run

    return _once(places, f"finished_{method}", lambda runs: make_run(runs, digits_config(method)))


def _once(places: pytest.TempPathFactory, name: str, make: Callable[[Path], "RunStore"]) -> "RunStore":
    """Make a run in whichever of the processes that test side by side needs it first; the others wait, and open it."""
    from vpns_engine.locks import only_one
    from vpns_engine.store import RunStore

    root = places.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    runs, done = shared / name, shared / f"{name}.done"
    with only_one(shared / f"{name}.lock", lambda: None):
        if not done.exists():
            shutil.rmtree(runs, ignore_errors=True)  # another process began it, and failed
            runs.mkdir()
            done.write_text(make(runs).folder.name, encoding="utf-8")
    return RunStore.open(runs / done.read_text(encoding="utf-8"))
