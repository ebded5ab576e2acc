"""The mask of every moment, on real finished runs and on the masks of VGG-16."""

import itertools
import shutil
import time

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QObject, Qt

from tests.gui.lateness import Lateness
from tests.vgg_run import DEAD_COLUMNS, DEAD_LAYER, DEAD_ROWS, LAYERS, TOTAL
from vpns_engine.artifacts import read_array, read_info, read_mask, read_state_info
from vpns_gui.controllers.masks import MaskController
from vpns_gui.controllers.offers import masks_of
from vpns_gui.views.mask import LAYER
from vpns_gui.views.mask_pictures import EMPTY, KEPT, TileKey
from vpns_gui.views.mosaic import NUMBERS_PX

FRAME_MS = 50
TAKES = 4


@pytest.fixture
def masks(studio):
    """Give the view of one mask, on screen."""
    studio.window.tabs.setCurrentWidget(studio.window.masks_page)
    return studio.plots.masks


@pytest.fixture
def opened(studio, masks, runs, qtbot):
    """Open a run's copy and wait for its layers."""

    def work(store, *, copied=True):
        folder = runs / store.folder.name if copied else store.folder
        if copied and not folder.exists():
            shutil.copytree(store.folder, folder)
        studio.library.open(folder)
        qtbot.waitUntil(lambda: bool(masks.rows) and masks.rows[0].empty_out is not None, timeout=10_000)
        return studio.session.store

    return work


def offers(studio):
    return masks_of(studio.session.history, studio.session.level)


def go_to(studio, offer, qtbot):
    """Look at the moment of an offer, and wait until its layers are counted."""
    studio.session.choose_moment(offer.moment)
    counted(studio, offer, qtbot)


def counted(studio, offer, qtbot):
    controller = studio.window.findChild(MaskController)
    qtbot.waitUntil(lambda: controller.counted is not None and controller.counted.path == offer.path, timeout=10_000)


def test_that_the_overview_counts_the_masks_of_the_moment(studio, masks, opened, finished_run, qtbot):
    store = opened(finished_run)
    state = offers(studio)[-1]
    path, info = store.path(state.path), read_state_info(store.path(state.path))
    whole = {name: read_mask(path, name) for name in info.shapes}
    counted(studio, state, qtbot)
    used = sorted(set(info.mapping))
    for row in masks.rows:
        mask = whole[row.name]
        if row.name == "fc":
            mask = np.delete(mask, used, axis=0) if row.unused else mask[used]
        rest = tuple(range(2, mask.ndim))
        assert (row.kept, row.numel) == (mask.sum(), mask.size)
        assert row.empty_out == (~mask.any(axis=(1, *rest))).sum() and row.empty_in == (~mask.any(axis=(0, *rest))).sum()
    assert [row.unused for row in masks.rows][-2:] == [False, True] and len(masks.rows) == len(info.shapes) + 1


def test_that_the_moment_moves_the_overview_and_the_layer(studio, masks, opened, finished_run, qtbot):
    store = opened(finished_run)
    masks.select_layer("layer2.0.conv1")
    masks.show_page(LAYER)
    mosaic = masks.panel.mosaic
    first = offers(studio)[0]
    assert not first.has_state
    for offer in (first, offers(studio)[1], offers(studio)[-1]):
        go_to(studio, offer, qtbot)
        mask = read_mask(store.path(offer.path), "layer2.0.conv1")
        qtbot.waitUntil(lambda mask=mask: masks.panel.detail.num_kept == mask.sum() and mosaic.is_complete, timeout=10_000)
        assert masks.layer == "layer2.0.conv1"
        cells = mosaic._tiles[TileKey(0, 0, 0)][0].cells
        assert (cells[:3, :3] == KEPT).sum() == mask[0, 0].sum() and (cells == KEPT).sum() == mask[:32].sum()


