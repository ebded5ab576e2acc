"""The pictures of a folder and what a network takes them for; rows come in batches, sorted and filtered here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QModelIndex, QObject, Qt
from PySide6.QtGui import QColor

from vpns_engine.words import printable
from vpns_gui.models.rows_table import ColumnsTable, Index
from vpns_gui.theme import colours

Cell = str | float | int | None
"""As in a CSV file."""
Guess = tuple[str, float]
"""A class and its confidence, 0 to 1."""
Which = Literal["all", "changed", "same", "broken"]

COLUMNS = ("File", "Without the prompt", "Confidence", "With the prompt", "Confidence", "Changed")
FILE, PLAIN, PLAIN_SURE, PROMPTED, PROMPTED_SURE, CHANGED = range(len(COLUMNS))
_TIPS = (
    "The picture, and its place in the folder",
    "The class that the network takes it for, without the prompt",
    "Share of the softmax over the task's classes, without the prompt",
    "The class that the network takes it for, with the prompt added",
    "Share of the softmax over the task's classes, with the prompt",
    "Whether the prompt changes the class",
)
ROW_ROLE = Qt.ItemDataRole.UserRole
SHARE_ROLE = Qt.ItemDataRole.UserRole + 1
"""A confidence, 0 to 1."""


@dataclass(frozen=True, slots=True)
class PredictedRow:
    """A picture and what it is taken for, best class first; `prompted` is None where there is no prompt."""

    path: Path
    name: str
    """The path below the folder."""
    plain: tuple[Guess, ...] = ()
    prompted: tuple[Guess, ...] | None = None
    problem: str = ""
    """Why it could not be read; empty where it was."""

    @property
    def best(self) -> tuple[Guess, ...]:
        """The class without the prompt, and that with it, as far as there are such."""
        return *self.plain[:1], *(self.prompted or ())[:1]

    @property
    def changed(self) -> bool:
        """Tell whether the prompt changes the class."""
        return len({name for name, _ in self.best}) > 1


class PredictedTable(ColumnsTable):
    """All rows, and which of them are shown in which order."""

    columns = COLUMNS
    tips = _TIPS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[PredictedRow] = []
        self._shown: list[int] = []
        self._column, self._falling = -1, False
        self._words = ""
        self._which: Which = "all"

    @property
    def rows(self) -> Sequence[PredictedRow]:
        """All rows, in the order in which they came."""
        return self._rows

    @property
    def num_shown(self) -> int:
        """How many rows are shown."""
        return len(self._shown)

    def row(self, number: int) -> PredictedRow:
        """Give a row that is shown."""
        return self._rows[self._shown[number]]

    def clear(self) -> None:
        """Show nothing."""
        self.beginResetModel()
        self._rows, self._shown = [], []
        self.endResetModel()

    def append(self, rows: Sequence[PredictedRow]) -> None:
        """Add rows; they go where the order puts them."""
        first = len(self._rows)
        self._rows += rows
        wanted = [number for number in range(first, len(self._rows)) if self._wants(self._rows[number])]
        if self._column >= 0:
            self._put([*self._shown, *wanted])
        elif wanted:
            self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(wanted) - 1)
            self._shown += wanted
            self.endInsertRows()

    def set_filter(self, words: str, which: Which) -> None:
        """Show only rows in whose names and classes every word is found, of the kind that is wanted."""
        self._words, self._which = words.casefold(), which
        self._put([number for number, row in enumerate(self._rows) if self._wants(row)])

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1: as they came."""
        self._column, self._falling = column, order == Qt.SortOrder.DescendingOrder
        self._put(sorted(self._shown))

    def _wants(self, row: PredictedRow) -> bool:
        match self._which:
            case "changed" if not row.changed:
                return False
            case "same" if row.changed or row.problem:
                return False
            case "broken" if not row.problem:
                return False
        if not self._words:
            return True
        found = "\n".join((row.name, row.problem, *(name for name, _ in row.best))).casefold()
        return all(word in found for word in self._words.split())

    def _put(self, numbers: list[int]) -> None:
        """Show these rows in the chosen order; what is selected stays so."""
        self.layoutAboutToBeChanged.emit()
        before = self._shown
        kept = self.persistentIndexList()
        if self._column >= 0:
            numbers = sorted(numbers, key=lambda number: _key(self._rows[number], self._column), reverse=self._falling)
        self._shown = numbers
        if kept:
            places = {number: place for place, number in enumerate(numbers)}
            new = [places.get(before[index.row()], -1) for index in kept]
            pairs = zip(new, kept, strict=True)
            moved = [self.index(place, index.column()) if place >= 0 else QModelIndex() for place, index in pairs]
            self.changePersistentIndexList(kept, moved)
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the rows shown."""
        return 0 if parent.isValid() else len(self._shown)

    def alignment_of(self, column: int) -> Qt.AlignmentFlag:
        """Put numbers to the right."""
        return _alignment(column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Give one cell."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        row, column = self.row(index.row()), index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return tip_of(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{COLUMNS[column]}: {_text(row, column)}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ForegroundRole:
                return QColor(colours().danger) if row.problem and column in (FILE, PLAIN) else None
            case _ if role == ROW_ROLE:
                return row
            case _ if role == SHARE_ROLE:
                return _share(row, column)
            case _:
                return None


def guess_text(guess: Guess) -> str:
    """Write a class with its confidence."""
    return f"{printable(guess[0])} {guess[1] * 100:.1f} %"


def tip_of(row: PredictedRow) -> str:
    """Say all there is to say of a picture."""
    lines = [str(row.path)]
    if row.problem:
        return "\n".join([*lines, f"Could not be read: {row.problem}"])
    for words, guesses in (("Without the prompt", row.plain), ("With the prompt", row.prompted)):
        if guesses:
            lines.append(f"{words}: {', '.join(map(guess_text, guesses))}")
    return "\n".join(map(printable, lines))


def header(top: int, *, has_prompt: bool) -> list[str]:
    """Name the columns of a file with the `top` likeliest classes of each picture: as `vpns predict` does."""
    plain = [name for rank in range(1, top + 1) for name in (f"class_{rank}", f"confidence_{rank}")]
    prompted = [*(f"prompted_{name}" for name in plain), "changed"] if has_prompt else []
    return ["file", *plain, *prompted, "problem"]


def cells_of(row: PredictedRow, top: int, *, has_prompt: bool) -> list[Cell]:
    """Give a row in full precision, for a file."""
    prompted = [*_values(row.prompted or (), top), None if row.problem else int(row.changed)] if has_prompt else []
    return [row.name, *_values(row.plain, top), *prompted, row.problem]


def _values(guesses: Sequence[Guess], top: int) -> list[Cell]:
    found: list[Cell] = [cell for guess in guesses[:top] for cell in guess]
    return found + [None] * (2 * top - len(found))


def _text(row: PredictedRow, column: int) -> str:
    plain = row.plain[0] if row.plain else None
    prompted = row.prompted[0] if row.prompted else None
    match column:
        case 0:
            return printable(row.name)
        case 1 if row.problem:
            return f"! {printable(row.problem)}"
        case 1:
            return printable(plain[0]) if plain else ""
        case 2:
            return _percent(plain)
        case 3:
            return printable(prompted[0]) if prompted else ""
        case 4:
            return _percent(prompted)
        case _:
            return ("changed" if row.changed else "–") if plain and prompted else ""


def _percent(guess: Guess | None) -> str:
    return f"{guess[1] * 100:.1f} %" if guess is not None else ""


def _share(row: PredictedRow, column: int) -> float | None:
    guesses = {PLAIN_SURE: row.plain, PROMPTED_SURE: row.prompted}.get(column)
    return guesses[0][1] if guesses else None


def _key(row: PredictedRow, column: int) -> tuple[bool, str | float]:
    """Give what a row is sorted by; broken ones come last, rising."""
    broken = bool(row.problem)
    guesses = row.plain if column in (PLAIN, PLAIN_SURE) else row.prompted or ()
    match column:
        case 0:
            return False, row.name.casefold()
        case 1 | 3:
            return broken, guesses[0][0].casefold() if guesses else row.problem
        case 2 | 4:
            return broken, guesses[0][1] if guesses else 0.0
        case _:
            return broken, 0.0 if row.changed else 1.0


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (PLAIN_SURE, PROMPTED_SURE) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
