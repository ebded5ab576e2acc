"""A question with one answer that acts and one that does not."""

from collections.abc import Callable

from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

_TEXT_WIDTH_PX = 400


def ask(parent: QWidget, text: str, details: str, *, accept: str, refuse: str, accepted: Callable[[], object]) -> QMessageBox:
    """Open a question; `accepted` is called when the button `accept` is pressed. `refuse` is the default."""
    box = QMessageBox(parent)
    box.setObjectName("question")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("VPNs Studio")
    box.setText(text)
    box.setInformativeText(details)
    _widen(box)
    act = box.addButton(accept, QMessageBox.ButtonRole.AcceptRole)
    act.setObjectName("accept")
    leave = box.addButton(refuse, QMessageBox.ButtonRole.RejectRole)
    leave.setObjectName("refuse")
    box.setDefaultButton(leave)
    box.setEscapeButton(leave)
    act.clicked.connect(accepted)
    box.finished.connect(box.deleteLater)
    box.open()
    return box


def tell(parent: QWidget, text: str, details: str = "", *, more: str = "") -> QMessageBox:
    """Open a warning; `more` is hidden until it is asked for."""
    box = QMessageBox(parent)
    box.setObjectName("warning")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("VPNs Studio")
    box.setText(text)
    box.setInformativeText(details)
    box.setDetailedText(more)
    _widen(box)
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    box.finished.connect(box.deleteLater)
    box.open()
    return box


def _widen(box: QMessageBox) -> None:
    """Make room for the sentences: a message box is only as wide as its title line."""
    details = box.findChild(QLabel, "qt_msgbox_informativelabel")
    if isinstance(details, QLabel):
        details.setMinimumWidth(_TEXT_WIDTH_PX)
