"""A run folder that was made to do harm, and the small files beside the runs, changed at random."""

import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import torch
from hypothesis import given, settings

from tests.engine.done_runs import config_of, done_run
from tests.engine.tiny_runs import make_pictures, run, run_with, tiny_config
from tests.faults.hostile import FEW, MANY, as_json, changed_bytes, changed_values, only_a_moment, replaced
from tests.faults.support import end_of, go_on, result_of
from vpns_engine.cli_show import list_runs, show
from vpns_engine.drive import Control
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, LevelSaved, to_json
from vpns_engine.follow import Follower
from vpns_engine.keeping import Keeping, clear, read_keeping, usage_of, write_keeping
from vpns_engine.marks import checked, read_marks, write_marks
from vpns_engine.moving import unfinished_move
from vpns_engine.presets import own_presets, save_preset
from vpns_engine.store import RunStore
from vpns_engine.training.checkpoint import resume_point
from vpns_engine.waiting import Entry, Queue, QueueFile, settled

MEGABYTES = 100
ON_POSIX = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes and devices")


# small files


def _queue(folder: Path) -> Path:
    file = QueueFile(folder)
    assert file.claim()
    file.write(Queue().add(Entry(config=config_of(0.9, seed=seed)) for seed in (7, 9)))
    file.close()
    return file.path


def _read_queue(folder: Path) -> None:
    queue, _ = QueueFile(folder).read()
    for entry in queue:
        settled(entry)


def _notes(folder: Path) -> Path:
    write_marks(folder, checked(("good", "to look at"), "a note"))
    return folder / "notes.json"


def _keeping(folder: Path) -> Path:
    write_keeping(Keeping(checkpoint_minutes=2))
    return folder / "keeping.json"


def _presets(folder: Path) -> Path:
    save_preset("mine", config_of(0.8))
    return folder / "presets.json"


def _note(folder: Path) -> Path:
    path = folder / "runs-moving.json"
    path.write_text(json.dumps({"source": str(folder / "a"), "target": str(folder / "b"), "signatures": {"run": "abc"}}))
    return path


SMALL: dict[str, tuple[Callable[[Path], Path], Callable[[Path], object]]] = {
    "queue.json": (_queue, _read_queue),
    "notes.json": (_notes, read_marks),
    "keeping.json": (_keeping, lambda _folder: read_keeping()),
    "presets.json": (_presets, lambda _folder: own_presets()),
    "runs-moving.json": (_note, lambda _folder: unfinished_move()),
}


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.big)])
@pytest.mark.parametrize("name", SMALL)
def test_that_a_small_file_that_was_changed_is_refused_or_told(name, examples, tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path))
    write, read = SMALL[name]
    path = write(tmp_path)
    whole = path.read_bytes()

    @settings(examples)
    @given(changed_bytes(whole) | changed_values(json.loads(whole)).map(as_json))
    def check(content):
        with replaced(path, content), only_a_moment(), suppress(EngineError):
            read(tmp_path)

    check()


# whole folders


@pytest.fixture
def store(tmp_path) -> RunStore:
    """Give a small run, finished."""
    return done_run(tmp_path / "runs", config_of(0.9))


def _look(store: RunStore) -> str:
    """Do what terminal and window do with a folder; give what is said of it."""
    said = [list_runs(store.folder.parent)]
    for act in (
        lambda: show(store.folder),
        lambda: str(RunStore.open(store.folder).read().damage),
        lambda: str(RunStore.open(store.folder).read_info()),
        lambda: str(Follower(store).read().damage),
        lambda: str(usage_of(store.folder)),
    ):
        try:
            said.append(act())
        except EngineError as error:
            said.append(str(error))
    return "\n".join(said)


@ON_POSIX
@pytest.mark.parametrize("name", ["config.json", "run.json", "events.jsonl"])
@pytest.mark.parametrize("kind", ["pipe", "endless device", "folder", "link to nowhere", "link to itself"])
def test_that_a_file_that_is_none_is_not_waited_for(store, name, kind):
    path = store.folder / name
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "endless device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "link to nowhere":
            path.symlink_to(path.with_name("gone"))
        case _:
            path.symlink_to(path)
    with only_a_moment():
        assert name in _look(store)


