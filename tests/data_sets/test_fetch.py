"""Fetching: from a server on this machine, in the archives' real formats, to a table that can be read."""

import hashlib
import os
import shutil
import tarfile
from collections import namedtuple
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from tests.data_sets.packing import packed, serve_set
from tests.data_sets.web import serving
from tests.data_sets.writers import write
from vpns_engine.data_sets.facts import facts_of
from vpns_engine.data_sets.fetch import fetch
from vpns_engine.data_sets.layout import missing
from vpns_engine.data_sets.status import staging_folder, status_of
from vpns_engine.data_sets.tables import read_table
from vpns_engine.errors import EngineError
from vpns_engine.locks import only_one
from vpns_engine.specs.data import NAMED

DOWNLOADED = [key for key in NAMED if facts_of(key).downloads]


class Cancelled(Exception):  # noqa: N818
    """What a person's click makes of a report."""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def web():
    with serving({}) as one:
        yield one


@pytest.fixture
def offered(tmp_path, web, monkeypatch):
    """Put a miniature set on the server; gives its facts."""

    def offer(key):
        facts = serve_set(key, tmp_path / "made", web)
        monkeypatch.setattr("vpns_engine.data_sets.fetch.facts_of", lambda _key: facts)
        return facts

    return offer


def quiet(_text, _done):
    """Take a report and do nothing."""


def cancel_when(word):
    """Give a report that cancels as soon as it hears this word."""

    def report(text, _done):
        if word in text:
            raise Cancelled

    return report


def visible(root):
    return sorted(path.name for path in root.iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize("key", DOWNLOADED)
def test_that_a_set_is_fetched_and_reads_as_it_was_made(tmp_path, web, offered, key):
    offered(key)
    root, told = tmp_path / "deep" / "root", []
    fetch(key, root, lambda text, done: told.append((text, done)))
    assert status_of(key, root).state == "ready"
    there, made = read_table(key, root), read_table(key, tmp_path / "made")
    assert there.classes == made.classes
    assert np.array_equal(there.labels, made.labels) and np.array_equal(there.parts, made.parts)
    assert [Path(path).name for path in there.paths] == [Path(path).name for path in made.paths]
    assert visible(root) == visible(tmp_path / "made")
    assert [path.name for path in root.iterdir() if path.name.startswith(".")] == []
    shares = [done for text, done in told if text.startswith("Downloading")]
    assert shares == sorted(shares) and shares[-1] == 1.0
    asked = len(web.asked)
    fetch(key, root, quiet)
    assert len(web.asked) == asked == len(facts_of(key).downloads)


def test_that_a_set_behind_a_link_is_not_fetched_again(tmp_path, web, offered):
    offered("cifar100")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "cifar-100-python").symlink_to(tmp_path / "made" / "cifar-100-python")
    fetch("cifar100", tmp_path / "root", quiet)
    assert web.asked == []


@pytest.mark.parametrize("word", ["Downloading images", "Downloading annotations", "Unpacking images", "Unpacking annotations"])
def test_that_a_cancelled_fetch_looks_like_nothing_and_can_be_taken_up(tmp_path, web, offered, word):
    offered("oxford_pets")
    root = tmp_path / "root"
    with pytest.raises(Cancelled):
        fetch("oxford_pets", root, cancel_when(word))
    assert visible(root) == []
    status = status_of("oxford_pets", root)
    assert status.state == "download" and status.text.endswith("of it are here already)")
    whole = [name for name, _ in web.asked] if "Unpacking" in word else []
    fetch("oxford_pets", root, quiet)
    assert status_of("oxford_pets", root).state == "ready"
    assert not staging_folder("oxford_pets", root).exists()
    if whole:  # what was downloaded is not downloaded again
        assert [name for name, _ in web.asked] == whole


def test_that_a_fetch_cut_off_in_the_middle_of_a_file_goes_on_there(tmp_path, web, offered):
    facts = offered("svhn")
    web.breaks = [1000]
    web.tag = ""
    root = tmp_path / "root"
    with pytest.raises(Cancelled):
        fetch("svhn", root, cancel_when("test_32x32"))
    fetch("svhn", root, quiet)
    names = [one.name for one in facts.downloads]
    assert web.asked[:2] == [(names[0], None), (names[0], "bytes=1000-")]
    assert [name for name, _ in web.asked].count(names[0]) == 2
    assert status_of("svhn", root).state == "ready"


