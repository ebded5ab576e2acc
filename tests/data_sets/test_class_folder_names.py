"""Class folders may have names of any script."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from vpns_engine.image_folders import scan

NAMES = ("Zebra", "café", "кошка", "قطة", "ネコ", "고양이", "बिल्ली", "חתול", "🐈 cat", "a b's [c] {d} %e", "γάτα")


def fill(folder: Path, count: int = 2) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number} é 写真.PNG").touch()


def test_that_names_of_any_script_are_classes(tmp_path):
    for name in NAMES:
        fill(tmp_path / name)
    table = scan(str(tmp_path))
    assert set(table.classes) == set(NAMES)
    assert all(Path(path).parent.name == table.classes[label] for path, label in zip(table.paths, table.labels, strict=True))
    assert all(Path(path).is_file() for path in table.paths)


def test_that_a_name_written_with_combined_letters_in_one_part_is_the_same_class(tmp_path):
    for part, form in (("train", "NFC"), ("val", "NFD")):
        for name in ("café", "over"):
            fill(tmp_path / part / unicodedata.normalize(form, name))
    table = scan(str(tmp_path))
    assert table.classes == ("café", "over")
    assert len(table) == 8


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="file systems there take text only")
def test_that_a_name_that_is_no_text_is_shown_as_text_and_its_images_open(tmp_path):
    fill(tmp_path / "dog")
    strange = os.fsdecode(os.fsencode(tmp_path) + b"/cat\xff")
    fill(Path(strange))
    table = scan(str(tmp_path))
    assert table.classes == ("cat�", "dog")
    assert all(Path(path).is_file() for path in table.paths)
    "".join(table.classes).encode("utf-8")
