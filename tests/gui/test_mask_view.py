"""The view of one mask: overview, table, and a layer in detail; its pictures."""

import itertools
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from tests.gui.views_data import LAYERS, TOTAL, kept
from vpns_engine.artifacts import pack, write_arrays
from vpns_engine.mask_files import MaskFile
from vpns_gui import theme
from vpns_gui.controllers.layer_reading import density_map, detail_of, tile_of
from vpns_gui.models.flips import Flips, Step
from vpns_gui.models.layers_table import LayerRow
from vpns_gui.views import mask_pictures
from vpns_gui.views.mask import LAYER, TABLE, MaskView
from vpns_gui.views.mask_pictures import EMPTY, GAP, KEPT, PRUNED, LayerHistograms, TileKey, histogram
from vpns_gui.views.mosaic import NUMBERS_PX
from vpns_gui.views.zoom import ladder


def rows(density=0.1):
    return [
        LayerRow(layer.name, layer.shape, layer.numel, count, empty_out=0, empty_in=1)
        for layer, count in zip(LAYERS, kept(density), strict=True)
    ]


def of(mask):
    return lambda first, count: mask.reshape(-1)[first : first + count]


class Made:
    """A layer in a file, and what a controller would read of it."""

    def __init__(self, folder, shape=(64, 64, 3, 3), density=0.1, seed=5, name="layer3.1.conv2", dead=()):
        random = np.random.default_rng(seed)
        self.name, self.weights = name, (random.standard_normal(shape) * 0.05).astype(np.float32)
        scale = 0.3 + random.random(shape[:1] + (1,) * (len(shape) - 1))
        self.scores = (self.weights * scale * random.lognormal(0, 0.3, shape)).astype(np.float32)
        self.threshold = float(np.quantile(np.abs(self.scores), 1 - density))
        self.mask = np.abs(self.scores) > self.threshold
        self.mask[list(dead)] = False
        self.path = folder / f"{name}_{seed}.safetensors"
        write_arrays(self.path, {name: pack(self.mask)}, {"shapes": {name: shape}})

    def detail(self, **choices):
        with MaskFile.open(self.path) as file:
            return detail_of(file, self.name, **choices)

    def histograms(self, *, scored=True):
        scores = histogram(self.scores, of(self.mask), magnitude=True) if scored else None
        weights = histogram(self.weights, of(self.mask))
        return LayerHistograms(self.name, weights, scores, self.threshold if scored else None)

    def tiles(self, keys, top=1.0, *, weights=True):
        with MaskFile.open(self.path) as file:
            return [tile_of(file, self.name, key, top, self.weights if weights else None) for key in keys]


@pytest.fixture
def made(tmp_path):
    return lambda *args, **choices: Made(tmp_path, *args, **choices)


@pytest.fixture
def view(qtbot):
    view = MaskView()
    qtbot.addWidget(view)
    view.resize(1300, 850)
    view.show()
    return view


@pytest.fixture
def show(view, qtbot):
    """Show a layer on its page, tiles and histograms too."""

    def work(layer, *, weights=True, **choices):
        if not view.rows:
            view.set_layers(rows())
        mosaic = view.panel.mosaic
        view.panel.tiles_wanted.disconnect()
        view.panel.tiles_wanted.connect(lambda keys: mosaic.set_tiles(layer.tiles(keys, view.panel.top, weights=weights)))
        view.show_page(LAYER)
        view.set_layer(layer.detail(**choices))
        view.panel.set_histograms(layer.histograms())
        qtbot.waitUntil(lambda: mosaic.is_complete)
        return view.panel

    view.panel.tiles_wanted.connect(lambda _keys: None)
    return work


# pictures


def masks_file(folder, mask):
    write_arrays(folder / "m", {"x": pack(mask)}, {"shapes": {"x": mask.shape}})
    return MaskFile.open(folder / "m")


def test_that_the_density_map_is_the_mean_of_each_kernel(tmp_path):
    mask = np.zeros((2, 3, 3, 3), bool)
    mask[1, 2, :2] = True
    with masks_file(tmp_path, mask) as file:
        found = density_map(file, "x")
    assert found.values.shape == (2, 3) and found.out_block == found.in_block == 1
    assert found.values[1, 2] == pytest.approx(6 / 9) and found.values.sum() == pytest.approx(6 / 9)


