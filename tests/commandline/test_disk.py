"""A disk that stalls is told, not waited for."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from commandline import disk


def test_a_disk_that_answers_keeps_nothing(tmp_path: Path):
    disk.require_answering(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def frozen(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, on which nothing that is written ends."""
    image, directory = tmp_path / "image", tmp_path / "frozen"
    directory.mkdir()
    image.write_bytes(bytes(4 << 20))
    for command in (
        ["mkfs.ext4", "-q", image],
        ["mount", "-o", "loop", image, directory],
        ["fsfreeze", "--freeze", directory],
    ):
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            subprocess.run(["umount", directory], check=False, capture_output=True)
            pytest.skip("needs root, loop devices and fsfreeze")
    yield directory
    subprocess.run(["fsfreeze", "--unfreeze", directory], check=True)
    subprocess.run(["umount", "--lazy", directory], check=True)


def test_a_disk_that_stalls_is_named(frozen: Path):
    with pytest.raises(
        disk.DiskError, match=f"the disk of {frozen} has not written 4 KiB within 0.3 s"
    ):
        disk.require_answering(frozen, patience_s=0.3)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own without a free block."""
    directory = tmp_path / "full"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(directory)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs root")
    try:
        (directory / "filling").write_bytes(bytes(8192))
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


def test_a_full_disk_is_named_with_the_remedy(full: Path):
    with pytest.raises(disk.DiskError, match=f"4 KiB cannot be written to {full}: No space left"):
        disk.require_answering(full)
    assert [one.name for one in full.iterdir()] == ["filling"]


def test_a_report_on_a_full_disk_is_told_before_the_work_that_it_is_for(full: Path):
    with pytest.raises(disk.DiskError, match="No space left on device; make room"):
        disk.require_writable(full / "report.md")
    assert [one.name for one in full.iterdir()] == ["filling"]
