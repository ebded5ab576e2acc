import csv
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from vpns_engine.cli import main
from vpns_engine.datasets import split_of
from vpns_engine.errors import EngineError
from vpns_engine.export import export_run
from vpns_engine.kept_predictions import read_kept
from vpns_engine.looking import open_look
from vpns_engine.predicting import open_subject, predict_folder, predict_pictures
from vpns_engine.predicting.pictures import Unreadable, pictures_in

NUM = 60


@pytest.fixture(scope="module")
def pictures(finished_run, tmp_path_factory):
    """Write test images of the run as files, as the run reads them."""
    folder = tmp_path_factory.mktemp("pictures")
    with open_look(finished_run, level=0, stage="finetune") as look:
        pixels, _ = look.pictures("test", range(NUM))
    for number, picture in enumerate(pixels):
        Image.fromarray(picture.transpose(1, 2, 0)).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture(scope="module")
def exported(finished_run, tmp_path_factory):
    return export_run(finished_run, tmp_path_factory.mktemp("exported") / "out", level=0, stage="finetune").folder


@pytest.fixture(scope="module")
def subject(finished_run):
    return open_subject(finished_run.folder, level=0, stage="finetune")


class Counting:
    """A subject that counts what it has read and predicted."""

    def __init__(self, subject):
        self._subject = subject
        self._lock = threading.Lock()
        self.num_read = self.most_ahead = self.num_predicted = 0

    def __getattr__(self, name):
        return getattr(self._subject, name)

    def read(self, path):
        with self._lock:
            self.num_read += 1
        return self._subject.read(path)

    def predict(self, images, prompted):
        with self._lock:
            self.most_ahead = max(self.most_ahead, self.num_read - self.num_predicted)
            self.num_predicted += len(images) * (not prompted)
        return self._subject.predict(images, prompted)


def test_that_a_run_makes_of_files_what_it_made_of_its_test_images(finished_run, subject, pictures):
    kept = read_kept(finished_run, finished_run.read(steps=False).history, 0, "finetune")
    found = list(predict_folder(subject, pictures))
    assert [prediction.path.name for prediction in found] == [f"{number:03}.png" for number in range(NUM)]
    classes = finished_run.read(steps=False).history.started.target_classes
    for view in ("plain", "prompted"):
        chances = [prediction.plain if view == "plain" else prediction.prompted for prediction in found]
        for number, chance in enumerate(chances):
            assert [name for name, _ in chance] == [classes[index] for index in kept.view(view).classes_Nk[number]]
            assert [share for _, share in chance] == pytest.approx(kept.view(view).confidences_Nk[number], abs=1e-5)
    turned = kept.view("plain").best_N[:NUM] != kept.view("prompted").best_N[:NUM]
    assert [prediction.changed for prediction in found] == turned.tolist()


def test_that_an_export_makes_the_same_of_them(subject, exported, pictures):
    other = open_subject(exported)
    assert other.classes == subject.classes and other.has_prompt and other.image_size == 16
    for one, two in zip(predict_folder(subject, pictures), predict_folder(other, pictures), strict=True):
        assert [name for name, _ in one.plain] == [name for name, _ in two.plain]
        assert [share for _, share in one.prompted] == pytest.approx([share for _, share in two.prompted], abs=1e-4)


def test_that_a_run_without_a_prompt_predicts_without_one(finished_omp_run, pictures):
    subject = open_subject(finished_omp_run.folder)
    assert not subject.has_prompt
    found = list(predict_folder(subject, pictures / "003.png", top=2))
    assert len(found) == 1 and len(found[0].plain) == 2 and found[0].prompted is None and not found[0].changed


