"""Downloads, from a server on this machine."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.data_sets.web import serving
from vpns_engine.download import Unreachable, digest_in, fetch_file, megabytes
from vpns_engine.errors import EngineError
from vpns_engine.locks import only_one

CONTENT = bytes(range(256)) * 8_000
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"
MD5 = "md5:" + hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
HALF = len(CONTENT) // 2


class Cancelled(Exception):  # noqa: N818
    """What a person's click makes of a report."""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def web():
    with serving({NAME: CONTENT, "plain.bin": CONTENT}) as one:
        yield one


def quiet(_text, _done):
    """Take a report and do nothing."""


def cancel_at(share):
    """Give a report that cancels once this share is there."""

    def report(_text, done):
        if done is not None and done >= share:
            raise Cancelled

    return report


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_that_a_download_is_kept_and_not_asked_for_twice(tmp_path, web):
    told = []
    for _ in range(2):
        path = fetch_file(web.url(NAME), tmp_path / "deep" / NAME, report=lambda text, done: told.append((text, done)))
        assert path.read_bytes() == CONTENT
    assert len(web.asked) == 1
    assert told[-1] == (f"Downloading {NAME}: 2.0 MB of 2.0 MB", 1.0)
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert names(tmp_path / "deep") == [NAME]
    assert web.agents[0].startswith("vpns-studio/")


def test_that_a_server_that_tells_no_size_gets_the_known_one_or_no_share(tmp_path, web):
    web.sizes = False
    for known, last in ((len(CONTENT), 1.0), (None, None)):
        told = []
        fetch_file(web.url(NAME), tmp_path / str(known), bytes=known, report=lambda _text, done, told=told: told.append(done))
        assert told[-1] == last


def test_that_a_cancelled_download_goes_on_where_it_ended(tmp_path, web):
    path = tmp_path / NAME
    with pytest.raises(Cancelled):
        fetch_file(web.url(NAME), path, report=cancel_at(0.3))
    assert not path.exists()
    there = (tmp_path / f".{NAME}.part").stat().st_size
    assert 0 < there < len(CONTENT)
    fetch_file(web.url(NAME), path, report=quiet)
    assert path.read_bytes() == CONTENT
    assert web.asked == [(NAME, None), (NAME, f"bytes={there}-")]
    assert names(tmp_path) == [NAME]


def test_that_a_killed_download_goes_on_where_it_ended(tmp_path, web):
    web.stall = 100_000
    code = "import sys; from pathlib import Path; from vpns_engine.download import fetch_file; "
    code += "fetch_file(sys.argv[1], Path(sys.argv[2]), report=lambda text, _done: print(text, flush=True))"
    arguments = [sys.executable, "-c", code, web.url(NAME), str(tmp_path / NAME)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert any("100 kB" in line for line in process.stdout)
        process.kill()
    web.stall = None
    assert f".{NAME}.lock" in names(tmp_path)
    there = (tmp_path / f".{NAME}.part").stat().st_size
    assert fetch_file(web.url(NAME), tmp_path / NAME, report=quiet).read_bytes() == CONTENT
    assert web.asked == [(NAME, None), (NAME, f"bytes={there}-")]
    assert names(tmp_path) == [NAME]


def test_that_a_broken_connection_is_made_again_from_where_it_broke(tmp_path, web):
    web.breaks = [HALF, 1000]
    path = fetch_file(web.url(NAME), tmp_path / NAME, report=quiet)
    assert path.read_bytes() == CONTENT
    assert [asked for _, asked in web.asked] == [None, f"bytes={HALF}-", f"bytes={HALF + 1000}-"]


def test_that_a_connection_that_breaks_every_time_is_one_line_and_goes_on_next_time(tmp_path, web):
    web.breaks = [100_000] * 5
    with pytest.raises(EngineError, match=r"broke after 500 kB of 2\.0 MB \(the server stopped sending\): try again"):
        fetch_file(web.url(NAME), tmp_path / NAME, report=quiet)
    assert names(tmp_path) == [f".{NAME}.part", f".{NAME}.part.json"]
    assert fetch_file(web.url(NAME), tmp_path / NAME, report=quiet).read_bytes() == CONTENT
    assert web.asked[-1] == (NAME, "bytes=500000-")


def test_that_a_server_without_ranges_is_begun_again(tmp_path, web):
    web.ranges, web.breaks = False, [HALF]
    path = fetch_file(web.url(NAME), tmp_path / NAME, report=quiet)
    assert path.read_bytes() == CONTENT
    assert web.asked == [(NAME, None), (NAME, f"bytes={HALF}-")]


@pytest.mark.parametrize("tag", ['"one"', ""])
def test_that_a_file_that_changed_meanwhile_is_begun_again(tmp_path, web, tag):
    """With a version the server says so; without one the checksum does."""
    web.tag = tag
    other = bytes(reversed(CONTENT))
    digest = "sha256:" + hashlib.sha256(other).hexdigest()
    with pytest.raises(Cancelled):
        fetch_file(web.url("plain.bin"), tmp_path / "plain.bin", digest=digest, report=cancel_at(0.3))
    web.files["plain.bin"], web.tag = other, tag and '"two"'
    assert fetch_file(web.url("plain.bin"), tmp_path / "plain.bin", digest=digest, report=quiet).read_bytes() == other
    assert len(web.asked) == (2 if tag else 3)


def test_that_a_file_that_became_shorter_is_begun_again(tmp_path, web):
    with pytest.raises(Cancelled):
        fetch_file(web.url("plain.bin"), tmp_path / "plain.bin", report=cancel_at(0.5))
    web.files["plain.bin"] = CONTENT[:1000]
    assert fetch_file(web.url("plain.bin"), tmp_path / "plain.bin", report=quiet).read_bytes() == CONTENT[:1000]


def test_that_without_version_and_checksum_nothing_is_gone_on_with(tmp_path, web):
    web.tag = ""
    with pytest.raises(Cancelled):
        fetch_file(web.url("plain.bin"), tmp_path / "plain.bin", report=cancel_at(0.3))
    fetch_file(web.url("plain.bin"), tmp_path / "plain.bin", report=quiet)
    assert web.asked == [("plain.bin", None), ("plain.bin", None)]


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"url": "http://elsewhere.invalid/x", "total": 9}', '{"url": 3}'])
def test_that_a_beginning_of_something_else_is_not_gone_on_with(tmp_path, web, note):
    (tmp_path / f".{NAME}.part").write_bytes(b"rubbish")
    (tmp_path / f".{NAME}.part.json").write_text(note)
    assert fetch_file(web.url(NAME), tmp_path / NAME, report=quiet).read_bytes() == CONTENT
    assert web.asked == [(NAME, None)]


