"""What a tested state makes of each test image, and what follows from it.

Shapes: N images, T target classes, k the best min(5, T) of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vpns_engine.errors import EngineError

MOST_SHOWN = 5
"""So many classes are kept of each image."""
ViewName = Literal["plain", "prompted"]
VIEWS: tuple[ViewName, ...] = ("plain", "prompted")
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class View:
    """What is predicted with the prompt, or without.

    `classes_Nk` int32 has the best class first; `confidences_Nk` float32 is the softmax over all T target classes.
    """

    classes_Nk: npt.NDArray[np.int32]
    confidences_Nk: npt.NDArray[np.float32]

    @property
    def best_N(self) -> IntArray:  # noqa: N802 - a shape suffix
        """The predicted class of each image."""
        return self.classes_Nk[:, 0].astype(np.int64)

    @property
    def confidence_N(self) -> npt.NDArray[np.float32]:  # noqa: N802
        """How sure it is of the predicted class, 0 to 1."""
        return self.confidences_Nk[:, 0]


@dataclass(frozen=True)
class Predictions:
    """What a state makes of the test images that can be read, in the data set's order.

    `ids_N` are positions in the data set (`datasets.Part.ids`), `labels_N` the true classes.
    """

    labels_N: IntArray
    ids_N: IntArray
    views: Mapping[str, View]
    """`plain`, and `prompted` where the state has a prompt."""

    def __len__(self) -> int:
        return int(self.labels_N.size)

    def view(self, name: str) -> View:
        """Give a view.

        Raises:
            EngineError: it was not measured.
        """
        if name not in self.views:
            raise EngineError(f"nothing was predicted {'with' if name == 'prompted' else 'without'} the prompt")
        return self.views[name]

    def correct_N(self, view: str) -> npt.NDArray[np.bool_]:  # noqa: N802
        """Tell which images a view gets right."""
        right: npt.NDArray[np.bool_] = self.view(view).best_N == self.labels_N
        return right

    def accuracy(self, view: str) -> float:
        """Give the share of images that a view gets right, 0 to 1."""
        return float(np.count_nonzero(self.correct_N(view)) / max(1, len(self)))


@dataclass(frozen=True)
class Changes:
    """Ids of the images that the prompt turns: `gained` from wrong to right, `lost` from right to wrong."""

    gained: IntArray
    lost: IntArray


def within(classes: npt.NDArray[Any], num_classes: int) -> bool:
    """Tell whether all are classes of a task with so many."""
    return bool(((classes >= 0) & (classes < num_classes)).all())


def confusion(labels_N: npt.NDArray[Any], classes_N: npt.NDArray[Any], num_classes: int) -> IntArray:
    """Count how often an image of class row is taken for class column, shape (T, T), int64.

    Raises:
        EngineError: a class is none of them.
    """
    if not (within(labels_N, num_classes) and within(classes_N, num_classes)):
        raise EngineError(f"the predictions are of other classes than the run's {num_classes}")
    cells = labels_N.astype(np.int64) * num_classes + classes_N.astype(np.int64)
    counts: IntArray = np.bincount(cells, minlength=num_classes**2).astype(np.int64, copy=False)
    return counts.reshape(num_classes, num_classes)


def accuracy_of_classes(confusion_TT: IntArray) -> npt.NDArray[np.float64]:
    """Give the share of each class's images that is right, shape (T,); NaN for a class without images."""
    totals_T = confusion_TT.sum(1)
    right_T = np.diagonal(confusion_TT).astype(np.float64)
    shares_T = np.full(totals_T.shape, np.nan)
    np.divide(right_T, totals_T, out=shares_T, where=totals_T > 0)
    return shares_T


def changes(predictions: Predictions) -> Changes:
    """Tell which images the prompt turns from wrong to right, and from right to wrong.

    Raises:
        EngineError: there is no prompt.
    """
    plain, prompted = predictions.correct_N("plain"), predictions.correct_N("prompted")
    return Changes(predictions.ids_N[~plain & prompted], predictions.ids_N[plain & ~prompted])


def wrong_most_confident(predictions: Predictions, view: str) -> IntArray:
    """Give the rows (positions in `ids_N`) of the images that a view gets wrong, the most confident first.

    Raises:
        EngineError: the view was not measured.
    """
    rows = np.flatnonzero(~predictions.correct_N(view))
    order: IntArray = rows[np.argsort(-predictions.view(view).confidence_N[rows], kind="stable")].astype(np.int64, copy=False)
    return order
