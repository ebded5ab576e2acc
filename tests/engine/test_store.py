"""A run's folder on disk."""

import contextlib
import datetime
import json
import os
import time
from pathlib import Path

import pytest

from tests.engine.run_events import fold, run_events
from vpns_engine import store as module
from vpns_engine.errors import EngineError
from vpns_engine.events import Message, to_json
from vpns_engine.files import MOST_JSON_BYTES
from vpns_engine.replay import Replay
from vpns_engine.specs.mapping import MappingSpec
from vpns_engine.specs.masks import MaskSpec
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunInfo, RunLibrary, RunStore

CONFIG = RunConfig(name="My first: run/..", seed=9, mask=MaskSpec(sparsities=(0.9, 0.95)))
FULL = Path("/dev/full")


@pytest.fixture
def store(tmp_path):
    store = RunStore.create(tmp_path / "runs", CONFIG)
    yield store
    store.close()


def _message(text):
    return Message(severity="info", text=text)


def test_that_a_run_is_opened_as_it_was_made(store):
    again = RunStore.open(store.folder)
    assert again.config == CONFIG
    assert again.config.mapping == MappingSpec()
    info = again.read_info()
    assert (info.status, info.seed, info.process, info.schema_version) == ("running", 9, os.getpid(), 1)


def test_that_the_folder_names_what_it_holds(store):
    stamp, *words = store.folder.name.split("_")
    assert datetime.datetime.strptime(stamp, "%Y-%m-%dT%H-%M-%S")
    assert words == ["vpns", "resnet20", "digits", "My-first-run", CONFIG.digest]


def test_that_runs_of_the_same_second_get_folders_of_their_own(tmp_path):
    folders = [RunStore.create(tmp_path, CONFIG).folder for _ in range(4)]
    assert len(set(folders)) == 4
    assert set(RunLibrary(tmp_path).runs()) == set(folders)


def test_that_a_library_lists_the_newest_first_and_runs_only(tmp_path):
    for name in ("2026-01-01T00-00-00_a", "2026-02-01T00-00-00_b", "2026-03-01T00-00-00_no-run"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
        if "no-run" not in name:
            (tmp_path / name / "run.json").write_text("{}")
    (tmp_path / "config.json").write_text("{}")
    assert [path.name[-1] for path in RunLibrary(tmp_path).runs()] == ["b", "a"]
    assert RunLibrary(tmp_path / "gone").runs() == []


def test_that_events_come_back(store):
    for event in run_events():
        store.append(event)
    replay = store.read()
    assert replay.damaged_lines == 0
    assert vars(replay.history) == vars(fold(run_events()))


def test_that_events_can_be_read_while_they_are_written(store):
    store.append(_message("one"))
    assert len(RunStore.open(store.folder).read().history.messages) == 1
    store.append(_message("two"))
    assert len(RunStore.open(store.folder).read().history.messages) == 2


def test_that_a_run_without_events_is_empty(store):
    assert store.read().history.started is None


def test_that_a_run_cut_off_in_a_line_opens_and_counts_it(store):
    path = store.folder / "events.jsonl"
    lines = [to_json(event) for event in run_events()]
    path.write_text("\n".join(lines)[:-20], encoding="utf-8")
    store.write_info(RunInfo(status="failed"))
    replay = store.read()
    assert replay.damaged_lines == 1
    assert vars(replay.history) == vars(fold(run_events()[:-1]))


def test_that_a_line_that_is_still_being_written_is_no_damage(store):
    path = store.folder / "events.jsonl"
    path.write_text(to_json(_message("one")) + '\n{"kind": "mess', encoding="utf-8")
    assert store.read().damaged_lines == 0
    store.write_info(RunInfo(heartbeat=1.0))  # says that it is running, and was killed long ago
    assert store.read().damaged_lines == 1
    path.write_text('{"kind": "mess\n' + to_json(_message("one")), encoding="utf-8")
    store.write_info(RunInfo(heartbeat=time.time()))
    replay = store.read()
    assert (replay.damaged_lines, len(replay.history.messages)) == (1, 1)


def test_that_an_export_is_not_opened_as_a_run(tmp_path):
    (tmp_path / "config.json").write_text(CONFIG.model_dump_json())
    with pytest.raises(EngineError, match=r"neither run\.json nor events\.jsonl"):
        RunStore.open(tmp_path)


def test_that_a_run_of_a_newer_schema_is_refused_in_one_line(store):
    store.write_info(RunInfo(schema_version=module.SCHEMA_VERSION + 1))
    (store.folder / "config.json").write_text('{"unheard": 1}')
    with pytest.raises(
        EngineError, match=r"made by a newer VPNs Studio \(schema version 2, this one reads up to 1\)"
    ) as caught:
        RunStore.open(store.folder)
    assert "\n" not in str(caught.value)


def test_that_an_event_after_a_cut_line_is_not_lost(store):
    (store.folder / "events.jsonl").write_text(to_json(_message("one")) + '\n{"kind": "mess', encoding="utf-8")
    store.append(_message("two"))
    replay = store.read()
    assert [message.text for message in replay.history.messages] == ["one", "two"]
    assert replay.damaged_lines == 1


@pytest.mark.parametrize("line", [b"\xff\xfe", b"{}", b"[1]", b'{"kind": "unheard-of"}', b'{"kind": "tested", "level": 0}'])
def test_that_a_damaged_line_is_counted(line):
    replay = Replay()
    replay.take(line)
    replay.take(b"  \n")
    assert replay.damaged_lines == 1


def test_that_an_event_of_a_phase_that_does_not_exist_is_counted():
    replay = Replay()
    for event in run_events()[:4]:
        replay.take(to_json(event).encode())
    current = replay.history.current
    replay.take(b'{"kind": "phase-started", "phase": 99}')
    replay.take(b'{"kind": "labels-mapped", "phase": 0, "level": 7, "sources": [], "counts": []}')
    assert replay.damaged_lines == 2
    assert replay.history.current == current


@pytest.mark.parametrize("relative", ["", "../x", "a/../../x", "/etc/hostname", "a\0b"])
def test_that_a_path_out_of_the_folder_is_refused(store, relative):
    with pytest.raises(EngineError, match="artifact path"):
        store.path(relative)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_that_a_link_out_of_the_folder_is_refused(store, tmp_path):
    (store.folder / "out").symlink_to(tmp_path)
    (store.folder / "loop").symlink_to(store.folder / "loop")
    with pytest.raises(EngineError, match="leaves the run folder"):
        store.path("out/x")
    with contextlib.suppress(EngineError):  # newer Pythons resolve a loop to itself: harmless, it cannot be opened
        assert store.path("loop/x").is_relative_to(store.folder.resolve())


def test_that_an_artifact_has_its_place(store):
    assert store.path("artifacts/x.safetensors") == store.folder.resolve() / "artifacts" / "x.safetensors"


def test_that_levels_have_folders_of_their_own(store):
    folders = [store.density_folder(density) for density in (1.0, 0.1, 0.05, 0.1 + 1e-9, 1e-9)]
    assert folders[:3] == ["artifacts/density_1", "artifacts/density_0.1", "artifacts/density_0.05"]
    assert len(set(folders)) == 5


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "cannot be read"),
        ("[", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"colour": "red"}', "colour"),
        ('{"seed": -1}', "seed"),
        ("[" * 200_000, "cannot be read"),
        ("\xff", "cannot be read"),
    ],
)
def test_that_a_damaged_config_is_told_in_words(store, content, words):
    (store.folder / "config.json").write_text(content, encoding="latin-1")
    with pytest.raises(EngineError, match=words) as caught:
        RunStore.open(store.folder)
    assert "\n" not in str(caught.value)


