"""About: what this is, with which versions, under which licence, and what to cite."""

import importlib.metadata
import platform

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

import vpns_engine

_LIBRARIES = ("torch", "torchvision", "PySide6-Essentials", "pyqtgraph", "numpy", "pydantic", "safetensors", "pillow")
_CITATION = (
    "Jin et al., <i>Visual Prompting Upgrades Neural Network Sparsification: A Data-Model Perspective</i>, AAAI 2025, "
    "<a href='https://arxiv.org/abs/2312.01397'>arXiv:2312.01397</a>"
)
_LICENCE = (
    "Published under the MIT licence. The bundled digits are the UCI Optical Recognition of Handwritten Digits data "
    "(E. Alpaydin, C. Kaynak), CC BY 4.0."
)


class AboutDialog(QDialog):
    """A page of text that can be copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("about")
        self.setWindowTitle("About VPNs Studio")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(14)
        paragraphs = (
            f"<h2>VPNs Studio {vpns_engine.__version__}</h2>",
            "Prunes vision networks together with a learned visual prompt, and shows what each of them does.",
            f"<b>The method; please cite</b><br>{_CITATION}",
            f"<b>Licence</b><br>{_LICENCE}",
            f"<b>Versions</b><br>{versions()}",
        )
        layout.addWidget(self._label("".join(f"<p>{text}</p>" for text in paragraphs)))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout.addWidget(buttons)
        self.setMinimumWidth(540)
        self.finished.connect(self.deleteLater)

    def _label(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        label.setOpenExternalLinks(True)
        return label


def versions() -> str:
    """List the versions in use, from the installed packages: torch itself is not loaded for this."""
    found = [f"Python {platform.python_version()}"]
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)
