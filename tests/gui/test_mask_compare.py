"""Two masks compared in the window: chosen with the pickers, counted beside it, drawn layer by layer."""

import shutil
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel

from vpns_engine.artifacts import read_mask
from vpns_engine.mask_compare import compare_masks
from vpns_engine.mask_files import MaskFile
from vpns_engine.overlap import BOTH, NEITHER, ONLY_A, ONLY_B, Overlap
from vpns_gui import theme
from vpns_gui.controllers.offers import masks_of
from vpns_gui.models.overlap_table import COLUMNS, OverlapTable, share
from vpns_gui.views.mask_compare import rows_shown
from vpns_gui.views.mask_page import ONE, TWO
from vpns_gui.views.moment_picker import MomentPicker, RunChoice
from vpns_gui.views.overlap_bars import OverlapBars
from vpns_gui.views.state_mosaic import StateMosaic
from vpns_gui.views.state_pictures import BlockCounts, block_picture, mosaic, painted

LAYER = "layer2.0.conv1"


@pytest.fixture
def both_runs(runs, finished_run, finished_omp_run):
    """Put copies of two runs of one network into the window's folder."""
    return [shutil.copytree(store.folder, runs / store.folder.name) for store in (finished_run, finished_omp_run)]


@pytest.fixture
def compared(studio, both_runs, qtbot):
    """Open a run and turn to the comparison."""
    return opened(studio, both_runs[0], qtbot)


def opened(studio, folder, qtbot):
    studio.library.open(folder)
    qtbot.waitUntil(lambda: studio.session.store is not None, timeout=20_000)
    studio.window.tabs.setCurrentWidget(studio.window.masks_page)
    studio.plots.mask_page.show_page(TWO)
    view = studio.plots.two_masks
    qtbot.waitUntil(lambda: not view.is_empty, timeout=20_000)
    return view


def chosen(studio):
    control = studio.plots.mask_comparison
    return control.a.moment, control.b.moment


def choose(view, name, place):
    """Choose an entry of a list, as a person does."""
    box = view.findChild(QComboBox, name)
    box.setFocus()
    box.setCurrentIndex(place)
    box.activated.emit(place)


def found_by_engine(studio):
    a, b = chosen(studio)
    with MaskFile.open(a.path) as one, MaskFile.open(b.path) as two:
        return compare_masks(one, two)


def is_shown(studio, view):
    """Tell whether what is shown is what the engine finds for the masks that are chosen."""
    if None in chosen(studio) or view.is_empty:
        return False
    return view.bars._rows == found_by_engine(studio).layers


def test_that_the_masks_tab_has_a_page_for_one_mask_and_one_for_two(studio, qtbot):
    page = studio.plots.mask_page
    assert page.page == ONE and page.switch.count() == 2
    page.switch.setFocus()
    qtbot.keyClick(page.switch, Qt.Key.Key_Right)
    assert page.page == TWO
    # nothing is open: it says what will be here
    studio.window.tabs.setCurrentWidget(studio.window.masks_page)
    assert studio.plots.two_masks.is_empty and "Choose a run" in studio.plots.two_masks.note


def test_that_the_window_is_compared_with_the_first_mask_at_once(studio, compared):
    a, b = chosen(studio)
    assert a.store.folder == b.store.folder == studio.session.store.folder
    assert a.offer.moment == studio.session.moment and b.offer.moment.epoch == 0
    assert is_shown(studio, compared)
    total = found_by_engine(studio).total
    text = compared.findChild(QLabel, "overlapTotal").text()
    assert share(total.iou) in text and f"{total.both:,}" in text and "by chance" in text
    assert "classifier rows that no target class uses" in compared.findChild(QLabel, "overlapUsed").text()


def test_that_a_follows_the_slider_and_the_level(studio, compared, qtbot):
    moments = studio.session.moments
    studio.session.choose_moment(moments[1])
    qtbot.waitUntil(lambda: chosen(studio)[0].offer.moment == moments[1], timeout=5000)
    qtbot.waitUntil(lambda: is_shown(studio, compared), timeout=20_000)
    studio.session.choose_level(0)
    qtbot.waitUntil(lambda: chosen(studio)[0].level == 0, timeout=5000)
    qtbot.waitUntil(lambda: is_shown(studio, compared), timeout=20_000)
    assert compared.a.level.currentText() == "90 %" and compared.b.level.currentText() == "98 %"


def test_that_choosing_in_a_moves_the_window(studio, compared):
    choose(compared, "maskALevel", 0)
    assert studio.session.level == 0
    choose(compared, "maskAMoment", 1)
    assert studio.session.moment == masks_of(studio.session.history, 0)[1].moment


