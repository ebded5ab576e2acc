"""The wheel scrolls: it changes no value that happens to lie under the pointer."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QScrollBar, QSlider, QWidget


def leave_wheel(root: QWidget) -> None:
    """Have all choices, numbers and sliders within a widget leave the wheel to what is around them."""
    for found in (*root.findChildren(QComboBox), *root.findChildren(QAbstractSpinBox), *root.findChildren(QSlider)):
        if not isinstance(found, QScrollBar) and not any(isinstance(child, _NoWheel) for child in found.children()):
            found.installEventFilter(_NoWheel(found))
            if found.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                found.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


class _NoWheel(QObject):
    def eventFilter(self, watched: QObject, happened: QEvent) -> bool:  # noqa: N802
        if happened.type() == QEvent.Type.Wheel:
            happened.ignore()
            return True
        return super().eventFilter(watched, happened)
