"""How long what a run leaves behind is kept; real runs, cleared and tidied."""

import os

import pytest

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from vpns_engine.artifacts import read_state_info
from vpns_engine.cli import main
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, RunEnded
from vpns_engine.keeping import Keeping, clear, keeping_of, kind_of, read_keeping, tidy, usage_of, write_keeping
from vpns_engine.store import RunIsHeld


@pytest.fixture(autouse=True)
def _settings(tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


def do(pictures, runs, keeping=None, **changes):
    """Do a run of two and two epochs with the settings, and give its folder and events."""
    write_keeping(keeping or Keeping())
    return run(tiny_config(pictures, search_epochs=2, finetune_epochs=2, **changes), runs)


def names(store, kind):
    """Give the files of a kind, relative to the run folder."""
    files = (path.relative_to(store.folder) for path in store.folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in files if kind_of(path) == kind)


def test_that_the_settings_are_read_as_they_were_written():
    keeping = Keeping(checkpoint_minutes=2.5, finished_checkpoints="keep", epoch_artifacts="last")
    write_keeping(keeping)
    assert read_keeping() == keeping


@pytest.mark.parametrize("text", ["", "[]", '{"epoch_artifacts": 3}', '{"checkpoint_minutes": 1e999}', "[" * 60_000, "\x00"])
def test_that_damaged_settings_give_way_to_those_of_the_program_and_say_so(tmp_path, text):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "keeping.json").write_text(text)
    said = []
    assert read_keeping(said.append) == Keeping()
    assert len(said) == 1 and "keeping.json cannot be read" in said[0] and "\n" not in said[0]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"checkpoint_minutes": 0}, "Within an epoch, a checkpoint every 0 min: at least 0.05 min"),
        ({"checkpoint_minutes": "soon"}, "Within an epoch, a checkpoint every 'soon': a number is needed"),
        ({"epoch_artifacts": "some"}, "Prompts and masks 'some': one of 'all' or 'last'"),
        ({"other": 1}, "other: no such setting"),
    ],
)
def test_that_a_setting_that_cannot_work_is_named_with_its_limit(values, why):
    with pytest.raises(EngineError) as refused:
        keeping_of(values)
    assert str(refused.value) == why


def test_that_a_finished_run_keeps_its_epochs_and_no_checkpoint(pictures, runs):
    store, told = do(pictures, runs)
    assert isinstance(told[-1], RunEnded) and told[-1].status == "finished"
    assert names(store, "checkpoints") == []
    assert len([name for name in names(store, "epochs") if "masks" in name]) == 3
    assert len([name for name in names(store, "epochs") if "prompt" in name]) == 5


def test_that_checkpoints_stay_where_that_is_asked_for(pictures, runs):
    store, _ = do(pictures, runs, Keeping(finished_checkpoints="keep"))
    assert "checkpoints/last.pt" in names(store, "checkpoints")


def test_that_only_the_last_epoch_of_each_phase_stays_while_the_run_goes_on(pictures, runs):
    most = []
    write_keeping(Keeping(epoch_artifacts="last"))

    def watch(event):
        if isinstance(event, EpochEnded):
            (folder,) = runs.glob("*")
            most.append(len(list(folder.glob("artifacts/*/search/*_0*"))))

    store, told = run(tiny_config(pictures, search_epochs=3), runs, watch)
    assert most and max(most) == 2  # one prompt, one mask
    last = {event.phase: event for event in told if isinstance(event, EpochEnded)}
    kept = sorted(path for event in last.values() for path in (event.prompt_path, event.masks_path) if path)
    assert names(store, "epochs") == kept


def test_that_usage_counts_every_byte_once_and_nothing_behind_a_link(pictures, runs, tmp_path):
    store, _ = do(pictures, runs, Keeping(finished_checkpoints="keep"))
    (tmp_path / "big").write_bytes(bytes(1_000_000))
    (store.folder / "exports").mkdir()
    (store.folder / "exports" / "link").symlink_to(tmp_path / "big")
    (store.folder / "exports" / "all").symlink_to(tmp_path)
    (store.folder / "exports" / "weights").write_bytes(bytes(777))
    found = usage_of(store.folder)
    plain = sum(path.lstat().st_size for path in store.folder.rglob("*") if not path.is_dir() and store.folder in path.parents)
    assert 777 <= found["exports"] < 2000
    assert sum(found.values()) == plain + (store.folder / "exports" / "all").lstat().st_size
    assert found["states"] > found["epochs"] > 0 and found["checkpoints"] > 0


def test_that_clearing_removes_what_is_asked_for_and_says_how_much(pictures, runs):
    store, _ = do(pictures, runs, Keeping(finished_checkpoints="keep"))
    before = usage_of(store.folder)
    assert clear(store.folder, ("checkpoints", "epochs")) == before["checkpoints"] + before["epochs"]
    after = usage_of(store.folder)
    assert after == before | {"checkpoints": 0, "epochs": 0}
    for state in names(store, "states"):
        read_state_info(store.path(state))
    assert store.read().history.ended is not None