def test_that_large_layers_are_averaged_in_blocks_up_to_the_edge(tmp_path):
    mask = np.random.default_rng(0).random((10, 11, 1, 1)) < 0.3
    with masks_file(tmp_path, mask) as file:
        found = density_map(file, "x", max_side=4)
    assert (found.out_block, found.in_block) == (3, 3) and found.values.shape == (4, 4)
    assert found.values[3, 3] == pytest.approx(mask[9:, 9:].mean())
    assert found.values[0, 1] == pytest.approx(mask[:3, 3:6].mean())


def test_that_histograms_count_every_weight_once(made):
    layer = made()
    found = layer.histograms()
    for one in (found.weights, found.scores):
        assert one.kept.sum() == layer.mask.sum() and one.pruned.sum() == (~layer.mask).sum()
    above = found.scores.edges[:-1] > found.threshold
    assert found.scores.pruned[above].sum() == 0


def test_that_histograms_agree_with_numpy():
    random = np.random.default_rng(1)
    values = random.standard_normal((400, 500)).astype(np.float32)  # more than one piece
    mask = random.random(values.shape) < 0.5
    found = histogram(values, of(mask))
    assert (found.kept == np.histogram(values[mask].astype(np.float64), found.edges)[0]).all()
    assert found.edges[0] == -found.edges[-1] == pytest.approx(-float(np.abs(values).max()))


def test_that_odd_values_are_counted_apart():
    values = np.array([0.0, 1.0, np.nan, np.inf], np.float32)
    found = histogram(values, of(np.ones(4, bool)))
    assert found.num_odd == 2 and found.kept.sum() == 2


def test_that_a_layer_of_equal_zeros_has_a_histogram():
    found = histogram(np.zeros(9, np.float32), of(np.zeros(9, bool)))
    assert found.pruned.sum() == 9 and found.edges[-1] > 0


def test_that_the_mosaic_tells_empty_kernels_from_pruned_weights():
    mask = np.zeros((2, 2, 2, 2), bool)
    mask[0, 1, 0, 0] = True
    cells = mask_pictures.mosaic(mask)
    assert cells.shape == (6, 6)
    assert cells[0].tolist() == [EMPTY, EMPTY, GAP, KEPT, PRUNED, GAP]
    assert (cells[2] == GAP).all() and (cells[3:5, :2] == EMPTY).all()


def test_that_tiles_are_windows_of_the_channels(made):
    layer = made((70, 90))
    (tile,) = layer.tiles([TileKey(0, 0, 0)])
    assert tile.cells.shape == (70, 90) and ((tile.cells == KEPT) == layer.mask).all()
    assert np.array_equal(tile.values, layer.weights)
    layer = made((100, 50, 3, 3))
    (tile,) = layer.tiles([TileKey(0, 3, 1)])
    rows, columns = mask_pictures.tile_span((100, 50, 3, 3), 0)
    assert (rows, columns) == (32, 32) and tile.cells.shape == (4 * 4, 18 * 4)
    assert ((tile.cells[:3, :3] == KEPT) == layer.mask[96, 32]).all()
    assert np.array_equal(tile.values[4:7, 4:7], layer.weights[97, 33]) and np.isnan(tile.values[3]).all()


def test_that_tiles_of_blocks_show_one_kept_weight(made):
    layer = made((300, 200, 3, 3), dead=range(300))
    layer.mask[131, 7, 1, 1] = True
    write_arrays(layer.path, {layer.name: pack(layer.mask)}, {"shapes": {layer.name: layer.mask.shape}})
    (tile,) = layer.tiles([TileKey(4, 0, 0)])
    assert tile.cells.shape == (75, 50) and tile.values is None
    assert np.argwhere(tile.cells).tolist() == [[32, 1]]


def test_that_zoom_goes_from_the_whole_layer_to_single_weights():
    for shape in ((4096, 25088, 1, 1), (512, 512, 3, 3), (16, 3, 3, 3)):
        steps = ladder(shape)
        sides = [zoom.kernel_px(shape[3], 1 if shape[3] > 1 else 0) for zoom in steps]
        assert sides == sorted(sides) and max(shape[:2]) * sides[0] <= 300
        assert steps[-1].block == 0 and steps[-1].point_px > NUMBERS_PX
        assert all(after / before <= 2 for before, after in itertools.pairwise(sides))


