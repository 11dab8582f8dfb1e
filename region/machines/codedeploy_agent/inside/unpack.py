"""The DownloadBundle event's second half: unpacks a revision (zip, tar, or compressed tar).

As AWS's agent (command_executor.rb, `unpack_bundle`): an earlier archive is removed, owners in a tar
are kept, and if all there is is one directory with an appspec in it, that directory is the revision.
Stricter than the agent's unzip and tar: what leads out of the revision is an error and not skipped.

Runs inside a machine (see `RootFileSystem.call`); only the bundle is opened before.
"""

from __future__ import annotations

# The last three are imported by tarfile only once it needs them, which is too late in the machine.
import bz2
import calendar
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from region.machines.codedeploy_agent.inside.archives import retain
from region.machines.inside.files import ids, remove_tree
from region.machines.inside.tar_headers import LARGEST, BoundedHeader

_CHUNK = 1024 * 1024
# The longest path that Linux takes, which is what a link's text may be.
_LONGEST_LINK = 4096
_UNREADABLE = (
    *(zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError, EOFError, OSError),
    *(zlib.error, lzma.LZMAError, gzip.BadGzipFile, UnicodeError, ValueError),
)
# "tar" recognizes a compressed file by itself, as GNU tar does; bz2 is one of the kinds.
_TAR_MODES: dict[str, Any] = {"tar": "r:*" if bz2 else "r:", "tgz": "r:gz"}


class BundleFailure(Exception):  # noqa: N818 - becomes the deployment's message
    """The bundle is refused."""


class _Header(BoundedHeader):
    """A header of a revision."""

    @classmethod
    def too_long(cls, size: int) -> BundleFailure:
        return BundleFailure(
            f"The revision has a header of {size} bytes for one entry; at most {LARGEST} are read. "
            "Pack it again."
        )


@dataclass(frozen=True)
class _Entry:
    """One entry of a bundle, whatever its format.

    Attributes:
        name: As in the bundle.
        kind: The file type bits of a mode; S_IFREG with `link` set is a hard link.
        link: Where a link points to.
        owner: User and group id; None leaves root's.
    """

    name: str
    kind: int
    mode: int
    modified: float
    size: int
    source: Any
    link: str = ""
    owner: tuple[int, int] | None = None


def prepare(request: Mapping[str, Any]) -> IO[bytes]:
    """Open the bundle, a file of the host, before the machine is entered."""
    return Path(request["bundle"]).open("rb")


def main(request: Mapping[str, Any], bundle: IO[bytes]) -> dict[str, Any]:
    """Unpack a bundle into a new directory, and remove old ones.

    Args:
        request: `archive`, the directory; `type`, one of zip, tar and tgz; `limit` in bytes of
            content; `users` and `groups`, the machine's /etc/passwd and /etc/group; `retain`, which
            archives stay (see `archives.retain`).
        bundle: The open file.

    Returns:
        `stripped`, whether a single directory at the top was left out; or `error`.
    """
    os.umask(0o022)
    retain(request["retain"])
    archive = Path(request["archive"])
    remove_tree(archive, ignore_errors=True)
    try:
        archive.mkdir(parents=True)
        if request["type"] == "zip":
            _unpack_zip(bundle, archive, request["limit"])
        else:
            _unpack_tar(bundle, archive, request)
        _check_links(archive)
        stripped = _strip(archive)
    except BundleFailure as error:
        failure = str(error)
    except _UNREADABLE as error:
        failure = f"The revision is not a {request['type']} that can be unpacked: {error}."
    else:
        return {"stripped": stripped}
    # Later events would take half an archive for the revision.
    remove_tree(archive, ignore_errors=True)
    return {"error": failure}


def _unpack_zip(bundle: IO[bytes], archive: Path, limit: int) -> None:
    with zipfile.ZipFile(bundle) as opened:
        entries = opened.infolist()
        _check_size(sum(entry.file_size for entry in entries), limit)
        links: list[_Entry] = []
        for info in entries:
            entry = _zip_entry(info)
            if entry.kind == stat.S_IFLNK:
                with opened.open(info) as source:
                    data = source.read(_LONGEST_LINK + 1)
                text = _checked_link(entry.name, data.decode(errors="surrogateescape"))
                links.append(_Entry(entry.name, entry.kind, 0, 0, 0, info, text))
            else:
                with opened.open(info) as source:
                    _write(entry, source, archive)
        _make_links(links, archive)


def _zip_entry(info: zipfile.ZipInfo) -> _Entry:
    mode = info.external_attr >> 16
    # Windows' own tools separate by a backslash, which unzip replaces, and give no Unix attributes.
    name = info.filename.replace("\\", "/")
    kind = stat.S_IFDIR if name.endswith("/") else stat.S_IFMT(mode) or stat.S_IFREG
    standard = 0o755 if kind == stat.S_IFDIR else 0o644
    try:
        modified = float(calendar.timegm((*info.date_time, 0, 0, 0)))
    except (ValueError, OverflowError):
        modified = 0.0
    return _Entry(name, kind, (mode & 0o777) or standard, modified, info.file_size, info)


