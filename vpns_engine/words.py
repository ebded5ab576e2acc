"""Numbers and names as a person reads them, wherever text is written: terminal, model card."""


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share (0 to 1) in percent; `-` where it is not known."""
    return "-" if share is None else f"{share * 100:.{digits}f} %"


def sparsity_of(density: float) -> str:
    """Write the sparsity that belongs to a density, as a person would: 90 %, 99.9 %."""
    return f"{round((1 - density) * 100, 6):g} %"


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
