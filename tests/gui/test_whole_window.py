"""The whole window with a real finished run in it: keyboard, screen reader, wheel, scheme and sharpness."""

import shutil

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QLineEdit, QSlider, QSpinBox, QTableView

from tests.gui.conftest import put_away
from tests.gui.whole_window import controls, described, reaches, scrolls, spoken, tab_walk, turn_wheel
from vpns_gui import theme
from vpns_gui.background import Background
from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.studio import Studio
from vpns_gui.take_away import nearest

TABS = ("Curves", "Prompt", "Masks", "Classes", "Results", "Gains", "Predict", "Summary", "Library", "Compare")
DIALOGS = (
    *("shortcuts", "terms", "aboutStudio", "export", "sweepMenu"),
    *("openCheckpoint", "dataRootMenu", "runsFolderMenu", "keepingMenu"),
)


@pytest.fixture(scope="module")
def opened(qapp, tmp_path_factory, finished_run, finished_omp_run):
    """Give the program with a finished run open and two chosen for the comparison; one for all tests, it is only looked at."""
    from pytestqt.qtbot import QtBot

    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "CACHE", "RUNS"):
            patch.setenv(f"VPNS_{name}", str(folder / name.lower()))
        runs = folder / "runs"
        for made in (finished_run, finished_omp_run):
            shutil.copytree(made.folder, runs / made.folder.name)
        qtbot = QtBot(None)
        theme.apply(qapp, theme.LIGHT)
        studio = Studio(runs, None)
        studio.window.resize(1360, 880)
        with qtbot.waitExposed(studio.window):
            studio.window.show()
        studio.complete()
        studio.library.open(runs / finished_run.folder.name)
        qtbot.waitUntil(lambda: studio.session.store is not None, timeout=20_000)
        studio.session.choose_runs(tuple(sorted(runs.iterdir())))
        studio.window.activateWindow()
        yield studio
        put_away(studio, qtbot)
        qapp.setProperty("vpns_dark", None)


def show(studio, qtbot, title):
    """Turn to a tab, and wait until nothing is at work beside the window."""
    tabs = studio.window.tabs
    (index,) = [number for number in range(tabs.count()) if tabs.tabText(number) == title]
    tabs.setCurrentIndex(index)
    qtbot.waitUntil(lambda: not any(work.busy for work in studio.window.findChildren(Background)), timeout=30_000)
    return tabs.currentWidget()


def dialog_of(studio, qtbot, name):
    before = set(studio.window.findChildren(QDialog))
    studio.window.findChild(QAction, name).trigger()

    def new():
        return [one for one in studio.window.findChildren(QDialog) if one not in before and one.isVisible()]

    qtbot.waitUntil(lambda: bool(new()))
    return new()[0]


def close(dialog, qtbot):
    dialog.close()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)


@pytest.mark.parametrize("title", TABS)
def test_that_tab_comes_to_every_control_and_back(opened, qtbot, title):
    page = show(opened, qtbot, title)
    opened.window.tabs.setFocus()
    found = tab_walk()
    assert QApplication.focusWidget() is found[0], f"held by {described(QApplication.focusWidget())}"
    missed = [described(one) for one in controls(page) if not reaches(found, one)]
    assert missed == []


def test_that_tab_comes_to_every_setting_and_button_around_the_tabs(opened, qtbot):
    show(opened, qtbot, "Curves")
    opened.window.tabs.setFocus()
    found = tab_walk()
    around = (opened.window.setup, opened.window.run_bar, opened.window.moment_bar, opened.window.log)
    missed = [described(one) for part in around for one in controls(part) if not reaches(found, one)]
    assert missed == []


@pytest.mark.parametrize("title", TABS)
def test_that_every_control_has_a_name_for_a_screen_reader(opened, qtbot, title):
    show(opened, qtbot, title)
    found = list(controls(opened.window))
    assert [described(one) for one in found if not spoken(one)] == []
    assert len(found) > 20


@pytest.mark.parametrize("name", DIALOGS)
def test_that_a_dialog_is_walked_named_and_left_by_keyboard(opened, qtbot, name):
    dialog = dialog_of(opened, qtbot, name)
    try:
        qtbot.waitUntil(lambda: not any(work.busy for work in opened.window.findChildren(Background)), timeout=30_000)
        found = list(controls(dialog))
        assert found and [described(one) for one in found if not spoken(one)] == []
        dialog.activateWindow()
        qtbot.waitUntil(lambda: QApplication.focusWidget() is not None and dialog.isAncestorOf(QApplication.focusWidget()))
        walked = tab_walk()
        assert QApplication.focusWidget() is walked[0], f"held by {described(QApplication.focusWidget())}"
        assert [described(one) for one in controls(dialog) if not reaches(walked, one)] == []
    finally:
        close(dialog, qtbot)


@pytest.mark.parametrize("title", TABS)
def test_that_the_wheel_changes_nothing_while_it_scrolls(opened, qtbot, title):
    page = show(opened, qtbot, title)
    for widget in controls(page):
        if isinstance(widget, (QComboBox, QSpinBox, QSlider)) and scrolls(widget):
            value = _value(widget)
            widget.setFocus()
            turn_wheel(widget)
            assert _value(widget) == value, described(widget)


def _value(widget):
    return widget.currentIndex() if isinstance(widget, QComboBox) else widget.value()


def test_that_the_settings_are_explained_with_their_terms(opened):
    panel = opened.window.findChild(SetupPanel)
    sparsity = panel.findChild(QLineEdit, "mask.sparsities")
    assert "<b>sparsity</b>" in sparsity.toolTip() and "arxiv.org" in sparsity.toolTip()


@pytest.mark.parametrize("title", TABS)
def test_that_every_table_can_be_taken_along(opened, qtbot, title):
    page = show(opened, qtbot, title)
    tables = [table for table in page.findChildren(QTableView) if table.isVisible()]
    assert [described(table) for table in tables if nearest(table) is None] == []


def _grounds(page):
    """Give the share of a page's pixels in the grounds of the light scheme, and in those of the dark one."""
    image = page.grab().toImage()
    pixels = [image.pixelColor(x, y).name() for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)]
    schemes = [(scheme.window, scheme.surface, scheme.raised) for scheme in (theme.LIGHT, theme.DARK)]
    return tuple(sum(pixel in grounds for pixel in pixels) / len(pixels) for grounds in schemes)


def test_that_every_tab_changes_between_light_and_dark_with_all_that_is_drawn_in_it(opened, qtbot, qapp):
    first = {title: _grounds(show(opened, qtbot, title)) for title in TABS}
    try:
        theme.apply(qapp, theme.DARK)
        for title in TABS:
            page, (light, _) = show(opened, qtbot, title), first[title]
            turned = lambda page=page, light=light: _grounds(page)[0] < 0.02 and _grounds(page)[1] > light / 2  # noqa: E731
            try:
                qtbot.waitUntil(turned)
            except qtbot.TimeoutError:
                now = _grounds(page)
                pytest.fail(f"{title} was {light:.1%} light; {now[0]:.1%} light and {now[1]:.1%} dark now")
    finally:
        theme.apply(qapp, theme.LIGHT)
    for title in TABS:
        page = show(opened, qtbot, title)
        # not as light as at first: some were read while still empty
        qtbot.waitUntil(lambda page=page: _grounds(page)[0] > 0.5 and _grounds(page)[1] < 0.02)
