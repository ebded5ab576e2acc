"""The confusion matrix on the screen: read, zoomed and chosen from with pointer and keys."""

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from vpns_gui import theme
from vpns_gui.models.confusion_picture import confusion_picture
from vpns_gui.take_away import TakeAway
from vpns_gui.views.confusion_panel import ConfusionPanel


def picture_of(num_classes: int):
    """Give a matrix with one mistake: class 1 once taken for class 0."""
    counts = np.diag(np.full(num_classes, 4))
    counts[1, 0] = 1
    return confusion_picture(counts, tuple(f"class {index}" for index in range(num_classes)), as_share=False)


@pytest.fixture
def plain_app(qapp):
    """Give the application, and its colours back afterwards."""
    before = QApplication.palette()
    yield qapp
    qapp.setProperty("vpns_dark", None)
    qapp.setPalette(before)


@pytest.fixture
def panel(qtbot):
    panel = ConfusionPanel()
    qtbot.addWidget(panel)
    panel.resize(520, 430)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def turn(matrix, where: QPointF, steps: int) -> None:
    """Turn the wheel over a place."""
    for _ in range(abs(steps)):
        angle = QPoint(0, 120 if steps > 0 else -120)
        turned = QWheelEvent(
            where, matrix.mapToGlobal(where), QPoint(), angle, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(matrix, turned)


def test_that_a_click_chooses_the_cell_under_it_and_its_words_are_read_out(panel, qtbot):
    panel.set_picture(picture_of(10))
    matrix = panel.matrix
    with qtbot.waitSignal(matrix.picked) as picked:
        QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.center_of((1, 0)).toPoint())
    assert picked.args == [(1, 0)] and matrix.mark == (1, 0)
    assert panel.text == "class 1 taken for class 0: 1 image, 20.0 % of its 5"
    assert panel.text in matrix.accessibleName()


def test_that_the_keys_reach_every_cell_and_choose_it(panel, qtbot):
    panel.set_picture(picture_of(10))
    matrix = panel.matrix
    QTest.keyClick(matrix, Qt.Key.Key_Down)
    assert matrix.mark == (0, 0)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Left):
        QTest.keyClick(matrix, key)
    assert matrix.mark == (1, 8)
    QTest.keyClick(matrix, Qt.Key.Key_PageDown)
    with qtbot.waitSignal(matrix.picked) as picked:
        QTest.keyClick(matrix, Qt.Key.Key_Return)
    assert picked.args == [(9, 8)]


def test_that_the_mark_stays_in_sight_when_the_picture_is_closer_than_the_window(panel):
    panel.set_picture(picture_of(200))
    matrix = panel.matrix
    turn(matrix, QPointF(matrix.area().center()), 30)
    matrix.set_mark((199, 3))
    assert matrix.area().contains(matrix.center_of((199, 3)).toPoint())
    matrix.set_mark((0, 150))
    assert matrix.area().contains(matrix.center_of((0, 150)).toPoint())


def test_that_the_wheel_keeps_the_cell_under_the_pointer_where_it_is(panel):
    panel.set_picture(picture_of(200))
    matrix = panel.matrix
    where = matrix.center_of((120, 60))
    turn(matrix, where, 8)
    assert matrix.cell_px > 5 and matrix.cell_at(where) == (120, 60)
    turn(matrix, where, -20)
    assert matrix.cell_px == pytest.approx(min(matrix.area().width(), matrix.area().height()) / 200)


def test_that_dragging_moves_the_picture_and_chooses_nothing(panel, qtbot):
    panel.set_picture(picture_of(200))
    matrix = panel.matrix
    turn(matrix, QPointF(matrix.area().center()), 10)
    start = matrix.area().center()
    before = matrix.cell_at(QPointF(start))
    with qtbot.assertNotEmitted(matrix.picked):
        QTest.mousePress(matrix, Qt.MouseButton.LeftButton, pos=start)
        QTest.mouseMove(matrix, start + QPoint(0, 60))
        QTest.mouseRelease(matrix, Qt.MouseButton.LeftButton, pos=start + QPoint(0, 60))
    after = matrix.cell_at(QPointF(start))
    assert after[0] < before[0] and after[1] == before[1]


def test_that_place_and_zoom_stay_for_another_state_of_the_same_classes(panel):
    panel.set_picture(picture_of(50))
    turn(panel.matrix, QPointF(panel.matrix.area().center()), 4)
    panel.matrix.set_mark((30, 31))
    side = panel.matrix.cell_px
    panel.set_picture(picture_of(50))
    assert panel.matrix.cell_px == side and panel.matrix.mark == (30, 31)
    panel.set_picture(picture_of(51))
    assert panel.matrix.mark is None


def test_that_names_and_numbers_are_drawn_where_there_is_room_for_them(panel):
    panel.set_picture(picture_of(10))
    close = panel.matrix.grab().toImage()
    right = panel.matrix._rect_of((0, 0)).toRect()
    inside = {close.pixel(x, y) for x in range(right.left() + 2, right.right()) for y in range(right.top() + 2, right.bottom())}
    assert len(inside) > 2  # a digit on the cell's colour
    empty = panel.matrix._rect_of((0, 1)).toRect()
    colours = {
        close.pixel(x, y) for x in range(empty.left() + 2, empty.right()) for y in range(empty.top() + 2, empty.bottom())
    }
    assert len(colours) == 1


def test_that_a_thousand_classes_are_drawn_zoomed_and_moved_without_a_stutter(panel):
    panel.set_picture(picture_of(1000))
    matrix = panel.matrix
    slowest = 0.0
    for step in range(16):
        turn(matrix, QPointF(matrix.area().center()), 1 if step < 12 else -2)
        begun = time.thread_time()
        matrix.repaint()
        slowest = max(slowest, time.thread_time() - begun)
    assert slowest < 0.05  # of this thread alone: others may keep the processor busy
    assert matrix.center_of((999, 999)).x() > 0


def test_that_colours_follow_light_and_dark(panel, plain_app, qtbot):
    panel.set_picture(picture_of(10))
    place = panel.matrix._rect_of((0, 1)).center().toPoint()

    def lightness() -> int:
        return panel.matrix.grab().toImage().pixelColor(place).lightness()

    theme.apply(plain_app, theme.LIGHT)
    qtbot.waitUntil(lambda: lightness() > 200)
    theme.apply(plain_app, theme.DARK)
    qtbot.waitUntil(lambda: lightness() < 60)


def test_that_the_whole_matrix_can_be_taken_along_as_a_table(panel):
    panel.set_picture(picture_of(3))
    offered = panel.matrix.findChild(TakeAway)
    header, rows = offered._table()
    assert header == ["True class", "class 0", "class 1", "class 2"]
    assert rows[1] == ["class 1", "1", "4", "0"]


def test_that_nothing_to_show_is_no_error(panel):
    panel.set_picture(None)
    panel.matrix.grab()
    QTest.keyClick(panel.matrix, Qt.Key.Key_Right)
    assert panel.matrix.mark is None and panel.matrix.cell_at(QPointF(50, 50)) is None
