"""The log."""

import pytest

from vpns_gui import theme
from vpns_gui.views.log import LogView


@pytest.fixture
def view(qtbot):
    view = LogView()
    qtbot.addWidget(view)
    view.resize(500, 120)
    view.show()
    return view


def test_that_severity_is_told_in_words_and_colour(view):
    view.append("weights loaded", "info")
    view.append("2 broken images skipped", "warning")
    view.append("no space left", "error")
    assert view.text.splitlines() == ["weights loaded", "Warning: 2 broken images skipped", "Error: no space left"]
    block = view._edit.document().lastBlock()
    assert block.begin().fragment().charFormat().foreground().color().name() == theme.colours().danger


def test_that_it_follows_its_end_only_while_that_is_in_sight(view):
    for number in range(100):
        view.append(f"line {number}")
    bar = view._edit.verticalScrollBar()
    assert bar.value() == bar.maximum()
    bar.setValue(3)
    view.append("one more")
    assert bar.value() == 3


def test_that_clear_removes_all(view):
    view.append("a")
    view.clear()
    view.append("b")
    assert view.text == "b"


def test_that_new_colours_leave_the_lines_where_they_are(view):
    for number in range(100):
        view.append(f"line {number}")
    bar = view._edit.verticalScrollBar()
    view._recolour(theme.DARK)
    assert bar.value() == bar.maximum() > 0
    bar.setValue(20)
    view._recolour(theme.LIGHT)
    assert bar.value() == 20
