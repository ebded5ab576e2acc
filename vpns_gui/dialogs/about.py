"""About: what this is, with which versions, under which licences, and what to cite."""

import importlib.metadata
import platform

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

import vpns_engine

_LIBRARIES = {
    "torch": "BSD-3-Clause",
    "torchvision": "BSD-3-Clause",
    "PySide6-Essentials": "LGPL-3.0",
    "pyqtgraph": "MIT",
    "numpy": "BSD-3-Clause",
    "pydantic": "MIT",
    "safetensors": "Apache-2.0",
    "pillow": "MIT-CMU",
    "psutil": "BSD-3-Clause",
    "appdirs": "MIT",
    "onnx": "Apache-2.0",
    "onnxscript": "MIT",
    "onnxruntime": "MIT",
}
"""What is used, each with its licence; the last three only where they are installed."""
_OPTIONAL = ("onnx", "onnxscript", "onnxruntime")
_CITATION = (
    "Jin et al., <i>Visual Prompting Upgrades Neural Network Sparsification: A Data-Model Perspective</i>, AAAI 2025, "
    "<a href='https://arxiv.org/abs/2312.01397'>arXiv:2312.01397</a>"
)
BIBTEX = """@inproceedings{jin2025visual,
  title     = {Visual Prompting Upgrades Neural Network Sparsification: A Data-Model Perspective},
  author    = {Jin, Can and Huang, Tianjin and Zhang, Yihua and Pechenizkiy, Mykola and Liu, Sijia and Liu, Shiwei
               and Chen, Tianlong},
  booktitle = {Proceedings of the AAAI Conference on Artificial Intelligence},
  year      = {2025}
}
"""
_LICENCE = (
    "VPNs Studio is published under the MIT licence.",
    "Bundled: the UCI Optical Recognition of Handwritten Digits data (E. Alpaydin, C. Kaynak), CC BY 4.0, and a network "
    "trained on letters rendered from the DejaVu fonts; the fonts themselves are not part of this program.",
    "ImageNet weights are downloaded by torchvision when they are asked for, and have terms of their own.",
)
_SIZE_PX = (620, 620)


class AboutDialog(QDialog):
    """A page of text that can be copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("about")
        self.setWindowTitle("About VPNs Studio")
        paragraphs = (
            f"<h2>VPNs Studio {vpns_engine.__version__}</h2>",
            "Prunes vision networks together with a learned visual prompt, and shows what each of them does.",
            f"<b>The method; please cite</b><br>{_CITATION}",
            f"<b>Licence</b><br>{'<br>'.join(_LICENCE)}",
            f"<b>Versions and licences of what is used</b><br>{'<br>'.join(versions())}",
        )
        page = QScrollArea(self)
        page.setObjectName("aboutPage")
        page.setAccessibleName("About VPNs Studio")
        page.setWidgetResizable(True)
        page.setFrameShape(QScrollArea.Shape.NoFrame)
        page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page.setWidget(self._label("".join(f"<p>{text}</p>" for text in paragraphs)))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._copy = QPushButton("Copy &BibTeX", self)
        self._copy.setObjectName("copyBibtex")
        self._copy.setToolTip("Put the citation on the clipboard, for a bibliography")
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(BIBTEX))
        self._copy.clicked.connect(lambda: self._copy.setText("Copied"))
        buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(14)
        layout.addWidget(page, 1)
        layout.addWidget(buttons)
        self.resize(*_SIZE_PX)
        self.finished.connect(self.deleteLater)

    def _label(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        label.setOpenExternalLinks(True)
        return label


def versions() -> list[str]:
    """List what is in use, from the installed packages: torch itself is not loaded for this."""
    found = [f"Python {platform.python_version()} (PSF-2.0)"]
    for name, licence in _LIBRARIES.items():
        try:
            found.append(f"{name} {importlib.metadata.version(name)} ({licence})")
        except importlib.metadata.PackageNotFoundError:
            if name not in _OPTIONAL:
                found.append(f"{name} not installed")
    return found