def test_that_a_beginning_that_was_damaged_is_thrown_away_once(tmp_path, web):
    with pytest.raises(Cancelled):
        fetch_file(web.url(NAME), tmp_path / NAME, report=cancel_at(0.3))
    with (tmp_path / f".{NAME}.part").open("r+b") as file:
        file.write(b"x")
    assert fetch_file(web.url(NAME), tmp_path / NAME, report=quiet).read_bytes() == CONTENT
    assert len(web.asked) == 3


def test_that_a_download_that_was_all_there_is_only_compared(tmp_path, web):
    (tmp_path / f".{NAME}.part").write_bytes(CONTENT)
    note = {"url": web.url(NAME), "version": "", "total": len(CONTENT)}
    (tmp_path / f".{NAME}.part.json").write_text(json.dumps(note))
    assert fetch_file(web.url(NAME), tmp_path / NAME, report=quiet).read_bytes() == CONTENT
    assert web.asked == []


def test_that_an_empty_file_is_a_file(tmp_path, web):
    web.files["empty"] = b""
    assert fetch_file(web.url("empty"), tmp_path / "empty", report=quiet).read_bytes() == b""


@pytest.mark.parametrize(("name", "digest"), [(NAME, None), ("plain.bin", MD5), ("plain.bin", "sha256:" + "0" * 64)])
def test_that_a_damaged_download_is_refused_and_not_kept(tmp_path, web, name, digest):
    web.files[name] = CONTENT[:-1]
    with pytest.raises(EngineError, match=r"the download of http.* is damaged \(its checksum differs\): try again"):
        fetch_file(web.url(name), tmp_path / name, digest=digest, report=quiet)
    assert names(tmp_path) == []


def test_that_a_right_checksum_is_taken_whatever_its_kind(tmp_path, web):
    for number, digest in enumerate((MD5, "sha256:" + hashlib.sha256(CONTENT).hexdigest())):
        assert fetch_file(web.url("plain.bin"), tmp_path / str(number), digest=digest, report=quiet).is_file()
    with pytest.raises(ValueError, match="no md5:HEX or sha256:HEX"):
        fetch_file(web.url("plain.bin"), tmp_path / "other", digest="crc:1234", report=quiet)


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_that_a_server_that_refuses_gives_one_line_with_the_way_out(tmp_path, web, status):
    web.status = status
    with pytest.raises(Unreachable) as caught:
        fetch_file(web.url(NAME), tmp_path / NAME, report=quiet, by_hand=tmp_path / "here.pth")
    line = str(caught.value)
    assert line.startswith(f"{NAME} cannot be downloaded (the server answers {status} ")
    assert line.endswith(f": check the network, or save {web.url(NAME)} as {tmp_path / 'here.pth'}")
    assert "\n" not in line and names(tmp_path) == []


