"""The line above the views."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from vpns_gui import theme
from vpns_gui.views.offer_bar import Choice, OfferBar

YES, NO = Choice("yes", "Do it", "It is done"), Choice("no", "Leave it", "It is left")


@pytest.fixture
def bar(qtbot):
    made = OfferBar("bar")
    qtbot.addWidget(made)
    return made


def test_that_an_offer_is_shown_chosen_and_withdrawn(bar, qtbot):
    assert not bar.isVisible() and bar.text == ""
    bar.offer("A title", "and details", (YES, NO))
    assert bar.isVisible() and bar.text == "A title\nand details"
    with qtbot.waitSignal(bar.chosen) as chosen:
        qtbot.mouseClick(bar.findChild(QPushButton, "bar_yes"), Qt.MouseButton.LeftButton)
    assert chosen.args == ["yes"]
    bar.withdraw()
    assert not bar.isVisible() and bar.text == ""


def test_that_buttons_stay_while_only_the_words_change(bar, qtbot):
    bar.offer("1 % done", "", (YES,))
    button = bar.findChild(QPushButton, "bar_yes")
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    bar.offer("2 % done", "", (YES,))
    with qtbot.waitSignal(bar.chosen):
        qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
    bar.offer("3 % done", "", (NO,))
    assert [found.text() for found in bar.findChildren(QPushButton) if found.isVisible()] == ["Leave it"]


def test_that_long_words_give_way_and_stand_whole_in_the_tooltip(bar):
    bar.resize(300, 50)
    bar.offer("w" * 200, "<b>d</b>" * 60, (YES,))
    assert bar.minimumSizeHint().width() < 300
    assert "w" * 200 in bar.text


def test_that_the_ground_follows_light_and_dark(bar, qapp):
    bar.resize(400, 60)
    bar.offer("A title", "", (YES,), tone="warning")
    try:
        for scheme in (theme.LIGHT, theme.DARK):
            theme.apply(qapp, scheme)
            picture = bar.grab().toImage()
            assert picture.pixelColor(1, 10).name() == scheme.warning
            assert picture.pixelColor(20, 3).name() == scheme.surface
    finally:
        theme.apply(qapp)