@pytest.mark.parametrize("shape", [(7,), (7, 5), (7, 5, 3), (7, 5, 3, 2), (4, 3, 2, 2, 2)])
def test_that_weights_of_any_shape_are_kernels(made, shape):
    layer = made(shape)
    found = layer.detail()
    assert np.prod(found.kernels) == found.numel == layer.mask.size
    assert found.density_map.values.mean() > 0
    tile = layer.tiles([TileKey(0, 0, 0)])[0]
    assert (tile.cells == KEPT).sum() == found.num_kept == np.isin(layer.weights[layer.mask], tile.values).sum()


def test_that_a_big_layer_is_ready_fast(made):
    layer = made((1024, 4096))
    begun = time.perf_counter()
    found = layer.detail()
    assert time.perf_counter() - begun < 1
    assert found.density_map.values.shape == (256, 256)


def test_that_one_weight_left_is_seen_in_the_map():
    for dark in (False, True):
        ground, faint = mask_pictures.sequential(np.array([0.0, 1e-4]), dark=dark).astype(int)
        assert np.abs(ground - faint).max() >= 20


# the overview


def test_that_the_overview_shows_layers_and_totals(view, qtbot):
    with qtbot.waitSignal(view.layer_requested) as asked:
        view.set_layers(rows())
    assert asked.args == ["conv1"] and view.layer == "conv1" and view.bars.current == 0
    assert f"of {TOTAL:,} weights kept (10.0 %) in 20 layers" in view._total.whole
    assert view._warning.isVisible() and view._warning.whole == "! Under 1 % left in layer3.2.conv2"


def test_that_rows_nobody_uses_stand_apart(view):
    *most, last = rows()
    used = LayerRow("fc", (10, 64), 640, last.kept - 5, empty_out=0, empty_in=0)
    view.set_layers([*most, used, LayerRow("fc", (27, 64), 1728, 5, empty_out=22, empty_in=60, unused=True)])
    assert f"of {TOTAL:,} weights" in view._total.whole and "in 20 layers" in view._total.whole
    assert "Without the 27 rows of fc that no target class uses" in view._said.whole
    assert f"of {TOTAL - 1728:,} weights" in view._said.whole
    assert view.bars.blocks[-1].count == 2 and "unused" in view.table.model().index(20, 1).data()
    view._choose_row(20)
    assert view.layer == "fc" and view.bars.current == 20


def test_that_bars_stand_in_network_order_in_blocks(view):
    view.set_layers(rows())
    lefts = [view.bars.bar_at(place).left() for place in range(len(LAYERS))]
    assert lefts == sorted(lefts)
    assert [block.name for block in view.bars.blocks][:3] == ["conv1", "layer1.0", "layer1.1"]
    tall, low = view.bars.bar_at(0).height(), view.bars.bar_at(18).height()
    assert tall > 10 * low > 0, "a bar is as tall as the layer is dense"
    assert view.bars.top >= max(row.density for row in rows())


def test_that_a_bar_is_chosen_with_pointer_and_keys(view, qtbot):
    view.set_layers(rows())
    where = view.bars.bar_at(4).center()
    qtbot.mouseClick(view.bars.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(where.x(), 30))
    assert view.layer == LAYERS[4].name
    for key, place in ((Qt.Key.Key_Right, 5), (Qt.Key.Key_End, len(LAYERS) - 1), (Qt.Key.Key_Left, len(LAYERS) - 2)):
        qtbot.keyClick(view.bars, key)
        assert view.layer == LAYERS[place].name and view.table.currentIndex().row() == place
    assert view.page == TABLE
    qtbot.keyClick(view.bars, Qt.Key.Key_Return)
    assert view.page == LAYER


def test_that_pointing_to_a_bar_reads_it(view, qtbot):
    view.set_layers(rows())
    before = view._said.whole
    qtbot.mouseMove(view.bars.viewport(), QPoint(view.bars.bar_at(2).center().x(), 40))
    view.bars.pointed_at.emit(2)
    assert view._said.whole.startswith(f"{LAYERS[2].name}: {kept(0.1)[2]:,} of {LAYERS[2].numel:,}")
    view.bars.pointed_at.emit(None)
    assert view._said.whole == before


def test_that_a_network_of_160_layers_scrolls(view):
    many = [LayerRow(f"features.{n // 6}.{n % 6}", (8, 8), 64, n % 64, empty_out=0, empty_in=0) for n in range(160)]
    view.resize(930, 420)
    view.set_layers(many)
    bar = view.bars.horizontalScrollBar()
    assert bar.maximum() > 0
    view.select_layer(many[-1].name)
    seen = view.bars.bar_at(159)
    assert seen.left() > 0 and seen.right() <= view.bars.viewport().width()
    assert view.bars.place_at(seen.center().x()) == 159


