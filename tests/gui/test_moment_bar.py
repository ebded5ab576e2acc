"""One slider for the window: it moves every view, goes by itself, and stands in the curves as their cursor."""

import shutil
import time

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy

from tests.gui.made_runs import MadeRun, config, delta_of
from tests.gui.watch import Watch, shows
from vpns_engine.artifacts import read_array, write_arrays
from vpns_engine.events import EpochEnded, PhaseInfo, RunEnded
from vpns_engine.history import RunHistory
from vpns_engine.store import RunStore
from vpns_gui.moments import label_of, moments_of
from vpns_gui.views.moment_bar import MomentBar


@pytest.fixture
def bar(qtbot):
    bar = MomentBar()
    qtbot.addWidget(bar)
    bar.resize(900, 40)
    bar.show()
    return bar


@pytest.fixture
def opened(studio, qtbot):
    def opened(store):
        with qtbot.waitSignal(studio.session.run_changed):
            studio.library.open(store.folder)
        return store

    return opened


@pytest.fixture
def real(opened, finished_run, runs):
    shutil.copytree(finished_run.folder, runs / finished_run.folder.name)
    return opened(RunStore.open(runs / finished_run.folder.name))


def show(studio, title):
    tabs = studio.window.tabs
    tabs.setCurrentIndex(next(index for index in range(tabs.count()) if tabs.tabText(index) == title))


def test_that_keys_move_it_and_say_so(bar, qtbot):
    bar.set_moments(["Search 1 / 2", "Search 2 / 2", "Tune 1 / 1, saved"], 1, saved=(2,), ends=(1,))
    chosen, played = [], []
    bar.chosen.connect(chosen.append)
    bar.play_requested.connect(played.append)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Space):
        qtbot.keyClick(bar.slider, key)
    assert chosen == [0, 2, 0, 1] and played == [True]
    assert bar.label.text() == bar.slider.accessibleDescription() == "Search 2 / 2"


def test_that_what_is_shown_is_not_asked_for_again(bar):
    asked = QSignalSpy(bar.chosen)
    bar.set_moments(["a", "b"], 0)
    bar.set_index(1)
    bar.set_moments(["a", "b", "c"], 2)
    assert asked.count() == 0 and bar.index == 2
    bar.set_moments([], None)
    assert bar.index is None and not bar.slider.isEnabled() and not bar.steer(Qt.Key.Key_Space)


def test_that_saved_states_are_marked_where_the_handle_goes(bar):
    bar.set_moments([str(number) for number in range(11)], 0)
    plain = bar.slider.grab().toImage()
    bar.set_moments([str(number) for number in range(11)], 0, saved=(5,))
    marked = bar.slider.grab().toImage()
    ratio = plain.devicePixelRatio()
    changed = {
        x for x in range(plain.width()) for y in range(plain.height()) if plain.pixel(x, y) != marked.pixel(x, y)
    }  # fmt: skip
    assert changed and abs(np.mean(sorted(changed)) / ratio - bar.slider.width() / 2) < 2


@pytest.mark.usefixtures("real")
def test_that_it_is_seen_with_the_views_that_follow_it_only(studio):
    bar = studio.window.moment_bar
    for title, seen in (("Curves", True), ("Prompt", True), ("Masks", True), ("Library", False), ("Summary", False)):
        show(studio, title)
        assert bar.isVisible() == seen, title
    show(studio, "Curves")
    studio.session.close()
    assert not bar.isVisible()


def test_that_one_slider_moves_curves_and_prompt(studio, real, qtbot):
    view, prompt = studio.plots.curves, Watch(studio.window.prompt, "set_prompt")
    history = studio.session.history
    show(studio, "Prompt")
    search = history.phases[studio.session.moments[0].phase]
    for index in (0, 1, 2):
        studio.window.moment_bar.slider.setValue(index)
        wanted = read_array(real.path(search.epochs[index].prompt_path), "delta")
        qtbot.waitUntil(lambda wanted=wanted: shows(prompt, wanted))
        assert studio.window.prompt.region.whole.startswith(label_of(history, studio.session.moments[index]))
        assert view.accuracy._moment.value() == index


@pytest.mark.usefixtures("real")
def test_that_a_click_in_the_curves_moves_the_slider(studio, qtbot):
    show(studio, "Curves")
    qtbot.waitUntil(lambda: not studio.plots.curves.is_empty)
    studio.plots.curves.moment_requested.emit(1.2)
    assert studio.window.moment_bar.index == 1 and studio.session.moment == studio.session.moments[1]
    assert "epoch 1 of 2" in studio.plots.curves._readout.whole


