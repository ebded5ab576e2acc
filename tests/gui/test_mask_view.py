"""The mask view and its pictures."""

import itertools
import time

import numpy as np
import pytest
from PySide6.QtCore import Qt

from tests.gui.views_data import LAYERS, TOTAL, kept
from vpns_gui import theme
from vpns_gui.models.layers_table import LayerRow
from vpns_gui.views import mask_pictures
from vpns_gui.views.mask import MaskView
from vpns_gui.views.mask_pictures import EMPTY, GAP, KEPT, PRUNED, layer_detail


def rows(density=0.1):
    return [LayerRow(layer.name, layer.shape, layer.numel, count) for layer, count in zip(LAYERS, kept(density), strict=True)]


def detail(shape=(64, 64, 3, 3), density=0.1, seed=5, name="layer3.1.conv2", scored=True):
    random = np.random.default_rng(seed)
    weights = (random.standard_normal(shape) * 0.05).astype(np.float32)
    scale = 0.3 + random.random(shape[:1] + (1,) * (len(shape) - 1))
    scores = (weights * scale * random.lognormal(0, 0.3, shape)).astype(np.float32)
    threshold = float(np.quantile(np.abs(scores), 1 - density))
    mask = np.abs(scores) > threshold
    return layer_detail(name, mask, weights, scores if scored else None, threshold if scored else None)


@pytest.fixture
def view(qtbot):
    view = MaskView()
    qtbot.addWidget(view)
    view.resize(1300, 850)
    view.show()
    return view


def test_that_the_density_map_is_the_mean_of_each_kernel():
    mask = np.zeros((2, 3, 3, 3), bool)
    mask[1, 2, :2] = True
    found = mask_pictures.density_map(mask)
    assert found.values.shape == (2, 3) and found.out_block == found.in_block == 1
    assert found.values[1, 2] == pytest.approx(6 / 9) and found.values.sum() == pytest.approx(6 / 9)


def test_that_large_layers_are_averaged_in_blocks_up_to_the_edge():
    random = np.random.default_rng(0)
    mask = random.random((10, 11, 1, 1)) < 0.3
    found = mask_pictures.density_map(mask, max_side=4)
    assert (found.out_block, found.in_block) == (3, 3) and found.values.shape == (4, 4)
    assert found.values[3, 3] == pytest.approx(mask[9:, 9:].mean())
    assert found.values[0, 1] == pytest.approx(mask[:3, 3:6].mean())


def test_that_histograms_count_every_weight_once():
    found = detail()
    for histogram in (found.weights, found.scores):
        assert histogram.kept.sum() == found.num_kept
        assert histogram.pruned.sum() == found.numel - found.num_kept
    above = found.scores.edges[:-1] > found.threshold
    assert found.scores.pruned[above].sum() == 0


def test_that_histograms_agree_with_numpy():
    random = np.random.default_rng(1)
    values = random.standard_normal((40, 50)).astype(np.float32)
    mask = random.random((40, 50)) < 0.5
    found = mask_pictures.histogram(values, mask)
    assert (found.kept == np.histogram(values[mask].astype(np.float64), found.edges)[0]).all()
    assert found.edges[0] == -found.edges[-1] == pytest.approx(-float(np.abs(values).max()))


def test_that_odd_values_are_counted_apart():
    values = np.array([0.0, 1.0, np.nan, np.inf], np.float32)
    found = mask_pictures.histogram(values, np.ones(4, bool))
    assert found.num_odd == 2 and found.kept.sum() == 2


def test_that_a_layer_of_equal_zeros_has_a_histogram():
    found = mask_pictures.histogram(np.zeros(9, np.float32), np.zeros(9, bool))
    assert found.pruned.sum() == 9 and found.edges[-1] > 0


def test_that_the_mosaic_tells_empty_kernels_from_pruned_weights():
    mask = np.zeros((2, 2, 2, 2), bool)
    mask[0, 1, 0, 0] = True
    cells = mask_pictures.mosaic(mask, (0, 0), (2, 2))
    assert cells.shape == (5, 5)
    assert cells[0].tolist() == [EMPTY, EMPTY, GAP, KEPT, PRUNED]
    assert (cells[2] == GAP).all() and (cells[3:, :2] == EMPTY).all()


