"""Tables as CSV files."""

import csv
import io

import pytest

from vpns_engine.csv_files import csv_text, write_csv
from vpns_engine.errors import EngineError


def _read(text):
    return list(csv.reader(io.StringIO(text)))


def test_that_numbers_and_texts_come_back_as_they_were():
    rows = [("a, b", 'say "so"', 97.52, 3, None), ("two\nlines", "± 0,31", -0.5, 0, "-")]
    text = csv_text(("one", "two", "three", "four", "five"), rows)
    header, first, second = _read(text)
    assert header == ["one", "two", "three", "four", "five"]
    assert first == ["a, b", 'say "so"', "97.52", "3", ""]
    assert second == ["two\nlines", "± 0,31", "-0.5", "0", "-"]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1+1", "-cmd", "@SUM(A1)", "\t=1"])
def test_that_a_name_is_no_formula(name):
    assert _read(csv_text(("=x",), [(name,)])) == [["'=x"], [f"'{name}"]]


def test_that_a_number_written_as_text_stays_a_number():
    assert _read(csv_text(("n",), [("-0.5",), ("+2.67",)]))[1:] == [["-0.5"], ["+2.67"]]


def test_that_a_file_is_whole_and_what_cannot_be_written_is_said(tmp_path):
    path = tmp_path / "table.csv"
    write_csv(path, ("name",), [("ä",)])
    assert path.read_bytes() == b"name\n\xc3\xa4\n"
    (tmp_path / "file").write_text("x")
    with pytest.raises(EngineError, match="file"):
        write_csv(tmp_path / "file" / "table.csv", ("name",), [("b",)])
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "table.csv"]


def test_that_half_a_character_does_not_stop_a_table(tmp_path):
    path = tmp_path / "table.csv"
    write_csv(path, ("name",), [("run\udc80",)])
    assert path.read_text(encoding="utf-8") == "name\nrun?\n"
