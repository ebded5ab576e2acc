"""What holds for every test: no display, one thread, and no folder of the user touched."""

import os
import sys
from collections.abc import Iterator

import pytest

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
