"""The user that PostgreSQL runs as: it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

from region.daemons import ServiceUser

UNPRIVILEGED = "nobody"
CAP_DAC_READ_SEARCH = 2


class ServiceUserError(RuntimeError):
    """No user can run PostgreSQL; the message names the directory and the remedy."""


def service_user(*needed: Path) -> ServiceUser | None:
    """Return the user to switch to, or None if this process is not root.

    If that user may not enter a directory on the way to one of the `needed` paths, it is granted the
    capability to enter directories.

    Raises:
        ServiceUserError: If the system has no such user, or root itself lacks that capability.
    """
    if os.geteuid() != 0:
        return None
    try:
        account = pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise ServiceUserError(
            f"PostgreSQL refuses to run as root and there is no user {UNPRIVILEGED!r}: "
            "start the rehearsal as an ordinary user."
        ) from error
    closed = closed_directory(needed, account.pw_uid, account.pw_gid)
    if closed is not None and not _has_capability(CAP_DAC_READ_SEARCH):
        raise ServiceUserError(
            f"PostgreSQL runs as user {UNPRIVILEGED!r}, who may not enter {closed}: "
            f"run `chmod o+x {closed}`, move the project, or start it as an ordinary user."
        )
    return ServiceUser(account.pw_uid, account.pw_gid, may_search=closed is not None)


def closed_directory(needed: Iterable[Path], uid: int, gid: int) -> Path | None:
    """Return the first directory on the way to a `needed` path that `uid`:`gid` may not enter."""
    for path in needed:
        for directory in reversed(path.resolve().parents):
            found = directory.stat()
            if found.st_uid == uid:
                bit = stat.S_IXUSR
            elif found.st_gid == gid:
                bit = stat.S_IXGRP
            else:
                bit = stat.S_IXOTH
            if not found.st_mode & bit:
                return directory
    return None


def _has_capability(number: int) -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False
