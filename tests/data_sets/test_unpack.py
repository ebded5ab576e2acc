"""Archives, honest and hostile."""

import gzip
import io
import stat
import tarfile
import zipfile
from itertools import product

import pytest

from vpns_engine.data_sets.unpack import unpack
from vpns_engine.errors import EngineError


def quiet(_share):
    """Take a share and do nothing."""


def tar(path, members, mode="w:gz"):
    """Write a tar; members are TarInfo with their content, or None."""
    with tarfile.open(path, mode) as archive:
        for member, content in members:
            member.size = len(content or b"")
            archive.addfile(member, io.BytesIO(content or b""))
    return path


def strange_member(name, kind, target=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_that_a_tar_is_unpacked_whatever_its_compression(tmp_path, mode):
    folder = strange_member("a", tarfile.DIRTYPE)
    archive = tar(tmp_path / "x.tar", [(folder, None), (tarfile.TarInfo("a/b.txt"), b"b"), (tarfile.TarInfo("c/d"), b"")], mode)
    shares = []
    unpack(archive, tmp_path / "out", "tar", shares.append)
    assert (tmp_path / "out/a/b.txt").read_bytes() == b"b"
    assert (tmp_path / "out/c/d").read_bytes() == b""
    assert shares[-1] == 1.0 and all(0 <= share <= 1 for share in shares)


def test_that_modes_in_an_archive_are_left_aside(tmp_path):
    member = tarfile.TarInfo("a")
    member.mode = 0o6777
    unpack(tar(tmp_path / "x.tar", [(member, b"a")]), tmp_path / "out", "tar", quiet)
    assert not (tmp_path / "out/a").stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IXUSR)


def test_that_names_of_any_script_survive(tmp_path):
    unpack(tar(tmp_path / "x.tar", [(tarfile.TarInfo("бабочка/蝶 1.jpg"), b"a")]), tmp_path / "out", "tar", quiet)
    assert (tmp_path / "out/бабочка/蝶 1.jpg").is_file()


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/tmp/evil", "a/./../../evil", "..\\evil", "C:\\evil", "C:evil"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_that_a_member_outside_the_folder_is_refused(tmp_path, name, kind):
    archive = tmp_path / "x"
    if kind == "tar":
        tar(archive, [(tarfile.TarInfo(name), b"evil")])
    else:
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(name, b"evil")
    with pytest.raises(EngineError, match="is outside the folder it is unpacked in"):
        unpack(archive, tmp_path / "deep" / "out", kind, quiet)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize(
    "member",
    [
        strange_member("link", tarfile.SYMTYPE, "/etc/passwd"),
        strange_member("link", tarfile.SYMTYPE, "inside"),
        strange_member("link", tarfile.LNKTYPE, "../../x"),
        strange_member("pipe", tarfile.FIFOTYPE),
        strange_member("device", tarfile.CHRTYPE),
    ],
)
def test_that_links_and_devices_are_refused(tmp_path, member):
    with pytest.raises(EngineError, match=f"its member '{member.name}' is neither a file nor a folder"):
        unpack(tar(tmp_path / "x.tar", [(member, None)]), tmp_path / "out", "tar", quiet)
    assert list((tmp_path / "out").iterdir()) == []


def test_that_a_link_in_a_zip_is_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr(info, "/etc/passwd")
    with pytest.raises(EngineError, match="its member 'link' is neither a file nor a folder"):
        unpack(tmp_path / "x.zip", tmp_path / "out", "zip", quiet)


def test_that_a_packed_file_and_a_plain_one_keep_their_names(tmp_path):
    (tmp_path / "train-ubyte.gz").write_bytes(gzip.compress(b"content"))
    unpack(tmp_path / "train-ubyte.gz", tmp_path / "out", "gzip", quiet)
    (tmp_path / "setid.mat").write_bytes(b"plain")
    unpack(tmp_path / "setid.mat", tmp_path / "out", "", quiet)
    assert (tmp_path / "out/train-ubyte").read_bytes() == b"content"
    assert (tmp_path / "out/setid.mat").read_bytes() == b"plain"


@pytest.mark.parametrize(
    ("kind", "damage"),
    # an empty file is a whole gzip file, of nothing
    [*product(("tar", "zip"), ("rubbish", "empty", "cut", "flipped")), *product(["gzip"], ("rubbish", "cut", "flipped"))],
)
def test_that_a_damaged_archive_is_one_line(tmp_path, kind, damage):
    path = tmp_path / "x.gz"
    content = bytes(range(256)) * 4000
    if kind == "tar":
        tar(path, [(tarfile.TarInfo("a"), content), (tarfile.TarInfo("b"), content)])
    elif kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("a", content)
    else:
        path.write_bytes(gzip.compress(content))
    whole = path.read_bytes()
    middle = len(whole) // 2
    damaged = {
        "rubbish": b"<html>log in first</html>",
        "empty": b"",
        "cut": whole[:middle],
        "flipped": whole[:middle] + bytes(255 - byte for byte in whole[middle : middle + 40]) + whole[middle + 40 :],
    }[damage]
    path.write_bytes(damaged)
    with pytest.raises(EngineError, match=r"x\.gz is damaged and cannot be unpacked \(.+\)") as caught:
        unpack(path, tmp_path / "out", kind, quiet)
    assert "\n" not in str(caught.value)


def test_that_a_file_in_the_way_of_a_folder_is_one_line(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a").write_bytes(b"file")
    with pytest.raises(EngineError, match=str(tmp_path / "out/a")):
        unpack(tar(tmp_path / "x.tar", [(tarfile.TarInfo("a/b"), b"b")]), tmp_path / "out", "tar", quiet)
