"""`vpns masks`: a mask's layers, and two masks compared, in the terminal."""

import csv
import shutil

import pytest

from vpns_engine.artifacts import read_mask, read_state_info
from vpns_engine.cli import main

TARGETS = 10


def rows_in(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def state(store, level):
    history = store.read(steps=False).history
    return store.path(history.levels[level].saved[-1].state_path)


def test_that_a_mask_is_shown_layer_by_layer(finished_run, tmp_path, capsys):
    assert main(["masks", str(finished_run.folder), "--level", "1", "--csv", str(tmp_path / "m.csv")]) == 0
    text = capsys.readouterr().out
    path = state(finished_run, 0)
    masks = {name: read_mask(path, name) for name in read_state_info(path).shapes}
    kept, total = sum(int(mask.sum()) for mask in masks.values()), sum(mask.size for mask in masks.values())
    assert "sparsity 90 %, Tuned" in text and f"{kept:,}" in text and f"{total:,}" in text
    assert "Without unused rows" in text and "fc, rows no target class uses" in text
    rows = rows_in(tmp_path / "m.csv")
    assert sum(int(row["kept"]) for row in rows) == kept and sum(int(row["weights"]) for row in rows) == total
    assert sum(float(row["share_of_kept"]) for row in rows) == pytest.approx(1)
    conv = next(row for row in rows if row["layer"] == "layer1.0.conv1")
    assert int(conv["empty_outputs"]) == (~masks["layer1.0.conv1"].any(axis=(1, 2, 3))).sum()


def test_that_two_levels_of_a_run_are_compared(finished_run, tmp_path, capsys):
    line = ["masks", str(finished_run.folder), "--level", "1", "--other-level", "2", "--csv", str(tmp_path / "m.csv")]
    assert main(line) == 0
    assert "A: " in capsys.readouterr().out
    one, two = (state(finished_run, level) for level in (0, 1))
    for row in rows_in(tmp_path / "m.csv"):
        if row["layer"] in read_state_info(one).shapes:
            a, b = (read_mask(path, row["layer"]) for path in (one, two))
            assert (int(row["both"]), int(row["only_a"])) == ((a & b).sum(), (a & ~b).sum())
            assert float(row["iou"] or 0) == pytest.approx((a & b).sum() / max(1, (a | b).sum()))


def test_that_two_methods_and_two_epochs_are_compared(finished_run, finished_omp_run, capsys):
    assert main(["masks", str(finished_run.folder), str(finished_omp_run.folder)]) == 0
    text = capsys.readouterr().out
    assert finished_omp_run.folder.name in text and text.count("sparsity 98 %") == 2 and "By chance" in text
    assert main(["masks", str(finished_run.folder), "--level", "2", "--epoch", "1", "--other-epoch", "2"]) == 0
    assert "search epoch 1 of 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "code", "line"),
    [
        (["--level", "0"], 2, "--level 0: counted from 1"),
        (["--level", "7"], 1, "has no level 7: it has 2"),
        (["--epoch", "9"], 1, "level 2 keeps no mask of epoch 9 of the search"),
        (["--other-level", "-1"], 2, "--other-level -1: counted from 1"),
        (["no such run"], 1, "no run 'no such run'"),
    ],
)
def test_that_what_is_not_there_is_one_line(finished_run, capsys, more, code, line):
    assert main(["masks", str(finished_run.folder), *more]) == code
    error = capsys.readouterr().err
    assert line in error and error.count("\n") == 1


def test_that_another_network_and_a_damaged_file_are_one_line(finished_run, vgg16_run, tmp_path, capsys):
    assert main(["masks", str(finished_run.folder), str(vgg16_run.folder)]) == 1  # it has no state: its last epoch's mask
    assert "different networks: A has 22 layers, B has 16" in capsys.readouterr().err
    copy = shutil.copytree(finished_run.folder, tmp_path / finished_run.folder.name)
    for path in copy.rglob("masks_0001.safetensors"):
        path.write_bytes(path.read_bytes()[:200])
    assert main(["masks", str(copy), "--level", "1", "--epoch", "1"]) == 1
    assert "masks_0001.safetensors" in capsys.readouterr().err