def test_that_another_run_is_chosen_from_the_list(studio, compared, both_runs, qtbot):
    box = compared.findChild(QComboBox, "maskBRun")
    qtbot.waitUntil(lambda: box.count() == 2, timeout=20_000)
    assert box.itemText(0).startswith("This run") and box.itemText(1).startswith("OMP")
    choose(compared, "maskBRun", 1)
    qtbot.waitUntil(lambda: chosen(studio)[1].store.folder == both_runs[1], timeout=20_000)
    # the level of the same density, not the first
    assert chosen(studio)[1].level == chosen(studio)[0].level == 1
    qtbot.waitUntil(lambda: is_shown(studio, compared), timeout=20_000)
    choose(compared, "maskBLevel", 0)
    qtbot.waitUntil(lambda: chosen(studio)[1].level == 0, timeout=20_000)
    qtbot.waitUntil(lambda: is_shown(studio, compared), timeout=20_000)
    # A can be any run as well
    a = compared.findChild(QComboBox, "maskARun")
    qtbot.waitUntil(lambda: a.count() == 3, timeout=20_000)
    choose(compared, "maskARun", 2)
    qtbot.waitUntil(lambda: chosen(studio)[0].store.folder == both_runs[1], timeout=20_000)
    qtbot.waitUntil(lambda: is_shown(studio, compared), timeout=20_000)
    choose(compared, "maskARun", 0)
    qtbot.waitUntil(lambda: chosen(studio)[0].offer.moment == studio.session.moment, timeout=20_000)


def test_that_the_same_mask_twice_is_said(studio, compared, qtbot):
    choose(compared, "maskBMoment", compared.b.moment.count() - 1)
    note = compared.findChild(QLabel, "overlapNote")
    qtbot.waitUntil(lambda: "same mask" in note.text(), timeout=20_000)
    assert note.isVisible() and found_by_engine(studio).total.iou == 1


def test_that_a_run_from_anywhere_can_be_chosen_and_other_networks_are_one_line(studio, compared, vgg16_run, qtbot):
    qtbot.mouseClick(compared.b.more, Qt.MouseButton.LeftButton)
    dialog = studio.window.findChild(QFileDialog, "otherRunDialog")
    dialog.fileSelected.emit(str(vgg16_run.folder))
    dialog.reject()
    qtbot.waitUntil(lambda: compared.is_empty, timeout=20_000)
    assert "different networks: A has 22 layers, B has 16" in compared.note and compared.note.count("\n") == 1
    studio.plots.mask_comparison.b.choose_run(vgg16_run.folder.parent / "gone")
    qtbot.waitUntil(lambda: "is not a run" in compared.note, timeout=20_000)
    # and back
    choose(compared, "maskBRun", 0)
    qtbot.waitUntil(lambda: is_shown(studio, compared), timeout=20_000)


def test_that_a_layer_is_drawn_as_its_masks_are(studio, compared, qtbot):
    compared.select_layer(LAYER)
    panel = compared.layer_view
    a, b = (read_mask(moment.path, LAYER) for moment in chosen(studio))
    wanted = a * np.uint8(ONLY_A) + b * np.uint8(ONLY_B)

    def whole_window():
        part, states = panel.mosaic.part, panel.mosaic._states
        place = (slice(part.y(), part.y() + part.height()), slice(part.x(), part.x() + part.width()))
        return states is not None and np.array_equal(states, wanted[place])

    qtbot.waitUntil(whole_window, timeout=20_000)
    qtbot.waitUntil(lambda: panel._counts is not None and panel._counts.numel.sum() == a.size, timeout=20_000)
    assert panel._counts.both.sum() == (a & b).sum()
    panel.map.picked.emit((3, 30))
    qtbot.waitUntil(lambda: panel.mosaic.part.y() > 0 and whole_window(), timeout=20_000)
    assert panel.mosaic.part.contains(3, 30) and "(" not in panel.pointer.text()
    found = next(layer for layer in found_by_engine(studio).layers if layer.name == LAYER)
    assert share(found.iou) in panel.title.text() and "32 × 16 × 3 × 3" in panel.title.text()