def test_that_what_a_killed_fetch_had_unpacked_is_not_taken_over(tmp_path, offered):
    offered("cifar100")
    root = tmp_path / "root"
    left = staging_folder("cifar100", root) / "unpacked" / "cifar-100-python"
    left.mkdir(parents=True)
    for name in ("train", "test", "meta", "rubbish"):
        (left / name).write_bytes(b"half")
    assert status_of("cifar100", root).state == "download"
    fetch("cifar100", root, quiet)
    assert len(read_table("cifar100", root)) > 0
    assert sorted(path.name for path in (root / "cifar-100-python").iterdir()) == ["meta", "test", "train"]


def test_that_a_wrong_checksum_is_one_line_and_leaves_nothing_that_looks_whole(tmp_path, web, offered):
    offered("cifar10")
    web.files["cifar-10-python.tar.gz"] = web.files["cifar-10-python.tar.gz"][:-1] + b"x"
    with pytest.raises(EngineError, match=r"the download of .*cifar-10-python\.tar\.gz is damaged") as caught:
        fetch("cifar10", tmp_path / "root", quiet)
    assert "\n" not in str(caught.value)
    assert status_of("cifar10", tmp_path / "root").state == "download"


def test_that_a_server_without_the_file_names_the_place_to_put_it(tmp_path, web, offered):
    offered("flowers102")
    web.status = 404
    root = tmp_path / "root"
    with pytest.raises(
        EngineError, match=r"102flowers\.tgz cannot be downloaded \(the server answers 404 Not Found\)"
    ) as caught:
        fetch("flowers102", root, quiet)
    assert str(caught.value).endswith(f"as {root / 'flowers-102' / '102flowers.tgz'}")
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("beside", ["flowers-102", "."])
def test_that_archives_put_there_by_hand_are_used_and_kept(tmp_path, web, offered, beside):
    facts = offered("flowers102")
    root = tmp_path / "root"
    place = root / beside
    place.mkdir(parents=True)
    for one in facts.downloads:
        (place / one.name).write_bytes(web.files[one.name])
    fetch("flowers102", root, quiet)
    assert web.asked == []
    assert status_of("flowers102", root).state == "ready"
    assert (place / "102flowers.tgz").is_file()
    assert not list(root.rglob("*.incomplete*"))


def test_that_a_damaged_archive_put_there_by_hand_is_left_and_the_right_one_downloaded(tmp_path, offered):
    offered("cifar100")
    root, told = tmp_path / "root", []
    root.mkdir()
    (root / "cifar-100-python.tar.gz").write_bytes(b"half of it")
    fetch("cifar100", root, lambda text, _done: told.append(text))
    assert any("cifar-100-python.tar.gz is damaged (its checksum differs)" in text for text in told)
    assert (root / "cifar-100-python.tar.gz").read_bytes() == b"half of it"
    assert status_of("cifar100", root).state == "ready"


def test_that_an_incomplete_set_is_set_aside_and_nothing_of_it_is_lost(tmp_path, offered):
    offered("dtd")
    root, told = tmp_path / "root", []
    write("dtd", root)
    shutil.rmtree(root / "dtd" / "dtd" / "images")
    (root / "dtd" / "dtd" / "mine.txt").write_text("notes")
    assert status_of("dtd", root).state == "incomplete"
    fetch("dtd", root, lambda text, _done: told.append(text))
    assert status_of("dtd", root).state == "ready"
    assert (root / "dtd" / "dtd.incomplete" / "mine.txt").read_text() == "notes"
    assert any("was not whole" in text and "dtd.incomplete" in text for text in told)


def test_that_a_second_incomplete_set_gets_another_name(tmp_path, offered):
    offered("cifar100")
    root = tmp_path / "root"
    for number in range(2):
        shutil.rmtree(root / "cifar-100-python", ignore_errors=True)
        (root / "cifar-100-python").mkdir(parents=True)
        (root / "cifar-100-python" / "train").write_bytes(bytes([number]))
        fetch("cifar100", root, quiet)
    assert (root / "cifar-100-python.incomplete" / "train").read_bytes() == b"\x00"
    assert (root / "cifar-100-python.incomplete-2" / "train").read_bytes() == b"\x01"


def test_that_half_a_set_of_single_files_keeps_the_right_half(tmp_path, web, offered):
    offered("svhn")
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(tmp_path / "made" / "train_32x32.mat", root)
    fetch("svhn", root, quiet)
    assert [name for name, _ in web.asked] == ["test_32x32.mat"]
    assert visible(root) == ["test_32x32.mat", "train_32x32.mat"]