@pytest.mark.usefixtures("real")
def test_that_keys_that_a_view_leaves_move_the_slider(studio, qtbot):
    show(studio, "Curves")
    qtbot.waitUntil(lambda: not studio.plots.curves.is_empty)
    last = len(studio.session.moments) - 1
    studio.plots.curves.setFocus()
    for key, place in (
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Right, 2),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_End, last),
    ):
        qtbot.keyClick(studio.plots.curves, key)
        assert studio.window.moment_bar.index == place
    qtbot.keyClick(studio.plots.curves, Qt.Key.Key_Space)
    assert studio.moment.is_playing and studio.window.moment_bar.play.isChecked()
    qtbot.keyClick(studio.plots.curves, Qt.Key.Key_Space)
    assert not studio.moment.is_playing


@pytest.mark.usefixtures("real")
def test_that_playing_goes_through_every_epoch_once_and_stops(studio, qtbot):
    show(studio, "Prompt")
    seen = []
    studio.session.moment_changed.connect(seen.append)
    studio.moment.play(True)  # at the last one it begins with the first
    qtbot.waitUntil(lambda: not studio.moment.is_playing, timeout=10_000)
    assert seen == list(studio.session.moments) and not studio.window.moment_bar.play.isChecked()


@pytest.mark.usefixtures("real")
def test_that_a_hand_on_the_slider_stops_the_playing(studio, qtbot):
    show(studio, "Prompt")
    qtbot.mouseClick(studio.window.moment_bar.play, Qt.MouseButton.LeftButton)
    assert studio.moment.is_playing
    studio.window.moment_bar.slider.setValue(1)
    assert not studio.moment.is_playing and studio.session.moment == studio.session.moments[1]


def long_run(runs, epochs, canvas):
    """Write a run of that many search epochs with a prompt of its own in each."""
    made = MadeRun(runs, config(prompt={"kind": "pad", "canvas": canvas, "pad": 8}, data={"image_size": canvas}))
    store = made.store
    search = next(index for index, info in enumerate(made.first.phases) if info.kind == "search")
    phases = [
        PhaseInfo(**{**info.model_dump(), "epochs": epochs}) if index == search else info
        for index, info in enumerate(made.first.phases)
    ]
    first = made.first.model_copy(update={"phases": tuple(phases), "samples_path": ""})
    values = np.random.default_rng(0).normal(0, 0.03, (3, canvas, canvas)).astype(np.float32)
    values[:, 8:-8, 8:-8] = 0
    events = [first]
    for epoch in range(epochs + 1):
        path = f"artifacts/density_0.1/search/prompt_{epoch:04d}.safetensors"
        delta = values * (epoch + 1)
        write_arrays(store.path(path), {"delta": delta, "added": delta})
        events.append(EpochEnded(phase=search, epoch=epoch, val_accuracy=0.5, prompt_path=path))
    for seq, event in enumerate([*events, RunEnded(status="finished")]):
        store.append(event.model_copy(update={"seq": seq, "time": 1e9 + seq}))
    store.close()
    store.write_info(store.read_info().model_copy(update={"status": "finished"}))
    return store


def test_that_playing_300_epochs_never_holds_the_window_up(studio, opened, runs, qtbot):
    store = opened(long_run(runs, 300, 96))
    show(studio, "Prompt")
    assert len(moments_of(store.read().history, 0)) == 301
    prompt = Watch(studio.window.prompt, "set_prompt")
    qtbot.waitUntil(lambda: prompt.last is not None)
    prompt.calls.clear()
    studio.moment.play(True)
    moments = []
    studio.session.moment_changed.connect(moments.append)
    spent = time.thread_time()  # the window's own work: what other programs take of the processor does not count
    qtbot.waitUntil(lambda: len({shown.region for (shown,) in prompt.calls}) > 40, timeout=20_000)
    spent = time.thread_time() - spent
    studio.moment.play(False)
    assert spent / len(moments) < 0.05


def test_that_the_latest_request_wins(studio, opened, runs, qtbot):
    made = MadeRun(runs, config())
    opened(made.write())
    show(studio, "Prompt")
    prompt = Watch(studio.window.prompt, "set_prompt")
    for index in (0, 3, 1, 4, 2):
        studio.window.moment_bar.slider.setValue(index)
    qtbot.waitUntil(lambda: shows(prompt, delta_of(0, 2)))
    assert len(prompt.calls) < 6 and prompt.last is studio.window.prompt.alone._shown


def test_that_a_run_that_goes_on_brings_its_newest_prompt(studio, runs, qtbot):
    made = MadeRun(runs, config())
    studio.session.open(made.store, RunHistory(), live=True)
    show(studio, "Prompt")
    prompt = Watch(studio.window.prompt, "set_prompt")
    for seq, event in enumerate(made.events(end=None)):
        studio.session.take(event.model_copy(update={"seq": seq}))
        if event.kind == "epoch" and event.phase == 2:
            qtbot.waitUntil(lambda epoch=event.epoch: shows(prompt, delta_of(0, epoch)))
    studio.session.end()
