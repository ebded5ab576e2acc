"""What is counted of predictions, and how a confusion matrix is drawn: pure numpy."""

import time

import numpy as np
import pytest

from vpns_engine.errors import EngineError
from vpns_engine.predictions import Predictions, View
from vpns_gui.models.class_figures import class_figures, matrix_picture, shares
from vpns_gui.models.class_table import ClassTable, class_rows
from vpns_gui.models.confusion_picture import MOST_SIDE, confusion_picture
from vpns_gui.models.on_image import SeenImage, bars_of, on_canvas, step_to, verdict

NAMES = ("cat", "dog", "owl")


def view(best, confidence) -> View:
    """Give predictions of two classes each, the second being what is left."""
    classes = np.array([[b, (b + 1) % 3] for b in best], np.int32)
    return View(classes, np.array([[c, 1 - c] for c in confidence], np.float32))


@pytest.fixture
def predictions() -> Predictions:
    """Give six images: two cats, three dogs, one owl."""
    return Predictions(
        labels_N=np.array([0, 0, 1, 1, 1, 2]),
        ids_N=np.array([7, 3, 9, 1, 5, 2]),
        views={
            "plain": view([0, 1, 1, 2, 2, 0], [0.9, 0.6, 0.8, 0.7, 0.95, 0.5]),
            "prompted": view([0, 0, 2, 2, 1, 0], [0.9, 0.7, 0.8, 0.7, 0.95, 0.5]),
        },
    )


def test_that_rows_are_true_classes_and_the_most_confident_mistakes_come_first(predictions):
    figures = class_figures(predictions, 3)
    assert figures.confusion_TT["plain"].tolist() == [[1, 1, 0], [0, 1, 2], [1, 0, 0]]
    assert figures.wrong["plain"].tolist() == [4, 3, 1, 5]
    assert figures.in_cell("plain", 1, 2).tolist() == [4, 3] and figures.wrong_of("plain", 0).tolist() == [1]


def test_that_the_images_a_prompt_turns_are_found_by_their_row(predictions):
    figures = class_figures(predictions, 3)
    assert figures.gained.tolist() == [1, 4] and figures.lost.tolist() == [2]


def test_that_without_a_prompt_nothing_is_turned_and_nothing_said_of_it(predictions):
    alone = Predictions(predictions.labels_N, predictions.ids_N, {"plain": predictions.views["plain"]})
    figures = class_figures(alone, 3)
    assert not figures.has_prompt and not figures.gained.size
    rows = class_rows(figures, NAMES, "plain")
    assert rows[0].prompted is None and np.isnan(rows[0].points)


def test_that_predictions_of_more_classes_than_the_run_has_are_refused(predictions):
    with pytest.raises(EngineError, match="2"):
        class_figures(predictions, 2)


@pytest.mark.usefixtures("qapp")
def test_that_a_class_says_what_it_is_most_often_taken_for(predictions):
    rows = class_rows(class_figures(predictions, 3), NAMES, "plain")
    assert [row.taken_for for row in rows] == ["dog (1)", "owl (2)", "cat (1)"]
    table = ClassTable()
    table.set_rows(rows)
    assert [table.index(1, column).data() for column in range(6)] == ["dog", "3", "33.3 %", "33.3 %", "0.0", "owl (2)"]


def test_that_a_class_without_images_has_no_accuracy(predictions):
    figures = class_figures(predictions, 4)
    row = class_rows(figures, (*NAMES, "yak"), "plain")[3]
    assert row.num_images == 0 and np.isnan(row.plain) and row.taken_for == "-"
    assert shares(figures.confusion_TT["plain"])[3].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("dark", [False, True])
def test_that_right_and_wrong_differ_and_more_stands_further_from_the_ground(dark):
    drawn = matrix_picture(np.array([[1.0, 0.2], [0.6, 0.0]]), dark=dark).astype(int)
    ground = drawn[1, 1]
    far = np.abs(drawn - ground).sum(axis=2)
    assert far[0, 0] > far[1, 0] > far[0, 1] > 60
    assert np.argmax(drawn[0, 0]) == 2 and np.argmax(drawn[1, 0]) == 0  # blue, orange


def test_that_one_mistake_among_a_thousand_classes_is_seen_from_afar():
    counts = np.diag(np.full(1000, 50))
    counts[700, 20] = 2
    begun = time.perf_counter()
    picture = confusion_picture(counts, tuple(map(str, range(1000))), as_share=True)
    assert time.perf_counter() - begun < 2
    assert picture.block == 4 and picture.overview[0].shape == (250, 250, 3) and MOST_SIDE >= 250
    ground, mistake = picture.overview[0][100, 10], picture.overview[0][700 // 4, 20 // 4]
    assert np.abs(ground.astype(int) - mistake).sum() > 60


def test_that_a_cell_is_read_out_in_words_and_in_numbers():
    picture = confusion_picture(np.array([[9, 1], [0, 0]]), ("cat", "dog"), as_share=True)
    assert picture.words(0, 1) == "cat taken for dog: 1 image, 10.0 % of its 10"
    assert picture.words(1, 1) == "dog rightly recognised: 0 images"
    assert (picture.number(0, 0), picture.number(0, 1), picture.number(1, 0)) == ("90", "10", "")
    assert confusion_picture(picture.counts_TT, picture.names, as_share=False).number(0, 0) == "9"
    assert picture.rows() == [["cat", "9", "1"], ["dog", "0", "0"]]


def test_that_an_images_own_class_is_among_the_bars_whatever_it_is_taken_for():
    plain, prompted = np.linspace(0.3, 0, 10, dtype=np.float32), np.linspace(0, 0.2, 10, dtype=np.float32)
    image = np.zeros((3, 2, 2), np.float32)
    seen = SeenImage("x", 5, image, image, plain, prompted)
    bars = bars_of(seen, tuple("abcdefghij"))
    assert [bar.name for bar in bars] == ["a", "b", "c", "d", "f"]
    assert [bar.is_label for bar in bars] == [False] * 4 + [True]
    assert bars[4].prompted == pytest.approx(float(prompted[5]))


def test_that_right_and_wrong_are_said_in_words():
    shares_T = np.array([0.25, 0.75], np.float32)
    assert verdict(shares_T, 1, ("cat", "dog")) == "dog (75 %) ✓ right"
    assert verdict(shares_T, 0, ("cat", "dog")) == "dog (75 %) ✗ wrong"
    assert verdict(shares_T, None, ("cat", "dog")) == "dog (75 %)"


def test_that_an_image_is_put_where_the_prompt_leaves_room_for_it():
    added = np.full((3, 5, 5), 0.25, np.float32)
    before, after = on_canvas(np.full((3, 2, 2), 255, np.uint8), added)
    assert before[0, 2:4, 2:4].min() == 1 and before.sum() == 3 * 4
    assert after[0, 0, 0] == 0.25 and after.max() == 1


@pytest.mark.parametrize(("now", "by", "wanted"), [(4, 1, 7), (5, 1, 7), (5, -1, 4), (9, 1, 1), (1, -1, 9)])
def test_that_stepping_goes_to_the_neighbour_and_round_at_the_ends(now, by, wanted):
    assert step_to(np.array([1, 4, 7, 9]), now, by) == wanted
