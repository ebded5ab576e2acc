"""Controllers, with the real views and made-up runs."""

import time

import numpy as np
import pytest
from PySide6.QtWidgets import QLineEdit, QPushButton

from tests.gui.made_runs import LAYERS, SAMPLES, MadeRun, config, delta_of, kept_of, mask_of
from tests.gui.watch import Watch, shows, slide
from vpns_engine.history import RunHistory
from vpns_engine.liveness import SILENT_SECONDS
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.store import RunInfo, RunStore
from vpns_gui.controllers import run as run_module
from vpns_gui.controllers.export import choices_of, free_folder
from vpns_gui.controllers.log import known_events, line_of
from vpns_gui.controllers.offers import masks_of, prompts_of, region_text
from vpns_gui.controllers.outcome import outcome
from vpns_gui.controllers.results import accuracy_note, accuracy_rows
from vpns_gui.controllers.run_bar import title_of
from vpns_gui.views.mask import LAYER
from vpns_gui.views.mask_pictures import KEPT, TileKey


@pytest.fixture
def open_run(studio, qtbot, runs):
    def open_run(**choices):
        wanted = {key: choices.pop(key) for key in ("method", "sparsities") if key in choices}
        store = MadeRun(runs, config(**wanted)).write(**choices)
        with qtbot.waitSignal(studio.session.run_changed):
            studio.library.open(store.folder)
        return store

    return open_run


def show(studio, title):
    tabs = studio.window.tabs
    tabs.setCurrentIndex(next(index for index in range(tabs.count()) if tabs.tabText(index) == title))


def test_that_prompts_and_masks_are_offered_in_order(runs):
    store = MadeRun(runs, config()).write()
    history = store.read().history
    prompts = [offer.label for offer in prompts_of(history, 0)]
    assert prompts == ["Search 0 / 2", "Search 1 / 2", "Search 2 / 2, saved", "Tune 1 / 2", "Tune 2 / 2, saved"]
    masks = masks_of(history, 0)
    assert [mask.label for mask in masks] == [*prompts[:2], "Search 2 / 2", *prompts[2::2]]
    assert [mask.kept for mask in masks[:3]] == [kept_of(0, epoch) for epoch in range(3)]
    assert masks[-1].kept == kept_of(0, 2) and masks[-1].has_state


def test_that_the_prompt_view_shows_the_runs_own_arrays(studio, open_run, qtbot):
    prompt = Watch(studio.window.prompt, "set_prompt")
    open_run()
    show(studio, "Prompt")
    qtbot.waitUntil(lambda: shows(prompt, delta_of(0, 102)) and prompt.last.clamped is not None)
    np.testing.assert_array_equal(prompt.last.added, delta_of(0, 102) / 2)
    region = "Tune 2 / 2, saved: A ring of 2 px at the border of the 16 x 16 px canvas, 336 values"
    assert prompt.last.region == studio.window.prompt.region.whole == region
    slide(studio.window, "momentSlider", 1)
    qtbot.waitUntil(lambda: shows(prompt, delta_of(0, 1)))


def test_that_the_mask_view_shows_the_runs_own_arrays(studio, open_run, qtbot):
    view = studio.plots.masks
    layer, layers, bins = Watch(view, "set_layer"), Watch(view, "set_layers"), Watch(view.panel.weights, "set_histogram")
    open_run()
    show(studio, "Masks")
    view.show_page(LAYER)
    qtbot.waitUntil(lambda: layer.last is not None and view.panel.mosaic.is_complete)
    assert layer.last.name == view.layer == "conv1"
    cells = view.panel.mosaic._tiles[TileKey(0, 0, 0)][0].cells
    np.testing.assert_array_equal(cells[0:3, 4:7] == KEPT, mask_of(LAYERS[0], 0, 2)[0, 1])
    qtbot.waitUntil(lambda: bins.last is not None)
    assert bins.last.kept.sum() == kept_of(0, 2)[0] and view.panel.scores.threshold.value() == 0.02
    assert kept(layers) == kept_of(0, 2)
    view.select_layer("fc")
    qtbot.waitUntil(lambda: layer.last.name == "fc")
    slide(studio.window, "momentSlider", 0)
    qtbot.waitUntil(lambda: layer.last.num_kept == kept_of(0, 0)[1])
    assert not layer.last.is_saved and view.layer == "fc"


