"""Walks over everything that is on screen in a window, as the keyboard, a screen reader and a mouse wheel meet it."""

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextBrowser,
    QTextEdit,
    QWidget,
)

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
)


def controls(root: QWidget) -> Iterator[QWidget]:
    """Give what a person acts on, as far as it is on screen and enabled; the inner parts of one control left out."""
    for widget in root.findChildren(QWidget):
        seen = widget.window() is root.window() and widget.isVisible() and widget.isEnabled()
        if seen and isinstance(widget, CONTROLS) and not _is_part(widget):
            yield widget


def _is_part(widget: QWidget) -> bool:
    """Tell whether a widget is a piece of another: its scroll bar, the line of a spin box, a header."""
    if isinstance(widget, (QScrollBar, QHeaderView)) or widget.objectName().startswith("qt_"):
        return True
    around = widget.parentWidget()
    if isinstance(around, (QComboBox, QAbstractSpinBox, QAbstractItemView, QLineEdit, QTabBar)):
        return True
    return around is not None and isinstance(around.parentWidget(), QAbstractItemView)


def described(widget: QWidget) -> str:
    """Name a widget for a message of a test."""
    around, path = widget, []
    while around is not None and len(path) < 4:
        path.append(around.objectName() or type(around).__name__)
        around = around.parentWidget()
    return f"{type(widget).__name__} {' in '.join(path)}"


def spoken(widget: QWidget) -> str:
    """Give what a screen reader says for a widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface is not None else ""


def tab_walk(most: int = 400) -> list[QWidget]:
    """Press Tab until the focus comes back to where it began; gives what had it on the way."""
    found: list[QWidget] = []
    for _ in range(most):
        focus = QApplication.focusWidget()
        within = found and focus is found[-1] and isinstance(focus, (QLabel, QTextBrowser))  # from link to link
        if focus is None or (focus in found and not within):
            break
        if not within:
            found.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    return found


def reaches(found: list[QWidget], wanted: QWidget) -> bool:
    """Tell whether a walk came to a control: to itself, to a part of it, or to another button of its group."""
    if any(focus is wanted or wanted.isAncestorOf(focus) for focus in found):
        return True
    if wanted.focusProxy() in found:
        return True
    if isinstance(wanted, QAbstractButton):
        group = wanted.group()
        members = group.buttons() if group is not None else []
        if group is None and wanted.autoExclusive() and wanted.parentWidget() is not None:
            members = [other for other in wanted.parentWidget().findChildren(type(wanted)) if other.autoExclusive()]
        return any(member in found for member in members if member.isCheckable())  # the arrow keys go between them
    return False


def turn_wheel(widget: QWidget) -> None:
    """Turn the wheel over the middle of a widget, down and up again."""
    for step in (-120, 120):
        middle = QPointF(widget.rect().center())
        QApplication.sendEvent(
            widget,
            QWheelEvent(
                middle, widget.mapToGlobal(middle), QPoint(), QPoint(0, step), Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            ),
        )  # fmt: skip


def scrolls(widget: QWidget) -> bool:
    """Tell whether a widget lies in something that the wheel scrolls."""
    around = widget.parentWidget()
    while around is not None:
        if isinstance(around, QAbstractScrollArea) and not isinstance(around, QAbstractItemView):
            return True
        around = around.parentWidget()
    return False