def test_that_a_network_that_is_not_there_gives_one_line_with_the_way_out(tmp_path):
    with serving({}) as web:
        url = web.url(NAME)
    for address in (url, f"http://nowhere.invalid/{NAME}"):
        with pytest.raises(Unreachable, match=r"cannot be downloaded \(.+\): check the network, or save http") as caught:
            fetch_file(address, tmp_path / NAME, report=quiet)
        assert str(caught.value).endswith(str(tmp_path / NAME))


def test_that_a_mirror_is_asked_where_the_first_server_is_gone(tmp_path, web):
    path = fetch_file(web.url("gone"), tmp_path / "x", digest=MD5, mirrors=[web.url("plain.bin")], report=quiet)
    assert path.read_bytes() == CONTENT
    with pytest.raises(Unreachable, match=r"save .*/gone as"):
        fetch_file(web.url("gone"), tmp_path / "y", mirrors=[web.url("gone too")], report=quiet)


def test_that_proxies_come_from_the_environment(tmp_path, web, monkeypatch):
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", web.base)
    assert fetch_file("http://far.invalid/plain.bin", tmp_path / "x", report=quiet).read_bytes() == CONTENT


def test_that_a_cancel_is_heard_while_nothing_comes(tmp_path, web):
    web.stall, told = 1000, []

    def report(_text, done):
        told.append(done)
        if told.count(done) > 1 and done:  # asked again, and nothing more has come
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch_file(web.url(NAME), tmp_path / NAME, report=report)
    assert (tmp_path / f".{NAME}.part").stat().st_size == 1000


def test_that_a_full_disk_is_seen_before_anything_comes(tmp_path, web, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with pytest.raises(EngineError, match=r"no space left for .*: 2\.0 MB are needed and 1\.0 MB are free"):
        fetch_file(web.url(NAME), tmp_path / NAME, report=quiet)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_that_a_disk_that_fills_up_gives_one_line(tmp_path, web):
    (tmp_path / f".{NAME}.part").symlink_to("/dev/full")
    with pytest.raises(EngineError, match=r"no space left for .*pth: free some, or choose another folder"):
        fetch_file(web.url(NAME), tmp_path / NAME, report=quiet)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a place that nobody may write to")
def test_that_a_place_one_may_not_write_to_gives_one_line(web):
    place = Path("/sys/vpns") if os.geteuid() == 0 else Path("/vpns")
    with pytest.raises(EngineError, match=r"no permission to write .*: choose another folder"):
        fetch_file(web.url(NAME), place / NAME, report=quiet)


def test_that_two_at_once_download_a_file_once(tmp_path, web):
    told = []
    with ExitStack() as held:
        held.enter_context(only_one(tmp_path / f".{NAME}.lock", quiet))

        def report(text, _done):
            told.append(text)
            (tmp_path / NAME).write_bytes(CONTENT)  # the other one has it now
            held.close()

        fetch_file(web.url(NAME), tmp_path / NAME, report=report)
    assert told == [f"Another process downloads {NAME}: waiting"]
    assert web.asked == [] and names(tmp_path) == [NAME]


def test_that_waiting_for_another_download_can_be_cancelled(tmp_path, web):
    def report(text, _done):
        assert text.endswith(": waiting")
        raise Cancelled

    with only_one(tmp_path / f".{NAME}.lock", quiet), pytest.raises(Cancelled):
        fetch_file(web.url(NAME), tmp_path / NAME, report=report)


def test_that_a_lock_is_held_by_one_thread_at_a_time(tmp_path):
    inside, most = [], []

    def work(_number):
        for _ in range(20):
            with only_one(tmp_path / "lock", lambda: None):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(most) == 80 and set(most) == {1}
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "digits"),
    [("resnet18-f37072fd.pth", "f37072fd"), ("resnet20.pth", None), ("cifar-10-python.tar.gz", None), ("a-1234567.pth", None)],
)
def test_that_a_name_may_hold_a_checksum(name, digits):
    found = digest_in(name)
    assert (found and found.digits) == digits


def test_that_sizes_are_written_as_a_person_reads_them():
    written = [megabytes(size) for size in (0, 1, 14_989, 4_996_278_331, 169_001_437, 9_912_422, 39_077_296_924)]
    assert written == ["0 kB", "1 kB", "15 kB", "5.0 GB", "169 MB", "9.9 MB", "39 GB"]