def test_that_the_mosaic_is_a_window_of_the_channels():
    mask = np.random.default_rng(2).random((20, 30)) < 0.4
    cells = mask_pictures.mosaic(mask_pictures.as_kernels(mask), (5, 28), (4, 9))
    assert cells.shape == (4, 2)
    assert ((cells == KEPT) == mask[5:9, 28:]).all()


@pytest.mark.parametrize("shape", [(7,), (7, 5), (7, 5, 3), (7, 5, 3, 2), (4, 3, 2, 2, 2)])
def test_that_weights_of_any_shape_are_kernels(shape):
    found = detail(shape)
    assert found.mask_OIHW.ndim == 4 and found.mask_OIHW.size == found.numel
    assert found.density_map.values.mean() > 0


def test_that_a_big_layer_is_ready_fast():
    random = np.random.default_rng(0)
    weights = random.standard_normal((1024, 4096), dtype=np.float32)
    mask = np.abs(weights) > 2
    begun = time.perf_counter()
    found = layer_detail("fc1", mask, weights, weights, 2.0)
    # 4 million weights; the largest layer there is (VGG-16's, 103 million) stays within seconds
    assert time.perf_counter() - begun < 5
    assert found.density_map.values.shape == (256, 256)


def test_that_one_weight_left_is_seen_in_the_map():
    for dark in (False, True):
        ground, faint = mask_pictures.sequential(np.array([0.0, 1e-4]), dark=dark).astype(int)
        assert np.abs(ground - faint).max() >= 20


def test_that_the_table_shows_layers_and_totals(view, qtbot):
    with qtbot.waitSignal(view.layer_requested) as asked:
        view.set_layers(rows())
    assert asked.args == ["conv1"] and view.layer == "conv1"
    assert f"of {TOTAL:,} weights kept (10.0 %)" in view._total.text()
    assert view._warning.isVisible() and "layer3.2.conv2" in view._warning.text()


def test_that_choosing_a_layer_asks_for_it(view, qtbot):
    view.set_layers(rows())
    with qtbot.waitSignal(view.layer_requested) as asked:
        qtbot.keyClick(view._table, Qt.Key.Key_Down)
    assert asked.args == [LAYERS[1].name]


def test_that_new_numbers_keep_the_choice_and_ask_for_nothing(view):
    view.set_layers(rows())
    view.select_layer("fc")
    asked = []
    view.layer_requested.connect(asked.append)
    view.set_layers(rows(0.05))
    assert view.layer == "fc" and asked == []


def test_that_sorting_by_density_puts_the_emptiest_first(view):
    view.set_layers(rows())
    view._table.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    assert view._order.index(0, 1).data() == min(rows(), key=lambda row: row.density).name


def test_that_a_layer_is_shown_in_all_pictures(view):
    view.set_layers(rows())
    view.set_layer(detail())
    panel = view._panel
    assert "64 × 64 × 3 × 3" in panel.title.text()
    assert panel.map.image.width() == panel.map.image.height() == 64
    assert panel.scores.threshold.isVisible() and not panel.weights.threshold.isVisible()
    assert panel.scores.threshold.value() == pytest.approx(detail().threshold)


def test_that_large_layers_say_what_is_in_sight(view):
    view.set_layers(rows())
    view.set_layer(detail((512, 512, 3, 3)))
    panel = view._panel
    assert "mean of 2 × 2 kernels" in panel.map_note.text()
    before = panel.mosaic.window
    assert before.width() < 512 and f"input 1 to {before.width()} of 512" in panel.mosaic_note.text()
    panel.map.picked.emit((128, 128))
    assert panel.mosaic.window.contains(256, 256)
    assert str(panel.mosaic.window.x() + 1) in panel.mosaic_note.text()


def test_that_missing_scores_are_told(view):
    view.set_layers(rows())
    view.set_layer(detail(scored=False))
    assert "No scores" in view._panel.scores._note.text()
    assert view._panel.scores._stack.currentIndex() == 1
    view.set_layer(layer_detail("fc", np.ones((4, 3), bool), None, None, None, is_saved=False))
    for plot, what in ((view._panel.scores, "scores"), (view._panel.weights, "weights")):
        assert f"The {what} of this epoch are not stored; see the saved states" in plot._note.text()


