"""The Compare tab: chosen runs, their curves on top of each other, accuracy over sparsity beside what was published."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QTabBar, QTableView, QTableWidget

from tests.engine.done_runs import config_of, done_run
from tests.gui.made_runs import MadeRun
from tests.gui.made_runs import config as made_config
from tests.gui.test_theme import contrast
from vpns_engine.compare import compare, read_runs
from vpns_engine.presets import preset_called
from vpns_engine.specs.sweep import control_of
from vpns_gui import theme
from vpns_gui.controllers.compare_lines import MAX_RUNS, chart_lines, curves_at, densities_of_runs, studies_of
from vpns_gui.views.accuracy_chart import CHART_HINT, AccuracyChart
from vpns_gui.views.chart_data import ChartPoint
from vpns_gui.views.compare import CHART, CURVES, TABLE, CompareView
from vpns_gui.views.curve_series import Series
from vpns_gui.views.overlay import OverlayView, RunCurves
from vpns_gui.views.run_styles import DARK_COLOURS, DIFFERENT, LIGHT_COLOURS, run_style

PAPER = preset_called("paper-resnet18-cifar100").config


def _value(value):
    return lambda _density, _stage: value


def _paper_runs(folder, methods=("vpns", "omp"), seeds=(7, 9)):
    for seed, method in itertools.product(seeds, methods):
        done_run(folder, PAPER.model_copy(update={"seed": seed, "method": method}), _value(0.7 + seed / 1000))
    return _compared(folder)


def _compared(folder):
    return compare(read_runs(sorted(folder.iterdir()))[0])


def _line(lines, name):
    (line,) = [line for line in lines if line.style.name == name]
    return line


def _look(pen):
    return pen.color().name(), pen.style()


def _chosen(studio, qtbot, folders):
    """Choose runs and turn to the tab that compares them."""
    studio.session.choose_runs(tuple(folders))
    studio.window.tabs.setCurrentWidget(studio.window.compare_page)
    qtbot.waitUntil(lambda: not studio.plots.compare.is_empty, timeout=20_000)
    return studio.plots.compare


def _turn(view, page):
    view.findChild(QTabBar, "comparePages").setCurrentIndex(page)


def _choose(view, name, key):
    choice = view.findChild(QComboBox, name)
    choice.setCurrentIndex(choice.findData(key))


# what is drawn


def test_that_an_arm_is_a_line_of_means_with_their_spread(tmp_path):
    lines, _ = chart_lines(_paper_runs(tmp_path), "finetune", "plain", "")
    line = _line(lines, "VPNs, pad 16 px, without the prompt")
    assert [round(point.sparsity, 9) for point in line.points] == [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert line.points[0].mean == pytest.approx(70.8) and line.points[0].deviation == pytest.approx(0.1414, abs=1e-4)
    assert "seed 7 70.70, seed 9 70.90" in line.points[0].words and "vpns_resnet18_cifar100" in line.points[0].words


def test_that_both_accuracies_are_told_apart_by_line_and_mark(tmp_path):
    lines, _ = chart_lines(_paper_runs(tmp_path), "finetune", "both", "")
    plain, prompted = (_line(lines, f"VPNs, pad 16 px, {words} the prompt").style for words in ("without", "with"))
    assert plain.colour == prompted.colour
    assert plain.line != prompted.line and prompted.hollow and not plain.hollow
    assert [line.style.name for line in lines].count("OMP (magnitude)") == 1


def test_that_methods_without_a_prompt_have_no_accuracy_with_it(tmp_path):
    lines, _ = chart_lines(_paper_runs(tmp_path), "finetune", "prompted", "")
    assert [line.style.name for line in lines if not line.is_level] == ["VPNs, pad 16 px, with the prompt"]


def test_that_the_dense_network_is_a_level_of_the_same_state(tmp_path):
    comparison = _paper_runs(tmp_path)
    tuned = [line for line in chart_lines(comparison, "finetune", "plain", "")[0] if line.is_level]
    untuned = [line for line in chart_lines(comparison, "search", "plain", "")[0] if line.is_level]
    assert [line.style.name for line in tuned] == ["Dense, tuned"]
    assert [line.style.name for line in untuned] == ["Dense, mapped"]
    assert tuned[0].points[0].deviation == pytest.approx(0.1414, abs=1e-4)


def test_that_published_lines_are_dashed_in_the_colour_of_the_method_they_belong_to(tmp_path):
    lines, note = chart_lines(_paper_runs(tmp_path), "finetune", "plain", "main")
    own = {line.style.name: line.style for line in lines}
    assert own["VPNs, published"].line == Qt.PenStyle.DashLine
    assert own["VPNs, published"].colour == own["VPNs, pad 16 px, without the prompt"].colour
    assert own["OMP, published"].colour == own["OMP (magnitude)"].colour
    shown = {line.style.name for line in lines if line.shown and line.style.name.endswith("published")}
    assert shown == {"VPNs, published", "OMP, published", "Dense, published"}
    hidden = {line.style.name for line in lines if not line.shown}
    assert {"HYDRA, published", "Random, published"} <= hidden
    assert "protocol paper" in note and "held-out" not in note


def test_that_runs_of_the_other_protocol_are_said_to_be_measured_otherwise(tmp_path):
    data = PAPER.data.model_copy(update={"protocol": "held-out"})
    done_run(tmp_path, PAPER.model_copy(update={"data": data}))
    _, note = chart_lines(_compared(tmp_path), "finetune", "plain", "main")
    assert "held-out" in note


def test_that_nothing_published_is_drawn_where_it_does_not_belong(tmp_path):
    comparison = _paper_runs(tmp_path)
    for state, study in (("search", "main"), ("finetune", "")):
        lines, note = chart_lines(comparison, state, "plain", study)
        assert not [line for line in lines if "published" in line.style.name] and note == ""
    done_run(tmp_path / "demo", config_of(0.9))
    demo = _compared(tmp_path / "demo")
    assert studies_of(demo) == {} and not [line for line in chart_lines(demo, "finetune", "plain", "main")[0] if not line.shown]


def test_that_other_studies_can_be_chosen(tmp_path):
    comparison = _paper_runs(tmp_path)
    studies = studies_of(comparison)
    assert next(iter(studies)) == "main" and "ablation_pad" in studies
    lines, _ = chart_lines(comparison, "finetune", "plain", "ablation_pad")
    names = [line.style.name for line in lines if "published" in line.style.name]
    assert "pad32, published" in names and all(line.shown for line in lines)


def test_that_every_line_has_a_key_of_its_own(tmp_path):
    comparison = _paper_runs(tmp_path)
    for study in studies_of(comparison):
        lines, _ = chart_lines(comparison, "finetune", "both", study)
        keys = [line.style.key for line in lines]
        assert len(keys) == len(set(keys)), study


def test_that_curves_are_those_of_the_level_that_most_runs_have(tmp_path):
    for seed, sparsities in ((1, (0.8, 0.9)), (2, (0.9,)), (3, (0.9, 0.95))):
        MadeRun(tmp_path, made_config(seed=seed, sparsities=sparsities)).write()
    comparison = _compared(tmp_path)
    offered, usual = densities_of_runs(comparison.runs)
    assert list(offered.values()) == ["80 %", "90 %", "95 %"] and offered[usual] == "90 %"
    curves, note = curves_at(comparison, usual)
    assert len(curves) == 3 and note == ""
    assert list(curves[0].series["plain"].x) == [0, 1, 2, 3, 4]
    assert list(curves[0].series["plain"].y) == pytest.approx([50, 60, 70, 60, 70])
    curves, note = curves_at(comparison, next(iter(offered)))
    assert len(curves) == 1 and note.startswith("2 of the chosen runs have no such level")


def test_that_too_many_runs_are_said_to_be_left_out(tmp_path):
    store = MadeRun(tmp_path, made_config()).write()
    run = read_runs([store.folder])[0][0]
    curves, note = curves_at(compare([run] * (MAX_RUNS + 2)), run.config.mask.densities[0])
    assert len(curves) == MAX_RUNS and "2 more are not" in note


# how it looks


def test_that_runs_are_told_apart_without_colour():
    styles = [run_style(number, str(number), "", "") for number in range(DIFFERENT)]
    for scheme in (theme.LIGHT, theme.DARK):
        assert len({_look(style.pen(scheme)) for style in styles}) == DIFFERENT
    for one, other in itertools.pairwise(styles):
        assert one.line != other.line and one.symbol != other.symbol


@pytest.mark.parametrize(
    ("scheme", "colours"), [(theme.LIGHT, LIGHT_COLOURS), (theme.DARK, DARK_COLOURS)], ids=["light", "dark"]
)
def test_that_the_colours_stand_out_and_differ_for_the_colour_blind(scheme, colours):
    assert all(contrast(colour, scheme.surface) >= 3 for colour in colours)
    for one, other in itertools.combinations(colours, 2):
        for eyes in _EYES:
            assert np.linalg.norm(_seen(one, eyes) - _seen(other, eyes)) >= 10, (one, other)


_EYES = (
    np.eye(3),
    np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
)
"""What common eyes, protanopes and deuteranopes make of linear colours (Machado et al., 2009)."""
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _seen(colour, eyes):
    """Give a colour as those eyes see it, in CIELAB: ten apart is told at a glance."""
    parts = np.array([QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF()])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    xyz = (_XYZ @ (eyes @ linear).clip(0, 1)) / _XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# the chart


@pytest.fixture
def chart(qtbot, tmp_path):
    found = AccuracyChart()
    qtbot.addWidget(found)
    found.resize(900, 600)
    found.set_lines(*chart_lines(_paper_runs(tmp_path), "finetune", "plain", "main"))
    with qtbot.waitExposed(found):
        found.show()
    return found



def _named(chart, name):
    return next(line for line in chart._lines if line.style.name.startswith(name))


def test_that_pointing_at_a_mark_tells_value_seeds_and_runs(chart):
    said = []
    chart.said.connect(said.append)
    line = _named(chart, "VPNs, pad 16 px")
    place = chart.plot.box.mapViewToScene(QPointF(chart._x(line, line.points[-1]), line.points[-1].mean))
    chart.plot.pointed_at.emit(place)
    assert chart.marked is line.points[-1]
    assert "70.80 ± 0.14 %" in said[-1] and "seed 9 70.90" in said[-1] and "vpns_resnet18_cifar100" in said[-1]
    chart.plot.pointed_at.emit(None)
    assert chart.marked is None and said[-1] == CHART_HINT


def test_that_pointing_at_nothing_says_nothing(chart):
    chart.plot.pointed_at.emit(chart.plot.box.mapViewToScene(QPointF(65, 76.0)))
    assert chart.marked is None


def test_that_the_arrow_keys_go_from_mark_to_mark(chart, qtbot):
    said = []
    chart.said.connect(said.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(chart, key)
    assert "at 50 % sparsity" in said[-1] and said[-1].startswith("VPNs, pad 16 px")
    qtbot.keyClick(chart, Qt.Key.Key_Down)
    assert "at 50 % sparsity" in said[-1] and said[-1].startswith("OMP (magnitude)")
    qtbot.keyClick(chart, Qt.Key.Key_Up)
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert "at 40 % sparsity" in said[-1]
    qtbot.keyClick(chart, Qt.Key.Key_Escape)
    assert chart.marked is None


def test_that_a_click_on_a_name_hides_its_line_and_it_stays_hidden(chart, qtbot, tmp_path):
    line = _named(chart, "OMP (magnitude)")
    entry = chart.entries[line.style.key]
    qtbot.mouseClick(entry, Qt.MouseButton.LeftButton)
    assert not any(item.isVisible() for item in chart._items[line.style.key])
    chart.set_lines(*chart_lines(_compared(tmp_path), "finetune", "both", "main"))
    assert not any(item.isVisible() for item in chart._items[line.style.key])
    assert not chart.entries[line.style.key].isChecked()


def test_that_published_methods_that_were_not_run_here_can_be_shown(chart, qtbot):
    line = _named(chart, "HYDRA")
    assert not any(item.isVisible() for item in chart._items[line.style.key])
    qtbot.mouseClick(chart.entries[line.style.key], Qt.MouseButton.LeftButton)
    assert all(item.isVisible() for item in chart._items[line.style.key])


def test_that_the_axis_of_remaining_weights_is_logarithmic(chart):
    chart.set_scale("kept")
    line = _named(chart, "VPNs, published")
    x, _ = chart._items[line.style.key][-1].getData()
    kept = [1 - point.sparsity for point in line.points]
    assert 10 ** -np.asarray(x) == pytest.approx(kept)
    axis = chart.plot.item.getAxis("bottom")
    assert axis.tickStrings(axis.tickValues(0.0, 2.0, 500)[0][1], 1, 1) == ["60", "40", "20", "10"]
    axis.set_marks(())
    (level,) = axis.tickValues(0.0, 2.0, 500)
    assert axis.tickStrings(level[1], 1, 1) == ["100", "70", "50", "30", "20", "10", "7", "5", "3", "2", "1"]


def test_that_a_single_sparsity_has_room_around_it_and_arms_do_not_lie_on_one_another(qtbot, tmp_path):
    for config in (config_of(0.9), control_of(config_of(0.9))):
        done_run(tmp_path, config)
    chart = AccuracyChart()
    qtbot.addWidget(chart)
    chart.resize(700, 400)
    chart.set_lines(*chart_lines(_compared(tmp_path), "finetune", "plain", ""))
    (left, right), _ = chart.plot.box.viewRange()
    assert left < 86 and right > 94
    first, second = (chart._x(line, line.points[0]) for line in chart._lines if not line.is_level)
    assert second - first > 0.2


def test_that_the_axis_names_the_sparsities_that_were_measured_as_far_as_there_is_room(chart):
    axis = chart.plot.item.getAxis("bottom")
    ((_, places),) = axis.tickValues(30, 100, 700)
    assert axis.tickStrings(places, 1, 1) == ["40", "50", "60", "70", "80", "90"]
    ((_, places),) = axis.tickValues(30, 100, 300)
    assert axis.tickStrings(places, 1, 1) == ["40", "50", "60", "70", "80", "90"]
    ((_, places),) = axis.tickValues(30, 100, 200)
    assert axis.tickStrings(places, 1, 1) == ["40", "60", "80"]
    axis.set_marks(())
    assert axis.tickStrings([x for _, values in axis.tickValues(30, 100, 400) for x in values], 1, 1)[0] == "40"


def test_that_the_axis_names_the_published_sparsities_beside_those_that_were_measured(chart):
    own = [line for line in chart._lines if "published" not in line.style.name]
    beside = [line for line in chart._lines if "published" in line.style.name and not line.is_level]
    one = replace(next(line for line in own if not line.is_level), points=(ChartPoint(0.87, 80.0, None, ""),))
    chart.set_lines([one, *beside], "")
    axis = chart.plot.item.getAxis("bottom")
    ((_, places),) = axis.tickValues(30, 100, 700)
    assert axis.tickStrings(places, 1, 1) == ["40", "50", "60", "70", "80", "87"]  # 90 has no room beside 87


def test_that_a_level_of_no_sparsity_can_be_drawn_on_both_axes(qtbot, tmp_path):
    done_run(tmp_path, config_of(0.0))
    chart = AccuracyChart()
    qtbot.addWidget(chart)
    lines = chart_lines(_compared(tmp_path), "finetune", "plain", "")
    for scale in ("kept", "sparsity"):
        chart.set_scale(scale)
        chart.set_lines(*lines)
        assert all(np.isfinite(chart.plot.box.viewRange()).ravel())


def test_that_a_new_palette_recolours_everything(chart):
    line = _named(chart, "VPNs, pad 16 px")
    before = chart._items[line.style.key][-1].opts["pen"].color().name()
    chart._recolour(theme.DARK)
    assert before == LIGHT_COLOURS[0] and chart._items[line.style.key][-1].opts["pen"].color().name() == DARK_COLOURS[0]


# the window


def test_that_the_tab_says_what_will_be_there(studio):
    studio.window.tabs.setCurrentWidget(studio.window.compare_page)
    assert studio.plots.compare.is_empty
    assert "Library" in studio.plots.compare._stack.note.text


def test_that_choosing_runs_fills_all_pages_and_choosing_none_empties_them(studio, qtbot, runs):
    stores = [MadeRun(runs, made_config(seed=seed)).write() for seed in (1, 2)]
    view = _chosen(studio, qtbot, [store.folder for store in stores])
    assert [line.style.name for line in view.chart._lines] == ["VPNs, pad 2 px, without the prompt"]
    assert [entry.text() for entry in view.overlay.entries.values()] == ["seed 1", "seed 2"]
    table = view.findChild(QTableWidget, "compareTable")
    assert [table.item(1, column).text() for column in range(5)] == ["90 %", "VPNs, pad 2 px", "Tuned", "1, 2", "87.50 ± 0.00"]
    for page in (CURVES, TABLE, CHART):
        _turn(view, page)
        assert view.page == page
    studio.session.choose_runs(())
    qtbot.waitUntil(lambda: view.is_empty)


def test_that_the_rows_chosen_in_the_library_are_compared(studio, qtbot, runs):
    for seed in (1, 2, 3):
        MadeRun(runs, made_config(seed=seed)).write()
    studio.window.tabs.setCurrentWidget(studio.window.library)
    table = studio.window.findChild(QTableView, "libraryTable")
    qtbot.waitUntil(lambda: table.model().rowCount() == 3, timeout=20_000)
    table.setFocus()
    table.selectAll()
    assert len(studio.session.chosen) == 3
    studio.window.tabs.setCurrentWidget(studio.window.compare_page)
    view = studio.plots.compare
    qtbot.waitUntil(lambda: not view.is_empty, timeout=20_000)
    assert sorted(entry.text() for entry in view.overlay.entries.values()) == ["seed 1", "seed 2", "seed 3"]


def test_that_options_change_what_is_drawn(studio, qtbot, runs):
    view = _chosen(studio, qtbot, [MadeRun(runs, made_config(sparsities=(0.8, 0.9))).write().folder])
    _choose(view, "compareAccuracy", "prompted")
    assert view.chart._lines[0].points[0].mean == pytest.approx(80)
    _choose(view, "compareState", "search")
    _choose(view, "compareAccuracy", "plain")
    assert view.chart._lines[0].points[0].mean == pytest.approx(75)
    _choose(view, "compareScale", "kept")
    assert view.chart._scale == "kept"
    _turn(view, CURVES)
    sparsity = view.findChild(QComboBox, "compareSparsity")
    assert sparsity.count() == 2 and sparsity.currentText() == "90 %"
    before = view.overlay._runs[0].series["density"].y
    sparsity.setCurrentIndex(0)
    assert sparsity.currentText() == "80 %" and list(view.overlay._runs[0].series["density"].y) != list(before)


def test_that_measures_come_and_go_and_those_nobody_has_are_off(studio, qtbot, runs):
    made = MadeRun(runs, made_config(method="omp"))
    view = _chosen(studio, qtbot, [made.write().folder])
    _turn(view, CURVES)
    shown = {key for key, panel in view.overlay.panels.items() if panel.isVisible()}
    assert shown == {"plain", "loss", "density"}
    ranges = [panel.plot.box.viewRange()[0] for panel in view.overlay.panels.values()]
    assert all(epochs == pytest.approx([-0.08, 4.08]) for epochs in ranges)
    view.overlay.panels["loss"].plot.box.setXRange(1, 3, padding=0)
    assert view.overlay.panels["plain"].plot.box.viewRange()[0] == pytest.approx([1, 3])
    assert not view.findChild(QAction, "measure_prompted").isEnabled()
    view.findChild(QAction, "measure_train").trigger()
    assert view.overlay.panels["train"].isVisible()
    view.findChild(QCheckBox, "zoomTopCompared").click()
    _, (low, high) = view.overlay.panels["plain"].plot.box.viewRange()
    assert high - low < 25
    view.findChild(QAction, "measure_plain").trigger()
    assert not view.overlay.panels["plain"].isVisible()


def test_that_pointing_at_a_curve_names_its_run_and_value(studio, qtbot, runs):
    stores = [MadeRun(runs, made_config(seed=seed)).write() for seed in (1, 2)]
    view = _chosen(studio, qtbot, [store.folder for store in stores])
    _turn(view, CURVES)
    panel = view.overlay.panels["loss"]
    panel.plot.pointed_at.emit(panel.plot.box.mapViewToScene(QPointF(2, 0.4)))
    said = view.findChild(QLabel, "compareReadout").text()
    assert said.startswith("seed 1: training loss, no prompt 0.400 after epoch 2.") and stores[0].folder.name in said


def test_that_a_loss_that_is_no_number_leaves_the_others_in_sight(qtbot):
    view = OverlayView()
    qtbot.addWidget(view)
    view.resize(700, 500)
    epochs = np.arange(4.0)
    values = {"good": [1.0, 0.9, 0.8, 0.7], "lost": [1.0, np.nan, np.inf, -np.inf], "never": [np.nan] * 4}
    losses = {key: Series(epochs, np.array(y)) for key, y in values.items()}
    view.set_runs([RunCurves(run_style(n, key, key, ""), {"loss": loss}) for n, (key, loss) in enumerate(losses.items())])
    with qtbot.waitExposed(view):
        view.show()
    panel = view.panels["loss"]
    _, (low, high) = panel.plot.box.viewRange()
    assert 0.5 < low < 0.7 and 1 < high < 1.3
    style, epoch, value = panel.nearest(panel.plot.box.mapViewToScene(QPointF(2, 0.8)))
    assert (style.key, epoch, value) == ("good", 2, 0.8)
    view.zoom_to_top(True)


def test_that_a_run_that_goes_on_elsewhere_is_read_again(studio, qtbot, runs):
    path = MadeRun(runs, made_config()).write(end=None).folder / "events.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    last = max(place for place, line in enumerate(lines) if '"kind":"epoch"' in line)
    path.write_text("".join(lines[:last]), encoding="utf-8")
    view = _chosen(studio, qtbot, [path.parent])
    before = len(view.overlay._runs[0].series["plain"].x)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(lines[last:])
    qtbot.waitUntil(lambda: len(view.overlay._runs[0].series["plain"].x) == before + 1, timeout=20_000)


def test_that_a_run_that_cannot_be_read_is_said_above_the_others(studio, qtbot, runs):
    good, bad = (MadeRun(runs, made_config(seed=seed)).write() for seed in (1, 2))
    (bad.folder / "config.json").write_text("[]")
    view = _chosen(studio, qtbot, [good.folder, bad.folder])
    warning = view.findChild(QLabel, "compareWarning")
    assert warning.isVisibleTo(view) and str(bad.folder) in warning.text() and len(view.overlay.entries) == 1


def test_that_a_run_whose_name_looks_like_markup_is_shown_letter_by_letter(studio, qtbot, runs):
    named = MadeRun(runs, made_config(name="<img src=x><b>bold")).write()
    other = MadeRun(runs, made_config(name="plain")).write()
    folder = named.folder.rename(runs / "<b>bold")
    view = _chosen(studio, qtbot, [folder, other.folder])
    entry = view.overlay.entries["<b>bold"]
    assert entry.text() == "<img src=x><b>bold" and "&lt;b&gt;bold" in entry.toolTip() and "<b>" not in entry.toolTip()
    readout = view.findChild(QLabel, "compareReadout")
    qtbot.keyClick(view.chart, Qt.Key.Key_Right)
    assert "<b>bold" in readout.text() and readout.textFormat() == Qt.TextFormat.PlainText


def test_that_of_a_very_long_choice_the_first_runs_are_compared_and_it_says_so(studio, qtbot, runs, monkeypatch):
    monkeypatch.setattr("vpns_gui.controllers.compare.MAX_COMPARED", 2)
    stores = [MadeRun(runs, made_config(seed=seed)).write() for seed in (1, 2, 3)]
    view = _chosen(studio, qtbot, [store.folder for store in stores])
    assert len(view.overlay.entries) == 2
    assert "The first 2 of 3 chosen runs" in view.findChild(QLabel, "compareWarning").text()


def test_that_two_times_the_same_choice_keeps_what_was_hidden_and_zoomed(studio, qtbot, runs):
    stores = [MadeRun(runs, made_config(seed=seed)).write() for seed in (1, 2, 3)]
    view = _chosen(studio, qtbot, [store.folder for store in stores])
    _turn(view, CURVES)
    key = stores[0].folder.name
    view.overlay.entries[key].click()
    studio.session.choose_runs(tuple(store.folder for store in stores[:2]))
    qtbot.waitUntil(lambda: len(view.overlay.entries) == 2)
    assert not view.overlay.entries[key].isChecked()


def test_that_the_view_alone_offers_no_study_at_first(qtbot):
    view = CompareView()
    qtbot.addWidget(view)
    assert view.is_empty and view.study == "" and view.density is None
    view.set_studies({"main": "Main comparison"})
    assert view.study == "main"
    _choose(view, "compareStudy", "")
    view.set_studies({"main": "Main comparison", "ablation_pad": "Widths of the ring"})
    assert view.study == ""
