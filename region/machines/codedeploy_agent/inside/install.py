"""The Install event: copies the revision's `files` into place, as AWS's agent does.

First the files of the group's previous installation are removed. Then everything is planned, so
that a file that may not be overwritten stops the installation before it begins; then it is done.
Reference: installer.rb, install_instruction.rb and application_specification/
linux_permission_info.rb of github.com/aws/aws-codedeploy-agent, whose messages these are.

Runs inside a machine (see `RootFileSystem.call`): paths are the machine's, links lead where they
lead there, and names of users are those of the machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from region.machines.inside import files

# What relative destinations are relative to: where the agent was started.
_WORKING_DIRECTORY = "/opt/codedeploy-agent"
_FAILED = "The deployment failed because "


class InstallFailure(Exception):  # noqa: N818 - the agent fails with this message
    """The revision cannot be installed."""


def main(request: Mapping[str, Any]) -> dict[str, Any]:
    """Install a revision.

    Args:
        request: `archive`, the directory of the revision; `files` and `permissions` of its
            appspec.yml; `behavior` towards existing files; `cleanup` and `record`, the files that
            list what was installed, the former from the last time; `success`, the file that names
            `deployment`, the directory of the last installation that succeeded; `users` and
            `groups`, the machine's /etc/passwd and /etc/group.

    Returns:
        `installed`, the number of files, and `hints`; or `error`.
    """
    os.umask(0o022)
    try:
        Path(request["cleanup"]).parent.mkdir(parents=True, exist_ok=True)
        _remove_previous(Path(request["cleanup"]))
        plan = Plan(request["archive"], request["behavior"])
        for mapping in request["files"]:
            plan.add_mapping(mapping["source"], mapping["destination"])
        for permission in request["permissions"]:
            plan.add_permission(permission)
        with files.open_to_write(request["record"]) as record:
            record.write(json.dumps({"instructions": plan.instructions}).encode())
        names = Names(request["users"], request["groups"])
        with files.open_to_write(request["cleanup"]) as cleanup:
            for instruction in plan.instructions:
                _execute(instruction, cleanup, names, request["archive"])
        _note_success(Path(request["success"]), request["deployment"])
    except InstallFailure as error:
        return {"error": str(error)}
    except OSError as error:
        return {"error": f"{error.strerror or error} - {error.filename2 or error.filename}"}
    except ValueError as error:
        return {"error": f"A path of appspec.yml cannot be used: {error}."}
    return {"installed": len(plan.copies), "hints": plan.hints}


def _note_success(path: Path, deployment: str) -> None:
    """Write the record whole or not at all (`update_last_successful_install`)."""
    partial = path.with_suffix(".partial")
    with files.open_to_write(partial) as file:
        file.write(deployment.encode())
    partial.replace(path)


def _remove_previous(cleanup: Path) -> None:
    """Remove what the last installation made, newest first; directories only if they are empty."""
    try:
        text = files.read_text(cleanup)
    except FileNotFoundError:
        return
    # A line without an end was being written when the agent was interrupted.
    for line in reversed(text.split("\n")[:-1]):
        path = Path(line)
        if not line or line.startswith("semanage\0"):
            continue
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    cleanup.unlink()


class Plan:
    """The instructions of an installation, in order, and what they will have made.

    Attributes:
        copies: Sources by destination.
        directories: Directories that do not exist yet.
    """

    def __init__(self, archive: str, behavior: str) -> None:
        """Start an empty plan."""
        self.instructions: list[dict[str, Any]] = []
        self.copies: dict[str, str] = {}
        self.directories: dict[str, None] = {}
        self.hints: list[str] = []
        self._archive = archive
        self._behavior = behavior
        self._permitted: set[str] = set()

    def add_mapping(self, source: str, destination: str) -> None:
        """Plan an entry of `files`.

        Raises:
            InstallFailure: As the agent would.
        """
        destination = os.path.join(_WORKING_DIRECTORY, destination)
        # For the agent `/`, `.` and an empty source are the revision's root.
        path = f"{self._archive}/{source}"
        if os.path.isdir(path):
            self._make_ancestors(destination)
            self._copy_directory(path, destination, ())
        else:
            target = os.path.join(destination, os.path.basename(path.rstrip("/")))
            self._make_ancestors(target)
            self._copy_file(path, target)

    def _make_ancestors(self, destination: str) -> None:
        missing: list[str] = []
        parent = os.path.dirname(destination.rstrip("/")) or "."
        while not os.path.exists(parent) and parent not in {".", "/"}:
            missing.append(parent)
            parent = os.path.dirname(parent) or "."
        for directory in reversed(missing):
            self._make_directory(directory)

    def _make_directory(self, destination: str) -> None:
        path = _expand(destination)
        if path in self.copies:
            raise InstallFailure(
                f"{_FAILED}the application specification file includes an mkdir command more than "
                f"once for the same destination path ({path}) from ({self.copies[path]}). Update "
                "the files section of the AppSpec file, and then try again."
            )
        if path not in self.directories:
            self.instructions.append({"type": "mkdir", "directory": path})
            self.directories[path] = None

    def _copy_directory(self, source: str, destination: str, above: tuple[str, ...]) -> None:
        # The agent follows links to directories, without end where one leads upward.
        real = os.path.realpath(source)
        if real in above:
            raise InstallFailure(
                f"The link {os.path.relpath(source, self._archive)} of the revision leads to a "
                "directory that contains it, so that it would be copied without end; remove it."
            )
        if not os.path.isdir(destination):
            self._make_directory(destination)
        for entry in sorted(os.listdir(source)):
            path, target = os.path.join(source, entry), os.path.join(destination, entry)
            if os.path.isdir(path):
                self._copy_directory(path, target, (*above, real))
            else:
                self._copy_file(path, target)

    def _copy_file(self, source: str, destination: str) -> None:
        if os.path.exists(destination):
            if self._behavior == "RETAIN":
                return
            if self._behavior == "DISALLOW":
                raise InstallFailure(
                    f"{_FAILED}a specified file already exists at this location: {destination}"
                )
        path = _expand(destination)
        if path in self.copies:
            raise InstallFailure(
                f"{_FAILED}the application specification file specifies two source files named "
                f"{source} and {self.copies[path]} for the same destination ({path}). Remove one "
                "of the source file paths from the AppSpec file, and then try again."
            )
        if path in self.directories:
            raise InstallFailure(
                f"{_FAILED}the application specification file calls for installing the file "
                f"{source}, but a file with that name already exists at the location ({path}). "
                "Update your AppSpec file or directory structure, and then try again."
            )
        self.instructions.append({"type": "copy", "source": source, "destination": path})
        self.copies[path] = source

    def add_permission(self, permission: Mapping[str, Any]) -> None:
        """Plan an entry of `permissions`, which applies to what the plan makes.

        Raises:
            InstallFailure: As the agent would.
        """
        name = str(permission["object"])
        path = _expand(name)
        if path in self.copies:
            if "file" in permission["type"]:
                _check_for_file(permission)
                self._permit(path, permission)
        elif path in self.directories or os.path.isdir(name):
            matches = self._matches(path, permission)
            if not matches:
                self.hints.append(f"the permissions of {name} match nothing that is installed")
            for match in matches:
                self._permit(match, permission)
        else:
            self.hints.append(f"the permissions of {name} have no effect: it is not installed")

    def _matches(self, base: str, permission: Mapping[str, Any]) -> list[str]:
        candidates: list[str] = []
        if "file" in permission["type"]:
            candidates += self.copies
        if "directory" in permission["type"]:
            candidates += self.directories
        found: list[str] = []
        prefix = base if base.endswith("/") else f"{base}/"
        for path in candidates:
            inside = path.removeprefix(prefix)
            # The object itself is not among what is below it.
            if inside == path or not inside:
                continue
            if permission["pattern"] != "**" and not _matches_glob(inside, permission["pattern"]):
                continue
            if any(_matches_glob(inside, pattern) for pattern in permission["except"]):
                continue
            if path in self.copies:
                _check_acl_of_file(permission)
            found.append(path)
        return found

    def _permit(self, path: str, permission: Mapping[str, Any]) -> None:
        if path in self._permitted:
            raise InstallFailure(
                f"{_FAILED}the permissions setting for ({path}) is specified more than once in the "
                "application specification file. Update the files section of the AppSpec file, and "
                "then try again."
            )
        self._permitted.add(path)
        if permission["mode"] is not None:
            self.instructions.append({"type": "chmod", "mode": permission["mode"], "file": path})
        owner, group = permission["owner"], permission["group"]
        if owner is not None or group is not None:
            self.instructions.append(
                {"type": "chown", "owner": owner, "group": group, "file": path}
            )


def _check_for_file(permission: Mapping[str, Any]) -> None:
    """Reject `pattern` and `except` for an object that is a file (`validate_file_permission`)."""
    name = permission["object"]
    if permission["pattern"] != "**":
        raise InstallFailure(
            f"{_FAILED}the application specification file includes an object ({name}) with an "
            f"invalid pattern ({permission['pattern']}), such as a pattern for a file applied to a "
            "directory. Correct the permissions section of the AppSpec file, and then try again."
        )
    if permission["except"]:
        raise InstallFailure(
            f"{_FAILED}the except parameter for a pattern in the permissions section "
            f"({', '.join(permission['except'])}) for the object named {name} contains an invalid "
            "format. Update the AppSpec file, and then try again."
        )
    _check_acl_of_file(permission)


def _check_acl_of_file(permission: Mapping[str, Any]) -> None:
    if permission["default_acl"]:
        raise InstallFailure(
            f"{_FAILED}the -d parameter has been specified to apply an acl setting to a file. This "
            "parameter is supported for directories only. Update the AppSpec file, and then try "
            "again."
        )


def _matches_glob(name: str, pattern: str) -> bool:
    """Match one path component: `*` is any text, everything else itself (`matches_simple_glob`)."""
    if "/" in name:
        return False
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, name, re.DOTALL) is not None


def _expand(path: str) -> str:
    """Make a path absolute and remove `.`, `..` and doubled slashes, as Ruby's expand_path does."""
    return os.path.normpath(re.sub("^/+", "/", os.path.join(_WORKING_DIRECTORY, path)))