def test_that_a_huge_file_is_not_taken_for_a_config(store):
    os.truncate(store.folder / "config.json", MOST_JSON_BYTES + 1)
    with pytest.raises(EngineError, match="not a file of ours"):
        RunStore.open(store.folder)


def test_that_a_folder_that_is_no_run_is_told_in_words(tmp_path):
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(EngineError, match="is not a run"):
            RunStore.open(folder)


def test_that_run_json_of_a_later_version_is_read(store):
    values = json.loads((store.folder / "run.json").read_text()) | {"colour": "red"}
    (store.folder / "run.json").write_text(json.dumps(values))
    assert store.read_info().seed == 9
    (store.folder / "run.json").unlink()
    with pytest.raises(EngineError, match="is not there"):
        store.read_info()


def test_that_run_json_is_replaced_whole(store):
    store.write_info(RunInfo(status="stopped", message="by a person"))
    assert (store.read_info().status, store.read_info().message) == ("stopped", "by a person")
    assert sorted(path.name for path in store.folder.iterdir()) == ["config.json", "run.json"]


def test_that_a_file_in_the_place_of_the_runs_is_told_in_words(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(EngineError, match="runs"):
        RunStore.create(tmp_path / "runs", CONFIG)


def test_that_a_run_that_cannot_be_written_leaves_no_folder(tmp_path, monkeypatch):
    def full(_path, _text):
        raise EngineError("no space left")

    monkeypatch.setattr(module, "write_text", full)
    with pytest.raises(EngineError, match="no space left"):
        RunStore.create(tmp_path, CONFIG)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not FULL.exists(), reason=f"needs {FULL}")
def test_that_a_full_disk_is_told_in_words_and_closing_stays_quiet(store):
    (store.folder / "events.jsonl").symlink_to(FULL)
    for _ in range(2):
        with pytest.raises(EngineError, match="no space left"):
            store.append(_message("x"))
    store.close()


@pytest.mark.parametrize("letters", [50, 20_000])
def test_that_half_a_line_that_a_full_disk_left_does_not_swallow_the_next_one(store, letters):
    resource = pytest.importorskip("resource")
    store.append(_message("one"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((store.folder / "events.jsonl").stat().st_size + 30, before[1]))
    try:
        for _ in range(2):
            with pytest.raises(EngineError, match=r"events\.jsonl"):
                store.append(_message("x" * letters))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    store.append(_message("there is room again"))
    replay = store.read()
    assert [message.text for message in replay.history.messages] == ["one", "there is room again"]
    assert not replay.damage


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_that_a_folder_one_may_not_write_is_told_in_words(tmp_path):
    (tmp_path / "runs").mkdir(mode=0o500)
    with pytest.raises(EngineError, match="no permission"):
        RunStore.create(tmp_path / "runs", CONFIG)


def test_that_the_log_has_a_line_for_each_text(store):
    store.log("one")
    store.log("two")
    lines = (store.folder / "log.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "two"]


def test_that_a_name_in_any_script_is_part_of_the_folders_name(tmp_path):
    folder = RunStore.create(tmp_path, RunConfig(name="名前/../ ﺗﺠﺮﺑﺔ 2")).folder
    assert "名前" in folder.name and folder.parent == tmp_path
    assert RunStore.open(folder).config.name == "名前/../ ﺗﺠﺮﺑﺔ 2"
