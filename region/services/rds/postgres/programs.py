"""PostgreSQL's programs in a place that their user can access."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from region.daemons import ServiceUser, remove_shared_directory, shared_directory
from region.services.rds.postgres.service_user import ServiceUserError, closed_directory


def for_user(binaries: Path, user: ServiceUser | None, clusters: Path) -> Path:
    """Return the directory of programs to run as `user`: `binaries`, or a copy if it is closed.

    The capability to enter directories is not enough here: PostgreSQL checks with access(2), which
    ignores capabilities, whether it may run its own programs (find_my_exec). The copy, 40 MB, is made
    once for all `clusters` (their common directory) and lasts until `remove_copies`.

    Raises:
        ServiceUserError: If the user may not enter the directory for temporary files either.
    """
    if user is None or closed_directory([binaries / "postgres"], user.uid, user.gid) is None:
        return binaries
    shared = shared_directory(clusters)
    copy = shared / binaries.parent.name
    if (closed := closed_directory([copy], user.uid, user.gid)) is not None:
        raise ServiceUserError(
            f"PostgreSQL's user may enter neither {binaries} nor {closed}: "
            f"run `chmod o+x {closed}`, or move the project to where every user may go."
        )
    if not copy.exists():
        _copy(binaries.parent, copy)
    return copy / "bin"


def remove_copies(clusters: Path) -> None:
    """Remove what `for_user` copied for these clusters."""
    remove_shared_directory(clusters)


def _copy(installed: Path, target: Path) -> None:
    """Copy in one step: another cluster of the region may make the same copy at the same time."""
    partial = Path(tempfile.mkdtemp(dir=target.parent))
    shutil.copytree(installed, partial, symlinks=True, dirs_exist_ok=True)
    partial.chmod(0o755)
    try:
        partial.rename(target)
    except OSError:
        shutil.rmtree(partial)
        if not target.exists():
            raise
