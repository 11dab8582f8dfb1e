"""A copy of a cluster's files, also while its server runs: PostgreSQL's low-level base backup.

https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_LOG = "pg_wal"
_NEVER = frozenset({"postmaster.pid", "postmaster.opts", "postgresql.conf", "pg_hba.conf"})
"""What belongs to a running server, or is written at each start."""
WITHOUT_LOG = frozenset(
    {_LOG, "pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial", "pg_stat_tmp"}
)
"""Directories whose content a copy that is begun has no use for, or gets at its end."""


@dataclass
class Backup:
    """A backup that has begun.

    Attributes:
        label: The content of backup_label, which tells the next start where to recover from.
    """

    label: str = ""


def copy(source: Path, target: Path, leave_out: Collection[str] = ()) -> None:
    """Copy a data directory with the owners of its files; what vanishes meanwhile is left out.

    Of a directory in `leave_out`, which is at the top, only the directory itself is made.

    Raises:
        OSError: If it cannot be copied.
    """
    for place, directories, files in os.walk(source):
        here = Path(place)
        inside = here.relative_to(source)
        made = target / inside
        made.mkdir()
        _own(here, made)
        if inside.parts and inside.parts[0] in leave_out:
            directories.clear()
            continue
        for name in files:
            if inside.parts or name not in _NEVER:
                _copy_file(here / name, made / name)


def finish(source: Path, target: Path, begun: Backup) -> None:
    """Add to a copy the write-ahead log that was written meanwhile, and the label.

    Raises:
        OSError: If it cannot be written.
    """
    for file in (source / _LOG).iterdir():
        if file.is_file():
            _copy_file(file, target / _LOG / file.name)
    for name in ("archive_status", "summaries"):
        if (source / _LOG / name).is_dir():
            (target / _LOG / name).mkdir()
            _own(source / _LOG / name, target / _LOG / name)
    label = target / "backup_label"
    label.write_text(begun.label)
    label.chmod(0o600)
    _own(source, label, mode=False)


def _copy_file(source: Path, target: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(source, target)
        _own(source, target)


def _own(source: Path, target: Path, *, mode: bool = True) -> None:
    found = source.stat()
    if mode:
        target.chmod(found.st_mode & 0o7777)
    if os.geteuid() == 0:
        os.chown(target, found.st_uid, found.st_gid)
