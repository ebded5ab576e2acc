"""The Gains tab on a real finished run: what is kept, what is measured, cancelled, saved."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QProgressBar, QPushButton, QScrollArea, QTableWidget, QWidget

from tests.measured_runs import children, copied
from vpns_engine.gains.states import read_gains, state_of
from vpns_engine.store import RunStore
from vpns_gui import theme
from vpns_gui.tables import texts_of
from vpns_gui.views.gains import GainsView
from vpns_gui.views.gains_bars import GainsBars
from vpns_gui.views.gains_section import BESIDE_PX, SectionView

WAIT_MS = 60_000


def last(store: RunStore):
    """Give the last saved state of a run."""
    return state_of(store.read(steps=False).history, level=None, stage=None)


@pytest.fixture
def gains(studio):
    """Give the tab's view, on screen."""
    studio.window.tabs.setCurrentWidget(studio.window.gains_page)
    return studio.window.findChild(GainsView)


def opened(studio, qtbot, store, runs):
    """Open a copy of a run, and wait for its report."""
    copy = copied(store, runs)
    studio.library.open(copy.folder)
    view = studio.window.findChild(GainsView)
    qtbot.waitUntil(lambda: view.page is not None and view.page.title == copy.folder.name, timeout=WAIT_MS)
    return copy