def test_that_what_cannot_be_read_is_told_in_its_place(subject, pictures, tmp_path):
    for number, name in enumerate(("b.png", "d.JPG", "f.webp")):
        Image.open(pictures / f"{number:03}.png").save(tmp_path / name)
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "c.jpg").write_bytes((tmp_path / "d.JPG").read_bytes()[:100])
    (tmp_path / "e.png").mkdir()
    (tmp_path / "g.gif").symlink_to(tmp_path / "nowhere")
    (tmp_path / "h.txt").write_text("no picture by its name")
    (tmp_path / ".i.png").write_bytes(b"hidden")
    found = list(predict_folder(subject, tmp_path))
    assert [prediction.path.name for prediction in found] == ["a.png", "b.png", "c.jpg", "d.JPG", "f.webp", "g.gif"]
    problems = [prediction.problem for prediction in found]
    assert problems[0] == "the file is empty" and problems[5] == "No such file or directory"
    assert problems[2] and "\n" not in problems[2] and "c.jpg" not in problems[2]
    assert [bool(prediction.plain) for prediction in found] == [False, True, False, True, True, False]
    assert problems[1] == problems[3] == problems[4] == "" and found[0].prompted is None and not found[0].changed


def test_that_folders_within_are_looked_into_where_that_is_asked_for(subject, pictures, tmp_path):
    below = tmp_path / "z" / "y"
    below.mkdir(parents=True)
    (tmp_path / "z" / "again").symlink_to(tmp_path)
    for place in (tmp_path / "b.png", below / "a.png"):
        Image.open(pictures / "000.png").save(place)
    assert [p.path for p in predict_folder(subject, tmp_path)] == [tmp_path / "b.png"]
    assert [p.path for p in predict_folder(subject, tmp_path, recursive=True)] == [tmp_path / "b.png", below / "a.png"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may look everywhere sees every folder")
def test_that_a_folder_one_may_not_look_into_is_named(tmp_path):
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0)
    (tmp_path / "a.png").write_bytes(b"")
    assert pictures_in(tmp_path, recursive=True)[-1] == Unreadable(
        tmp_path / "closed", "the folder cannot be read: Permission denied"
    )


@pytest.mark.parametrize(
    ("name", "words"), [("gone", "is not there"), ("empty", "no pictures in"), ("a.txt", "is no picture by its name")]
)
def test_that_a_folder_without_pictures_is_told(subject, tmp_path, name, words):
    (tmp_path / "empty" / "below").mkdir(parents=True)
    (tmp_path / "empty" / "below" / "a.png").write_bytes(b"")
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(EngineError, match=words):
        predict_folder(subject, tmp_path / name)


def test_that_what_neither_exports_nor_runs_is_refused(finished_run, exported, tmp_path):
    with pytest.raises(EngineError, match="is no export"):
        open_subject(tmp_path)
    with pytest.raises(EngineError, match="there is no level or stage to choose"):
        open_subject(exported, level=1)
    with pytest.raises(EngineError, match="there is no level 8"):
        open_subject(finished_run.folder, level=7)


def test_that_a_large_folder_is_never_in_memory_at_once(subject, pictures):
    counting = Counting(subject)
    paths = [pictures / f"{number % NUM:03}.png" for number in range(1500)]
    found = predict_pictures(counting, paths, top=1)
    for number, prediction in enumerate(found):
        assert prediction.path == paths[number] and not prediction.problem
    assert number == 1499 and counting.num_read == counting.num_predicted == 1500
    assert counting.most_ahead <= 4 * 32


def test_that_calling_it_off_ends_it_within_a_batch_and_keeps_what_was_given(subject, pictures):
    counting, said = Counting(subject), []
    off = threading.Event()
    paths = [pictures / f"{number % NUM:03}.png" for number in range(1500)]
    found = []
    for prediction in predict_pictures(counting, paths, report=lambda text, _done: said.append(text), cancelled=off.is_set):
        found.append(prediction)
        if len(found) == 70:
            off.set()
    assert len(found) == 70 and counting.num_read <= 64 + 4 * 32
    assert said == [f"Predicting: {count} of 1,500 pictures" for count in (32, 64)]
    assert not any(thread.name.startswith("decode") for thread in threading.enumerate())


def test_that_a_consumer_that_goes_away_leaves_no_thread(subject, pictures):
    found = predict_folder(subject, pictures)
    next(found)
    found.close()
    assert not any(thread.name.startswith("decode") for thread in threading.enumerate())


