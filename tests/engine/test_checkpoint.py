"""The file that a run goes on from: what it holds, and what is noticed when it is damaged."""

import json
import os
import pickle
import random
import re
import shutil
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import torch

from tests.engine.tiny_runs import make_pictures, run, run_with, tiny_config
from vpns_engine.drive import Control, resume
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, Message, StepDone
from vpns_engine.nn.models import plain_network
from vpns_engine.store import RunStore
from vpns_engine.training.checkpoint import BEFORE, LAST, read_checkpoint, resume_point
from vpns_engine.training.content import About


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def stopped(pictures, tmp_path_factory):
    """A run that was stopped amid its tuning, after an epoch of it."""
    control = Control()

    def stop(event):
        if isinstance(event, StepDone) and (event.phase, event.epoch, event.step) == (3, 2, 2):
            control.stop()

    config = tiny_config(pictures, finetune_epochs=3, prompt={"kind": "random", "square": 3})
    return run_with(control, config, tmp_path_factory.mktemp("runs"), stop)


@pytest.fixture
def store(stopped, tmp_path):
    """A copy of it, to be damaged."""
    shutil.copytree(stopped[0].folder, tmp_path / "run")
    return RunStore.open(tmp_path / "run")


def _point(store):
    return resume_point(store, store.read().history)


def _rewrite(path: Path, change) -> None:
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)


def test_that_a_stopped_run_goes_on_at_its_last_batch(stopped):
    store, events = stopped
    point = _point(store)
    (step,) = [event for event in events if isinstance(event, StepDone) and (event.phase, event.epoch, event.step) == (3, 2, 2)]
    assert point.at == step.seq and point.damage == ()
    assert (point.place.phase, point.place.epoch, point.place.step) == (3, 2, 2)
    assert point.place.batches == {"train": 2, "vp": 2}
    (epoch,) = [event for event in events if isinstance(event, EpochEnded) and event.phase == 3]
    passing = {"seq", "time"}
    assert point.checkpoint.about.state.best_epoch.model_dump(exclude=passing) == epoch.model_dump(exclude=passing)


def test_that_the_checkpoint_before_stands_beside_the_last(store):
    last, before = (read_checkpoint(store.path(name), store.config) for name in (LAST, BEFORE))
    assert before.about.at < last.about.at
    assert sorted(path.name for path in store.path(LAST).parent.iterdir()) == ["before.pt", "last.pt"]


def test_that_it_holds_tensors_and_plain_values_and_large_ones_once(store):
    found = read_checkpoint(store.path(LAST), store.config)
    values = sum(value.numel() for name, value in found.tensors.items() if not name.startswith("numbers"))
    scored = sum(score.numel() for name, score in found.tensors.items() if name.startswith("scores/"))
    # weights, scores, momentum, and the weights of the best epoch: those found by the search are the ones it began with
    assert 4 * scored < values < 4.5 * scored
    assert found.about.state.same["found/weights/conv1.weight"] == "start/weights/conv1.weight"
    assert found.about.state.same["found/scores/0"] == "scores/0"


def test_that_the_values_of_a_checkpoint_come_back_as_they_were(store):
    about = read_checkpoint(store.path(LAST), store.config).about
    assert About.model_validate_json(about.model_dump_json()) == about
    assert about.state.prompt_places["state"]["state"] > 2**64


def test_that_a_flipped_byte_anywhere_is_noticed_or_does_not_matter(store):
    path, chance = store.path(LAST), random.Random(1)
    whole = path.read_bytes()
    kept = read_checkpoint(path, store.config)
    noticed = 0
    for _ in range(40):
        place = chance.randrange(len(whole))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :])
        try:
            found = read_checkpoint(path, store.config)
        except EngineError as error:
            assert str(path) in str(error) and "\n" not in str(error)
            noticed += 1
            continue
        assert found.about == kept.about and found.tensors.keys() == kept.tensors.keys()
        assert all(torch.equal(value, kept.tensors[name]) for name, value in found.tensors.items())
    assert noticed > 30