def test_that_saved_states_go_only_when_they_are_asked_for(pictures, runs):
    store, _ = do(pictures, runs)
    clear(store.folder, ("checkpoints", "epochs", "exports"))
    assert len(names(store, "states")) == 2
    clear(store.folder, ("states",))
    assert names(store, "states") == []


def test_that_settings_and_events_are_never_cleared(pictures, runs):
    store, _ = do(pictures, runs)
    with pytest.raises(ValueError, match="the run itself"):
        clear(store.folder, ("rest",))


def test_that_a_run_that_is_held_is_not_cleared(pictures, runs):
    store, _ = do(pictures, runs)
    before = usage_of(store.folder)
    with store.writing(), pytest.raises(RunIsHeld):
        clear(store.folder, ("states",))
    assert usage_of(store.folder) == before


def test_that_a_run_of_another_machine_that_still_beats_is_not_cleared(pictures, runs):
    store, _ = do(pictures, runs)
    info = store.read_info().taken_by_this_process()
    store.write_info(info.model_copy(update={"host": "elsewhere"}))
    with pytest.raises(EngineError, match="is being written: clear it once it has ended"):
        clear(store.folder, ("states",))


def test_that_a_damaged_run_can_be_cleared(pictures, runs):
    store, _ = do(pictures, runs)
    (store.folder / "config.json").write_text("{")
    (store.folder / "run.json").write_text("{")
    assert clear(store.folder, ("states",)) > 0


def test_that_what_is_no_run_is_not_cleared(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "mine").write_text("dear")
    with pytest.raises(EngineError, match="is not a run"):
        clear(tmp_path, ("checkpoints",))
    assert (tmp_path / "checkpoints" / "mine").exists()


def test_that_clearing_follows_no_link_out_of_the_run(pictures, runs, tmp_path):
    store, _ = do(pictures, runs)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "dear").write_text("dear")
    (store.folder / "exports").symlink_to(tmp_path / "mine")
    (store.folder / "checkpoints").mkdir(exist_ok=True)
    (store.folder / "checkpoints" / "link").symlink_to(tmp_path / "mine" / "dear")
    clear(store.folder, ("checkpoints", "exports"))
    assert (tmp_path / "mine" / "dear").read_text() == "dear"
    assert not (store.folder / "checkpoints" / "link").is_symlink()


def test_that_tidying_removes_what_interrupted_writing_left(pictures, runs):
    store, _ = do(pictures, runs, Keeping(finished_checkpoints="keep"))
    left = store.folder / "checkpoints" / ".last.pt.0a1b2c3d"
    left.write_bytes(bytes(500))
    assert tidy(store, Keeping(finished_checkpoints="keep")) == 500
    assert not left.exists() and (store.folder / "checkpoints" / "last.pt").exists()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("checkpoints/last.pt", "checkpoints"),
        ("checkpoints/.last.pt.0a1b2c3d", "checkpoints"),
        ("artifacts/density_0.1/search/masks_0003.safetensors", "epochs"),
        ("artifacts/density_0.1/search/.prompt_0003.safetensors.0a1b2c3d", "epochs"),
        ("artifacts/density_0.1/search/state.safetensors", "states"),
        ("artifacts/samples.safetensors", "rest"),
        ("exports/a/weights.safetensors", "exports"),
        ("events.jsonl", "rest"),
        ("checkpoints", "rest"),
    ],
)
def test_that_a_file_is_known_by_its_place(path, kind, tmp_path):
    assert kind_of((tmp_path / path).relative_to(tmp_path)) == kind


def test_that_the_terminal_sets_and_shows_the_settings(capsys):
    assert main(["keep", "--epoch-artifacts", "last", "--checkpoint-minutes", "2.5"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "checkpoint-minutes: 2.5",
        "finished-checkpoints: remove",
        "epoch-artifacts: last",
    ]
    assert read_keeping() == Keeping(checkpoint_minutes=2.5, epoch_artifacts="last")
    assert main(["keep", "--checkpoint-minutes", "0"]) == 2
    assert "at least 0.05 min" in capsys.readouterr().err
    assert main(["keep", "--reset"]) == 0
    assert read_keeping() == Keeping()


def test_that_the_terminal_shows_and_clears_what_a_run_takes(pictures, runs, capsys):
    store, _ = do(pictures, runs, Keeping(finished_checkpoints="keep"))
    assert main(["clear", "latest", "--runs", str(runs)]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["Run", "checkpoints", "epochs", "states", "exports", "rest"]
    assert row.split()[0] == store.folder.name and "0 B" in row  # no exports
    assert main(["clear", "latest", "--checkpoints", "--runs", str(runs)]) == 0
    assert capsys.readouterr().out.startswith(f"{store.folder.name}: ")
    assert usage_of(store.folder)["checkpoints"] == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may remove anything")
def test_that_a_file_that_cannot_be_removed_is_named(pictures, runs):
    store, _ = do(pictures, runs)
    folder = store.folder / "artifacts" / "density_0.5" / "search"
    folder.chmod(0o500)
    try:
        with pytest.raises(EngineError, match="cannot be removed"):
            clear(store.folder, ("states",))
    finally:
        folder.chmod(0o700)