def test_that_the_command_shows_a_table(finished_run, pictures, capsys):
    options = ["--level", "1", "--stage", "finetune"]
    assert main(["predict", str(finished_run.folder), str(pictures), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["File", "Without", "prompt", "With", "prompt"] and len(lines) == NUM + 2
    with open_look(finished_run, level=0, stage="finetune") as look:
        chances = look.predict(look.picture("test", 5)[0][None])[0]
    assert lines[6].split()[:4] == ["005.png", str(chances.argmax()), f"{100 * chances.max():.1f}", "%"]
    assert lines[-1].startswith(
        f"{finished_run.folder.name}: Tuned (epoch 2 of 2), 90 % sparsity: {NUM} pictures; the prompt changes"
    )


def test_that_the_command_writes_a_table_with_the_likeliest_classes(exported, pictures, tmp_path, capsys):
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("=1.png", "b.png"):
        Image.open(pictures / "004.png").save(folder / name)
    (folder / "c.png").write_bytes(b"no")
    assert main(["predict", str(exported), str(folder), "--csv", str(tmp_path / "a.csv"), "--top", "2"]) == 0
    said = capsys.readouterr().out
    assert (
        "out: 3 pictures; 1 cannot be read; the prompt changes the class of" in said
        and f"written: {tmp_path / 'a.csv'}" in said
    )
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["'=1.png", "b.png", "c.png"]  # a spreadsheet must not reckon with a name
    assert rows[2]["problem"] == "not a picture" and rows[2]["class_1"] == rows[2]["changed"] == ""
    one = open_subject(exported)
    chances = one.predict(one.read(folder / "b.png")[None], True)[0]
    best = np.argsort(-chances)[:2]
    assert [rows[1][f"prompted_class_{rank}"] for rank in (1, 2)] == [one.classes[index] for index in best]
    assert float(rows[1]["prompted_confidence_2"]) == pytest.approx(chances[best[1]], abs=1e-5)
    assert list(rows[0]) == [
        "file", "class_1", "confidence_1", "class_2", "confidence_2", "prompted_class_1", "prompted_confidence_1",
        "prompted_class_2", "prompted_confidence_2", "changed", "problem",
    ]  # fmt: skip


def test_that_the_command_says_what_is_wrong_in_one_line(finished_run, exported, tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(b"")
    run = str(finished_run.folder)
    for words, code, line in (
        (["nothing", str(tmp_path), "--runs", str(tmp_path)], 1, "no run 'nothing'"),
        ([run, str(tmp_path / "gone")], 1, "is not there"),
        ([run, str(tmp_path)], 1, "none of the 1 pictures can be read"),
        ([run, str(tmp_path), "--top", "0"], 2, "--top 0: at least 1"),
        ([run, str(tmp_path), "--level", "0"], 2, "--level 0: levels are counted from 1"),
        ([str(exported), str(tmp_path), "--stage", "search"], 1, "there is no level or stage to choose"),
        ([run, str(tmp_path), "--csv", str(tmp_path / "a.png" / "b.csv")], 1, "a.png"),
    ):
        assert main(["predict", *words]) == code
        said = capsys.readouterr().err.splitlines()
        assert said[-1].startswith("vpns: ") and line in said[-1], said


@pytest.mark.skipif(os.name == "nt", reason="no signal reaches one process alone there")
def test_that_ctrl_c_keeps_what_is_done(finished_run, pictures, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4000):
        os.link(pictures / f"{number % NUM:03}.png", folder / f"{number:04}.png")
    table = tmp_path / "a.csv"
    words = ["-m", "vpns_engine", "predict", str(finished_run.folder), str(folder), "--csv", str(table)]
    process = subprocess.Popen([sys.executable, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("Predicting"):
            break
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "stopped: " in said and "of 4,000 pictures" in said
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert 32 <= len(rows) < 4000 and [row["file"] for row in rows] == [f"{number:04}.png" for number in range(len(rows))]
    assert not list(tmp_path.glob(".a.csv*"))


def test_that_the_classes_of_the_data_set_are_those_that_are_told(finished_run, subject):
    assert subject.classes == split_of(finished_run.config.data, finished_run.config.seed).classes
