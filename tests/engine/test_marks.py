"""Tags and notes in a run's folder."""

import pytest

from vpns_engine.errors import EngineError
from vpns_engine.marks import LONGEST_NOTE, LONGEST_TAG, MOST_TAGS, Marks, checked, read_marks, tags_in, write_marks


def test_that_what_is_noted_is_read_again(tmp_path):
    marks = Marks(tags=("paper", "gute Läufe"), note="Zeile eins\nZeile zwei: 95 % ≥ 94 %")
    write_marks(tmp_path, marks)
    assert read_marks(tmp_path) == marks
    write_marks(tmp_path, Marks())
    assert read_marks(tmp_path) == Marks()


def test_that_a_run_without_notes_has_none(tmp_path):
    assert read_marks(tmp_path) == Marks() and list(tmp_path.iterdir()) == []


def test_that_typed_tags_are_tidied():
    assert tags_in("  paper ,, good   one,paper, ") == ("paper", "good one") and tags_in(" , ") == ()


@pytest.mark.parametrize(
    ("tags", "note", "said"),
    [
        (tuple(f"tag {number}" for number in range(MOST_TAGS + 1)), "", f"21 tags: a run has {MOST_TAGS} at most"),
        (("x" * (LONGEST_TAG + 1),), "", f"31 characters: {LONGEST_TAG} at most"),
        ((), "x" * (LONGEST_NOTE + 1), "a note of 20,001 characters: 20,000 at most"),
    ],
)
def test_that_too_much_is_refused_and_nothing_is_written(tmp_path, tags, note, said):
    with pytest.raises(EngineError, match=said):
        checked(tags, note)
    with pytest.raises(EngineError, match=said):
        write_marks(tmp_path, Marks(tags=tags, note=note))
    assert list(tmp_path.iterdir()) == []


_DAMAGED = ["", "{", "[]", "17", '{"tags": "paper"}', '{"tags": [1]}', '{"note": null}', "\udcff", "[" * 9000]


@pytest.mark.parametrize("text", _DAMAGED)
def test_that_a_damaged_file_is_told_and_kept_beside_the_next_one(tmp_path, text):
    data = text.encode("utf-8", "surrogateescape")
    (tmp_path / "notes.json").write_bytes(data)
    with pytest.raises(EngineError, match=r"notes\.json"):
        read_marks(tmp_path)
    write_marks(tmp_path, Marks(tags=("new",)))
    assert read_marks(tmp_path).tags == ("new",) and (tmp_path / "notes.damaged.json").read_bytes() == data


def test_that_a_file_with_too_much_in_it_is_damaged(tmp_path):
    (tmp_path / "notes.json").write_text('{"note": "' + "x" * (LONGEST_NOTE + 1) + '"}')
    with pytest.raises(EngineError, match="20,000 at most"):
        read_marks(tmp_path)


def test_that_a_run_that_is_gone_gets_no_notes(tmp_path):
    with pytest.raises(EngineError, match="is not there"):
        write_marks(tmp_path / "gone", Marks(note="late"))
    assert not (tmp_path / "gone").exists()


def test_that_a_folder_in_the_place_of_the_notes_is_one_clear_line(tmp_path):
    (tmp_path / "notes.json").mkdir()
    with pytest.raises(EngineError, match=r"notes\.json"):
        read_marks(tmp_path)
