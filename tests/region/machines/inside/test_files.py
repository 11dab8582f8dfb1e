"""Files that somebody else has made, and may have made to harm."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from region.machines.inside import files


def make_deep(top: Path, levels: int) -> None:
    """Make directories below each other, of a path that is longer than the kernel takes at once."""
    top.mkdir()
    descriptor = os.open(top, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d" * 50, dir_fd=descriptor)
        lower = os.open("d" * 50, os.O_RDONLY, dir_fd=descriptor)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=lower))
        os.close(descriptor)
        descriptor = lower
    os.close(descriptor)


def test_a_tree_deeper_than_recursion_paths_and_descriptors_is_removed(tmp_path: Path):
    make_deep(tmp_path / "deep", 3 * sys.getrecursionlimit())
    files.remove_tree(tmp_path / "deep")
    assert list(tmp_path.iterdir()) == []


def test_links_are_removed_and_not_followed(tmp_path: Path):
    (tmp_path / "kept" / "below").mkdir(parents=True)
    (tmp_path / "kept" / "file").touch()
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    for name in ("x", "a/x", "a/b/x"):
        (tree / name).symlink_to(tmp_path / "kept")
    os.mkfifo(tree / "a" / "pipe")
    files.remove_tree(tree)
    assert not tree.exists()
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["below", "file"]


def test_what_is_no_directory_stays_and_is_an_error_unless_ignored(tmp_path: Path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    for name, kind in (("link", NotADirectoryError), ("missing", FileNotFoundError)):
        with pytest.raises(kind):
            files.remove_tree(tmp_path / name)
        files.remove_tree(tmp_path / name, ignore_errors=True)
    assert (tmp_path / "link").is_symlink()


def test_only_regular_files_of_a_bounded_size_are_read(tmp_path: Path):
    (tmp_path / "file").write_text("한글")
    assert files.read_text(tmp_path / "file") == "한글"
    os.truncate(tmp_path / "file", 4 * 1024**3)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("file", "pipe", "zero"):
        with pytest.raises(OSError, match=r"regular|more than"):
            files.read_text(tmp_path / name)


def test_nobody_waits_for_the_reader_of_a_pipe(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    begin = time.monotonic()
    with pytest.raises(OSError, match="pipe"):
        files.open_to_write(tmp_path / "pipe", append=True)
    os.close(reader)
    with pytest.raises(OSError, match="No such device"):
        files.open_to_write(tmp_path / "pipe")
    assert time.monotonic() - begin < 5


def test_files_are_replaced_or_appended_to(tmp_path: Path):
    for text, append in (("longer", False), ("one", False), ("two", True)):
        with files.open_to_write(tmp_path / "file", append=append) as file:
            file.write(text.encode())
    assert (tmp_path / "file").read_text() == "onetwo"


def test_numbers_that_are_no_ids_are_skipped(tmp_path: Path):
    numbers = ["7", "4294967294", "4294967295", "9" * 5000, "-1", "", "x", "\u0663", "1e3"]
    lines = [f"u{index}:x:{number}:" for index, number in enumerate(numbers)]
    (tmp_path / "passwd").write_text("\n".join([*lines, "u0:x:8:", "short"]))
    assert files.ids(tmp_path / "passwd") == {"u0": 7, "u1": 4294967294}
    assert files.ids(tmp_path / "missing") == {}