def test_that_a_linked_folder_on_another_disk_is_filled(tmp_path, offered):
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs two file systems")
    offered("dtd")
    linked = other / f"vpns-{os.getpid()}"
    linked.mkdir()
    try:
        (tmp_path / "root").mkdir()
        (tmp_path / "root" / "dtd").symlink_to(linked)
        fetch("dtd", tmp_path / "root", quiet)
        assert status_of("dtd", tmp_path / "root").state == "ready"
        assert [path.name for path in linked.iterdir()] == ["dtd"]
    finally:
        shutil.rmtree(linked)


def test_that_an_archive_of_something_else_is_not_put_in_place(tmp_path, web, monkeypatch):
    """The checksum fits, but not what is in it."""
    write("cifar10", tmp_path / "made")
    one = facts_of("cifar10").downloads[0]
    web.files["x"] = packed(one, tmp_path / "made")
    facts = facts_of("cifar100")
    odd = facts.downloads[0].model_copy(update={"url": web.url("x"), "digest": "md5:" + _md5(web.files["x"]), "bytes": 9})
    monkeypatch.setattr("vpns_engine.data_sets.fetch.facts_of", lambda _key: facts.model_copy(update={"downloads": (odd,)}))
    with pytest.raises(EngineError, match="what came is not CIFAR-100 as it is known: train, test, meta missing in it"):
        fetch("cifar100", tmp_path / "root", quiet)
    assert missing("cifar100", tmp_path / "root") and visible(tmp_path / "root") == []


def _md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_that_a_hostile_archive_writes_nothing_outside(tmp_path, web, monkeypatch):
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("../../escaped")
        member.size = 4
        archive.addfile(member, BytesIO(b"evil"))
    web.files["x"] = buffer.getvalue()
    facts = facts_of("cifar100")
    odd = facts.downloads[0].model_copy(update={"url": web.url("x"), "digest": "md5:" + _md5(web.files["x"]), "bytes": 9})
    monkeypatch.setattr("vpns_engine.data_sets.fetch.facts_of", lambda _key: facts.model_copy(update={"downloads": (odd,)}))
    with pytest.raises(EngineError, match=r"its member '\.\./\.\./escaped' is outside the folder"):
        fetch("cifar100", tmp_path / "root", quiet)
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize("key", ["imagenet", "stanford_cars"])
def test_that_what_cannot_be_downloaded_says_where_from_and_where_to(tmp_path, key):
    with pytest.raises(EngineError, match=r"must be fetched by hand: .*https://") as caught:
        fetch(key, tmp_path, quiet)
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_that_too_little_room_is_said_before_anything_comes(tmp_path, web, offered, monkeypatch):
    offered("cifar100")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage(0, 0, 1000))
    with pytest.raises(EngineError, match=r"no space left for CIFAR-100 in .*: about .* are needed, 1 kB are free"):
        fetch("cifar100", tmp_path / "root", quiet)
    assert web.asked == []


def test_that_an_archive_that_a_person_has_put_there_needs_no_second_room(tmp_path, web, offered, monkeypatch):
    facts = offered("cifar100")
    (download,) = facts.downloads
    root = tmp_path / "data"
    root.mkdir()
    (root / download.name).write_bytes(web.files[download.name])
    usage = namedtuple("usage", "total used free")
    free = download.bytes + 1  # enough to unpack it, not to download it as well
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage(0, 0, free))
    fetch("cifar100", root, quiet)
    assert missing("cifar100", root) == ()


@pytest.mark.skipif(os.name == "nt", reason="needs a place that nobody may write to")
def test_that_a_root_one_may_not_write_to_gives_one_line(web, offered):
    offered("cifar100")
    root = Path("/sys/vpns") if os.geteuid() == 0 else Path("/vpns")
    with pytest.raises(EngineError, match="no permission to write /"):
        fetch("cifar100", root, quiet)
    assert web.asked == []


def test_that_a_root_that_is_a_file_gives_one_line(tmp_path, offered):
    offered("cifar100")
    (tmp_path / "root").write_text("a file")
    with pytest.raises(EngineError, match=str(tmp_path / "root")):
        fetch("cifar100", tmp_path / "root", quiet)


def test_that_a_set_that_another_process_fetches_is_waited_for(tmp_path, web, offered):
    offered("cifar100")
    root, told = tmp_path / "root", []
    with ExitStack() as held:
        held.enter_context(only_one(root / ".cifar100.fetching.lock", lambda: None))

        def report(text, _done):
            told.append(text)
            shutil.copytree(tmp_path / "made" / "cifar-100-python", root / "cifar-100-python")
            held.close()

        fetch("cifar100", root, report)
    assert told == ["Another process fetches CIFAR-100: waiting"]
    assert web.asked == [] and [path.name for path in root.iterdir()] == ["cifar-100-python"]