def test_that_choosing_a_layer_asks_for_it(view, qtbot):
    view.set_layers(rows())
    with qtbot.waitSignal(view.layer_requested) as asked:
        qtbot.keyClick(view.table, Qt.Key.Key_Down)
    assert asked.args == [LAYERS[1].name]


def test_that_new_numbers_keep_the_choice_and_ask_for_nothing(view):
    view.set_layers(rows())
    view.select_layer("fc")
    asked = []
    view.layer_requested.connect(asked.append)
    view.set_layers(rows(0.05))
    assert view.layer == "fc" and asked == [] and view.bars.current == len(LAYERS) - 1


def test_that_sorting_by_density_puts_the_emptiest_first(view):
    view.set_layers(rows())
    view.table.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    assert view._order.index(0, 1).data() == min(rows(), key=lambda row: row.density).name
    view.select_layer("fc")
    assert view.bars.current == len(LAYERS) - 1, "the bars stay in network order"


def test_that_all_columns_of_the_table_are_in_sight_at_the_default_size(view, qtbot):
    view.resize(930, 420)
    view.set_layers(rows())
    qtbot.waitUntil(lambda: view.table.horizontalScrollBar().maximum() == 0)
    assert view.table.viewport().height() > 5 * view.table.rowHeight(0)


def test_that_the_table_is_taken_along_as_plain_numbers(view):
    view.set_layers(rows())
    titles, cells = view.rows_as_text
    assert titles[:3] == ["place", "layer", "density"] and len(cells) == len(LAYERS)
    assert [int(row[3]) for row in cells] == list(kept(0.1))


def test_that_nothing_shown_says_what_will_come(view):
    assert view._stack.is_empty
    view.set_layers(rows())
    assert not view._stack.is_empty and view._detail.is_empty
    view.set_layer(None, "The state file of this epoch is missing.")
    assert "state file" in view._detail.note.text
    view.set_layers([])
    assert view._stack.is_empty and view.layer is None and not view.headline.isVisible()


# a layer


def test_that_a_layer_is_shown_in_all_pictures(show, made):
    layer = made()
    panel = show(layer)
    assert "64 × 64 × 3 × 3" in panel.title.whole
    assert panel.map.image.width() == panel.map.image.height() == 64
    assert panel.scores.threshold.isVisible() and not panel.weights.threshold.isVisible()
    assert panel.scores.threshold.value() == pytest.approx(layer.threshold)


def test_that_counts_of_a_histogram_are_on_a_logarithmic_scale(show, made):
    panel = show(made((64, 64, 3, 3)))
    counts, heights = made((64, 64, 3, 3)).histograms().scores.pruned, panel.scores.pruned.opts["height"]
    ones, most = int(np.argmin(np.where(counts > 0, counts, 10**9))), int(counts.argmax())
    assert heights[most] - heights[ones] == pytest.approx(np.log10(counts[most] / counts[ones]))
    assert (heights[counts == 0] == 0).all() and (heights[counts > 0] > 0).all()
    assert "1,000" in str(panel.scores._item.getAxis("left")._tickLevels)


def test_that_large_layers_say_what_is_in_sight(show, made):
    panel = show(made((512, 512, 3, 3)))
    assert "mean of 2 × 2 kernels" in panel.map_note.whole
    before = panel.mosaic.sight
    assert before.width() < 512 and f"input 1–{before.width()} of 512" in panel.mosaic_note.whole
    panel.map.picked.emit((128, 128))
    assert panel.mosaic.sight.contains(256, 256)
    assert f"{panel.mosaic.sight.x() + 1}" in panel.mosaic_note.whole