@pytest.fixture
def memory():
    """Hold what is done to a few megabytes more than before."""
    process = psutil.Process()
    before = process.memory_info().rss
    yield
    assert (process.memory_info().rss - before) / 2**20 < MEGABYTES


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("name", ["config.json", "run.json", "notes.json"])
def test_that_a_file_of_ten_gigabytes_is_refused_before_it_is_read(store, name):
    os.truncate(store.folder / name, 10 * 2**30) if name != "notes.json" else (store.folder / name).touch()
    os.truncate(store.folder / name, 10 * 2**30)  # takes up no room on the disk
    with only_a_moment():
        if name == "notes.json":
            with pytest.raises(EngineError, match="larger than"):
                read_marks(store.folder)
        else:
            assert "larger than" in _look(store) or "damaged" in _look(store)


@pytest.mark.usefixtures("memory")
def test_that_a_line_of_a_hundred_megabytes_is_passed_over(store):
    path = store.folder / "events.jsonl"
    before = path.read_bytes()
    with path.open("ab") as file:
        file.truncate(len(before) + 2**27)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + before.splitlines()[-1] + b"\n")
    replay = store.read()
    assert replay.damaged_lines == 1 and replay.history.ended is not None


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("inner", ['{"a":', "["])
@pytest.mark.parametrize("name", ["config.json", "run.json", "events.jsonl"])
def test_that_deep_tables_are_refused(store, name, inner):
    (store.folder / name).write_text(inner * 500_000)
    with only_a_moment():
        _look(store)
    if name == "events.jsonl":
        assert store.read().damaged_lines == 1
    else:
        with pytest.raises(EngineError, match="recursion limit"):
            (RunStore.open(store.folder) if name == "config.json" else store).read_info()


OUT = "outside.safetensors"
PATHS = (f"../{OUT}", "/etc/hostname", f"artifacts/../../{OUT}", f"link/{OUT}", "a\0", "")


@pytest.mark.parametrize("path", PATHS)
def test_that_an_artifact_outside_the_folder_is_refused_by_every_reader(store, path):
    outside = store.folder.parent / OUT
    outside.write_bytes(next(store.folder.glob("artifacts/**/*.safetensors")).read_bytes())
    (store.folder / "link").symlink_to(store.folder.parent)
    with pytest.raises(EngineError, match=r"leaves the run folder|is no path"):
        store.path(path)
    events = [line for line in (store.folder / "events.jsonl").read_text().splitlines() if '"level-saved"' not in line]
    phases = store.read(steps=False).history.phases
    index = next(number for number, phase in enumerate(phases) if phase.info.kind == "search")
    saved = LevelSaved(phase=index, level=0, epoch=1, complete=True, state_path=path)
    epoch = EpochEnded(phase=index, epoch=1, prompt_path=path, masks_path=path)
    (store.folder / "events.jsonl").write_text("\n".join([*events, to_json(saved), to_json(epoch)]) + "\n")
    text = show(store.folder)
    assert "leaves the run folder" in text or "is no path" in text


def test_that_clearing_a_folder_removes_nothing_behind_its_links(store, tmp_path):
    outside = tmp_path / "precious"
    outside.mkdir()
    for name in ("last.pt", "masks_0001.safetensors", "state.safetensors"):
        (outside / name).write_bytes(b"precious")
    (store.folder / "checkpoints").symlink_to(outside)
    (store.folder / "exports").symlink_to(outside)
    (store.folder / "artifacts" / "more").symlink_to(outside)
    with suppress(EngineError):
        clear(store.folder, ("checkpoints", "epochs", "states", "exports"))
    assert sorted(path.name for path in outside.iterdir()) == ["last.pt", "masks_0001.safetensors", "state.safetensors"]


# checkpoints


class _Harm:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self):
        return (Path.touch, (self._path,))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory) -> tuple[RunStore, dict]:
    """Give a run that was stopped in its tuning, and what it comes to when it goes on."""
    config = tiny_config(make_pictures(tmp_path_factory.mktemp("pictures")), finetune_epochs=2)
    control = Control()

    def stop(event):
        if event.kind == "step" and (event.phase, event.epoch) == (3, 1):
            control.stop()

    store, _ = run_with(control, config, tmp_path_factory.mktemp("stopped"), stop)
    return store, result_of(run(config, tmp_path_factory.mktemp("whole"))[0].folder)


