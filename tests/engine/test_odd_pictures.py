"""Whole runs over folders with pictures of every kind among them."""

import numpy as np
import pytest
from PIL import Image

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from vpns_engine.events import EpochEnded, Message, RunStarted

NOISE = Image.fromarray(np.random.default_rng(8).integers(0, 256, (11, 9, 3), dtype=np.uint8))


@pytest.fixture
def odd(tmp_path):
    """Give a folder whose red training pictures are joined by one of each odd kind."""
    place = make_pictures(tmp_path / "pictures") / "train" / "red"
    NOISE.convert("L").save(place / "grey.png")
    NOISE.convert("CMYK").save(place / "cmyk.jpg")
    NOISE.convert("P").save(place / "palette.gif")
    NOISE.convert("RGBA").save(place / "alpha.webp")
    Image.fromarray((np.arange(99).reshape(11, 9) * 600).astype(np.uint16)).save(place / "deep.png")
    NOISE.save(place / "moving.gif", save_all=True, append_images=[NOISE.rotate(90), NOISE.rotate(180)])
    return tmp_path / "pictures"


def test_that_odd_kinds_of_pictures_are_trained_on(odd, tmp_path):
    _, events = run(tiny_config(odd, dense="none"), tmp_path / "runs")
    (started,) = [event for event in events if isinstance(event, RunStarted)]
    assert started.num_train == 12 + 6
    assert events[-1].status == "finished"
    assert not [event for event in events if isinstance(event, Message)]


def test_that_files_without_a_picture_in_them_are_named_once_and_left_out(odd, tmp_path):
    (odd / "train" / "red" / "zero.png").write_bytes(b"")
    (odd / "train" / "blue" / "half.jpg").write_bytes((odd / "train" / "red" / "cmyk.jpg").read_bytes()[:200])
    store, events = run(tiny_config(odd, dense="none", search_epochs=2), tmp_path / "runs")
    assert events[-1].status == "finished"
    log = store.path("log.txt").read_text()
    assert log.count("zero.png") == 1 and log.count("half.jpg") == 1
    assert "the file is empty" in log
    assert all(event.loss is not None for event in events if isinstance(event, EpochEnded) and event.epoch > 0)