def test_that_the_colour_bar_ends_in_the_colour_of_zero(view):
    view.set_layers(rows())
    view.set_layer(detail())
    strip = view._panel.bar._strip
    for line in (strip.height() - 1, strip.height() - 6):
        zero = tuple(mask_pictures.sequential(np.zeros(1), dark=theme.is_dark())[0])
        assert strip.pixelColor(0, line).getRgb()[:3] == zero
    assert strip.pixelColor(0, strip.height() // 2).getRgb()[:3] != zero


def test_that_all_columns_of_the_table_are_in_sight_at_the_default_size(view, qtbot):
    view.resize(950, 540)
    view.set_layers(rows())
    view.set_layer(detail())
    qtbot.waitUntil(lambda: view._table.width() > 400)
    assert view._table.horizontalScrollBar().maximum() == 0
    view.resize(640, 540)
    qtbot.waitUntil(lambda: view._table.width() < 400)
    view.resize(950, 540)
    qtbot.waitUntil(lambda: view._table.horizontalScrollBar().maximum() == 0)


def test_that_nothing_is_drawn_over_something_else_in_a_low_window(view, qtbot):
    view.resize(640, 330)
    view.set_layers(rows())
    view.set_layer(detail())
    panel = view._panel
    parts = [panel.title, panel.pointer, panel.map, panel.weights, panel._key]
    pairs = list(itertools.pairwise(parts))
    qtbot.waitUntil(lambda: all(above.geometry().bottom() < below.geometry().top() for above, below in pairs))
    assert panel.height() > view.height()
    assert panel.weights.height() >= 130 and panel.map.height() >= 110


def test_that_kernels_can_be_read(view):
    found = detail()
    view.set_layers(rows())
    view.set_layer(found)
    view._panel.mosaic.pointed_at.emit((2, 3))
    assert f"Output 3, input 4: {found.mask_OIHW[2, 3].sum()} of 9 weights kept" in view._panel.pointer.text()
    view._panel.map.pointed_at.emit((3, 2))
    assert "Output 3, input 4: " in view._panel.pointer.text()


def test_that_epochs_are_asked_for(view, qtbot):
    asked = []
    view.masks_requested.connect(asked.append)
    view.set_masks(["Search 1 / 30", "Search 2 / 30"])
    view.set_layers(rows())
    qtbot.keyClick(view._slider.slider, Qt.Key.Key_Home)
    assert asked == [1, 0]


def test_that_nothing_shown_says_what_will_come(view):
    assert view._stack.is_empty
    view.set_layers(rows())
    assert not view._stack.is_empty and view._detail.is_empty
    view.set_layer(None, "The state file of this epoch is missing.")
    assert "state file" in view._detail.note.text
    view.set_layers([])
    assert view._stack.is_empty and view.layer is None


def test_that_a_small_layer_after_a_large_one_hides_the_scroll_bars(view, qtbot):
    view.set_layers(rows())
    view.set_layer(detail((512, 512, 3, 3)))
    qtbot.waitUntil(lambda: view._panel.mosaic.horizontalScrollBar().isVisible())
    view._panel.mosaic.centre_on(300, 300)
    view.set_layer(detail((16, 3, 3, 3)))
    qtbot.waitUntil(lambda: not view._panel.mosaic.horizontalScrollBar().isVisible())
    assert view._panel.mosaic.window.topLeft().isNull()
    assert view._panel.mosaic_note.text().endswith("of 16, input 1 to 3 of 3 (the frame)")


def test_that_all_columns_of_kernels_fill_the_width(view):
    view.set_layers(rows())
    view.set_layer(detail((64, 16, 3, 3)))
    mosaic = view._panel.mosaic
    used = 16 * 4 * mosaic._cell
    assert mosaic.window.width() == 16 and mosaic.window.height() < 64
    assert used <= mosaic.viewport().width() < used + 16 * 4 or mosaic._cell == 18


def test_that_it_fits_beside_the_form_in_a_small_window(view):
    view.set_layers(rows())
    view.set_layer(detail())
    assert view.minimumSizeHint().width() <= 600
