"""What a network makes of each image that is measured, gathered batch by batch.

Shapes: B batch, N images, T target classes, k the best min(5, T) of them.
"""

import numpy as np
import numpy.typing as npt
from torch import Tensor

from vpns_engine.errors import EngineError
from vpns_engine.predictions import MOST_SHOWN, Predictions, View
from vpns_engine.training.feeds import Batch


def best_classes(logits_BT: Tensor) -> tuple[Tensor, Tensor]:
    """Give the best classes (B, k), best first, and the softmax over all classes there; of equals the first, as `argmax`.

    Where logits are no numbers, nothing is held for likely: 0.
    """
    logits_BT = logits_BT.float()
    classes_BT = logits_BT.argsort(dim=1, descending=True, stable=True)
    classes_Bk = classes_BT[:, : min(MOST_SHOWN, logits_BT.shape[1])]
    shares_BT = logits_BT.softmax(1).nan_to_num(0.0).clamp(0, 1)
    return classes_Bk, shares_BT.gather(1, classes_Bk)


class Seen:
    """Takes in the logits of one pass over a feed."""

    def __init__(self) -> None:
        self._count = 0
        self._labels: list[npt.NDArray[np.int64]] = []
        self._ids: list[npt.NDArray[np.int64]] = []
        self._classes: list[npt.NDArray[np.int32]] = []
        self._confidences: list[npt.NDArray[np.float32]] = []

    def add(self, batch: Batch, logits_BT: Tensor) -> None:
        """Take in a batch; images without an id are numbered as they come."""
        count = len(batch.y_B)
        classes_Bk, confidences_Bk = best_classes(logits_BT)
        self._labels.append(batch.y_B.cpu().numpy().astype(np.int64))
        self._ids.append(np.arange(self._count, self._count + count) if batch.ids_B is None else batch.ids_B)
        self._classes.append(classes_Bk.cpu().numpy().astype(np.int32))
        self._confidences.append(confidences_Bk.cpu().numpy())
        self._count += count

    def view(self) -> View:
        """Give what was made of the images."""
        return View(np.concatenate(self._classes), np.concatenate(self._confidences))

    def images(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Give labels and ids of the images, in the order in which they came."""
        return np.concatenate(self._labels), np.concatenate(self._ids)


def together(plain: Seen, prompted: Seen | None = None) -> Predictions:
    """Put the passes over one feed together.

    An image that could be read in one of them only is left out.

    Raises:
        EngineError: none could be read in both.
    """
    passes: dict[str, Seen] = {"plain": plain} | ({"prompted": prompted} if prompted is not None else {})
    labels_N, ids_N = plain.images()
    both = ids_N
    for seen in passes.values():
        both = np.intersect1d(both, seen.images()[1])
    if not both.size:
        raise EngineError("the images to measure with went away while they were measured")
    views: dict[str, View] = {}
    kept = np.isin(ids_N, both)
    for name, seen in passes.items():
        rows = np.isin(seen.images()[1], both)
        view = seen.view()
        views[name] = View(view.classes_Nk[rows], view.confidences_Nk[rows])
    return Predictions(labels_N[kept], ids_N[kept], views)