@pytest.mark.parametrize("part", ["data.pkl", "data/5"])
def test_that_a_flipped_byte_in_what_it_says_and_in_a_tensor_is_noticed(store, part):
    path = store.path(LAST)
    with zipfile.ZipFile(path) as parts:
        (info,) = [info for info in parts.infolist() if info.filename.endswith(f"/{part}")]
        content = parts.read(info)
    whole = path.read_bytes()
    place = whole.index(content) + len(content) // 2
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 64]) + whole[place + 1 :])
    with pytest.raises(EngineError, match=r"last\.pt is damaged and is not used .*checksum"):
        read_checkpoint(path, store.config)


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda path: os.truncate(path, 0), r"last\.pt is damaged and is not used \(it is empty\)"),
        (lambda path: os.truncate(path, 40_000), r"last\.pt is damaged and is not used"),
        (lambda path: os.truncate(path, path.stat().st_size - 1), r"last\.pt is damaged and is not used"),
        (lambda path: path.write_text("a letter"), r"last\.pt is damaged and is not used"),
        (lambda path: (path.unlink(), path.mkdir()), r"last\.pt"),
        (lambda path: torch.save([1, 2], path), r"last\.pt is no checkpoint"),
        (lambda path: _rewrite(path, lambda c: c.update(about="{}")), r"last\.pt is damaged: what it says of itself"),
        (lambda path: _rewrite(path, lambda c: c.pop("about")), r"last\.pt is damaged: what it says of itself"),
        (lambda path: _rewrite(path, lambda c: c.update(tensors=[1])), r"last\.pt is damaged: it does not hold tensors"),
        (
            lambda path: _rewrite(path, lambda c: c["tensors"].update(x=torch.zeros(1).expand(10**12))),
            r"last\.pt is damaged: it does not hold tensors",
        ),
        (
            lambda path: _rewrite(path, lambda c: c.update(about=c["about"].replace('"version":1', '"version":2'))),
            r"last\.pt was written by a newer VPNs Studio \(version 2, this one reads 1\)",
        ),
        (
            lambda path: _rewrite(path, lambda c: c.update(about=c["about"].replace('"phase":3', '"phase":9'))),
            r"last\.pt is damaged: phase 9, epoch 2 is not in the run's plan",
        ),
    ],
)
def test_that_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(store, damage, line):
    before = read_checkpoint(store.path(BEFORE), store.config)
    damage(store.path(LAST))
    point = _point(store)
    (said,) = point.damage
    assert re.search(line, said) and "\n" not in said
    assert point.at == before.about.at and point.checkpoint.path == store.path(BEFORE)


def test_that_a_checkpoint_of_another_configuration_is_not_taken(pictures, store):
    other = tiny_config(pictures, seed=8)
    with pytest.raises(EngineError, match=rf"is of another configuration \({store.config.digest}\) .* \({other.digest}\)"):
        read_checkpoint(store.path(LAST), other)


def test_that_with_no_whole_checkpoint_the_last_level_begun_is_begun_again(store):
    for name in (LAST, BEFORE):
        os.truncate(store.path(name), 100)
    point = _point(store)
    history = store.read().history
    assert len(point.damage) == 2 and point.checkpoint is None
    assert point.place.phase == 0 and point.at == history.phases[0].begun.seq - 1 >= history.started.seq


def test_that_without_events_the_run_begins_anew(store):
    (store.folder / "events.jsonl").write_bytes(b"")
    point = _point(store)
    assert point.at == -1 and point.place.phase == 0
    assert len(point.damage) == 2 and "events.jsonl tells no more than 0 events" in point.damage[0]


def test_that_one_killed_between_two_renames_goes_on_from_the_newest(store):
    at = read_checkpoint(store.path(LAST), store.config).about.at
    store.path(LAST).rename(store.path("checkpoints/fresh.pt"))
    point = _point(store)
    assert point.at == at and not point.damage


class _Runs:
    def __reduce__(self):
        return os.system, ("touch ran",)


def test_that_code_in_a_checkpoint_is_refused_and_does_not_run(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"about": "", "tensors": {"x": _Runs()}}, store.path(LAST))
    point = _point(store)
    assert "holds more than tensors and plain values and was not opened" in point.damage[0]
    assert not (tmp_path / "ran").exists()


class _Bytes:
    def __reduce__(self):
        return bytearray, (3 * 2**30,)


def test_that_a_few_bytes_that_ask_for_gigabytes_are_refused_before_they_get_them(store):
    pickled = pickle.dumps({"about": _Bytes(), "tensors": {}}, protocol=2)
    with zipfile.ZipFile(store.path(LAST), "w") as parts:
        for name, content in (("data.pkl", pickled), ("version", b"3\n"), ("byteorder", b"little")):
            parts.writestr(f"archive/{name}", content)
    tracemalloc.start()
    point = _point(store)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "holds more than tensors and plain values and was not opened" in point.damage[0]
    assert most < 2**28


@pytest.mark.parametrize(("what", "value"), [("at", 10**30), ("at", -2), ("told", 2**53), ("seconds", 1e300)])
def test_that_numbers_that_no_run_comes_to_are_refused(store, what, value):
    def change(content):
        about = json.loads(content["about"])
        (about["place"] if what == "seconds" else about)[what] = value
        content["about"] = json.dumps(about)

    _rewrite(store.path(LAST), change)
    assert "what it says of itself cannot be read" in _point(store).damage[0]
    events = []
    resume(store, Control(), [events.append])
    assert events[-1].status == "finished"


def test_that_a_run_goes_on_whatever_number_of_threads_its_events_tell(store):
    path = store.folder / "events.jsonl"
    text = path.read_text().replace('"threads":1,', '"threads":9007199254740991,')
    assert "9007199254740991" in text
    path.write_text(text)
    assert _point(store).threads == 1024


