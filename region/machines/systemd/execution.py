"""Turns a command of a unit into one of its machine: user, environment, directories, streams.

See systemd.exec(5) for what each setting means.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from region.machines import inside
from region.machines.accounts import Accounts
from region.machines.container.oci import ROOT, User
from region.machines.errors import AccountError, DiskError, MachineError, ServiceError
from region.machines.processes import Command
from region.machines.root_file_system import RootFileSystem
from region.machines.systemd.notifications import DIRECTORY, Notifications
from region.machines.systemd.syntax import parse_environment_file
from region.machines.systemd.unit import EnvironmentFile, Execution, Output, Unit, UnitCommand

_DIRECTORIES: Final = Path(inside.__file__).parent / "service_directories.py"
# The users that systemd makes up for DynamicUser=yes.
_DYNAMIC_USERS: Final = range(61184, 65520)
_LOGIN_VARIABLES: Final = ("HOME", "USER", "LOGNAME", "SHELL")
_VARIABLE: Final = re.compile(r"\$(?:\$|\{([^}]*)\})")
_NULL: Final = Path("/dev/null")


class Executor:
    """Prepares the processes of one service."""

    def __init__(
        self,
        files: RootFileSystem,
        accounts: Accounts,
        environment: Callable[[], Mapping[str, str]],
        log: Path,
    ) -> None:
        """Read files and accounts of the machine; the service writes to `log`."""
        self._files = files
        self._accounts = accounts
        self._environment = environment
        self._log = log

    def make_directories(self, unit: Unit) -> None:
        """Make RuntimeDirectory=, StateDirectory= and others, owned by the unit's user.

        Raises:
            MachineError: If the user does not exist, or a directory cannot be made.
        """
        wanted = unit.execution.directories
        if not wanted:
            return
        user = self.user(unit)
        # Configuration belongs to root whoever the service runs as.
        owners = [(made, ROOT if made.path.startswith("/etc/") else user) for made in wanted]
        directories = [
            {"path": made.path, "mode": made.mode, "uid": owner.uid, "gid": owner.gid}
            for made, owner in owners
        ]
        self._files.call(_DIRECTORIES, {"directories": directories})

    def listen(self, unit: Unit, name: str, mine: Callable[[], set[int]]) -> Notifications:
        """Make the socket by which a unit's processes, `mine()`, tell that they are ready.

        Raises:
            MachineError: If it cannot be made.
        """
        made = {"path": DIRECTORY, "mode": 0o755, "uid": 0, "gid": 0}
        self._files.call(_DIRECTORIES, {"directories": [made]})
        try:
            with self._files.directory(DIRECTORY) as directory:
                return Notifications(directory, name, self.user(unit), mine)
        except OSError as error:
            raise ServiceError(f"{DIRECTORY}/{name} cannot be listened on: {error}.") from error

    def remove_runtime_directories(self, unit: Unit) -> None:
        """Remove RuntimeDirectory= of a service that has stopped."""
        execution = unit.execution
        paths = [made.path for made in execution.directories if made.path.startswith("/run/")]
        if paths and not execution.keep_runtime_directory:
            self._files.call(_DIRECTORIES, {"remove": paths})

    def user(self, unit: Unit) -> User:
        """Return the user that the unit's commands run as.

        Raises:
            AccountError: If the machine has no such user or group.
        """
        execution = unit.execution
        user = self._dynamic_user(unit) if execution.dynamic_user else None
        if user is None:
            user = self._accounts.user(execution.user, execution.group)
        more = tuple(self._accounts.group(name) for name in execution.supplementary_groups)
        groups, extra = (*user.groups, *more), execution.ambient_capabilities
        return replace(user, groups=groups, capabilities=extra) if more or extra else user

    @contextmanager
    def prepare(
        self, unit: Unit, command: UnitCommand, group: str, variables: Mapping[str, str]
    ) -> Generator[Command]:
        """Yield the command to start, which is valid inside the `with`.

        Raises:
            MachineError: If a user, a directory or a file that it needs is not there.
        """
        execution = unit.execution
        user = ROOT if command.privileged else self.user(unit)
        environment = {**self.environment(unit), **variables}
        argv = list(command.argv) if command.literal else expand(command.argv, environment)
        with ExitStack() as stack:
            log = self._stream(execution.output, stack)
            errors = None
            if execution.errors.kind != "inherit":
                errors = self._stream(execution.errors, stack)
            yield Command(
                argv=[*_wrapper(execution), *argv],
                group=group,
                environment=environment,
                directory=self._directory(unit),
                log=log,
                user=user,
                errors=errors,
            )

    def environment(self, unit: Unit) -> dict[str, str]:
        """Return the complete environment of a unit's processes.

        Raises:
            MachineError: If a file with variables cannot be read.
        """
        execution = unit.execution
        merged = dict(self._environment())
        for name in _LOGIN_VARIABLES:
            merged.pop(name, None)
        merged.update(self._login(unit))
        for made in execution.directories:
            merged[made.variable] = ":".join(filter(None, (merged.get(made.variable), made.path)))
        merged.update(execution.environment)
        for file in execution.environment_files:
            for path in self._matching(file):
                merged.update(self._variables(path, file))
        for name in execution.unset_environment:
            merged.pop(name, None)
        return merged

    def _login(self, unit: Unit) -> dict[str, str]:
        """Return what systemd sets for User=; without it a service gets none of that, not even HOME."""
        execution = unit.execution
        if not (execution.user or execution.dynamic_user):
            return {}
        name = self._accounts.name(execution.user) or unit.name.removesuffix(".service")
        return {
            "USER": name,
            "LOGNAME": name,
            "HOME": self._accounts.home(name),
            "SHELL": self._shell(name),
        }

    def _shell(self, name: str) -> str:
        try:
            return self._accounts.shell(name)
        except AccountError:
            # A user that is made up, or a number without a name.
            return "/usr/sbin/nologin"

    def _dynamic_user(self, unit: Unit) -> User | None:
        """Return the made-up user of a unit; None if the machine has a user of that name."""
        name = unit.execution.user or unit.name.removesuffix(".service")
        if self._accounts.name(name) != name or self._exists(name):
            return None
        digest = hashlib.sha256(name.encode()).digest()
        number = _DYNAMIC_USERS[int.from_bytes(digest[:8], "big") % len(_DYNAMIC_USERS)]
        return User(number, number)

    def _exists(self, name: str) -> bool:
        try:
            self._accounts.user(name)
        except MachineError:
            return False
        return True

    def _directory(self, unit: Unit) -> str:
        execution = unit.execution
        path = execution.working_directory
        if path == "~":
            path = self._accounts.home(execution.user or "root")
        if self._files.exists(path):
            return path
        if execution.working_directory_optional:
            return "/"
        raise ServiceError(
            f"{unit.name}: WorkingDirectory={path} does not exist; create it, or write "
            f"WorkingDirectory=-{path} if it may be absent (status=200/CHDIR)."
        )

    def _stream(self, output: Output, stack: ExitStack) -> Path:
        if output.kind == "null":
            return _NULL
        if output.kind != "file":
            self._log.parent.mkdir(parents=True, exist_ok=True)
            return self._log
        try:
            return stack.enter_context(self._files.appending(output.path, truncate=output.truncate))
        except OSError as error:
            raise ServiceError(
                f"Standard output cannot go to {output.path}: {error.strerror} (status=209/STDOUT)."
            ) from error

    def _matching(self, file: EnvironmentFile) -> Sequence[str]:
        """Return the files that a path with * or ? stands for, or the path itself."""
        if not re.search(r"[*?\[]", file.path):
            return [file.path]
        found = ["/"]
        for part in PurePosixPath(file.path).parts[1:]:
            found = [
                str(PurePosixPath(parent, name))
                for parent in found
                for name in fnmatch.filter(self._files.names(parent), part)
            ]
        if not found and not file.optional:
            raise ServiceError(f"EnvironmentFile {file.path} matches no file.")
        return found

    def _variables(self, path: str, file: EnvironmentFile) -> dict[str, str]:
        try:
            return parse_environment_file(self._files.read_text(path))
        except (DiskError, OSError, UnicodeDecodeError) as error:
            if file.optional:
                return {}
            raise ServiceError(f"EnvironmentFile {path} cannot be read: {error}.") from error


def expand(argv: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Substitute ${NAME} within words and split a word that is just $NAME, as systemd does."""
    words: list[str] = []
    for word in argv:
        whole = re.fullmatch(r"\$(\w+)", word)
        if whole:
            words.extend(environment.get(whole[1], "").split())
        else:
            words.append(_VARIABLE.sub(lambda match: _value(match, environment), word))
    return words


def _value(match: re.Match[str], environment: Mapping[str, str]) -> str:
    return "$" if match[1] is None else environment.get(match[1], "")


def _wrapper(execution: Execution) -> list[str]:
    """Return the shell in front of a command that sets its mask and limits; often none."""
    lines: list[str] = []
    if execution.umask is not None:
        lines.append(f"umask {execution.umask:04o}")
    if execution.open_files:
        soft, _, hard = execution.open_files.replace("infinity", "unlimited").partition(":")
        # Above the machine's own limit the highest possible takes its place.
        lines.append(
            f"{{ ulimit -Sn {soft} && ulimit -Hn {hard or soft}; }} 2>/dev/null || "
            '{ ulimit -Sn "$(ulimit -Hn)"; echo "systemd: LimitNOFILE='
            f'{execution.open_files} is not possible here, the limit is $(ulimit -Sn)" >&2; }}'
        )
    return ["/bin/sh", "-c", "\n".join([*lines, 'exec "$@"']), "limits"] if lines else []
