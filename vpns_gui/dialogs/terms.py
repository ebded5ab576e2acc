"""The field's terms in plain words, with links to their sources."""

from html import escape

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.terms import TERMS
from vpns_gui.theme import Colours

_SIZE_PX = (620, 640)


class TermsDialog(QDialog):
    """Lists the terms; typing narrows the list, a click on a source opens it in the browser."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("termsDialog")
        self.setWindowTitle("Terms")
        self._search = QLineEdit(self)
        self._search.setObjectName("termSearch")
        self._search.setPlaceholderText("Search terms and their words")
        self._search.setAccessibleName("Search the terms")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(lambda _: self._fill(theme.colours()))
        self._page = QTextBrowser(self)
        self._page.setObjectName("termPage")
        self._page.setAccessibleName("Terms")
        self._page.setOpenExternalLinks(True)
        hint = QLabel("Each source opens in the browser.", self)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        for widget in (self._search, self._page, hint, buttons):
            layout.addWidget(widget)
        self.resize(*_SIZE_PX)
        self.finished.connect(self.deleteLater)
        self._search.setFocus()
        theme.follow(self, self._fill)

    def show_term(self, term: str) -> None:
        """Go to one of them."""
        self._search.clear()
        self._page.setSource(QUrl())
        self._page.scrollToAnchor(_anchor(term))
        self._page.setFocus()

    @property
    def text(self) -> str:
        """What the page says now."""
        return self._page.toPlainText()

    def _fill(self, scheme: Colours) -> None:
        wanted = self._search.text().casefold().split()
        parts = [
            f"<p><a name='{_anchor(name)}'></a><b>{escape(name)}</b><br>{escape(term.words)}<br>"
            f"<a style='color: {scheme.accent}' href='{escape(term.url)}'>{escape(term.source)}</a></p>"
            for name, term in sorted(TERMS.items(), key=lambda found: found[0].casefold())
            if all(word in f"{name} {term.words} {term.source}".casefold() for word in wanted)
        ]
        self._page.setHtml("".join(parts) or "<p>No term has these words.</p>")


def _anchor(term: str) -> str:
    return term.replace(" ", "-")