def test_that_the_level_looked_at_changes_every_view(studio, open_run, qtbot):
    prompt, layers = Watch(studio.window.prompt, "set_prompt"), Watch(studio.plots.masks, "set_layers")
    open_run(sparsities=(0.5, 0.9))
    show(studio, "Prompt")
    qtbot.waitUntil(lambda: shows(prompt, delta_of(1, 102)))
    studio.window.run_bar.timeline.level_requested.emit(0)
    qtbot.waitUntil(lambda: shows(prompt, delta_of(0, 102)))
    show(studio, "Masks")
    qtbot.waitUntil(lambda: kept(layers) == kept_of(0, 2))


def kept(layers):
    """Give the kept weights of each layer, its rows that nobody uses too."""
    rows = layers.last or ()
    return tuple(sum(row.kept for row in rows if row.name == name) for name in dict.fromkeys(row.name for row in rows))


def test_that_a_run_without_a_prompt_says_so(studio, open_run, qtbot):
    asked = Watch(studio.window.prompt, "set_no_prompt")
    open_run(method="control")
    show(studio, "Prompt")
    qtbot.waitUntil(lambda: bool(asked.calls))


def test_that_a_damaged_file_is_told_and_the_rest_stays(studio, open_run, qtbot):
    prompt = Watch(studio.window.prompt, "set_prompt")
    store = open_run()
    (store.folder / "artifacts/density_0.1/finetune/prompt_0001.safetensors").write_bytes(b"cut")
    show(studio, "Prompt")
    qtbot.waitUntil(lambda: shows(prompt, delta_of(0, 102)))
    slide(studio.window, "momentSlider", 3)
    qtbot.waitUntil(lambda: "prompt_0001.safetensors cannot be read" in studio.window.log.text)
    assert shows(prompt, delta_of(0, 102))


def test_that_a_damaged_sample_file_is_told(studio, runs, qtbot):
    made = MadeRun(runs, config())
    store = made.write()
    store.path(SAMPLES).write_bytes(b"not arrays")
    studio.library.open(store.folder)
    qtbot.waitUntil(lambda: "samples.safetensors cannot be read" in studio.window.log.text)


def test_that_results_give_a_row_for_each_saved_state(runs):
    history = MadeRun(runs, config(sparsities=(0.5, 0.9))).write().read().history
    rows = accuracy_rows(history, {})
    states = [("Mask now, untuned", "2 / 2"), ("Tuned", "2 / 2")]
    assert [row[:3] for row in rows] == [(sparsity, *state) for sparsity in ("50 %", "90 %") for state in states]
    assert rows[0][4:] == ("-", "70.0 %", "55.0 %", "75.0 %", "80.0 %")
    total = sum(layer.numel for layer in LAYERS)
    assert rows[0][3] == f"{sum(kept_of(0, 2)):,}\n{sum(kept_of(0, 2)) / total * 100:.3g} %"


def test_that_results_are_shown(studio, open_run, qtbot):
    open_run()
    show(studio, "Results")
    qtbot.waitUntil(lambda: studio.window.results._accuracies.rowCount() == 2)


def test_that_results_show_the_density_without_the_rows_that_no_class_uses(studio, runs, qtbot):
    made = MadeRun(runs, config())
    made.first = made.first.model_copy(update={"source_classes": tuple("OIZJqSbTBgXY")})
    studio.library.open(made.write().folder)
    show(studio, "Results")
    table = studio.window.results._accuracies
    masks = [mask_of(layer, 0, 2) for layer in LAYERS]
    kept = sum(int(mask.sum()) for mask in masks) - int(masks[1][10:].sum())
    qtbot.waitUntil(lambda: table.rowCount() == 2 and table.item(0, 4).text() != "-")
    assert table.item(0, 4).text() == f"{kept / (156 - 2 * 4) * 100:.1f} %"


