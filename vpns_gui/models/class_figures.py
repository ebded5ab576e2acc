"""What the predictions of a tested state say of its classes: computed once, beside the window; pure numpy.

Shapes: N images, T target classes; colours are uint8 (height, width, 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vpns_engine.predictions import Predictions, accuracy_of_classes, changes, confusion, wrong_most_confident

IntArray = npt.NDArray[np.int64]
Rgb = npt.NDArray[np.uint8]

# from the ground to a full colour, even in lightness; what is right and wrong differs in hue, and by its place
_LIGHT = ((255, 255, 255), (0, 66, 130), (140, 45, 0))
_DARK = ((22, 25, 30), (130, 205, 255), (255, 178, 92))


@dataclass(frozen=True)
class ClassFigures:
    """Counts of one tested state, for each view (`plain`, `prompted`) that was measured."""

    predictions: Predictions
    confusion_TT: Mapping[str, IntArray]
    """Rows are the true classes."""
    accuracy_T: Mapping[str, npt.NDArray[np.float64]]
    """NaN for a class without images."""
    wrong: Mapping[str, IntArray]
    """Rows of the wrong images, most confident first."""
    gained: IntArray
    """Rows of the images that are wrong without the prompt and right with it."""
    lost: IntArray
    """Rows of the images that are right without the prompt and wrong with it."""

    @property
    def has_prompt(self) -> bool:
        """Tell whether the state was also tested with its prompt."""
        return "prompted" in self.predictions.views

    @property
    def num_images(self) -> int:
        """How many test images there are."""
        return len(self.predictions)

    def in_cell(self, view: str, true: int, predicted: int) -> IntArray:
        """Give the rows of the images of a class that are taken for another (or itself), most confident first."""
        found = self.predictions.view(view)
        rows = np.flatnonzero((self.predictions.labels_N == true) & (found.best_N == predicted))
        return np.asarray(rows[np.argsort(-found.confidence_N[rows], kind="stable")], np.int64)

    def wrong_of(self, view: str, true: int) -> IntArray:
        """Give the rows of the wrong images of a class, most confident first."""
        wrong = self.wrong[view]
        return np.asarray(wrong[self.predictions.labels_N[wrong] == true], np.int64)


def class_figures(predictions: Predictions, num_classes: int) -> ClassFigures:
    """Count what the views need; some milliseconds for ten thousand images.

    Raises:
        EngineError: the predictions are of other classes.
    """
    views = ["plain", "prompted"] if "prompted" in predictions.views else ["plain"]
    counted = {view: confusion(predictions.labels_N, predictions.view(view).best_N, num_classes) for view in views}
    turned = changes(predictions) if len(views) > 1 else None
    none = np.empty(0, np.int64)
    return ClassFigures(
        predictions=predictions,
        confusion_TT=counted,
        accuracy_T={view: accuracy_of_classes(counts_TT) for view, counts_TT in counted.items()},
        wrong={view: wrong_most_confident(predictions, view) for view in views},
        gained=rows_of(predictions, turned.gained) if turned else none,
        lost=rows_of(predictions, turned.lost) if turned else none,
    )


def rows_of(predictions: Predictions, ids: IntArray) -> IntArray:
    """Give the rows of images by their ids."""
    return np.flatnonzero(np.isin(predictions.ids_N, ids)).astype(np.int64, copy=False)


def shares(counts_TT: IntArray) -> npt.NDArray[np.float64]:
    """Give each cell as a share of its row, 0 to 1; 0 in the row of a class without images."""
    totals = counts_TT.sum(axis=1, keepdims=True)
    result: npt.NDArray[np.float64] = np.divide(counts_TT, totals, out=np.zeros(counts_TT.shape), where=totals > 0)
    return result


def matrix_picture(values_TT: npt.NDArray[np.floating], *, dark: bool) -> Rgb:
    """Colour a confusion matrix: what is right in one hue, what is wrong in another, stronger for more.

    Args:
        values_TT: 0 to 1, as shares of the fullest cell or of the row.
    """
    ground, right, wrong = (np.array(colour, np.float32) for colour in (_DARK if dark else _LIGHT))
    strength = np.sqrt(np.clip(values_TT, 0, 1)).astype(np.float32)[..., None]
    ends = np.broadcast_to(wrong, (*values_TT.shape, 3)).copy()
    diagonal = np.arange(min(values_TT.shape))
    ends[diagonal, diagonal] = right
    return np.asarray(np.round(ground + (ends - ground) * strength), np.uint8)


def matrix_strip(steps: int, *, dark: bool) -> Rgb:
    """Draw the scale of `matrix_picture`, fullest at the top: right at the left, wrong at the right, (steps, 2, 3)."""
    ground, right, wrong = (np.array(colour, np.float32) for colour in (_DARK if dark else _LIGHT))
    strength = np.linspace(1, 0, steps, dtype=np.float32)[:, None]  # even in the strength, so the labels are squares
    ramps = [ground + (end - ground) * strength for end in (right, wrong)]
    return np.asarray(np.round(np.stack(ramps, axis=1)), np.uint8)
