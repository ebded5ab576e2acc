"""Keys that a view sees to itself, said so that the list of shortcuts has them too."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

_KEYS = "keys"


def tell_keys(widget: QWidget, title: str, keys: Sequence[tuple[str, str]]) -> None:
    """Say which keys a widget takes when it has the focus.

    Args:
        title: what the widget is, as the list of shortcuts names it.
        keys: each key or keys with what they do.
    """
    widget.setProperty(_KEYS, [title, *(part for pair in keys for part in pair)])


def told_keys(widget: QWidget) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """Give what was told of a widget: its title, and each key with what it does."""
    told = widget.property(_KEYS)
    if not told:
        return None
    title, *rest = (str(part) for part in told)
    return title, tuple(zip(rest[::2], rest[1::2], strict=True))