def test_that_table_bars_and_picture_choose_the_same_layer(studio, compared, qtbot):
    bars, names = compared.bars, [row.name for row in found_by_engine(studio).layers]
    assert compared.layer == bars.chosen == names[0] and rows_shown(compared.table) == names
    bars.setFocus()
    qtbot.keyClick(bars, Qt.Key.Key_Right)
    assert compared.layer == bars.chosen == names[1]
    qtbot.keyClick(bars, Qt.Key.Key_End)
    assert compared.layer == names[-1] and names[-1] in bars.accessibleDescription()
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.place_of(3).center())
    assert compared.layer == bars.chosen == names[3]
    compared.table.sortByColumn(COLUMNS.index("IoU"), Qt.SortOrder.DescendingOrder)
    by_iou = sorted(compared.bars._rows, key=lambda row: row.iou or -1, reverse=True)
    assert rows_shown(compared.table)[0] in {row.name for row in by_iou if row.iou == by_iou[0].iou}
    assert compared.layer == names[3]  # it stays chosen


def test_that_nothing_of_another_run_is_shown_when_one_is_opened(studio, compared, both_runs, qtbot):
    studio.window.tabs.setCurrentWidget(studio.window.library)
    studio.library.open(both_runs[1])
    qtbot.waitUntil(lambda: studio.session.store.folder == both_runs[1], timeout=20_000)
    assert compared.is_empty and chosen(studio)[1] is None
    studio.window.tabs.setCurrentWidget(studio.window.masks_page)
    qtbot.waitUntil(lambda: is_shown(studio, compared), timeout=20_000)
    assert all(moment.store.folder == both_runs[1] for moment in chosen(studio))
    # once a person has chosen B it stays
    choose(compared, "maskBRun", 0)
    studio.library.open(both_runs[0])
    qtbot.waitUntil(lambda: studio.session.store.folder == both_runs[0], timeout=20_000)
    qtbot.waitUntil(lambda: is_shown(studio, compared), timeout=20_000)
    assert [moment.store.folder for moment in chosen(studio)] == both_runs


@pytest.mark.usefixtures("compared")
def test_that_the_numbers_can_be_taken_along(studio):
    header, rows = studio.plots.mask_comparison.rows()
    found = found_by_engine(studio)
    place = header.index("iou")
    assert [row[place] for row in rows[: len(found.layers)]] == [layer.iou for layer in found.layers]
    assert rows[-1][0] == "Without unused rows"


def test_that_masks_that_were_not_kept_are_said_to_be_gone(studio, both_runs, qtbot):
    for path in [*both_runs[0].rglob("masks_*.safetensors"), *both_runs[0].rglob("state.safetensors")]:
        path.unlink()
    studio.library.open(both_runs[0])
    qtbot.waitUntil(lambda: studio.session.store is not None, timeout=20_000)
    studio.window.tabs.setCurrentWidget(studio.window.masks_page)
    studio.plots.mask_page.show_page(TWO)
    view = studio.plots.two_masks
    qtbot.waitUntil(lambda: "were not kept" in view.note, timeout=20_000)
    studio.session.choose_level(-1)
    qtbot.waitUntil(lambda: "there is no mask here" in view.note, timeout=20_000)


def test_that_nothing_is_read_while_the_page_is_not_seen(studio, both_runs, qtbot):
    studio.library.open(both_runs[0])
    qtbot.waitUntil(lambda: studio.session.store is not None, timeout=20_000)
    control = studio.plots.mask_comparison
    with qtbot.waitSignal(studio.session.moment_changed, timeout=5000):
        studio.session.choose_moment(studio.session.moments[0])
    assert control._compared is None and control.b.moment is None and not control._counter.busy


def test_that_vgg16_is_compared_beside_the_window(studio, runs, vgg16_run, qtbot):
    (runs / vgg16_run.folder.name).symlink_to(vgg16_run.folder)
    view = opened(studio, runs / vgg16_run.folder.name, qtbot)
    studio.session.choose_moment(studio.session.moments[-1])
    qtbot.waitUntil(lambda: is_shown(studio, view), timeout=20_000)
    late, last = [], [time.perf_counter()]

    def tick():
        now = time.perf_counter()
        late.append((now - last[0]) * 1000)
        last[0] = now

    clock = QTimer(studio.window, interval=5, timeout=tick)
    clock.setTimerType(Qt.TimerType.PreciseTimer)
    begun = time.perf_counter()
    last[0] = begun
    clock.start()
    choose(view, "maskBMoment", 1)
    qtbot.waitUntil(lambda: chosen(studio)[1].offer.moment.epoch == 2 and not studio.plots.mask_comparison._counter.busy)
    view.select_layer("classifier.0")
    panel = view.layer_view
    qtbot.waitUntil(lambda: panel._counts is not None and panel._counts.numel.sum() == 4096 * 25088, timeout=20_000)
    for place in (1000, 2000, 3000):
        panel.mosaic.centre_on(place, 5 * place)
        qtbot.waitUntil(lambda: panel.mosaic._part == panel.mosaic.part, timeout=20_000)
    clock.stop()
    # a frame of 50 ms now and then is what a busy machine does; the window never waits for the reading
    assert np.percentile(late, 95) < 50 and panel.mosaic._states.shape[2:] == (1, 1)