def press(view, qtbot, name):
    """Click a button."""
    qtbot.mouseClick(view.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def texts(view):
    """Give the sentences and notes of the report that is on screen."""
    return [label.text() for label in view.findChild(QWidget, "gainsReport").findChildren(QLabel)]


def test_that_without_a_saved_state_it_says_what_will_be_there(studio, gains):
    assert gains.is_empty and gains.isVisible()
    assert not studio.gains.busy


def test_that_what_was_measured_is_there_at_the_next_opening(studio, gains, qtbot, measured_run, runs):
    store = opened(studio, qtbot, measured_run, runs)
    kept = read_gains(store, last(store))
    files = gains.findChild(QTableWidget, "gainsFiles")
    assert files.rowCount() == 4 and files.item(0, 0).text() == "Plain file of weights"
    sparse = next(size for size in kept.sizes if size.kind == "sparse").pruned
    assert files.item(2, 2).text() == f"{sparse / 1000:.1f} kB"
    times = texts_of(gains.findChild(QTableWidget, "gainsTimes"))
    assert len(times[1]) == len(kept.timings) and times[0][-1] == "verdict"
    assert gains.findChild(QTableWidget, "gainsLayers").rowCount() == 22
    accuracy = texts_of(gains.findChild(QTableWidget, "gainsAccuracy"))[1]
    assert [row[0] for row in accuracy] == ["Dense, mapped", "Pruned, mask now, untuned", "Pruned, tuned"]
    assert any("1 thread of" in text for text in texts(gains))
    assert gains.findChild(QPushButton, "gainsMeasure").text() == "Measure again"
    bars = {chart.objectName() for chart in gains.findChildren(GainsBars)}
    assert bars == {"gainsAccuracyChart", "gainsSizeChart", "gainsLayersChart", "gainsSpeedChart"}
    assert all(chart.accessibleDescription() for chart in gains.findChildren(GainsBars))


def test_that_of_another_state_only_what_is_known_is_shown(studio, gains, qtbot, measured_run, runs):
    opened(studio, qtbot, measured_run, runs)
    states = gains.findChild(QComboBox, "gainsState")
    assert states.count() == 4 and states.currentIndex() == 3
    states.setCurrentIndex(0)
    qtbot.waitUntil(lambda: gains.page.state == states.itemText(0), timeout=WAIT_MS)
    assert gains.page.measured == "" and gains.findChild(QTableWidget, "gainsAccuracy") is not None
    missing = [text for text in texts(gains) if text.startswith("Not measured: ")]
    assert len(missing) == 4
    assert gains.findChild(QPushButton, "gainsMeasure").text() == "Measure"
    assert [action.isEnabled() for action in gains.findChild(QPushButton, "gainsSave").menu().actions()] == [True, False]


def test_that_a_measurement_can_be_cancelled_and_leaves_nothing(studio, gains, qtbot, finished_run, runs):
    store = opened(studio, qtbot, finished_run, runs)
    press(gains, qtbot, "gainsMeasure")
    assert gains.findChild(QProgressBar).isVisible() and not gains.findChild(QPushButton, "gainsMeasure").isVisible()
    qtbot.waitUntil(lambda: bool(children()), timeout=WAIT_MS)
    press(gains, qtbot, "gainsCancel")
    qtbot.waitUntil(lambda: not studio.gains.busy, timeout=5_000)
    assert children() == [] and not gains.findChild(QProgressBar).isVisible()
    assert list(store.folder.glob("gains*")) == []
    assert "was cancelled; nothing of it is kept" in studio.window.log.text


def test_that_the_state_that_is_chosen_is_measured_before_its_report_is_there(studio, gains, qtbot, finished_run, runs):
    opened(studio, qtbot, finished_run, runs)
    gains.findChild(QComboBox, "gainsState").setCurrentIndex(1)
    label = gains.findChild(QComboBox, "gainsState").currentText()
    assert gains.page.state != label  # it is still read
    wanted = []
    studio.gains._work.begin = lambda _store, state, *, quick: wanted.append((state.label, quick))  # it would take a minute
    press(gains, qtbot, "gainsMeasure")
    assert wanted == [(label, False)]


def test_that_closing_the_window_ends_a_measurement(studio, gains, qtbot, finished_run, runs):
    opened(studio, qtbot, finished_run, runs)
    press(gains, qtbot, "gainsMeasure")
    qtbot.waitUntil(lambda: bool(children()), timeout=WAIT_MS)
    studio.window.close()
    assert not studio.window.isVisible() and children() == []


def test_that_a_process_that_dies_leaves_what_it_found_and_the_rest_says_so(studio, gains, qtbot, finished_run, runs):
    store = opened(studio, qtbot, finished_run, runs)
    doing = gains.findChild(QLabel, "gainsDoing")
    press(gains, qtbot, "gainsMeasure")
    qtbot.waitUntil(lambda: doing.text().startswith("PyTorch on the CPU"), timeout=WAIT_MS)
    for child in children():
        child.kill()
    qtbot.waitUntil(lambda: bool(gains.page.measured), timeout=WAIT_MS)
    kept = read_gains(store, last(store))
    assert len(kept.sizes) == 4 and kept.work and kept.timings == () and kept.memory == ()
    assert set(kept.missing) == {"torch", "onnx", "cuda", "memory"} and "ended by signal 9" in kept.missing["torch"]
    shown = [text for text in texts(gains) if text.startswith("Not measured: ")]
    assert any("ended by signal 9" in text for text in shown) and len(shown) == 2
    assert gains.findChild(QTableWidget, "gainsFiles").rowCount() == 4


def test_that_damaged_figures_are_named_and_can_be_measured_again(studio, gains, qtbot, measured_run, runs):
    store = copied(measured_run, runs)
    path = store.folder / last(store).file_name
    path.write_text(path.read_text()[:500])
    studio.library.open(store.folder)
    qtbot.waitUntil(lambda: gains.page is not None, timeout=WAIT_MS)
    assert any(path.name in text and "measure again" in text for text in texts(gains))
    assert gains.findChild(QPushButton, "gainsMeasure").isEnabled()


def test_that_the_report_is_saved_as_html_and_its_figures_as_json(studio, gains, qtbot, measured_run, runs, tmp_path):
    store = opened(studio, qtbot, measured_run, runs)
    gains.findChild(QPushButton, "gainsSave").menu().actions()[0].trigger()
    dialog = studio.window.findChild(QFileDialog, "gainsSaveDialog")
    assert dialog.selectedFiles()[0].endswith("_gains.html")
    dialog.reject()
    for kind in ("html", "json"):
        studio.gains.save(kind, tmp_path / f"saved.{kind}")
        qtbot.waitUntil(lambda kind=kind: (tmp_path / f"saved.{kind}").exists(), timeout=WAIT_MS)
        qtbot.waitUntil(lambda kind=kind: f"saved.{kind}" in studio.window.log.text, timeout=WAIT_MS)
    assert json.loads((tmp_path / "saved.json").read_text())["run"] == store.folder.name
    assert "What they do not give" in (tmp_path / "saved.html").read_text()


def test_that_a_file_that_cannot_be_written_is_named(studio, qtbot, measured_run, runs, tmp_path):
    studio.window.tabs.setCurrentWidget(studio.window.gains_page)
    opened(studio, qtbot, measured_run, runs)
    (tmp_path / "there.html").mkdir()
    studio.gains.save("html", tmp_path / "there.html")
    qtbot.waitUntil(lambda: "Not saved:" in studio.window.log.text, timeout=WAIT_MS)


def test_that_bars_follow_the_colours_and_lie_beside_tables_where_there_is_room(studio, gains, qtbot, measured_run, runs):
    opened(studio, qtbot, measured_run, runs)
    chart = gains.findChild(GainsBars, "gainsSizeChart")
    section = next(view for view in gains.findChildren(SectionView) if view.isAncestorOf(chart))
    table = gains.findChild(QTableWidget, "gainsFiles")
    for width, beside in ((BESIDE_PX + 50, True), (900, False)):
        section.resize(width, section.sizeHint().height())
        section.layout().activate()
        top, right = chart.mapTo(section, chart.rect().topLeft()).y(), chart.mapTo(section, chart.rect().topLeft()).x()
        assert (right > table.width()) == beside and (top > table.mapTo(section, table.rect().topLeft()).y()) == (not beside)
    light = chart.grab().toImage()
    chart._recolour(theme.DARK)
    assert chart.grab().toImage() != light


def test_that_sentences_fit_a_small_window_and_a_wide_table_scrolls_alone(studio, gains, qtbot, measured_run, runs):
    opened(studio, qtbot, measured_run, runs)
    table = gains.findChild(QTableWidget, "gainsFiles")
    studio.window.resize(1024, 768)
    report, page = gains.findChild(QWidget, "gainsReport"), gains.findChild(QScrollArea, "gainsScroll").viewport()
    qtbot.waitUntil(lambda: report.width() <= page.width())
    table.setFixedWidth(320)
    bar = table.horizontalScrollBar()
    qtbot.waitUntil(bar.isVisible)
    last_row = table.visualItemRect(table.item(table.rowCount() - 1, 0))
    assert table.viewport().rect().contains(last_row.bottomLeft())
