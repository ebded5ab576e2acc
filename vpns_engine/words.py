"""Numbers and names as a person reads them, wherever text is written: terminal, model card."""

_SIZES = ("B", "kB", "MB", "GB", "TB")


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share (0 to 1) in percent; `-` where it is not known."""
    return "-" if share is None else f"{share * 100:.{digits}f} %"


def sparsity_of(density: float) -> str:
    """Write the sparsity that belongs to a density, as a person would: 90 %, 99.9 %."""
    return f"{round((1 - density) * 100, 6):g} %"


def size_text(num_bytes: int) -> str:
    """Write a size with three digits: 999 B, 1.23 kB, 45.6 MB."""
    value, unit = float(num_bytes), 0
    while value >= 999.5 and unit < len(_SIZES) - 1:
        value, unit = value / 1000, unit + 1
    digits = 0 if unit == 0 or value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f} {_SIZES[unit]}"


def duration(seconds: float | None) -> str:
    """Write a time as m:ss or h:mm:ss; `-:--` where it is not known."""
    if seconds is None:
        return "-:--"
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def printable(text: str) -> str:
    """Replace what is not printable: a class name is a folder's name and may hold anything."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
