"""Unpacks root file systems from archives that may say anything: nothing is written outside.

Python's own filters take away what a root file system needs (set-user-ID bits, absolute links) and
do not follow links inside the destination as its own root, so every member is written here.
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO

from region.machines.images import confined
from region.machines.images.errors import ImageError
from region.machines.inside.files import remove_tree
from region.machines.inside.tar_headers import BoundedHeader

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_XATTR = "SCHILY.xattr."
Report = Callable[[int], None]


class _Header(BoundedHeader):
    """A header of an image, which has to have its end: one without it was cut."""

    @classmethod
    def ends(cls, block: bytes | bytearray) -> bool:
        return len(block) == tarfile.BLOCKSIZE and super().ends(block)


def unpack(archives: Sequence[Path], root: Path, report: Report = lambda _done: None) -> None:
    """Unpack the layers of an image, the lowest first, into the empty directory `root`.

    Whiteouts are applied as the OCI image specification describes them ("Representing Changes").
    `report` is called with the number of layers that are done.

    Raises:
        ImageError: If an archive is damaged, or has a member that would lie outside.
    """
    attributes: dict[str, tarfile.TarInfo] = {}
    for number, archive in enumerate(archives, 1):
        try:
            _remove_hidden(archive, root)
            with tarfile.open(archive, tarinfo=_Header) as tar:
                for member in tar:
                    if not PurePosixPath(member.name).name.startswith(_WHITEOUT):
                        _extract(tar, member, root, attributes)
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ImageError(
                f"The archive {archive} cannot be unpacked ({error}); fetch or write it again."
            ) from error
        report(number)
    # Last, and from the inside out: a directory may be read-only, and writing into it changes it.
    for path in sorted(attributes, reverse=True):
        directory = root / path.lstrip("/")
        if directory.is_dir() and not directory.is_symlink():
            _set_attributes(directory, attributes[path])


def _remove_hidden(archive: Path, root: Path) -> None:
    """Remove what an archive's whiteouts hide; they are about the layers below it only."""
    with tarfile.open(archive, tarinfo=_Header) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if path.name == _OPAQUE:
                directory = confined.on_host(root, _inside(str(path.parent)))
                if directory.is_dir():
                    for child in directory.iterdir():
                        _remove(child)
            elif path.name.startswith(_WHITEOUT):
                hidden = str(path.with_name(path.name.removeprefix(_WHITEOUT)))
                _remove(_target(root, hidden))


def _extract(
    tar: tarfile.TarFile,
    member: tarfile.TarInfo,
    root: Path,
    attributes: dict[str, tarfile.TarInfo],
) -> None:
    target = _target(root, member.name)
    if target == root:
        attributes["/"] = member
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if member.isdir():
        if target.is_symlink() or not target.is_dir():
            _remove(target)
            target.mkdir()
        attributes[f"/{target.relative_to(root).as_posix()}"] = member
        return
    if not (member.isfile() or member.issym() or member.islnk()):
        return  # Devices and pipes: an instance has its own /dev.
    if member.islnk():
        source = _target(root, member.linkname)
        if source == target:
            return
        if not source.is_symlink() and not source.is_file():
            raise ImageError(
                f"{tar.name}: {member.name} is a hard link to {member.linkname}, which is not "
                "there; write the archive again."
            )
        _remove(target)
        os.link(source, target, follow_symlinks=False)
        return
    _remove(target)
    if member.issym():
        target.symlink_to(member.linkname)
    else:
        _write(tar.extractfile(member), target)
    _set_attributes(target, member)


def _write(source: IO[bytes] | None, target: Path) -> None:
    with target.open("xb") as file:
        if source is not None:
            shutil.copyfileobj(source, file)


def _set_attributes(path: Path, member: tarfile.TarInfo) -> None:
    if os.geteuid() == 0:
        os.chown(path, member.uid, member.gid, follow_symlinks=False)
    if not path.is_symlink():
        path.chmod(member.mode & 0o7777)
        for key, value in member.pax_headers.items():
            if key.startswith(_XATTR + "security.capability"):
                # Capabilities of a file system that has none are not worth an end.
                with suppress(OSError):
                    data = value.encode("utf-8", "surrogateescape")
                    os.setxattr(path, key.removeprefix(_XATTR), data)
    os.utime(path, (member.mtime, member.mtime), follow_symlinks=False)


def _target(root: Path, name: str) -> Path:
    """Return where a member lies: its directory's links are followed inside `root`, its own not."""
    inside = _inside(name)
    if inside == "/":
        return root
    parent, _, last = inside.rpartition("/")
    return confined.on_host(root, parent or "/") / last


def _inside(name: str) -> str:
    parts = [part for part in PurePosixPath(name).parts if part not in {"/", "."}]
    if ".." in parts:
        raise ImageError(
            f"The archive has the member {name!r}, which lies outside; it is rejected."
        )
    return "/" + "/".join(parts)


def _remove(path: Path) -> None:
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    if stat.S_ISDIR(found.st_mode):
        remove_tree(path)
    else:
        path.unlink()