class Names:
    """Users and groups of the machine, from its files: NSS would load the machine's libraries."""

    def __init__(self, users: str, groups: str) -> None:
        """Use files in the format of /etc/passwd and /etc/group; each may be missing."""
        self._users = files.ids(users)
        self._groups = files.ids(groups)

    def user(self, name: str | None) -> int:
        """Return a user's id; -1, which changes nothing, for None.

        Raises:
            InstallFailure: If there is no such user.
        """
        return _find(self._users, name, "user", "/etc/passwd")

    def group(self, name: str | None) -> int:
        """Return a group's id, as `user` does."""
        return _find(self._groups, name, "group", "/etc/group")


def _find(ids: Mapping[str, int], name: str | None, kind: str, file: str) -> int:
    if name is None:
        return -1
    if name not in ids:
        raise InstallFailure(
            f"can't find {kind} for {name}: {file} of the instance has no such {kind}; create it in "
            "a BeforeInstall script or in the user data, or correct the permissions section."
        )
    return ids[name]


def _execute(
    instruction: Mapping[str, Any], cleanup: IO[bytes], names: Names, archive: str
) -> None:
    kind = instruction["type"]
    if kind == "mkdir":
        os.mkdir(instruction["directory"])
        cleanup.write(f"{instruction['directory']}\n".encode(errors="surrogateescape"))
    elif kind == "copy":
        # First recorded, then made: an interrupted copy is removed next time.
        cleanup.write(f"{instruction['destination']}\n".encode(errors="surrogateescape"))
        _copy(instruction["source"], instruction["destination"], archive)
    elif kind == "chmod":
        os.chmod(instruction["file"], int(instruction["mode"], 8))
    elif kind == "chown":
        owner, group = names.user(instruction["owner"]), names.group(instruction["group"])
        os.chown(instruction["file"], owner, group)