def test_that_scores_are_those_of_the_saved_state_and_weights_those_of_the_whole_search(
    studio, masks, opened, finished_run, qtbot
):
    store = opened(finished_run)
    masks.select_layer("layer1.0.conv1")
    masks.show_page(LAYER)
    panel, found = masks.panel, offers(studio)
    early = found[1]
    state = next(offer for offer in found if offer.has_state and offer.moment.phase == early.moment.phase)
    go_to(studio, state, qtbot)
    qtbot.waitUntil(lambda: panel.scores._stack.currentIndex() == 0, timeout=10_000)
    assert panel.scores.threshold.value() == pytest.approx(read_state_info(store.path(state.path)).threshold)
    weights = read_array(store.path(state.path), "weights/layer1.0.conv1.weight")
    go_to(studio, early, qtbot)
    qtbot.waitUntil(lambda: "not stored" in panel.scores._note.text(), timeout=10_000)
    panel.mosaic.show_kernel(2, 3)
    qtbot.waitUntil(lambda: panel.mosaic.is_complete and panel.mosaic.zoom.point_px >= NUMBERS_PX, timeout=10_000)
    tile = panel.mosaic._tiles[TileKey(0, 0, 0)][0]
    assert np.array_equal(tile.values[2 * 4 : 2 * 4 + 3, 3 * 4 : 3 * 4 + 3], weights[2, 3])
    qtbot.waitUntil(lambda: panel.weights._stack.currentIndex() == 0, timeout=10_000)


def test_that_flips_are_those_between_the_files(studio, masks, opened, finished_run, qtbot):
    store = opened(finished_run)
    masks.select_layer("layer3.0.conv2")
    masks.show_page(LAYER)
    flips = masks.panel.flips
    qtbot.waitUntil(lambda: flips.flips is not None, timeout=10_000)
    epochs = [offer for offer in offers(studio) if not offer.has_state]
    read = [read_mask(store.path(offer.path), "layer3.0.conv2") for offer in epochs]
    moved = [(int((b & ~a).sum()), int((a & ~b).sum())) for a, b in itertools.pairwise(read)]
    assert list(zip(*flips.flips.of("layer3.0.conv2"), strict=True)) == moved and any(kept for kept, _ in moved)
    assert [step.x for step in flips.flips.steps] == [offer.moment.epoch for offer in epochs[1:]]
    go_to(studio, epochs[1], qtbot)
    assert flips.whole.mark.value() == epochs[1].moment.epoch


def test_that_a_method_without_a_search_says_that_its_mask_does_not_move(masks, opened, finished_omp_run, qtbot):
    opened(finished_omp_run)
    masks.show_page(LAYER)
    qtbot.waitUntil(lambda: "sets its mask once" in masks.panel.flips.note.text(), timeout=10_000)
    qtbot.waitUntil(lambda: "No scores are stored" in masks.panel.scores._note.text(), timeout=10_000)
    qtbot.waitUntil(lambda: masks.panel.weights._stack.currentIndex() == 0, timeout=10_000)


def test_that_the_mapping_of_each_epoch_tells_the_rows_in_use(studio, masks, opened, finished_run, qtbot):
    store = opened(finished_run)
    history, level = studio.session.history, studio.session.level
    told, (first, second, *_) = history.level(level).mappings[-1], offers(studio)
    assert (first.moment.epoch, second.moment.epoch) == (0, 1) and not second.has_state
    other = tuple(sorted(set(range(20)) - set(told.sources))[: len(told.sources)])
    # as an iterative mapping tells it: found anew at the start of that search's first epoch
    anew = told.model_copy(update={"phase": second.moment.phase, "epoch": 1, "sources": other})
    history.level(level).mappings.append(anew)
    for offer, sources in ((first, told.sources), (second, other)):
        go_to(studio, offer, qtbot)
        assert masks.rows[-2].kept == read_mask(store.path(offer.path), "fc")[sorted(set(sources))].sum()