def test_that_a_search_stopped_amid_an_epoch_shows_no_other_epochs_figures(runs):
    store = MadeRun(runs, config()).write()
    history = store.read().history
    level, phase = history.levels[0], history.phases[2]
    level.saved = [level.saved[0].model_copy(update={"epoch": 1, "complete": False, "seq": 10**6})]
    phase.epochs = phase.epochs[:2]
    (row,) = accuracy_rows(history, {})
    assert row[1:3] == ("Mask now, untuned, stopped", "amid 2 / 2")
    assert row[3:7] == ("-", "-", "-", "-")
    offer = masks_of(history, 0)[-1]
    assert offer.label == "Search amid 2 / 2, saved" and offer.kept == ()


def test_that_a_stop_in_the_first_tuning_epoch_has_one_name_everywhere(runs):
    store = MadeRun(runs, config()).write()
    history = store.read().history
    history.phases[3].epochs.clear()
    history.levels[0].saved[1] = history.levels[0].saved[1].model_copy(update={"epoch": 0, "complete": False})
    choice = choices_of(store, history)[-1]
    assert choice.folder.name == "density_0.1_hardly_tuned" and choice.stage == "finetune"
    assert choice.label == "90 % sparsity: Hardly tuned (stopped amid epoch 1 of 2)"
    assert accuracy_rows(history, {})[1][1:3] == ("Hardly tuned, stopped", "amid 1 / 2")
    labels = [offer.label for offer in prompts_of(history, 0)]
    assert labels == ["Search 0 / 2", "Search 1 / 2", "Search 2 / 2, saved", "Tune amid 1 / 2, saved"]


def test_that_an_export_to_an_unknown_users_folder_does_not_lock_the_dialog(studio, open_run, qtbot, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~no-such-user").write_text("")
    open_run()
    studio.export.open()
    dialog = studio.export._dialog
    dialog.findChild(QLineEdit, "exportFolder").setText("~no-such-user/x")
    dialog.findChild(QPushButton, "exportStart").click()
    qtbot.waitUntil(lambda: "Not exported" in dialog.text)
    dialog.close()
    assert studio.export._dialog is None or not dialog.isVisible()


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("finished", ("Finished.", "87.5 % (80.0 % with prompt) at 90 % sparsity", "Press Export")),
        ("stopped", ("Stopped.", "Kept: Tuned (epoch 2 of 2)", "Press Export")),
        ("failed", ("Failed: the disk is full.", "Press Export")),
        (None, ("Interrupted after Tune, 90 % sparsity", "Resume")),
    ],
)
def test_that_the_outcome_says_what_happened_and_what_next(runs, end, words):
    said = outcome(MadeRun(runs, config()).write(end=end).read().history)
    assert all(word in said.text for word in words), said.text


def test_that_a_run_without_a_mask_says_that_there_is_nothing_to_export(runs):
    said = outcome(MadeRun(runs, config()).write(levels=0, end="failed").read().history)
    assert "nothing to export" in said.text and said.severity == "error"


def test_that_opening_a_run_brings_its_messages_and_its_end(studio, open_run):
    store = open_run()
    text = studio.window.log.text
    assert str(store.folder) in text
    assert "Warning: 2 broken images are skipped" in text
    assert "Test accuracy, tuned: 87.5 % without prompt, 80.0 % with prompt" in text
    assert studio.window.run_bar.notice.startswith("Finished.")


def test_that_a_cut_off_run_opens_and_says_so(studio, runs, qtbot):
    store = MadeRun(runs, config()).write()
    path = store.folder / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    store.write_info(store.read_info().model_copy(update={"heartbeat": 1e9}))
    studio.library.open(store.folder)
    qtbot.waitUntil(lambda: "events.jsonl: 1 damaged line left out" in studio.window.log.text)
    assert studio.window.run_bar.notice.startswith("Finished")  # run.json has the end that the events lost


def test_that_a_folder_that_is_no_run_is_refused_in_words(studio, tmp_path, qtbot):
    studio.library.open(tmp_path)
    qtbot.waitUntil(lambda: "is not a run" in studio.window.log.text)
    assert studio.session.store is None


