"""Shares as a person writes them: "90" or "40, 50, 60", in percent."""

import math
import re
from decimal import Decimal


def read_percents(text: str) -> tuple[float | str, ...]:
    """Give the shares of a text; what is no number stays as it was typed."""
    return tuple(_read_one(word) for word in re.split(r"[,;\s]+", text.replace("%", " ").strip()) if word)


def _read_one(word: str) -> float | str:
    try:
        share = float(Decimal(word) / 100)  # decimal: 99.9 % is 0.999
    except ArithmeticError:
        return word
    return share if math.isfinite(share) else word


def write_percents(shares: object) -> str:
    """Write shares as percents, separated by commas."""
    found = shares if isinstance(shares, tuple) else (shares,)
    return ", ".join(_write_one(share) for share in found)


def _write_one(share: object) -> str:
    return f"{Decimal(str(share)) * 100:f}".rstrip("0").rstrip(".") or "0" if isinstance(share, float | int) else str(share)
