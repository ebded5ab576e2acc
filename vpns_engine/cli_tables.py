"""Aligned tables in plain text."""

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"[-+]?[\d,.]*( ± [\d.]+)?( %)?|-")


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out rows below headers, columns two spaces apart; columns that hold numbers are aligned to the right."""
    columns = list(zip(headers, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numeric = [bool(rows) and all(_NUMBER.fullmatch(cell) for cell in column[1:]) for column in columns]

    def line(cells: Sequence[str]) -> str:
        parts = zip(cells, widths, numeric, strict=True)
        return "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in parts).rstrip()

    return [line(headers), *map(line, rows)]
