"""A part of the report in the window: heading, tables, chart; beside one another where there is room."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from vpns_engine.gains.page import NOT_MEASURED, Chart, Headline, Saying, Section, Table
from vpns_gui import theme
from vpns_gui.terms import TERMS, tip
from vpns_gui.theme import Colours
from vpns_gui.views.gains_bars import GainsBars
from vpns_gui.views.heading import heading
from vpns_gui.views.text_table import fill_table, text_table

BESIDE_PX = 1150
"""From this width on the chart stands beside the tables."""
_MOST_ROWS = 12
_MOST_CHART_PX = 330
_LEAST_TABLE_PX = 320
_FRAME_PX = 4


class SectionView(QWidget):
    """One part of the report."""

    def __init__(self, section: Section, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(f"gainsSection_{section.name}")
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._sides.setContentsMargins(0, 0, 0, 0)
        self._sides.setSpacing(12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(large_heading(section.title, self))
        if section.missing:
            layout.addWidget(muted(f"{NOT_MEASURED.capitalize()}: {section.missing}", self))
        layout.addLayout(self._sides)
        if section.tables:
            self._sides.addLayout(self._tables(section), 3)
        if section.chart is not None:
            self._sides.addWidget(chart_box(section.chart, self), 2, Qt.AlignmentFlag.AlignTop)

    def _tables(self, section: Section) -> QVBoxLayout:
        tables = QVBoxLayout()
        tables.setSpacing(4)
        for table in section.tables:
            title = heading(table.title, self)
            if table.tip in TERMS:
                title.setToolTip(tip(table.tip))
            tables.addWidget(title)
            tables.addLayout(_left(filled(table, self)))
            if table.note:
                tables.addWidget(muted(table.note, self))
            tables.addSpacing(6)
        tables.addStretch(1)
        return tables

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Lay the chart beside the tables, or below them."""
        wide = resized.size().width() >= BESIDE_PX
        self._sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        super().resizeEvent(resized)


def filled(table: Table, parent: QWidget) -> QTableWidget:
    """Make a table that shows all of its rows, or a good part of many."""
    view = text_table(table.columns, table.name, parent)
    view.setAccessibleName(table.title)
    fill_table(view, table.rows, first_number=table.first_number)
    for row in table.strong:
        for column in range(len(table.columns)):
            item = view.item(row, column)
            if item is not None:
                font = QFont(item.font())
                font.setBold(True)
                item.setFont(font)
    _fit(view, len(table.rows))
    return view


def _left(view: QTableWidget) -> QHBoxLayout:
    """Keep a table at the left, as wide as its columns where there is room."""
    row = QHBoxLayout()
    row.addWidget(view, 1)
    row.addStretch()
    return row


def _fit(view: QTableWidget, count: int) -> None:
    """Make a table as high as its rows, or as a dozen of them, and no wider than its columns; a narrow page scrolls it."""
    cut = count > _MOST_ROWS
    view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn if cut else Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.ensurePolished()
    view.resizeColumnsToContents()
    rows = view.verticalHeader().defaultSectionSize() * min(count, _MOST_ROWS)
    bar = view.verticalScrollBar().sizeHint().width() if cut else 0
    height = view.horizontalHeader().sizeHint().height() + rows + _FRAME_PX
    width = view.horizontalHeader().length() + bar + _FRAME_PX
    below = view.horizontalScrollBar()
    below.rangeChanged.connect(lambda _low, high: view.setFixedHeight(height + (below.sizeHint().height() if high else 0)))
    view.setFixedHeight(height)
    view.setMinimumWidth(min(width, _LEAST_TABLE_PX))
    view.setMaximumWidth(width)


def chart_box(chart: Chart, parent: QWidget) -> QWidget:
    """Make a chart with its title; one of many bars can be scrolled."""
    box = QWidget(parent)
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    title = heading(chart.title, box)
    title.setWordWrap(True)
    layout.addWidget(title)
    bars = GainsBars(chart, box)
    if bars.sizeHint().height() <= _MOST_CHART_PX:
        layout.addWidget(bars)
        return box
    area = QScrollArea(box)
    area.setObjectName(f"{chart.name}Area")
    area.setAccessibleName(chart.title)
    area.setWidgetResizable(True)
    area.setFixedHeight(_MOST_CHART_PX)
    area.setWidget(bars)
    layout.addWidget(area)
    return box


class SayingView(QWidget):
    """Sentences below a heading."""

    def __init__(self, saying: Saying, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(saying.title)
        rows = QGridLayout(self)
        rows.setContentsMargins(0, 8, 0, 0)
        rows.setHorizontalSpacing(6)
        rows.setVerticalSpacing(4)
        rows.setColumnStretch(1, 1)
        rows.addWidget(large_heading(saying.title, self), 0, 0, 1, 2)
        for row, sentence in enumerate(saying.sentences, 1):
            rows.addWidget(QLabel("•", self), row, 0, Qt.AlignmentFlag.AlignTop)
            rows.addWidget(plain(sentence, self), row, 1)


class HeadlineView(QFrame):
    """The report at a glance: tiles beside one another."""

    def __init__(self, headlines: Sequence[Headline], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("gainsHeadlines")
        self.setAccessibleName("At a glance")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(8)
        for headline in headlines:
            row.addWidget(_tile(headline, self), 1)


def _tile(headline: Headline, parent: QWidget) -> QFrame:
    tile = QFrame(parent)
    tile.setObjectName("gainsTile")
    tile.setAccessibleName(f"{headline.title}: {headline.value}. {headline.words}")
    value = large_heading(headline.value, tile)
    value.setTextFormat(Qt.TextFormat.PlainText)
    value.setWordWrap(True)
    column = QVBoxLayout(tile)
    column.setContentsMargins(10, 6, 10, 8)
    column.setSpacing(1)
    for label in (muted(headline.title, tile), value, muted(headline.words, tile)):
        column.addWidget(label)
    column.addStretch(1)
    theme.follow(tile, lambda scheme: tile.setStyleSheet(_tile_style(scheme)))
    return tile


def _tile_style(scheme: Colours) -> str:
    return f"#gainsTile {{ background: {scheme.surface}; border: 1px solid {scheme.border}; border-radius: 5px; }}"


def plain(text: str, parent: QWidget) -> QLabel:
    """Make a sentence that wraps and can be copied."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def muted(text: str, parent: QWidget) -> QLabel:
    """Make a note of second rank."""
    label = plain(text, parent)
    theme.follow(label, lambda scheme: label.setStyleSheet(f"color: {scheme.muted}"))
    return label


def large_heading(text: str, parent: QWidget) -> QLabel:
    """Make the heading of a part."""
    label = heading(text, parent)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * 1.15)
    label.setFont(font)
    return label