def _unpack_tar(bundle: IO[bytes], archive: Path, request: Mapping[str, Any]) -> None:
    users, groups = ids(request["users"]), ids(request["groups"])
    links: list[_Entry] = []
    directories: list[_Entry] = []
    total = 0
    mode = _TAR_MODES[request["type"]]
    with tarfile.open(fileobj=bundle, mode=mode, tarinfo=_Header) as opened:
        for member in opened:
            # Checked as it grows: a compressed tar says only while it is read how long it is.
            total += member.size if member.isreg() else 0
            _check_size(total, request["limit"])
            owner = (users.get(member.uname, member.uid), groups.get(member.gname, member.gid))
            entry = _tar_entry(member, owner)
            if entry.link:
                links.append(entry)
            elif entry.kind == stat.S_IFREG:
                source = opened.extractfile(member)
                if source is not None:
                    _write(entry, source, archive)
            else:
                _write(entry, None, archive)
                directories.append(entry)
    _make_links(links, archive)
    # Last, because writing into a directory changes its time.
    for entry in reversed(directories):
        _set_attributes(entry, _target(entry.name, archive))


def _tar_entry(member: tarfile.TarInfo, owner: tuple[int, int]) -> _Entry:
    kinds = {
        tarfile.SYMTYPE: stat.S_IFLNK,
        tarfile.DIRTYPE: stat.S_IFDIR,
        tarfile.CHRTYPE: stat.S_IFCHR,
        tarfile.BLKTYPE: stat.S_IFBLK,
        tarfile.FIFOTYPE: stat.S_IFIFO,
    }
    kind = kinds.get(member.type, stat.S_IFREG)
    link = member.linkname if member.issym() or member.islnk() else ""
    if (member.issym() or member.islnk()) and not link:
        raise BundleFailure(f"The link {member.name!r} of the revision points to nothing.")
    _checked_link(member.name, link)
    return _Entry(
        member.name, kind, member.mode & 0o7777, member.mtime, member.size, member, link, owner
    )


def _checked_link(name: str, text: str) -> str:
    if len(text) > _LONGEST_LINK:
        raise BundleFailure(
            f"The link {name[:200]!r} of the revision points to a text of more than "
            f"{_LONGEST_LINK} characters, which no path is; pack it again."
        )
    return text


def _check_size(total: int, limit: int) -> None:
    if total > limit:
        raise BundleFailure(
            f"The revision unpacks to {total} bytes or more, but the instance's disk has {limit}; "
            "remove what the service does not need."
        )


def _target(name: str, archive: Path) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise BundleFailure(
            f"The revision contains the entry {name!r}, which leads out of it; "
            "pack it from within its root directory."
        )
    return archive.joinpath(*path.parts)


def _write(entry: _Entry, source: IO[bytes] | None, archive: Path) -> None:
    target = _target(entry.name, archive)
    if entry.kind == stat.S_IFDIR:
        target.mkdir(parents=True, exist_ok=True)
        return
    if entry.kind != stat.S_IFREG or source is None:
        raise BundleFailure(
            f"The revision contains {entry.name!r}, which is not a file, a directory or a link; "
            "remove it."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    # A later entry of the same name replaces the earlier one.
    target.unlink(missing_ok=True)
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
    _set_attributes(entry, target)


def _set_attributes(entry: _Entry, target: Path) -> None:
    if entry.owner is not None and os.geteuid() == 0:
        os.chown(target, *entry.owner)
    target.chmod(entry.mode)
    os.utime(target, (entry.modified, entry.modified))


def _make_links(links: list[_Entry], archive: Path) -> None:
    """Make the links once all else is there, so that nothing can be written through one."""
    for entry in sorted(links, key=lambda link: link.kind == stat.S_IFLNK):
        target = _target(entry.name, archive)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        if entry.kind == stat.S_IFREG:
            original = _target(entry.link, archive)
            if not original.is_file():
                raise BundleFailure(
                    f"The hard link {entry.name!r} of the revision points to {entry.link!r}, which "
                    "is not in it; pack the file itself."
                )
            target.hardlink_to(original)
            continue
        if not entry.link or entry.link.startswith("/"):
            raise BundleFailure(
                f"The link {entry.name!r} of the revision points to {entry.link!r}; "
                "only relative links within the revision are unpacked."
            )
        target.symlink_to(entry.link)


def _check_links(archive: Path) -> None:
    """Reject links that lead out of the archive, directly or through others."""
    root = os.path.realpath(archive)
    for path in _links(archive):
        real = os.path.realpath(path)
        if real != root and not real.startswith(f"{root}/"):
            raise BundleFailure(
                f"The link {path.relative_to(archive).as_posix()!r} of the revision leads out of "
                "it; only links within the revision are unpacked."
            )


def _links(archive: Path) -> Iterator[Path]:
    for directory, folders, files in os.walk(archive):
        for name in (*folders, *files):
            path = Path(directory, name)
            if path.is_symlink():
                yield path


def _strip(archive: Path) -> bool:
    """Make a single directory that has an appspec the archive itself, as for GitHub's archives."""
    names = os.listdir(archive)
    if len(names) != 1:
        return False
    nested = archive / names[0]
    if nested.is_symlink() or not nested.is_dir():
        return False
    if not any("appspec" in name.lower() for name in os.listdir(nested)):
        return False
    aside = archive.with_name(f"{archive.name}-temp")
    remove_tree(aside, ignore_errors=True)
    archive.rename(aside)
    (aside / names[0]).rename(archive)
    aside.rmdir()
    return True
