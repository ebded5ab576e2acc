"""Losses that are no numbers, clocks that jump, pictures that no decoder expects."""

import io
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.engine.tiny_runs import make_pictures, run, run_with, tiny_config
from tests.faults.hostile import FEW, MANY, changed_bytes, only_a_moment
from tests.faults.support import end_of, go_on, result_of
from vpns_engine.drive import Control
from vpns_engine.events import LevelSaved
from vpns_engine.store import RunStore
from vpns_engine.training.decode import BrokenPictureError, decode, size_of


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


def test_that_a_loss_that_is_no_number_is_told_again_by_a_resumed_run_and_keeps_what_was_best(pictures, tmp_path):
    rate = {"kind": "sgd", "lr": 10, "weight_decay": 1}
    config = tiny_config(pictures, optim={"weights": rate, "finetune_prompt": rate}, finetune_epochs=200)
    store, events = run(config, tmp_path)
    end = end_of(events)
    assert end.status == "failed" and "take a lower learning rate" in end.text
    kept = {path: path.read_bytes() for path in store.folder.glob("artifacts/**/state.safetensors")}
    assert kept and any(isinstance(event, LevelSaved) for event in events)
    assert end_of(go_on(store.folder)).text == end.text
    assert {path: path.read_bytes() for path in store.folder.glob("artifacts/**/state.safetensors")} == kept


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_that_a_clock_that_jumps_changes_no_result_and_no_reckoning(pictures, tmp_path, monkeypatch, jump):
    # nobody may set the machine's clock for a test
    config, real, shift = tiny_config(pictures, finetune_epochs=3), time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + shift[0])
    control = Control()

    def move(event):
        if event.kind == "step" and (event.phase, event.epoch) == (3, 2):
            shift[0] = jump
            control.stop()

    store, _ = run_with(control, config, tmp_path / "runs", move)
    assert RunStore.open(store.folder).read_info().state == "stopped"
    assert end_of(go_on(store.folder)).status == "finished"
    history = store.read().history
    left = history.seconds_left(time.time())
    assert history.seconds >= 0 and all(seconds is None or seconds >= 0 for seconds in left)
    assert result_of(store.folder) == result_of(run(config, tmp_path / "whole")[0].folder)


def _picture(kind: str) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    made = Image.fromarray(noise)
    made = made.convert("P") if kind == "GIF" else made
    file = io.BytesIO()
    made.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.big)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
@pytest.mark.filterwarnings("ignore")
def test_that_a_picture_that_was_changed_is_shown_or_refused(tmp_path, kind, examples):
    path = tmp_path / "picture"
    whole = _picture(kind)

    @settings(examples)
    @given(changed_bytes(whole) | st.binary(max_size=64).map(lambda end: whole[:24] + end))
    def check(content):
        path.write_bytes(content)
        with only_a_moment():
            size_of(str(path))
            try:
                picture = decode(str(path))
            except BrokenPictureError as error:
                assert str(error) and "\n" not in str(error)
            else:
                assert picture.shape[0] == 3

    check()