def test_that_a_part_that_would_grow_as_it_is_read_is_refused(store):
    path = store.path(LAST)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("last/data.pkl", bytes(10**8))
    assert path.stat().st_size < 10**6
    with pytest.raises(EngineError, match="a part is not what torch writes"):
        read_checkpoint(path, store.config)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tensors: tensors.update({"scores/0": torch.zeros(3)}), r"scores/0 is float32 of shape \(3,\), not float32 of"),
        (lambda tensors: tensors.update({"weights/bn1.bias": torch.zeros(16).long()}), r"weights/bn1\.bias is int64"),
        (lambda tensors: tensors.pop("weights/conv1.weight"), r"it has no weights/conv1\.weight"),
        (lambda tensors: tensors.pop("numbers"), "the state of a random generator in it is none"),
        (lambda tensors: tensors.update({"numbers": torch.zeros(8, dtype=torch.uint8)}), "random generator"),
        (lambda tensors: tensors.update({"optimizer/weights/0/momentum_buffer": torch.zeros(2)}), "optimizer/weights/0/"),
        (lambda tensors: tensors.update({"optimizer/weights/9999/momentum_buffer": torch.zeros(2)}), "belongs to nothing"),
    ],
)
def test_that_a_checkpoint_that_does_not_fit_the_network_ends_the_run_with_what_is_wrong(store, change, reason):
    _rewrite(store.path(LAST), lambda content: change(content["tensors"]))
    events = []
    resume(store, Control(), [events.append])
    text = events[-1].text
    assert events[-1].status == "failed" and "\n" not in text
    assert re.search(rf"last\.pt does not fit the run: .*{reason}", text)
    assert text.endswith("remove it to go on from before it")
    store.path(LAST).unlink()
    resume(RunStore.open(store.folder), Control(), [events.append])
    assert events[-1].status == "finished"


def test_that_a_checkpoint_that_cannot_be_written_leaves_those_before(pictures, tmp_path):
    resource = pytest.importorskip("resource")  # not on Windows
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(event):
        small = isinstance(event, EpochEnded) and (event.phase, event.epoch) == (3, 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000 if small else limits[0], limits[1]))

    try:
        store, events = run(tiny_config(pictures, finetune_epochs=3), tmp_path, limit)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert events[-1].status == "failed" and "checkpoints" in events[-1].text and "File too large" in events[-1].text
    assert sorted(path.name for path in store.path(LAST).parent.iterdir()) == ["before.pt", "last.pt"]
    assert _point(store).damage == ()
    resume(RunStore.open(store.folder), Control(), [events.append])
    assert events[-1].status == "finished"


def test_that_what_a_kill_left_half_written_is_removed_by_the_next_one(store):
    half = store.path(LAST).with_name(".fresh.pt.0a1b2c3d")
    half.write_bytes(b"half")

    def look(event):
        found.append((isinstance(event, EpochEnded), half.exists()))

    found: list[tuple[bool, bool]] = []
    resume(RunStore.open(store.folder), Control(), [look])
    first = next(number for number, (ended, _) in enumerate(found) if ended)
    assert found[first][1] and not found[first + 1][1]


def _stopped_over(folder, runs, **changes):
    control = Control()

    def stop(event):
        if isinstance(event, StepDone) and event.phase == 2:
            control.stop()

    return run_with(control, tiny_config(folder, **changes), runs, stop)[0]


def test_that_a_run_does_not_go_on_with_fewer_images(tmp_path):
    folder = make_pictures(tmp_path / "pictures")
    store = _stopped_over(folder, tmp_path / "runs")
    (folder / "train/red/red_0.png").unlink()
    events = []
    resume(store, Control(), [events.append])
    assert events[-1].status == "failed"
    assert events[-1].text.startswith("the images changed since the run was begun: 12 to train, ")
    assert "then, 11 to train, " in events[-1].text


def test_that_a_run_does_not_go_on_with_other_classes(tmp_path):
    folder = make_pictures(tmp_path / "pictures")
    store = _stopped_over(folder, tmp_path / "runs")
    for part in ("train", "val", "test"):
        (folder / part / "red").rename(folder / part / "rose")
    events = []
    resume(store, Control(), [events.append])
    assert events[-1].text == "the classes changed since the run was begun: it cannot go on, start it anew"


def test_that_a_run_does_not_go_on_with_other_weights(pictures, tmp_path):
    weights, network = tmp_path / "weights.pt", plain_network("resnet20", 5)
    torch.save(network.state_dict(), weights)
    store = _stopped_over(pictures, tmp_path / "runs", model={"weights": "file", "weights_file": str(weights)})
    network.conv1.weight.data[0, 0, 0, 0] += 1
    torch.save(network.state_dict(), weights)
    events = []
    resume(store, Control(), [events.append])
    assert events[-1].text.startswith("the pre-trained weights changed since the run was begun")


def test_that_pictures_that_changed_in_place_are_told(tmp_path):
    folder = make_pictures(tmp_path / "pictures")
    store = _stopped_over(folder, tmp_path / "runs")
    shutil.rmtree(folder)
    make_pictures(folder, seed=2)
    events = []
    resume(store, Control(), [events.append])
    (warning,) = [event.text for event in events if isinstance(event, Message)]
    assert warning == "the images look different than when the run was begun: the result may differ"
    assert events[-1].status == "finished"
