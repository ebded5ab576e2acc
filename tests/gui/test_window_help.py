"""Help, the Edit and the View menu, and what can be taken along."""

import csv
import io

import pytest
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QFileDialog, QLineEdit, QMenu, QSplitter, QWidget

from tests.gui.made_runs import MadeRun, config
from vpns_gui.controllers.help import key_groups
from vpns_gui.dialogs.about import BIBTEX
from vpns_gui.dialogs.shortcuts import ShortcutsDialog
from vpns_gui.dialogs.terms import TermsDialog
from vpns_gui.settings import Settings
from vpns_gui.take_away import nearest, offer
from vpns_gui.terms import TERMS, tip
from vpns_gui.views.picture import Picture
from vpns_gui.views.text_table import fill_table, text_table
from vpns_gui.window_layout import WindowLayout


@pytest.fixture
def table(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    made = text_table(("Name", "Kept"), "layers", parent)
    made.setAccessibleName("Layers")
    fill_table(made, [("conv1", "12"), ("=fc", "3")], first_number=1)
    parent.show()
    yield made  # and with it the parent


def clipboard():
    return QGuiApplication.clipboard()


def test_that_ctrl_c_copies_a_table_for_spreadsheets_or_the_rows_that_are_chosen(table):
    QTest.keySequence(table, QKeySequence(QKeySequence.StandardKey.Copy))
    assert clipboard().text() == "Name\tKept\nconv1\t12\n=fc\t3\n"
    as_csv = bytes(clipboard().mimeData().data("text/csv").data()).decode()
    assert list(csv.reader(io.StringIO(as_csv)))[1:] == [["conv1", "12"], ["'=fc", "3"]], "no formula reaches a spreadsheet"
    table.selectRow(0)
    QTest.keySequence(table, QKeySequence(QKeySequence.StandardKey.Copy))
    assert clipboard().text() == "Name\tKept\nconv1\t12\n"


def test_that_a_picture_is_copied_at_twice_its_size(qtbot):
    picture = Picture()
    qtbot.addWidget(picture)
    picture.resize(120, 100)
    offer(picture, "Prompt").copy()
    assert (clipboard().image().width(), clipboard().image().height()) == (240, 200)


def test_that_a_right_click_opens_the_menu_and_a_view_with_its_own_keeps_it(table, qtbot):
    def menus(widget):
        QApplication.sendEvent(widget, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(3, 3), QPoint(3, 3)))
        found = [menu for menu in widget.findChildren(QMenu, "takeAway") if menu.isVisible()]
        words = [action.text().replace("&", "") for menu in found for action in menu.actions()]
        for menu in found:
            menu.close()
        return words

    assert menus(table) == ["Copy table", "Save table …", "Copy picture", "Save picture …"]
    own = QWidget()
    qtbot.addWidget(own)
    own.addAction(QAction("Open", own))
    own.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
    offer(own, "Runs")
    assert next(action.text() for action in own.actions() if action.text()) == "Open"
    assert any("Copy" in action.text() for action in own.actions())
    assert menus(own) == []


def test_that_an_offer_made_anew_replaces_the_one_before(table):
    offer(table, "Others", table=lambda: (["A"], [[1]]))
    assert nearest(table).name == "Others"
    nearest(table).copy()
    assert clipboard().text() == "A\n1\n"


def test_that_what_is_saved_from_the_menu_becomes_a_file(studio, qtbot, runs, tmp_path):
    studio.library.open(MadeRun(runs, config()).write().folder)
    studio.window.tabs.setCurrentWidget(studio.window.results)
    accuracies = studio.window.findChild(QWidget, "accuracies")
    qtbot.waitUntil(lambda: accuracies.rowCount() > 0)
    nearest(accuracies).save_table()
    dialog = studio.window.findChild(QFileDialog, "saveDialog")
    dialog.selectFile(str(tmp_path / "a.csv"))
    with qtbot.waitSignal(studio.notices.posted, check_params_cb=lambda told: told.text.startswith("Saved")):
        dialog.accept()
    assert "Tuned" in (tmp_path / "a.csv").read_text()


def test_that_the_edit_menu_lists_and_copies_what_the_tab_shows(studio, qtbot, runs):
    menus = studio.window.menus
    menus.copy_table.aboutToShow.emit()
    assert not any(action.isEnabled() for action in menus.copy_table.actions())
    studio.library.open(MadeRun(runs, config()).write().folder)
    studio.window.tabs.setCurrentWidget(studio.window.results)
    accuracies = studio.window.findChild(QWidget, "accuracies")
    qtbot.waitUntil(lambda: accuracies.rowCount() > 0)
    menus.copy_table.aboutToShow.emit()
    first = menus.copy_table.actions()[0]
    assert first.text() == accuracies.accessibleName()
    first.trigger()
    assert "Tuned" in clipboard().text()
    studio.window.tabs.setCurrentWidget(studio.window.curves_page)
    qtbot.waitUntil(lambda: not studio.plots.curves.is_empty)
    menus.copy_table.aboutToShow.emit()
    assert [action.text() for action in menus.copy_table.actions()] == ["Curves"]  # offered by every plot of them


def test_that_every_key_of_the_window_is_in_the_list(studio):
    shown = {key for group in key_groups(studio.window) for keys, _ in group.keys for key in keys.split(", ")}
    native = QKeySequence.SequenceFormat.NativeText
    actions = [action for action in studio.window.findChildren(QAction) if not action.shortcut().isEmpty()]
    assert len(actions) > 15
    assert [action.text() for action in actions if action.shortcut().toString(native) not in shown] == []
    keys = [key.key().toString(native) for key in studio.window.findChildren(QShortcut)]
    assert len(keys) >= 10 and set(keys) <= shown
    words = [words for group in key_groups(studio.window) for _, words in group.keys]
    assert all(word.strip() for word in words)