def test_that_a_damaged_masks_file_is_told_and_what_the_events_say_stays(studio, masks, opened, finished_run, qtbot):
    store = opened(finished_run)
    masks.show_page(LAYER)
    offer = offers(studio)[0]
    store.path(offer.path).write_bytes(b"\xff" * 64)
    studio.session.choose_moment(offer.moment)
    # a layer of the moment before may still be shown for an instant, as while playing
    qtbot.waitUntil(lambda: masks._detail.is_empty and "cannot be read" in masks._detail.note.text, timeout=10_000)
    assert sum(row.kept for row in masks.rows) == sum(offer.kept)
    go_to(studio, offers(studio)[1], qtbot)
    qtbot.waitUntil(lambda: not masks._detail.is_empty, timeout=10_000)


def test_that_a_state_whose_weights_do_not_fit_is_told(studio, masks, opened, finished_run, qtbot):
    store = opened(finished_run)
    state = offers(studio)[-1]
    path = store.path(state.path)
    header = int.from_bytes(path.read_bytes()[:8], "little")
    text = path.read_bytes()[8 : 8 + header]
    swapped = text.replace(
        b'"weights/conv1.weight":{"dtype":"F32","shape":[16,3,3,3]', b'"weights/conv1.weight":{"dtype":"F32","shape":[3,16,3,3]'
    )
    assert swapped != text
    with path.open("r+b") as file:
        file.seek(8)
        file.write(swapped)
    masks.show_page(LAYER)
    qtbot.waitUntil(
        lambda: "is damaged: weights/conv1.weight has the shape (3, 16, 3, 3)" in masks._detail.note.text, timeout=10_000
    )


def test_that_another_run_starts_over(studio, masks, opened, finished_run, finished_omp_run, qtbot):
    opened(finished_run)
    masks.show_page(LAYER)
    qtbot.waitUntil(lambda: masks.panel.flips.flips is not None, timeout=10_000)
    opened(finished_omp_run)
    qtbot.waitUntil(lambda: masks.panel.flips.flips is None, timeout=10_000)
    studio.session.close()
    qtbot.waitUntil(lambda: masks._stack.is_empty)
    assert masks.layer is None


# VGG-16


def test_that_the_overview_of_vgg_16_is_there_in_a_second(studio, masks, vgg16_run, qtbot):
    spent = []
    for _ in range(TAKES):  # the least of them: other work on the machine takes its time too
        studio.session.close()
        begun = time.perf_counter()
        studio.library.open(vgg16_run.folder)
        qtbot.waitUntil(lambda: bool(masks.rows) and masks.rows[0].empty_out is not None, timeout=20_000)
        masks.bars.grab()
        spent.append(time.perf_counter() - begun)
        if spent[-1] < 1:
            break
    assert min(spent) < 1
    assert sum(row.numel for row in masks.rows) == TOTAL and len(masks.rows) == 17
    dead = next(row for row in masks.rows if row.name == DEAD_LAYER)
    assert (dead.empty_out, dead.empty_in) == (len(DEAD_ROWS), len(DEAD_COLUMNS))
    assert masks.rows[-1].unused and masks.rows[-1].shape == (990, 4096) and masks.rows[-2].nearly_empty


class Clock(Lateness):
    """Notes the milliseconds of work that the window's thread did between two ticks, too."""

    def __init__(self, parent):
        self.own, self._worked = [], time.thread_time()
        super().__init__(parent)

    def _tick(self):
        super()._tick()
        now = time.thread_time()
        self.own.append((now - self._worked) * 1000)
        self._worked = now


@pytest.fixture
def lateness(masks):  # noqa: ARG001 - the window must be there
    """Give a clock in the window's thread."""
    holder = QObject()
    found = Clock(holder)
    yield found
    found.deleteLater()


