"""Unpacking root file systems, also such as were written to do harm."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.machines.images import ImageError
from region.machines.images.unpack import unpack
from tests.region.machines.images.roots import tarball


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    return made


def info(name: str, kind: bytes, **values: object) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    for key, value in values.items():
        setattr(member, key, value)
    return member


def test_modes_links_and_hard_links_are_kept(tmp_path: Path, root: Path):
    members = {
        "./": None, "./usr": None, "./usr/bin": None, "bin": "usr/bin", "./usr/bin/su": b"su",
        "hard": info("hard", tarfile.LNKTYPE, linkname="bin/su"), "etc/mtab": "/proc/mounts",
    }  # fmt: skip
    unpack([tarball(tmp_path / "a.tar", members)], root)
    assert (root / "usr/bin/su").stat().st_nlink == 2
    assert str((root / "etc/mtab").readlink()) == "/proc/mounts"
    setuid = info("usr/bin/sudo", tarfile.REGTYPE, mode=0o4755, uid=0, gid=0)
    sticky = info("tmp", tarfile.DIRTYPE, mode=0o1777)
    unpack([tarball(tmp_path / "b.tar", {"s": setuid, "t": sticky})], root)
    assert (root / "usr/bin/sudo").stat().st_mode & 0o7777 == 0o4755
    assert (root / "tmp").stat().st_mode & 0o7777 == 0o1777


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owners_are_kept(tmp_path: Path, root: Path):
    member = info("home", tarfile.DIRTYPE, mode=0o700, uid=1000, gid=1001)
    unpack([tarball(tmp_path / "a.tar", {"home": member})], root)
    found = (root / "home").stat()
    assert (found.st_uid, found.st_gid) == (1000, 1001)


def test_a_read_only_directory_may_have_content(tmp_path: Path, root: Path):
    first = {"d": info("d", tarfile.DIRTYPE, mode=0o555), "d/f": b"x"}
    unpack([tarball(tmp_path / "a.tar", first)], root)
    assert (root / "d/f").read_bytes() == b"x"
    assert (root / "d").stat().st_mode & 0o7777 == 0o555


def test_whiteouts_remove_what_lower_layers_have(tmp_path: Path, root: Path):
    lower = {"etc": None, "etc/gone": b"", "etc/kept": b"", "d": None, "d/old": b"", "d/sub/x": b""}
    upper = {"etc/.wh.gone": b"", "d/new": b"", "d/.wh..wh..opq": b"", ".wh.never": b""}
    archives = [tarball(tmp_path / "0", lower), tarball(tmp_path / "1", upper)]
    done: list[int] = []
    unpack(archives, root, done.append)
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == [
        "d", "d/new", "etc", "etc/kept",
    ]  # fmt: skip
    assert done == [1, 2]


def test_an_upper_layer_replaces_files_directories_and_links(tmp_path: Path, root: Path):
    lower = {"a": b"old", "b": None, "b/c": b"", "l": "a", "dir": None, "dir/kept": b""}
    upper = {"a": None, "b": b"file", "l": b"file", "dir": None}
    unpack([tarball(tmp_path / "0", lower), tarball(tmp_path / "1", upper)], root)
    assert (root / "a").is_dir()
    assert (root / "b").read_bytes() == b"file"
    assert not (root / "l").is_symlink()
    assert (root / "dir/kept").exists()


def test_compressed_archives_are_unpacked(tmp_path: Path, root: Path):
    unpack([tarball(tmp_path / "a.tar.gz", {"f": b"x"}, "w:gz")], root)
    assert (root / "f").read_bytes() == b"x"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory of the host that holds one file."""
    made = tmp_path / "outside"
    made.mkdir()
    (made / "file").write_bytes(b"host")
    made.chmod(0o755)
    return made


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("how", ["through", "over", "chmod", "hard", "whiteout", "opaque"])
def test_no_link_leads_outside(how: str, relative: bool, tmp_path: Path, root: Path, outside: Path):
    target = "../outside" if relative else str(outside)
    members: dict[str, dict[str, object]] = {
        "through": {"l": target, "l/file": b"evil"},
        "over": {"f": f"{target}/file", "g": None, "./f": b"evil"},
        "chmod": {"l": info("l", tarfile.DIRTYPE, mode=0o700), "./l": target},
        "hard": {"l": target, "h": info("h", tarfile.LNKTYPE, linkname="l/file")},
        "whiteout": {"l": target, "l/.wh.file": b""},
        "opaque": {"l": target, "l/.wh..wh..opq": b""},
    }
    first = tarball(tmp_path / "0", members[how])
    if how == "hard":
        with pytest.raises(ImageError, match="hard link"):
            unpack([first], root)
    else:
        unpack([first, first], root)
    assert (outside / "file").read_bytes() == b"host"
    assert (outside / "file").stat().st_nlink == 1
    assert outside.stat().st_mode & 0o7777 == 0o755
    assert [path.name for path in outside.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/../evil"])
def test_members_outside_are_rejected(name: str, tmp_path: Path, root: Path):
    with pytest.raises(ImageError, match="lies outside"):
        unpack([tarball(tmp_path / "a.tar", {name: b"evil"})], root)
    assert not (tmp_path / "evil").exists()


def test_absolute_names_lie_inside(tmp_path: Path, root: Path):
    unpack([tarball(tmp_path / "a.tar", {"/etc/made-by-a-test": b"x"})], root)
    assert (root / "etc/made-by-a-test").exists()


def test_devices_are_left_out(tmp_path: Path, root: Path):
    members = {n: info(n, k) for n, k in (("c", tarfile.CHRTYPE), ("p", tarfile.FIFOTYPE))}
    unpack([tarball(tmp_path / "a.tar", members)], root)
    assert list(root.iterdir()) == []


def test_a_loop_of_links_is_an_error(tmp_path: Path, root: Path):
    with pytest.raises(ImageError, match="loop"):
        unpack([tarball(tmp_path / "a.tar", {"a": "b", "b": "a", "a/x": b""})], root)


def test_a_damaged_archive_is_an_error(tmp_path: Path, root: Path):
    whole = tarball(tmp_path / "a.tar.gz", {"f": os.urandom(100_000)}, "w:gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[:50_000])
    with pytest.raises(ImageError, match="cannot be unpacked"):
        unpack([tmp_path / "cut.tar.gz"], root)


@given(st.integers(1, 10_000))
def test_an_archive_that_is_cut_anywhere_is_an_error(length: int):
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        members = {f"f{number}": b"x" * 700 for number in range(5)}
        whole = tarball(directory / "whole.tar", members).read_bytes()
        (directory / "root").mkdir()
        # Zeros fill up the last record: half of the end is one as well.
        (directory / "cut.tar").write_bytes(whole[: min(length, len(whole.rstrip(b"\0")))])
        with pytest.raises(ImageError, match="cannot be unpacked"):
            unpack([directory / "cut.tar"], directory / "root")


@pytest.mark.parametrize("place", [512 * 3 + 2, 512 * 3 + 150])
def test_a_header_that_was_damaged_is_an_error(tmp_path: Path, root: Path, place: int):
    whole = bytearray(tarball(tmp_path / "a.tar", {"a": b"1", "b": b"2"}).read_bytes())
    begin = whole.index(b"b\0", 512)
    whole[begin + place % 512] ^= 0x55
    (tmp_path / "a.tar").write_bytes(whole)
    with pytest.raises(ImageError, match="damaged in the middle"):
        unpack([tmp_path / "a.tar"], root)


def test_a_header_that_would_be_held_in_memory_is_refused(tmp_path: Path, root: Path):
    with tarfile.open(tmp_path / "a.tar", "w") as opened:
        header = info("x", tarfile.GNUTYPE_LONGLINK, size=3 * 1024**2)
        opened.addfile(header, io.BytesIO(bytes(3 * 1024**2)))
    with pytest.raises(ImageError, match="a header has 3145728 bytes"):
        unpack([tmp_path / "a.tar"], root)
