"""Files that appear whole or not at all."""

import errno
import os
import stat

import pytest

from vpns_engine.errors import EngineError
from vpns_engine.files import expanded, explain, write_text, write_whole


def test_that_a_file_appears_with_its_folders(tmp_path):
    write_text(tmp_path / "a" / "b" / "c.txt", "höher\n")
    assert (tmp_path / "a" / "b" / "c.txt").read_text(encoding="utf-8") == "höher\n"


def test_that_an_old_file_stays_when_the_new_one_fails(tmp_path):
    path = tmp_path / "c.txt"
    write_text(path, "old")

    def fail(beside):
        beside.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "no space left"), (errno.EACCES, "no permission"), (errno.EROFS, "no permission")],
)
def test_that_a_failed_write_says_why_and_leaves_nothing(tmp_path, number, words):
    def fail(beside):
        beside.write_text("half")
        raise OSError(number, os.strerror(number))

    with pytest.raises(EngineError, match=words):
        write_whole(tmp_path / "c.txt", fail)
    assert list(tmp_path.iterdir()) == []


def test_that_a_file_in_the_place_of_a_folder_is_told_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="file"):
        write_text(tmp_path / "file" / "c.txt", "x")
    with pytest.raises(EngineError, match="file"):
        write_text(tmp_path / "file" / "deeper" / "c.txt", "x")


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_that_a_private_temporary_file_of_a_library_becomes_readable_like_any_other(tmp_path):
    def write_privately(beside):
        own = beside.with_name("own")
        own.touch(mode=0o600)
        own.replace(beside)

    write_text(tmp_path / "plain", "x")
    write_whole(tmp_path / "private", write_privately)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_that_an_explanation_is_one_line_even_without_a_number(tmp_path):
    assert explain(OSError("too many runs"), tmp_path) == f"{tmp_path}: too many runs"
    assert explain(FileNotFoundError(errno.ENOENT, "x"), tmp_path) == f"{tmp_path} is not there"


def test_that_an_unknown_user_in_a_path_stays_as_typed(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert expanded("~/x").as_posix() == "/home/me/x"
    assert expanded("~no-such-user/x").as_posix() == "~no-such-user/x"
