"""Files with what a tested state makes of each test image: written by the run, read without torch.

Shapes: N images, T target classes, k the best min(5, T) of them.

A file holds `labels` (N,) and `ids` (N,) int64, and for each view (`plain`, without the prompt; `prompted`)
`<view>/classes` (N, k) int32, best first, and `<view>/confidences` (N, k) float32. Its description says `classes`, which is T.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vpns_engine.artifacts import read_arrays, read_info, write_arrays
from vpns_engine.errors import EngineError
from vpns_engine.predictions import MOST_SHOWN, VIEWS, Predictions, View, within

_MOST_CLASSES = 2**20


def write_predictions(path: Path, predictions: Predictions, num_classes: int, info: Mapping[str, Any] | None = None) -> None:
    """Write predictions among `num_classes` target classes, whole or not at all; `info` is kept with them.

    Raises:
        EngineError: the file cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {"labels": predictions.labels_N, "ids": predictions.ids_N}
    for name, view in predictions.views.items():
        arrays[f"{name}/classes"] = view.classes_Nk.astype(np.int32, copy=False)
        arrays[f"{name}/confidences"] = view.confidences_Nk.astype(np.float32, copy=False)
    write_arrays(path, arrays, {**(info or {}), "classes": num_classes})


def read_predictions(path: Path) -> Predictions:
    """Read predictions.

    Raises:
        EngineError: the file is missing, damaged, or holds something else.
    """
    num_classes = read_info(path).get("classes")
    if isinstance(num_classes, bool) or not isinstance(num_classes, int) or not 0 < num_classes <= _MOST_CLASSES:
        raise EngineError(f"{path.name} cannot be read: it says {num_classes!r:.40} for the number of classes")
    arrays = read_arrays(path)
    try:
        return _checked(arrays, num_classes)
    except (KeyError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise EngineError(f"{path.name} cannot be read: {reason}") from error


def _checked(arrays: Mapping[str, npt.NDArray[Any]], num_classes: int) -> Predictions:
    labels, ids = arrays["labels"], arrays["ids"]
    if labels.ndim != 1 or labels.shape != ids.shape or labels.dtype != np.int64 or ids.dtype != np.int64:
        raise ValueError("labels and ids should be two lists of one length")
    if labels.size == 0 or (ids < 0).any() or not within(labels, num_classes):
        raise ValueError(f"its labels are not those of images of {num_classes} classes")
    names = [name for name in VIEWS if f"{name}/classes" in arrays or f"{name}/confidences" in arrays]
    if "plain" not in names:
        raise KeyError("plain/classes")
    views: dict[str, View] = {
        name: _view(arrays[f"{name}/classes"], arrays[f"{name}/confidences"], labels.size, num_classes) for name in names
    }
    return Predictions(labels, ids, views)


def _view(classes: npt.NDArray[Any], confidences: npt.NDArray[Any], count: int, num_classes: int) -> View:
    shape = (count, min(MOST_SHOWN, num_classes))
    if classes.shape != shape or confidences.shape != shape:
        raise ValueError(f"predictions of shape {classes.shape} should have {shape}")
    if classes.dtype != np.int32 or confidences.dtype != np.float32 or not within(classes, num_classes):
        raise ValueError(f"it predicts a class that is none of {num_classes}")
    if not ((confidences >= 0) & (confidences <= 1)).all():
        raise ValueError("a confidence is not between 0 and 1")
    return View(classes, confidences)