def test_that_no_frame_of_vgg_16_takes_longer_than_50_ms(studio, masks, opened, vgg16_run, lateness, qtbot):
    opened(vgg16_run, copied=False)
    masks.select_layer("classifier.0")
    masks.show_page(LAYER)
    mosaic = masks.panel.mosaic
    qtbot.waitUntil(lambda: masks.panel.detail is not None and mosaic.is_complete, timeout=20_000)
    memory, most = psutil.Process().memory_info().rss, []
    for _ in range(TAKES):
        lateness.found["tour"], lateness.own = [], []
        lateness.phase = "tour"
        _tour(studio, masks, qtbot)
        lateness.phase = "opening"
        assert len(lateness.found["tour"]) > 50
        most.append((max(lateness.own), lateness.percentile("tour", 0.95)))
        if max(most[-1]) < FRAME_MS:
            break
    # other work on the machine makes a tick late too, so the longest is measured in the time that this thread itself worked
    assert min(own for own, _ in most) < FRAME_MS and min(late for _, late in most) < FRAME_MS
    assert mosaic.num_tiles <= 160
    assert psutil.Process().memory_info().rss - memory < 150 * 2**20


def _tour(studio, masks, qtbot):
    """Zoom from the whole of the largest layer to its weights, scroll, go through the epochs and to another layer."""
    mosaic = masks.panel.mosaic
    mosaic.show_whole()
    for step in (1,) * 12 + (-1,) * 3:
        mosaic.zoom_by(step)
        qtbot.waitUntil(lambda: mosaic.is_complete, timeout=20_000)
    across, down = mosaic.horizontalScrollBar(), mosaic.verticalScrollBar()
    for _ in range(40):
        across.setValue(across.value() + 170)
        down.setValue(down.value() + 90)
        qtbot.wait(10)
    for moment in studio.session.moments:
        studio.session.choose_moment(moment)
        qtbot.waitUntil(lambda: mosaic.is_complete, timeout=20_000)
    for layer in (DEAD_LAYER, "classifier.0"):
        masks.select_layer(layer)
        qtbot.waitUntil(lambda layer=layer: masks.panel.detail.name == layer and mosaic.is_complete, timeout=20_000)


def test_that_the_dead_channels_of_vgg_16_are_listed_and_seen(masks, opened, vgg16_run, qtbot):
    opened(vgg16_run, copied=False)
    masks.select_layer(DEAD_LAYER)
    masks.show_page(LAYER)
    panel = masks.panel
    qtbot.waitUntil(lambda: panel.detail is not None and panel.mosaic.is_complete, timeout=20_000)
    assert panel.detail.dead_out == DEAD_ROWS and panel.detail.dead_in == DEAD_COLUMNS
    panel.pages.setCurrentWidget(panel.dead)
    qtbot.keyClick(panel.dead.list, Qt.Key.Key_End)
    panel.dead.chosen.emit((DEAD_ROWS[1], None))
    qtbot.waitUntil(lambda: panel.mosaic.is_complete, timeout=20_000)
    assert panel.mosaic.sight.top() <= DEAD_ROWS[1] <= panel.mosaic.sight.bottom()
    rows = 32
    tile = panel.mosaic._tiles[TileKey(0, DEAD_ROWS[1] // rows, panel.mosaic.sight.left() // rows)][0]
    assert (tile.cells[(DEAD_ROWS[1] % rows) * 4] != KEPT).all() and (tile.cells == EMPTY).any()


def test_that_flips_of_138_million_weights_come_beside_the_window(masks, opened, vgg16_run, qtbot):
    opened(vgg16_run, copied=False)
    masks.show_page(LAYER)
    qtbot.waitUntil(lambda: masks.panel.flips.flips is not None and len(masks.panel.flips.flips.steps) == 2, timeout=20_000)
    kept, pruned = masks.panel.flips.flips.of(None)
    totals = [sum(epoch.kept) for epoch in vgg16_run.read().history.phases[0].epochs]
    assert [after - before for before, after in itertools.pairwise(totals)] == [
        a - b for a, b in zip(kept, pruned, strict=True)
    ]
    assert len(masks.panel.flips.flips.layers) == len(LAYERS) and min(kept) > 0
    assert read_info(vgg16_run.path(offers_path(vgg16_run)))["epoch"] == 1


def offers_path(store):
    return store.read().history.phases[0].epochs[0].masks_path