@pytest.fixture
def copied(stopped, tmp_path) -> tuple[RunStore, dict]:
    """Give a copy of it."""
    store, whole = stopped
    return RunStore.open(shutil.copytree(store.folder, tmp_path / "copy")), whole


@pytest.mark.parametrize("kind", ["pickle", "zip of a pickle", "torch"])
def test_that_a_checkpoint_that_holds_code_runs_nothing_and_the_run_goes_on_without_it(copied, tmp_path, kind):
    store, whole = copied
    harm = tmp_path / "harm"
    for path in (store.folder / "checkpoints").glob("*.pt"):
        match kind:
            case "pickle":
                path.write_bytes(pickle.dumps(_Harm(harm)))
            case "zip of a pickle":
                with zipfile.ZipFile(path, "w") as archive:
                    archive.writestr("archive/data.pkl", pickle.dumps(_Harm(harm), protocol=2))
                    archive.writestr("archive/version", "3\n")
            case _:
                torch.save({"about": "{}", "tensors": {"weights/a": _Harm(harm)}}, path)
    events = go_on(store.folder)
    assert not harm.exists()
    assert end_of(events).status == "finished"
    assert any(event.kind == "message" and "checkpoints" in event.text for event in events)
    assert result_of(store.folder) == whole


@pytest.mark.usefixtures("memory")
def test_that_a_checkpoint_that_would_grow_a_hundredfold_is_refused_before_it_grows(copied):
    store, _ = copied
    path = store.folder / "checkpoints/last.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("archive/data/0", "w") as part:
        for _ in range(200):
            part.write(bytes(2**20))
    (store.folder / "checkpoints/before.pt").unlink(missing_ok=True)
    with only_a_moment():
        point = resume_point(store, store.read().history)
    assert point.checkpoint is None and "last.pt" in point.damage[0]


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.big)])
def test_that_a_checkpoint_with_changed_bytes_is_told_and_passed_over(stopped, examples):
    store, _ = stopped
    path, history = store.folder / "checkpoints/last.pt", store.read().history
    whole = path.read_bytes()
    cut = len(whole) // 3
    edges = whole[:2048] + whole[-2 * 2048 :]  # the pickle at the front and the archive's table: what parsers read

    @settings(examples)
    @given(changed_bytes(edges))
    def check(content):
        middle = whole[2048 : -2 * 2048]
        with replaced(path, content[:2048] + middle + content[2048:]), only_a_moment():
            point = resume_point(store, history)
        assert point.checkpoint is None or point.checkpoint.path == path or point.damage
        assert all("\n" not in line for line in point.damage)

    check()
    with replaced(path, whole[:cut]):
        assert "last.pt" in resume_point(store, history).damage[0]


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.big)])
def test_that_a_checkpoint_that_says_something_else_of_itself_is_told_and_passed_over(stopped, examples):
    store, _ = stopped
    path, history = store.folder / "checkpoints/last.pt", store.read().history
    content = torch.load(path, weights_only=True)
    few = dict(list(content["tensors"].items())[:3])

    @settings(examples)
    @given(changed_values(json.loads(content["about"])))
    def check(about):
        torch.save({"about": json.dumps(about), "tensors": few}, path)
        with only_a_moment():
            point = resume_point(store, history)
        assert point.checkpoint is None or point.checkpoint.path == path or point.damage

    whole = path.read_bytes()
    try:
        check()
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("change", [lambda t: t[:0], lambda t: t.double(), lambda t: t * float("nan"), lambda t: t.reshape(-1)])
def test_that_tensors_that_do_not_fit_end_the_run_with_a_line(copied, change):
    store, _ = copied
    path = store.folder / "checkpoints/last.pt"
    content = torch.load(path, weights_only=True)
    name = next(name for name, value in content["tensors"].items() if value.ndim == 4)
    content["tensors"][name] = change(content["tensors"][name]).clone()
    torch.save(content, path)
    end = end_of(go_on(store.folder))
    assert end.status == "finished" or ("unexpected" not in end.text and end.text)
