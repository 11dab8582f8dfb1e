"""PostgreSQL's programs where the user that runs them can access them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from region.daemons import ServiceUser
from region.runtime_directories import remove_shared_directory, shared_directory
from region.services.rds.postgres.service_user import ServiceUserError, closed_directory


def for_user(binaries: Path, user: ServiceUser | None, clusters: Path) -> Path:
    """Return the directory of programs to run as `user`: `binaries`, or a copy if it is closed to them.

    A capability to search directories is not enough: PostgreSQL asks access(2), which ignores
    capabilities, whether it may run its own programs (find_my_exec). The copy takes 40 MB, is made
    once for all `clusters` (their common directory), and lasts until `remove_copies`.

    Raises:
        ServiceUserError: The user may not enter the directory for temporary files either.
    """
    if user is None or closed_directory([binaries / "postgres"], user.uid, user.gid) is None:
        return binaries
    shared = shared_directory(clusters)
    installed, package = binaries.parent, binaries.parents[1]
    copy = shared / installed.name
    if (closed := closed_directory([copy], user.uid, user.gid)) is not None:
        raise ServiceUserError(
            f"PostgreSQL's user may enter neither {binaries} nor {closed}: "
            f"run `chmod o+x {closed}`, or move the project to a directory open to all users."
        )
    if not copy.exists():
        _copy(installed, copy)
    return copy / package.name / installed.name / binaries.name


def remove_copies(clusters: Path) -> None:
    """Remove what `for_user` copied for these clusters."""
    remove_shared_directory(clusters)


def _copy(installed: Path, target: Path) -> None:
    """Copy atomically: another cluster of the region may make the same copy at the same time.

    The wheel keeps the shared libraries next to the package, in `<package>.libs`, and the programs
    find them by a path relative to their own, so the copy has the same layout.
    """
    package = installed.parent
    partial = Path(tempfile.mkdtemp(dir=target.parent))
    shutil.copytree(installed, partial / package.name / installed.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, partial / libraries.name, symlinks=True)
    partial.chmod(0o755)
    try:
        partial.rename(target)
    except OSError:
        shutil.rmtree(partial)
        if not target.exists():
            raise