def test_that_a_picker_finds_runs_by_letters_and_puts_back_what_is_none(qtbot, tmp_path):
    picker = MomentPicker("x", "X", follows="the window")
    qtbot.addWidget(picker)
    choices = [RunChoice(tmp_path / name, f"run {name}") for name in ("one", "two")]
    picker.set_runs(choices, tmp_path / "two")
    assert [picker.run.itemText(n) for n in range(3)] == ["the window", "run one", "run two"]
    assert picker.run.currentText() == "run two"
    picker.show()
    picker.run.setEditText("nonsense")
    picker.run.lineEdit().editingFinished.emit()
    assert picker.run.currentText() == "run two"
    with qtbot.waitSignal(picker.run_requested) as asked:
        picker.run.activated.emit(0)
    assert asked.args == [None]
    picker.set_runs(choices, None)
    assert picker.run.currentText() == "the window"
    picker.set_runs(choices[:1], tmp_path / "gone")
    assert picker.run.currentIndex() == -1 and picker.run.currentText() == ""
    picker.set_levels([(0, "90 %"), (2, "98 %")], 2)
    with qtbot.waitSignal(picker.level_requested) as asked:
        picker.level.activated.emit(1)
    assert asked.args == [2] and picker.level.currentText() == "98 %"
    picker.set_moments((), None)
    assert not picker.moment.isEnabled()


def test_that_four_states_are_told_apart_without_colour():
    states = np.array([[[[NEITHER]], [[ONLY_A]], [[ONLY_B]], [[BOTH]]]], np.uint8)
    for scheme in (theme.LIGHT, theme.DARK):
        picture = painted(mosaic(states), 8, scheme).astype(int)
        neither, only_a, only_b, both = (picture[:, n * 8 : n * 8 + 7].sum(axis=2) for n in range(4))
        ground = neither[0, 0]
        assert (neither[:7] == ground).all() and (both[:7] != ground).all()
        # halves: the one below the diagonal, the other above it
        assert only_a[6, 0] != ground and only_a[0, 6] == ground
        assert only_b[0, 6] != ground and only_b[6, 0] == ground
    plain = painted(mosaic(states), 2, theme.LIGHT)
    tones = {int(plain[0, n * 2].astype(int).sum()) for n in range(4)}
    assert len(tones) == 4  # where cells are too small for halves, lightness tells


def test_that_blocks_without_any_weight_are_not_drawn_as_no_overlap():
    counts = BlockCounts(*(np.array([[value, 0]]) for value in (4, 0, 0)), np.array([[8, 8]]), 1, 1)
    picture, strip, labels = block_picture(counts, "overlap", theme.LIGHT)
    assert picture[0, 0].tolist() != picture[0, 1].tolist() and strip.shape[2] == 3 and labels == ("1", "0.5", "0")
    balance, _, labels = block_picture(counts, "balance", theme.LIGHT)
    assert labels == ("B +50 %", "same", "A +50 %") and balance[0, 0].tolist() != balance[0, 1].tolist()


def test_that_the_mosaic_zooms_around_its_middle_and_asks_for_what_is_in_sight(qtbot):
    view = StateMosaic()
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    asked = []
    view.wanted.connect(asked.append)
    view.set_shape((500, 400, 3, 3))
    assert asked[-1] == view.part and view.part.topLeft() == QPoint(0, 0)
    view.centre_on(250, 200)
    before, side = view.part.center(), view.side_px
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.side_px > side and asked[-1] == view.part
    after = view.part.center()
    assert abs(after.x() - before.x()) <= 2 and abs(after.y() - before.y()) <= 2
    for _ in range(20):
        qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.side_px == 1 and QRect(0, 0, 400, 500).contains(view.part)
    view.centre_on(499, 399)
    assert view.part.bottom() == 499 and view.part.right() == 399


def test_that_a_layer_with_nothing_kept_has_no_overlap(qtbot):
    model = OverlapTable()
    model.set_rows([Overlap.of("a", 10, 0, 0, 0), Overlap.of("b", 10, 5, 5, 5)])
    texts = [model.index(0, column).data() for column in range(len(COLUMNS))]
    assert texts[2:5] == ["–", "–", "–"] and "nothing to overlap" in model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    bars = OverlapBars()
    qtbot.addWidget(bars)
    bars.resize(200, 120)
    bars.set_rows(model.rows)
    first, second = (bars.grab().toImage().copy(bars.place_of(number)) for number in (0, 1))
    assert first != second
