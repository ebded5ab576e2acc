"""What is said of data sets before anything is read."""

import shutil

import pytest

from tests.data_sets.writers import write
from vpns_engine.data_sets.facts import facts_of
from vpns_engine.data_sets.status import status_of
from vpns_engine.specs.data import NAMED


def test_that_what_is_not_there_will_be_downloaded_or_must_be_got_by_hand(tmp_path):
    for key in NAMED:
        status = status_of(key, tmp_path / "not there")
        if key in ("imagenet", "stanford_cars"):
            assert (status.state, status.bytes) == ("manual", 0)
            assert status.text.startswith("must be fetched by hand: ") and str(tmp_path) in status.text
        else:
            assert (status.state, status.bytes) == ("download", facts_of(key).bytes)
    assert status_of("cifar100", tmp_path).text == "will be downloaded (169 MB)"
    assert status_of("sun397", tmp_path).text == "will be downloaded (39 GB)"


@pytest.mark.parametrize("key", NAMED)
def test_that_a_set_that_is_there_is_ready_also_behind_a_link(tmp_path, key):
    write(key, tmp_path / "made", per_class=2, classes=10 if key in ("cifar10", "mnist", "svhn") else 2)
    assert status_of(key, tmp_path / "made").state == "ready"
    (tmp_path / "root").mkdir()
    for path in (tmp_path / "made").iterdir():
        (tmp_path / "root" / path.name).symlink_to(path)
    status = status_of(key, tmp_path / "root")
    assert (status.state, status.bytes) == ("ready", 0)
    assert status.text.startswith(f"ready in {tmp_path / 'root'}")


@pytest.mark.parametrize(("key", "gone"), [("cifar100", "cifar-100-python/meta"), ("imagenet", "imagenet/val")])
def test_that_a_part_of_a_set_is_incomplete_and_what_is_missing_is_named(tmp_path, key, gone):
    write(key, tmp_path, per_class=2, classes=2)
    path = tmp_path / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    status = status_of(key, tmp_path)
    assert status.state == "incomplete"
    assert status.text.startswith(f"incomplete: {path.name}") and f"missing in {path.parent}; " in status.text
    assert ("`vpns data fetch cifar100`" if key == "cifar100" else "must be fetched by hand") in status.text
