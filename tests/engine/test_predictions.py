import subprocess
import sys

import numpy as np
import pytest

from vpns_engine.artifacts import read_arrays, read_info, write_arrays
from vpns_engine.errors import EngineError
from vpns_engine.prediction_files import read_predictions, write_predictions
from vpns_engine.predictions import (
    Predictions,
    View,
    accuracy_of_classes,
    changes,
    confusion,
    wrong_most_confident,
)

LABELS = np.array([0, 1, 2, 2, 0, 1])
IDS = np.array([4, 9, 11, 12, 30, 31])
PLAIN = np.array([[0, 1, 2], [2, 1, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2], [1, 2, 0]], np.int32)
PROMPTED = np.array([[0, 1, 2], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2], [1, 2, 0]], np.int32)
SURE = np.array([[0.9, 0.1, 0], [0.5, 0.4, 0.1], [0.8, 0.2, 0], [0.7, 0.3, 0], [0.6, 0.4, 0], [1, 0, 0]], np.float32)


def some(**views):
    return Predictions(LABELS, IDS, {name: View(classes, SURE) for name, classes in views.items()})


@pytest.fixture
def path(tmp_path):
    write_predictions(tmp_path / "predictions.safetensors", some(plain=PLAIN, prompted=PROMPTED), 3, {"stage": "search"})
    return tmp_path / "predictions.safetensors"


def test_that_predictions_come_back_as_they_were_written(path):
    found = read_predictions(path)
    assert np.array_equal(found.labels_N, LABELS) and np.array_equal(found.ids_N, IDS) and len(found) == 6
    for name, classes in (("plain", PLAIN), ("prompted", PROMPTED)):
        view = found.view(name)
        assert np.array_equal(view.classes_Nk, classes) and view.classes_Nk.dtype == np.int32
        assert np.array_equal(view.confidences_Nk, SURE) and view.confidences_Nk.dtype == np.float32
    assert read_info(path) == {"stage": "search", "classes": 3}


def test_that_a_confusion_counts_rows_of_the_true_class():
    found = confusion(LABELS, PLAIN[:, 0], 4)
    assert found.tolist() == [[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    assert found.dtype == np.int64
    shares = accuracy_of_classes(found)
    assert shares[:3].tolist() == [0.5, 0.5, 0.5] and np.isnan(shares[3])  # no image, no accuracy
    assert np.trace(found) / found.sum() == some(plain=PLAIN).accuracy("plain")


def test_that_a_thousand_classes_are_counted_without_overflow():
    labels = np.full(3, 999, np.int32)
    found = confusion(labels, np.array([999, 0, 999], np.int32), 1000)
    assert found.shape == (1000, 1000) and found[999, 999] == 2 and found[999, 0] == 1 and found.sum() == 3


def test_that_a_class_that_is_none_is_refused():
    with pytest.raises(EngineError, match="other classes than the run's 2"):
        confusion(LABELS, PLAIN[:, 0], 2)


def test_that_changes_name_the_images_that_the_prompt_turns():
    found = changes(some(plain=PLAIN, prompted=PROMPTED))
    assert found.gained.tolist() == [9, 12] and found.lost.tolist() == [11]


def test_that_without_a_prompt_there_are_no_changes():
    with pytest.raises(EngineError, match="nothing was predicted with the prompt"):
        changes(some(plain=PLAIN))


def test_that_the_wrong_ones_come_most_confident_first():
    assert wrong_most_confident(some(plain=PLAIN), "plain").tolist() == [3, 4, 1]
    assert wrong_most_confident(some(plain=PLAIN, prompted=PROMPTED), "prompted").tolist() == [2, 4]


@pytest.mark.parametrize(
    "change",
    [
        {"labels": LABELS.astype(np.float32)},
        {"labels": LABELS[:4]},
        {"labels": np.where(LABELS == 2, 3, LABELS)},
        {"labels": LABELS - 1},
        {"ids": IDS.reshape(2, 3)},
        {"ids": -IDS},
        {"plain/classes": PLAIN[:5]},
        {"plain/classes": PLAIN[:, :2]},
        {"plain/classes": PLAIN + 1},
        {"plain/classes": PLAIN.astype(np.int64)},
        {"plain/confidences": SURE + 1},
        {"plain/confidences": np.full_like(SURE, np.nan)},
        {"plain/confidences": None},
        {"prompted/classes": None},
        {"plain/classes": None, "plain/confidences": None},
        {"ids": None},
        {"labels": LABELS[:0], "ids": IDS[:0]},
    ],
    ids=str,
)
def test_that_a_file_that_holds_something_else_is_refused_in_one_line(path, change):
    arrays = {name: value for name, value in (read_arrays(path) | change).items() if value is not None}
    write_arrays(path, arrays, read_info(path))
    with pytest.raises(EngineError, match=r"predictions.safetensors cannot be read: ") as raised:
        read_predictions(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("classes", [None, 0, -3, 2**40, "3", True, [3], 2, 4, 3.0])
def test_that_a_number_of_classes_that_does_not_fit_is_refused(path, classes):
    write_arrays(path, read_arrays(path), {} if classes is None else {"classes": classes})
    with pytest.raises(EngineError, match="cannot be read"):
        read_predictions(path)


def test_that_a_file_cut_anywhere_is_refused(path):
    whole = path.read_bytes()
    for end in range(0, len(whole), 37):
        path.write_bytes(whole[:end])
        with pytest.raises(EngineError, match="cannot be read"):
            read_predictions(path)


def test_that_they_are_read_without_torch():
    code = "import sys, vpns_engine.predictions, vpns_engine.kept_predictions, vpns_engine.looking, vpns_engine.predicting"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'torch' not in sys.modules"], check=True)
