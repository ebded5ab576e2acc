"""Reading a picture by keyboard: the arrow keys go from pixel to pixel."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent

from vpns_gui.keys import tell_keys
from vpns_gui.views.picture import Picture

_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class PixelKeys(QObject):
    """Makes a picture take the focus; a pixel in it is marked and told of, as if the pointer were there."""

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        self._picture = picture
        self._pixel: tuple[int, int] | None = None
        picture.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tell_keys(picture, "Pictures of the prompt", (("Arrow keys", "Read the pixels one by one (with Shift by ten)"),))
        picture.installEventFilter(self)

    def tell_again(self) -> None:
        """Tell of the marked pixel once more: the picture is another one now."""
        if self._picture.hasFocus():
            self._go(self._pixel)

    def _go(self, pixel: tuple[int, int] | None) -> None:
        image = self._picture.image
        if image is None:
            return
        column, row = pixel if pixel is not None else (image.width() // 2, image.height() // 2)
        self._pixel = min(max(0, column), image.width() - 1), min(max(0, row), image.height() - 1)
        self._picture.set_window(QRectF(*self._pixel, 1, 1))
        self._picture.pointed_at.emit(self._pixel)

    def _step(self, key: QKeyEvent) -> bool:
        step = _STEPS.get(Qt.Key(key.key()))
        if step is None or self._pixel is None:
            return False
        far = 10 if key.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        self._go((self._pixel[0] + far * step[0], self._pixel[1] + far * step[1]))
        return True

    def eventFilter(self, watched: QObject, happened: QEvent) -> bool:  # noqa: N802
        """See focus and arrow keys; the rest is the picture's own."""
        match happened.type():
            case QEvent.Type.FocusIn:
                self._go(self._pixel)
            case QEvent.Type.FocusOut:
                self._picture.set_window(None)
                self._picture.pointed_at.emit(None)
            case QEvent.Type.KeyPress if isinstance(happened, QKeyEvent) and self._step(happened):
                return True
        return super().eventFilter(watched, happened)