def test_that_recent_runs_are_listed_newest_first(studio, runs, qtbot):
    old = MadeRun(runs, config()).write().folder
    new = old.with_name("2099" + old.name[4:])
    old.rename(new)
    old = MadeRun(runs, config(method="control")).write().folder
    with qtbot.waitSignal(studio.library.recent_changed):
        studio.library.refresh()
    actions = studio.window.menus.recent.actions()
    assert [action.toolTip() for action in actions] == [str(new), str(old)]
    assert actions[0].text().endswith("VPNs · ResNet-20 on digits · sparsity 90 % · seed 7 · finished")
    with qtbot.waitSignal(studio.session.run_changed):
        studio.window.menus.recent.actions()[0].trigger()
    assert studio.session.store.folder == new


def test_that_every_event_that_matters_has_its_line(runs):
    made = MadeRun(runs, config())
    history, lines = RunHistory(), []
    for event in made.events():
        history.apply(event)
        lines.append(line_of(event, history))
    text = "\n".join(line for line in lines if line)
    assert "20 training, 10 validation and 10 test images, 10 classes; 156 scored weights in 2 layers" in text
    assert "Label mapping: 0 → O, 1 → I" in text
    assert "90 % sparsity: search masks" in text and "Run finished" in text


def test_that_a_region_is_described():
    assert (
        region_text(PromptSpec(kind="fix", square=8), 16)
        == "A square of 8 x 8 px at the top left of the 16 x 16 px canvas, 192 values"
    )
    assert "new place in each pass (shown in the middle)" in region_text(PromptSpec(kind="random", square=8), 16)
    assert "Everything on the 32 x 32 px canvas outside the centred image" in region_text(
        PromptSpec(kind="expand", canvas=32), 16
    )


def test_that_a_run_is_named_by_what_matters():
    assert (
        title_of(config(sparsities=(0.5, 0.9), name="mine"))
        == "mine · VPNs · ResNet-20 on digits · sparsity 50 %, 90 % · seed 7"
    )


def test_that_only_a_run_folder_is_removed(runs, tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "config.json").write_text("{}")
    for folder in (other, runs):
        with pytest.raises(run_module.EngineError, match="not removed"):
            run_module._remove(RunStore(folder, config()), runs, made_here=True)
    store = MadeRun(runs, config()).write()
    assert run_module._remove(store, runs, made_here=False) == store.folder and not store.folder.exists()


def test_that_a_run_that_another_process_works_on_is_not_removed(runs):
    store = MadeRun(runs, config()).write()
    store.write_info(RunInfo(status="running", heartbeat=time.time()))
    with pytest.raises(run_module.EngineError, match="another process"):
        run_module._remove(store, runs, made_here=False)
    store.write_info(RunInfo(status="running", heartbeat=time.time() - 2 * SILENT_SECONDS))
    assert run_module._remove(store, runs, made_here=False) == store.folder


def test_that_an_export_gets_a_folder_that_is_free(tmp_path):
    wanted = tmp_path / "exports" / "density_0.1_tuned"
    assert free_folder(wanted) == wanted
    wanted.mkdir(parents=True)
    wanted.with_name("density_0.1_tuned_2").symlink_to(tmp_path / "nowhere")
    assert free_folder(wanted).name == "density_0.1_tuned_3"


def test_that_a_run_read_again_has_the_lines_of_the_live_log(runs):
    made = MadeRun(runs, config())
    live, history = [], RunHistory()
    for seq, made_event in enumerate(made.events()):
        event = made_event.model_copy(update={"seq": seq})
        history.apply(event)
        live.append(line_of(event, history))
    again = made.write().read().history
    assert [line for event in known_events(again) if (line := line_of(event, again))] == [line for line in live if line]


def test_that_the_results_say_how_the_tuned_state_was_chosen(tmp_path):
    history = MadeRun(tmp_path, config()).write().read().history
    assert accuracy_note(history).startswith("Validation chooses the tuned epoch")
    history.started = history.started.model_copy(update={"num_validation": 0})
    assert accuracy_note(history).startswith("Nothing is held back for validation")
