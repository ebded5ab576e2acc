"""Where the bundled resources are."""

import numpy as np
import pytest

from vpns_engine import bundled


def test_that_a_resource_of_the_checkout_is_found():
    with np.load(bundled.resource("demo/digits.npz")) as file:
        assert file["labels"].shape == (1797,)


def test_that_a_missing_resource_is_named():
    with pytest.raises(FileNotFoundError, match=r"demo/nothing\.npz"):
        bundled.resource("demo/nothing.npz")


def test_that_resources_inside_the_package_come_first(tmp_path, monkeypatch):
    package = tmp_path / "vpns_engine"
    for folder in (package / "resources", tmp_path / "resources"):
        folder.mkdir(parents=True)
        (folder / "x.json").touch()
    monkeypatch.setattr(bundled, "files", lambda _name: package)
    assert bundled.resource("x.json") == package / "resources" / "x.json"
    (package / "resources" / "x.json").unlink()
    assert bundled.resource("x.json") == tmp_path / "resources" / "x.json"
