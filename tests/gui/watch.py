"""Record what a view is given."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QSlider


class Watch:
    """Stands in front of a view's setter; the view still gets everything."""

    def __init__(self, view: QObject, setter: str) -> None:
        self._set = getattr(view, setter)
        self.calls: list[tuple] = []
        setattr(view, setter, self)

    def __call__(self, *values, **named):
        self.calls.append(values)
        return self._set(*values, **named)

    @property
    def last(self):
        """First value of the latest call; None before the first."""
        return self.calls[-1][0] if self.calls else None


def slide(view: QObject, name: str, index: int) -> None:
    """Move an epoch slider, as a person does."""
    view.findChild(QSlider, name).setValue(index)


def shows(watch: Watch, delta) -> bool:
    """Tell whether the prompt view was given the prompt of just this array last."""
    return watch.last is not None and watch.last.delta.shape == delta.shape and bool((watch.last.delta == delta).all())


def same(watch: Watch, array) -> bool:
    """Tell whether the view was given just this array last."""
    return watch.last is not None and watch.last.shape == array.shape and bool((watch.last == array).all())
