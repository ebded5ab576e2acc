"""The bundled demo through the real window with the real engine: start, look, stop, export, open again."""

import json

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton

from tests.gui.watch import Watch, shows, slide
from vpns_engine.artifacts import read_array, read_mask
from vpns_engine.drive import Control, start
from vpns_engine.events import LevelSaved
from vpns_engine.presets import presets
from vpns_gui.views.mask import LAYER
from vpns_gui.views.mask_pictures import KEPT, TileKey

MINUTE_MS = 60_000


def demo(search, tune):
    config = next(iter(presets().values()))
    return config.model_copy(update={"search_epochs": search, "finetune_epochs": tune, "threads": 1})


def press(studio, qtbot, name, within=None):
    found = (within or studio.window).findChild(QPushButton, name)
    assert found.isEnabled(), name
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def show(studio, title):
    tabs = studio.window.tabs
    tabs.setCurrentIndex(next(index for index in range(tabs.count()) if tabs.tabText(index) == title))


def begin(studio, qtbot, config):
    studio.window.setup.set_config(config)
    assert studio.window.setup.config == config
    press(studio, qtbot, "start")


def num_points(studio):
    """Count the epochs that the accuracy plot draws."""
    drawn = [item.getData()[0] for item in studio.plots.curves.accuracy.plot.getPlotItem().listDataItems()]
    return max((len(x) for x in drawn if x is not None), default=0)


def wait_idle(studio, qtbot):
    qtbot.waitUntil(lambda: studio.run.state == "idle", timeout=3 * MINUTE_MS)


def export(studio, qtbot, folder):
    press(studio, qtbot, "exportRun")
    dialog = studio.window.findChild(QDialog, "export")
    dialog.findChild(QLineEdit, "exportFolder").setText(str(folder))
    press(studio, qtbot, "exportStart", dialog)
    qtbot.waitUntil(lambda: "same logits" in dialog.text or "Not exported" in dialog.text, timeout=2 * MINUTE_MS)
    assert "same logits" in dialog.text, dialog.text
    said = dialog.text
    dialog.close()
    return said


def test_that_the_demo_runs_to_an_export_and_opens_again(studio, qtbot, tmp_path):
    begin(studio, qtbot, demo(search=2, tune=2))
    show(studio, "Curves")
    qtbot.waitUntil(lambda: num_points(studio) >= 1, timeout=2 * MINUTE_MS)
    early = num_points(studio)
    qtbot.waitUntil(lambda: num_points(studio) > early, timeout=MINUTE_MS)
    wait_idle(studio, qtbot)
    history, store = studio.session.history, studio.session.store
    assert history.ended.status == "finished", history.ended.text
    qtbot.waitUntil(lambda: num_points(studio) == 5)

    prompt_shown_is_the_files(studio, qtbot, store, history)
    mask_shown_is_the_files(studio, qtbot, store, history)

    said = export(studio, qtbot, tmp_path / "exported")
    assert json.loads((tmp_path / "exported" / "config.json").read_text())["search_epochs"] == 2
    kept = sum(history.phases[-1].epochs[-1].kept)
    assert f"{kept:,} of 272,624 scored weights" in said

    studio.window.menus.new.trigger()
    assert studio.session.store is None
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(store.folder)
    assert studio.session.history.levels[0].tested == history.levels[0].tested
    show(studio, "Curves")
    qtbot.waitUntil(lambda: num_points(studio) == 5)


def prompt_shown_is_the_files(studio, qtbot, store, history):
    prompt = Watch(studio.window.prompt, "set_prompt")
    show(studio, "Prompt")
    search = next(phase for phase in history.phases if phase.info.kind == "search")
    for epoch in (history.phases[-1].epochs[-1], search.epochs[1]):
        wanted = read_array(store.path(epoch.prompt_path), "delta")
        assert np.abs(wanted).max() > 0
        qtbot.waitUntil(lambda wanted=wanted: shows(prompt, wanted))
        slide(studio.window, "momentSlider", 1)
    assert prompt.last.clamped is not None  # the example images were read


def mask_shown_is_the_files(studio, qtbot, store, history):
    view = studio.plots.masks
    layer, layers, bins = Watch(view, "set_layer"), Watch(view, "set_layers"), Watch(view.panel, "set_histograms")
    show(studio, "Masks")
    view.show_page(LAYER)
    slide(studio.window, "momentSlider", len(studio.session.moments) - 1)
    studio.session.choose_moment(None)  # that of the saved state
    qtbot.waitUntil(lambda: bins.last is not None and bins.last.scores is not None and view.panel.mosaic.is_complete)
    state = store.path(history.levels[0].saved[-1].state_path)
    mask = read_mask(state, layer.last.name)
    num_out, num_in = min(32, mask.shape[0]), min(32, mask.shape[1])
    cells = view.panel.mosaic._tiles[TileKey(0, 0, 0)][0].cells.reshape(num_out, 4, num_in, 4)[:, :3, :, :3]
    np.testing.assert_array_equal(cells.transpose(0, 2, 1, 3) == KEPT, mask[:num_out, :num_in])
    assert sum(row.kept for row in layers.last) == sum(
        int(read_mask(state, row.name).sum()) for row in layers.last if not row.unused
    )
    scores = np.abs(read_array(state, f"scores/{layer.last.name}"))
    np.testing.assert_array_equal(scores > np.float32(bins.last.threshold), mask)


def test_that_a_stop_in_the_search_keeps_a_mask_that_can_be_exported(studio, qtbot, tmp_path):
    begin(studio, qtbot, demo(search=500, tune=2))
    qtbot.waitUntil(lambda: any(len(p.epochs) > 1 for p in phases(studio)), timeout=2 * MINUTE_MS)
    press(studio, qtbot, "stop")
    wait_idle(studio, qtbot)
    history = studio.session.history
    assert history.ended.status == "stopped"
    assert isinstance(history.levels[0].saved[-1], LevelSaved) and not history.levels[0].saved[-1].complete
    assert "Mask now, untuned" in studio.window.run_bar.notice
    export(studio, qtbot, tmp_path / "untuned")
    assert (tmp_path / "untuned" / "model.safetensors").is_file()


def phases(studio):
    return studio.session.history.phases if studio.session.history is not None else []


def test_that_a_run_made_without_the_window_opens_in_it(studio, runs, qtbot):
    store = start(demo(search=1, tune=1), runs, Control(), ())
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(store.folder)
    assert studio.session.history.ended.status == "finished"
    show(studio, "Curves")
    qtbot.waitUntil(lambda: num_points(studio) == 3)
    prompt = Watch(studio.window.prompt, "set_prompt")
    show(studio, "Prompt")
    qtbot.waitUntil(lambda: prompt.last is not None)


def test_that_closing_stops_the_run_and_keeps_it(studio, qtbot):
    begin(studio, qtbot, demo(search=500, tune=2))
    qtbot.waitUntil(lambda: any(p.epochs for p in phases(studio)), timeout=2 * MINUTE_MS)
    assert not studio.window.close()
    press(studio, qtbot, "accept")
    qtbot.waitUntil(lambda: not studio.window.isVisible(), timeout=MINUTE_MS)
    history = studio.session.store.read().history
    assert history.ended.status == "stopped" and history.levels[0].saved