def test_that_no_two_actions_of_the_menus_have_one_key(studio):
    found = {}
    for action in studio.window.findChildren(QAction):
        for key in action.shortcuts():
            if action.shortcutContext() == Qt.ShortcutContext.WindowShortcut:
                found.setdefault(key.toString(), []).append(action.objectName())
    assert {key: names for key, names in found.items() if len(names) > 1} == {}


def test_that_a_question_mark_lists_the_keys_and_typing_narrows_them(studio, qtbot):
    studio.window.activateWindow()
    qtbot.waitUntil(lambda: studio.window.isActiveWindow())
    studio.window.tabs.setFocus()
    QTest.keyClick(studio.window.tabs, Qt.Key.Key_Question)
    qtbot.waitUntil(lambda: studio.window.findChild(ShortcutsDialog) is not None)
    dialog = studio.window.findChild(ShortcutsDialog)
    assert ("Full view", "F11") in dialog.shown and ("Masks", "Ctrl+3") in dialog.shown
    dialog.findChild(QLineEdit, "shortcutSearch").setText("full")
    assert dialog.shown == [("Full view", "F11")]
    dialog.close()


def test_that_f1_on_a_setting_opens_its_term(studio, qtbot):
    studio.window.activateWindow()
    qtbot.waitUntil(lambda: studio.window.isActiveWindow())
    field = studio.window.setup.findChild(QLineEdit, "mask.sparsities")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_F1)
    qtbot.waitUntil(lambda: studio.window.findChild(TermsDialog) is not None)
    studio.window.findChild(TermsDialog).close()


def test_that_the_terms_are_searched_and_linked(qtbot):
    dialog = TermsDialog()
    qtbot.addWidget(dialog)
    assert all(term in dialog.text for term in TERMS)
    dialog.findChild(QLineEdit, "termSearch").setText("density")
    assert "density" in dialog.text and "safetensors" not in dialog.text
    dialog.findChild(QLineEdit, "termSearch").setText("zzz")
    assert "No term" in dialog.text


@pytest.mark.parametrize("term", TERMS)
def test_that_a_term_is_a_plain_sentence_with_a_source(term):
    found = TERMS[term]
    assert found.words.endswith(".") and found.source and found.url.startswith("https://") and " " not in found.url
    assert f"<b>{term}</b>" in tip(term) and found.url in tip(term)


def test_that_the_citation_is_copied_whole(studio):
    studio.window.menus.about.trigger()
    dialog = studio.window.findChild(QObject, "about")
    dialog.findChild(QObject, "copyBibtex").click()
    assert clipboard().text() == BIBTEX and BIBTEX.count("{") == BIBTEX.count("}")
    dialog.close()


def test_that_the_run_bar_folds_to_one_line_still_says_how_far_and_stays_so(studio, qtbot, runs):
    studio.library.open(MadeRun(runs, config()).write().folder)
    bar = studio.window.run_bar
    qtbot.waitUntil(lambda: bar.timeline.share != "")
    before = bar.sizeHint().height()
    studio.window.menus.fold.trigger()
    assert bar.sizeHint().height() < before / 1.5 and not bar.timeline.isVisible()
    share = bar.findChild(QObject, "runShare")
    assert share.isVisible() and "%" in share.text()
    assert Settings(None).word("runBarFolded") == "yes"
    bar.findChild(QObject, "foldRun").click()
    assert bar.timeline.isVisible() and not studio.window.menus.fold.isChecked() and not share.isVisible()


def test_that_the_full_view_hides_docks_and_run_bar_and_brings_back_what_was_there(studio):
    window = studio.window
    log = window.findChild(QDockWidget, "logDock")
    log.hide()
    window.menus.full.trigger()
    assert not any(dock.isVisible() for dock in window.findChildren(QDockWidget)) and not window.run_bar.isVisible()
    window.menus.full.trigger()
    assert window.findChild(QDockWidget, "setupDock").isVisible() and window.run_bar.isVisible() and log.isHidden()


def test_that_splitters_columns_and_tab_come_back_and_can_be_reset(studio):
    window = studio.window
    window.tabs.setCurrentWidget(window.masks_page)
    split = window.findChild(QSplitter, "promptSplit")
    first = split.saveState()
    split.setSizes([300, 100])
    moved = split.saveState()
    assert moved != first
    window.menus.full.trigger()
    window.arrangement.save()
    assert not window.arrangement.full, "a full view is not what is remembered"
    split.restoreState(first)
    window.tabs.setCurrentIndex(0)
    again = WindowLayout(window, window.tabs, (window.run_bar,), Settings(None))
    again.restore()
    assert window.tabs.currentWidget() is window.masks_page
    again.restore_parts()
    assert split.saveState() == moved
    window.menus.reset_layout.trigger()
    assert split.saveState() == first


def test_that_a_window_left_on_a_screen_that_is_gone_comes_back_on_this_one(studio):
    window = studio.window
    window.move(9000, 7000)
    window.arrangement.save()
    window.move(10, 10)
    window.arrangement.restore()
    assert window.screen().availableGeometry().intersects(window.frameGeometry())


def test_that_a_reset_layout_brings_hidden_and_floating_docks_home(studio):
    window = studio.window
    setup, log = (window.findChild(QDockWidget, name) for name in ("setupDock", "logDock"))
    log.hide()
    setup.setFloating(True)
    window.menus.fold.trigger()
    window.menus.reset_layout.trigger()
    assert not setup.isFloating() and setup.isVisible() and not log.isHidden()
    assert window.dockWidgetArea(setup) == Qt.DockWidgetArea.LeftDockWidgetArea and not window.menus.fold.isChecked()
