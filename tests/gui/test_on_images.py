"""Images beside the prompt, on a real finished run: what the network gets, what it takes them for, what the prompt changes."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication

from tests.gui.made_runs import MadeRun, config
from tests.gui.test_classes import forget_predictions
from vpns_engine.artifacts import read_arrays
from vpns_engine.kept_predictions import read_kept
from vpns_engine.looking import open_look
from vpns_engine.predictions import changes
from vpns_gui.moments import Moment
from vpns_gui.views.on_images import OnImagesPanel

WAIT_MS = 30_000


@pytest.fixture
def opened(studio, runs, finished_run):
    """Give the window with a copy of a finished run open and its prompt on screen."""
    folder = runs / finished_run.folder.name
    shutil.copytree(finished_run.folder, folder)
    studio.library.open(folder)
    studio.window.tabs.setCurrentWidget(studio.window.prompt)
    return studio


@pytest.fixture
def panel(opened, qtbot) -> OnImagesPanel:
    panel = opened.window.prompt.on_images
    qtbot.waitUntil(lambda: panel.seen is not None, timeout=WAIT_MS)
    return panel


def after(qtbot, studio, act):
    """Do something, and give the image that is shown then."""
    with qtbot.waitSignal(studio.on_images.shown, timeout=WAIT_MS) as shown:
        act()
    return shown.args[0]


def test_that_an_image_is_seen_as_the_network_gets_it_with_what_it_takes_it_for(panel, finished_run):
    with open_look(finished_run) as look:
        pixels, label, _ = look.picture("test", 0)
        prompt = look.prompt
        assert np.allclose(panel.seen.after_3CC, look.seen(pixels[None], prompt)[0], atol=1e-6)
        assert np.allclose(panel.seen.before_3CC, look.on_canvas(pixels[None])[0], atol=1e-6)
        assert np.allclose(panel.seen.plain_T, look.predict(pixels[None])[0], atol=1e-6)
        assert np.allclose(panel.seen.prompted_T, look.predict(pixels[None], prompt)[0], atol=1e-6)
    assert panel.seen.label == label and panel.text.startswith(f"Test image 1 · class {label}")
    assert "Network: Tuned" in panel.text and ("✓ right" in panel.text or "✗ wrong" in panel.text)
    names = [bar.name for bar in panel.bars.bars]
    assert len(names) == 5 and str(label) in names
    assert f"{panel.bars.bars[0].plain * 100:.1f} % without" in panel.bars.accessibleName()


@pytest.mark.usefixtures("panel")
def test_that_the_prompt_of_the_moment_is_on_the_image_and_the_network_is_named(opened, qtbot):
    session = opened.session
    search = next(m for m in session.moments if session.history.phases[m.phase].info.kind == "search")
    moment = Moment(search.level, search.phase, 1)
    shown = after(qtbot, opened, lambda: session.choose_moment(moment))
    epoch = next(e for e in session.history.phases[moment.phase].epochs if e.epoch == 1)
    added = read_arrays(session.store.path(epoch.prompt_path), ("added",))["added"]
    difference = shown.seen.after_3CC - shown.seen.before_3CC
    free = (shown.seen.before_3CC + added >= 0) & (shown.seen.before_3CC + added <= 1)
    assert np.allclose(difference[free], added[free], atol=1e-6) and free.any()
    assert "Mask of search epoch 1" in shown.words and "Prompt: Search 1 / 2." in shown.words


@pytest.mark.usefixtures("panel")
def test_that_an_epoch_of_the_search_is_asked_with_its_own_mask(opened, qtbot):
    session = opened.session
    phase = next(m for m in session.moments if session.history.phases[m.phase].info.kind == "search").phase
    level = session.level
    first = after(qtbot, opened, lambda: session.choose_moment(Moment(level, phase, 0)))
    last = after(qtbot, opened, lambda: session.choose_moment(Moment(level, phase, 2)))
    assert first.wanted.network.masks_path and not last.wanted.network.masks_path
    assert not np.allclose(first.seen.plain_T, last.seen.plain_T)


def test_that_images_are_stepped_through_by_number_by_class_and_at_random(opened, panel, qtbot):
    chooser = panel.chooser
    labels = after(qtbot, opened, lambda: chooser.step_requested.emit(1)).labels_N
    assert opened.on_images._index == 1
    assert after(qtbot, opened, lambda: chooser.step_requested.emit(-1)).wanted.index == 0
    last = after(qtbot, opened, lambda: chooser.step_requested.emit(-1))
    assert last.wanted.index == len(labels) - 1  # round at the end
    other = (int(labels[-1]) + 1) % 10
    shown = after(qtbot, opened, lambda: chooser.class_requested.emit(other))
    assert shown.seen.label == other
    assert after(qtbot, opened, lambda: chooser.step_requested.emit(1)).seen.label == other
    assert after(qtbot, opened, lambda: chooser.random_requested.emit()).seen.label == other
    number = panel.findChild(object, "imageNumber")
    assert after(qtbot, opened, lambda: number.setValue(5)).wanted.index == 4
    assert number.maximum() == len(labels)


def test_that_the_other_parts_of_the_data_can_be_looked_at(opened, panel, qtbot):
    shown = after(qtbot, opened, lambda: panel.chooser.part_requested.emit("train"))
    assert len(shown.labels_N) == opened.session.history.started.num_train
    assert shown.seen.name == "Training image 1"
    shown = after(qtbot, opened, lambda: panel.chooser.part_requested.emit("samples"))
    kept = read_arrays(opened.session.store.path(opened.session.history.started.samples_path), ("labels",))["labels"]
    assert shown.seen.name == "Example 1" and (shown.labels_N == kept).all()


def picture_file(folder, name="my own.PNG"):
    """Write a picture of one's own."""
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    path = folder / name
    assert image.save(str(path), "PNG")
    return path