def _copy(source: str, destination: str, archive: str) -> None:
    """Copy as Ruby's `FileUtils.copy` with `preserve`: owner, mode and times are the source's."""
    if os.path.islink(source):
        text = os.readlink(source)
        os.symlink(text, _within(destination, text))
        return
    if not os.path.exists(source):
        raise InstallFailure(
            f"No such file or directory @ rb_sysopen - {source}; the revision has no "
            f"{os.path.relpath(source, archive)}: correct the files section of appspec.yml, or add it."
        )
    target = _within(destination, source)
    _copy_content(source, target)
    found = os.stat(source)
    os.chown(target, found.st_uid, found.st_gid)
    os.chmod(target, stat.S_IMODE(found.st_mode))
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _copy_content(source: str, target: str) -> None:
    """Copy a regular file; a script of the revision may have put a pipe or more in either place."""
    if not stat.S_ISREG(os.stat(source).st_mode):
        raise InstallFailure(f"{source} is not a regular file; remove it from the revision.")
    with open(source, "rb") as content, files.open_to_write(target) as copy:
        shutil.copyfileobj(content, copy)


def _within(destination: str, source: str) -> str:
    """Return where a copy goes: into the destination if that is an existing directory."""
    if os.path.isdir(destination):
        return os.path.join(destination, os.path.basename(source))
    return destination
