"""The Install event: copies the revision's `files` into place, as CodeDeploy's agent does.

First the files of the group's previous installation are removed, then all copies are planned (so
that a file that may not be overwritten stops the installation before it begins), then made.
"""

from __future__ import annotations

import fnmatch
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from region.machines.codedeploy_agent.appspec import AppSpec, FileExistsBehavior, Permission
from region.machines.disk import Disk
from region.machines.errors import DiskError, InstallError


@dataclass
class _Plan:
    """Directories to create and files to copy, in order; all are paths of the host.

    Attributes:
        copies: Sources by destination.
    """

    directories: list[Path] = field(default_factory=list[Path])
    copies: dict[Path, Path] = field(default_factory=dict[Path, Path])


class Installer:
    """Installs revisions on one machine's disk."""

    def __init__(self, disk: Disk, instructions: Path) -> None:
        """Record in the directory `instructions` what was installed."""
        self._disk = disk
        self._instructions = instructions

    def install(
        self, group_id: str, archive: Path, spec: AppSpec, behavior: FileExistsBehavior
    ) -> list[Path]:
        """Install, and return the files written, as paths of the host.

        `behavior` applies where the appspec does not say what to do with existing files.

        Raises:
            InstallError: If a file cannot be installed.
        """
        try:
            self._instructions.mkdir(parents=True, exist_ok=True)
            cleanup = self._instructions / f"{group_id}-cleanup"
            self._remove_previous(cleanup)
            plan = self._plan(archive, spec, spec.file_exists_behavior or behavior)
            self._apply_plan(plan, cleanup)
            for permission in spec.permissions:
                self._set_permission(permission, plan)
        except DiskError as error:
            raise InstallError(f"appspec.yml cannot be applied: {error}") from error
        except OSError as error:
            raise InstallError(f"The revision could not be installed: {error}.") from error
        return list(plan.copies)

    def _remove_previous(self, cleanup: Path) -> None:
        if not cleanup.exists():
            return
        for line in reversed(cleanup.read_text().splitlines()):
            path = self._disk.root / line
            if path.is_symlink() or path.is_file():
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        cleanup.unlink()

    def _plan(self, archive: Path, spec: AppSpec, behavior: FileExistsBehavior) -> _Plan:
        plan = _Plan()
        for mapping in spec.files:
            source = archive / mapping.source
            if not source.resolve().is_relative_to(archive.resolve()):
                raise InstallError(
                    f"files: source {mapping.source!r} leads out of the revision; correct the link."
                )
            if not source.exists():
                raise InstallError(
                    f"files: source {mapping.source!r} is not in the revision; "
                    "correct appspec.yml or add it to the zip."
                )
            destination = self._disk.resolve(mapping.destination)
            target = destination if source.is_dir() else destination / source.name
            self._plan_parents(plan, target)
            if source.is_dir():
                self._plan_directory(plan, source, target, behavior)
            else:
                self._plan_file(plan, source, target, behavior)
        return plan

    def _plan_parents(self, plan: _Plan, target: Path) -> None:
        missing = [parent for parent in target.parents if not parent.exists()]
        plan.directories.extend(p for p in reversed(missing) if p not in plan.directories)

    def _plan_directory(
        self, plan: _Plan, source: Path, target: Path, behavior: FileExistsBehavior
    ) -> None:
        target = self._resolved(target)
        if target.exists() and not target.is_dir():
            raise InstallError(
                f"{self._disk.inside(target)} exists and is not a directory; remove it first."
            )
        if not target.exists() and target not in plan.directories:
            plan.directories.append(target)
        for entry in sorted(source.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                self._plan_directory(plan, entry, target / entry.name, behavior)
            else:
                self._plan_file(plan, entry, target / entry.name, behavior)

    def _plan_file(
        self, plan: _Plan, source: Path, target: Path, behavior: FileExistsBehavior
    ) -> None:
        # A link that the service keeps at the destination is followed, as `cp` does, on its disk.
        target = self._resolved(target)
        if target in plan.copies:
            raise InstallError(
                f"files: {self._disk.inside(target)} is installed twice; correct appspec.yml."
            )
        if target.exists() or target.is_symlink():
            if behavior == "RETAIN":
                return
            if behavior == "DISALLOW":
                raise InstallError(
                    "The deployment failed because a specified file already exists at this "
                    f"location: {self._disk.inside(target)}; deploy with the file-exists "
                    "behavior OVERWRITE or RETAIN."
                )
        plan.copies[target] = source

    def _resolved(self, target: Path) -> Path:
        return self._disk.resolve(self._disk.inside(target))

    def _apply_plan(self, plan: _Plan, cleanup: Path) -> None:
        with cleanup.open("w") as record:
            for directory in plan.directories:
                directory.mkdir(exist_ok=True)
                record.write(f"{directory.relative_to(self._disk.root)}\n")
            for target, source in plan.copies.items():
                record.write(f"{target.relative_to(self._disk.root)}\n")
                shutil.copy2(source, target, follow_symlinks=False)

    def _set_permission(self, permission: Permission, plan: _Plan) -> None:
        if permission.bits is None:
            return
        root = self._disk.resolve(permission.object)
        candidates: list[Path] = [*plan.copies, *plan.directories]
        for path in candidates:
            if path == root or (path.is_relative_to(root) and _matches(permission, path)):
                kind = "directory" if path.is_dir() else "file"
                if kind in permission.type and not path.is_symlink():
                    path.chmod(permission.bits)


def _matches(permission: Permission, path: Path) -> bool:
    wanted = permission.pattern == "**" or fnmatch.fnmatch(path.name, permission.pattern)
    return wanted and not any(fnmatch.fnmatch(path.name, name) for name in permission.exclude)