def drop(panel, path) -> None:
    """Drop a file on the panel."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPointF(9, 9).toPoint(), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(panel, entered)
    QApplication.sendEvent(panel, QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, buttons, keys))


def test_that_a_picture_dropped_here_is_looked_at_and_a_run_is_left_to_the_window(opened, panel, qtbot, tmp_path):
    path = picture_file(tmp_path)
    shown = after(qtbot, opened, lambda: drop(panel, path))
    assert shown.seen.name == "my own.PNG" and shown.seen.label is None
    assert "right" not in panel.text and "wrong" not in panel.text
    size = opened.session.store.config.data.image_size
    first = (shown.seen.before_3CC.shape[1] - size + 1) // 2
    assert (shown.seen.before_3CC[:, first : first + size, first : first + size] == 1).all()
    with qtbot.assertNotEmitted(panel.file_dropped):
        drop(panel, opened.session.store.folder)
    back = after(qtbot, opened, lambda: panel.chooser.step_requested.emit(1))
    assert back.wanted.file is None and back.seen.label is not None


def test_that_a_picture_dropped_anywhere_on_the_window_is_looked_at(opened, panel, qtbot, tmp_path):
    opened.window.prompt.show_pair(True)
    opened.window.tabs.setCurrentWidget(opened.window.curves_page)
    shown = after(qtbot, opened, lambda: opened.window.dropped.emit(picture_file(tmp_path)))
    assert shown.seen.name == "my own.PNG" and panel.isVisible() and not opened.window.prompt.shows_pair


def test_that_a_broken_picture_is_told_in_one_line_and_the_next_image_comes(opened, panel, qtbot, tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"no picture")
    drop(panel, path)
    qtbot.waitUntil(lambda: "broken.png" in panel.text, timeout=WAIT_MS)
    assert panel.seen is None and "\n" not in panel.text
    assert after(qtbot, opened, lambda: panel.chooser.step_requested.emit(1)).seen.label is not None


def test_that_the_images_the_prompt_turns_are_counted_and_listed_to_step_through(opened, panel, qtbot):
    session = opened.session
    found = read_kept(session.store, session.history, session.level, "finetune")
    turned = changes(found)
    bar = panel.changes
    qtbot.waitUntil(lambda: bar.lists["gained"].isVisible(), timeout=WAIT_MS)
    assert f"{len(turned.gained):,} wrong → right" in bar.lists["gained"].text()
    assert f"{len(turned.lost):,} right → wrong" in bar.lists["lost"].text()
    assert bar.text == f"Of {len(found):,} test images:"
    key = "gained" if len(turned.gained) else "lost"
    assert getattr(turned, key).size, "this run's prompt changes nothing: choose another seed for the test"
    shown = after(qtbot, opened, bar.lists[key].click)
    right = [int(values.argmax()) == shown.seen.label for values in (shown.seen.plain_T, shown.seen.prompted_T)]
    assert right == ([False, True] if key == "gained" else [True, False])
    assert len(bar.strip.thumbs) == min(200, getattr(turned, key).size)
    listed = opened.on_images.changed.listed
    stepped = after(qtbot, opened, lambda: panel.chooser.step_requested.emit(-1))
    assert stepped.wanted.index == int(listed[-1])
    bar.lists[key].click()
    assert not bar.strip.isVisible() and not opened.on_images.changed.listed.size


def test_that_numbers_of_the_saved_state_are_said_to_be_its_own_beside_another_epoch(opened, panel, qtbot):
    session = opened.session
    qtbot.waitUntil(lambda: panel.changes.lists["gained"].isVisible(), timeout=WAIT_MS)
    saved = session.moment
    after(qtbot, opened, lambda: session.choose_moment(Moment(saved.level, saved.phase, 1 if saved.epoch != 1 else 2)))
    assert "Counted with the saved prompt and network: Tuned" in panel.changes.text


def test_that_the_difference_is_amplified_as_the_prompt_beside_it(panel):
    panel.set_scale(1, "mean")
    weak = panel.difference.image.copy()
    panel.set_scale(64, "mean")
    assert panel.difference.image != weak and "Difference, 64×" in [label.text() for label in panel._captions]


def test_that_a_run_whose_data_is_gone_shows_the_examples_it_keeps(studio, runs, finished_run, qtbot):
    folder = runs / finished_run.folder.name
    shutil.copytree(finished_run.folder, folder)
    settings = json.loads((folder / "config.json").read_text())
    settings["data"] |= {"dataset": "cifar10", "root": str(runs / "nowhere")}
    (folder / "config.json").write_text(json.dumps(settings))
    studio.library.open(folder)
    studio.window.tabs.setCurrentWidget(studio.window.prompt)
    panel = studio.window.prompt.on_images
    qtbot.waitUntil(lambda: panel.seen is not None, timeout=WAIT_MS)
    assert panel.seen.name == "Example 1" and "The data set cannot be read" in panel.text


def test_that_a_network_that_cannot_be_read_still_leaves_the_image_to_be_seen(studio, runs, qtbot):
    store = MadeRun(runs, config()).write()  # its state holds weights of no architecture
    studio.library.open(store.folder)
    studio.window.tabs.setCurrentWidget(studio.window.prompt)
    panel = studio.window.prompt.on_images
    qtbot.waitUntil(lambda: panel.seen is not None, timeout=WAIT_MS)
    assert panel.seen.after_3CC is not None and panel.seen.plain_T is None and not panel.bars.bars


def test_that_another_run_forgets_the_list_the_class_and_the_file(opened, panel, qtbot, runs, finished_run, tmp_path):
    after(qtbot, opened, lambda: drop(panel, picture_file(tmp_path)))
    folder = runs / "other"
    shutil.copytree(finished_run.folder, folder)
    shown = after(qtbot, opened, lambda: opened.library.open(folder))
    assert shown.wanted.file is None and shown.wanted.store.folder == folder


def test_that_what_was_read_once_more_here_is_known_to_the_classes_too(studio, runs, finished_run, qtbot):
    folder = runs / finished_run.folder.name
    shutil.copytree(finished_run.folder, folder)
    forget_predictions(folder)
    studio.library.open(folder)
    classes, bar = studio.plots.classes, studio.window.prompt.on_images.changes
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    qtbot.waitUntil(classes.ask.read.isVisible, timeout=WAIT_MS)
    studio.window.tabs.setCurrentWidget(studio.window.prompt)
    qtbot.waitUntil(bar.examine.isVisible, timeout=WAIT_MS)
    bar.examine.click()
    assert bar.cancel.isVisible() and bar.progress.isVisible()
    qtbot.waitUntil(bar.lists["gained"].isVisible, timeout=WAIT_MS)
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    qtbot.waitUntil(lambda: classes.confusion.matrix.picture is not None, timeout=WAIT_MS)


def test_that_it_says_why_the_network_is_not_asked(panel):
    panel.set_image(replace(panel.seen, plain_T=None, prompted_T=None), "No network of this sparsity is saved yet.")
    assert "is saved yet" in panel.text and panel._network.isVisible()
    assert "wrong" not in panel.text and not panel.bars.isVisible()