def test_that_zooming_out_shows_the_whole_layer_and_in_one_kernel_with_its_numbers(show, made, qtbot):
    layer = made((512, 512, 3, 3))
    panel = show(layer)
    mosaic = panel.mosaic
    qtbot.keyClick(mosaic, Qt.Key.Key_0)
    assert (mosaic.sight.width(), mosaic.sight.height()) == (512, 512) and mosaic.zoom.block
    assert panel._key.text() == "Colours as in the density map"
    mosaic.show_kernel(300, 200)
    assert mosaic.sight.contains(200, 300) and mosaic.zoom.point_px >= NUMBERS_PX and mosaic.is_complete
    place = mosaic._tile_place(TileKey(0, 300 // 32, 200 // 32))
    kernel = QPointF(
        place.x() + (200 % 32) * 4 * mosaic.zoom.point_px + 5, place.y() + (300 % 32) * 4 * mosaic.zoom.point_px + 5
    )
    assert mosaic.kernel_at(kernel) == (300, 200)
    with_numbers = mosaic.grab().toImage()
    show(layer, weights=False)
    mosaic.set_tiles(layer.tiles(mosaic._keys(), weights=False))
    assert mosaic.grab().toImage() != with_numbers, "the weights are written into the kernel"


def test_that_zooming_keeps_what_is_under_the_pointer(show, made):
    panel = show(made((512, 512, 3, 3)))
    mosaic = panel.mosaic
    mosaic.centre_on(250, 250)
    about = QPointF(mosaic.viewport().width() / 3, mosaic.viewport().height() / 3)
    before = mosaic.kernel_at(about)
    for _ in range(4):
        mosaic.zoom_by(1, about)
    after = mosaic.kernel_at(about)
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= 1


def test_that_tiles_kept_are_bounded_and_old_ones_stay_until_new_ones_come(show, view, made):
    layer = made((512, 512, 3, 3))
    mosaic = show(layer).mosaic
    mosaic.zoom_by(-1)
    mosaic.zoom_by(-1)
    asked = []
    mosaic.tiles_wanted.connect(asked.append)
    view.panel.tiles_wanted.disconnect()
    keys = mosaic.num_tiles
    view.set_layer(made((512, 512, 3, 3), seed=6).detail())
    assert mosaic.num_tiles == keys and asked and not mosaic.is_complete
    from vpns_gui.views import mosaic as module

    mosaic.set_tiles(
        [layer.tiles([TileKey(0, 0, 0)])[0].__class__(TileKey(1, n, n), np.zeros((4, 4), np.uint8)) for n in range(300)]
    )
    assert mosaic.num_tiles == module._MOST_TILES


def test_that_missing_scores_are_told(show, view, made):
    panel = show(made())
    panel.set_histograms(made().histograms(scored=False))
    assert "No scores" in panel.scores._note.text() and panel.scores._stack.currentIndex() == 1
    view.set_layer(made(name="fc", shape=(4, 3)).detail(is_saved=False))
    panel.set_histograms(LayerHistograms("fc", None, None, None))
    for plot, what in ((panel.scores, "scores"), (panel.weights, "weights")):
        assert f"The {what} of this epoch are not stored; see the saved states" in plot._note.text()


def test_that_histograms_of_another_layer_are_not_shown(show, view, made):
    panel = show(made())
    view.set_layer(made(name="fc", shape=(4, 3)).detail())
    panel.set_histograms(made().histograms())
    assert panel.scores._stack.currentIndex() == 1 and "Reading" in panel.scores._note.text()


def test_that_dead_channels_are_counted_marked_and_listed(show, made):
    panel = show(made(dead=(3, 40)))
    assert panel.dead.text.text().startswith("2 of 64 output channels died")
    assert panel.map.marks[0] == (3, 40)
    listed = [panel.dead._model.index(row).data() for row in range(panel.dead._model.rowCount())]
    assert listed[:2] == ["Output 4", "Output 41"]
    panel.pages.setCurrentWidget(panel.dead)
    panel.mosaic.show_kernel(0, 0)
    panel.dead.list.setCurrentIndex(panel.dead._model.index(1))
    assert panel.mosaic.sight.top() <= 40 <= panel.mosaic.sight.bottom()
    panel.mosaic.pointed_at.emit((40, 2))
    assert "(this output died): 0 of 9 weights kept" in panel.pointer.whole
    with_marks = panel.map.grab().toImage()
    panel.map.set_marks((), ())
    assert panel.map.grab().toImage() != with_marks


def test_that_a_layer_without_dead_channels_says_so(show, made):
    panel = show(made(density=0.9))
    assert panel.dead.text.text().startswith("No channel died") and not panel.dead.list.isVisibleTo(panel.dead)


def test_that_rows_nobody_uses_are_no_dead_channels_of_the_map(show, made):
    panel = show(made((37, 64), name="fc", density=0.6, dead=(1, 2, 9)), unused_out=frozenset({2, 9}))
    assert panel.map.marks[0] == (1,)
    assert "2 of these are outputs that no target class uses" in panel.dead.text.text()


FLIPS = Flips(("a", "b"), (10, 20), (Step(1, "Search 1", (3, 1), (2, 2)), Step(2, "Search 2", (0, 4), (1, 3))))


def test_that_flips_show_both_directions_and_the_moment(show, view, made):
    view.panel.set_flips(FLIPS)
    panel = show(made(name="b", shape=(4, 5)))
    flips = panel.flips
    assert list(flips.whole.kept.opts["height"]) == [4, 4] and list(flips.whole.pruned.opts["height"]) == [-4, -4]
    assert list(flips.layer.kept.opts["height"]) == [1, 4] and list(flips.layer.pruned.opts["height"]) == [-2, -3]
    flips.set_cursor(2.0)
    assert flips.layer.mark.value() == 2 and flips.layer.label.whole == "This layer: +4  −3  of 20"
    flips.set_cursor(None)
    assert not flips.layer.mark.isVisible()
    flips.set_flips(None, "This method sets its mask once.")
    assert flips._stack.currentIndex() == 0 and flips.note.text() == "This method sets its mask once."


def test_that_the_colour_bar_ends_in_the_colour_of_zero(show, made):
    strip = show(made()).bar._strip
    for line in (strip.height() - 1, strip.height() - 6):
        zero = tuple(mask_pictures.sequential(np.zeros(1), dark=theme.is_dark())[0])
        assert strip.pixelColor(0, line).getRgb()[:3] == zero
    assert strip.pixelColor(0, strip.height() // 2).getRgb()[:3] != zero


def test_that_kernels_can_be_read(show, made):
    layer = made()
    panel = show(layer)
    panel.mosaic.pointed_at.emit((2, 3))
    assert f"Output 3, input 4: {layer.mask[2, 3].sum()} of 9 weights kept" in panel.pointer.whole
    panel.map.pointed_at.emit((3, 2))
    assert "Output 3, input 4: " in panel.pointer.whole


def test_that_nothing_is_drawn_over_something_else_in_a_low_window(show, view, made, qtbot):
    view.resize(640, 330)
    panel = show(made())
    parts = [panel.title, panel.pointer, panel.map_note, panel.map]
    pairs = list(itertools.pairwise(parts))
    qtbot.waitUntil(lambda: all(above.geometry().bottom() < below.geometry().top() for above, below in pairs))
    sides = [panel.map, panel.bar, panel.mosaic, panel.pages]
    assert all(left.geometry().right() < right.geometry().left() for left, right in itertools.pairwise(sides))
    assert panel.map.height() >= 110 and panel.mosaic.height() >= 130


def test_that_a_small_layer_after_a_large_one_is_seen_whole(show, made, qtbot):
    mosaic = show(made((512, 512, 3, 3))).mosaic
    qtbot.waitUntil(lambda: mosaic.horizontalScrollBar().isVisible())
    mosaic.centre_on(300, 300)
    panel = show(made((16, 3, 3, 3), name="conv1"))
    qtbot.waitUntil(lambda: not mosaic.horizontalScrollBar().isVisible() and mosaic.sight.topLeft().isNull())
    assert panel.mosaic_note.whole.startswith("All 16 × 3 kernels")


def test_that_it_fits_beside_the_form_in_a_small_window(show, view, made):
    show(made())
    assert view.minimumSizeHint().width() <= 600


def test_that_everything_is_drawn_anew_in_other_colours(show, view, made, qapp, qtbot):
    panel = show(made())
    middle = view.bars.bar_at(0).center() + view.bars.viewport().pos()
    try:
        for scheme in (theme.LIGHT, theme.DARK):
            theme.apply(qapp, scheme)
            bars = view.bars
            qtbot.waitUntil(lambda bars=bars, name=scheme.kept: bars.grab().toImage().pixelColor(middle).name() == name)
            parts = (panel.map, panel.mosaic, panel.scores)
            # the palette is told of once the loop goes round
            qtbot.waitUntil(lambda dark=scheme.dark, parts=parts: all((_lightness(part) < 128) == dark for part in parts))
    finally:
        theme.apply(qapp)


def _lightness(widget):
    small = widget.grab().toImage().scaled(8, 8)
    return np.mean([small.pixelColor(x, y).lightness() for x in range(1, 7) for y in range(1, 7)])
