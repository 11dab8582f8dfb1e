"""A shell, or one command, in an instance."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from region.access.inventory import AccessError, Instance
from region.machines.accounts import Accounts
from region.machines.container.oci import User
from region.machines.root_file_system import RootFileSystem

SHELL = ("/bin/bash", "-l")
ROOT_USER = "root"
ENTERABLE = frozenset({"pending", "running"})
"""A pending instance too: what hangs at boot is what one wants to look into."""

# A login begins in the user's home directory, which need not exist.
_IN_HOME = 'cd "$HOME" 2>/dev/null || cd /; exec "$@"'


class Runtime(Protocol):
    """The containers of a region; region.machines.container has the real one."""

    def names(self) -> list[str]:
        """List the containers that exist."""
        ...

    def alive(self, name: str) -> bool:
        """Return whether a container's first process runs."""
        ...

    def pid(self, name: str) -> int:
        """Return the process id of a container's first process."""
        ...

    def exec_command(
        self,
        instance_id: str,
        argv: Sequence[str],
        *,
        tty: bool,
        user: str = "root",
        groups: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the host's command line that runs `argv` in an instance."""
        ...


def command_line(
    runtime: Runtime, instance: Instance, argv: Sequence[str], *, user: str, tty: bool
) -> list[str]:
    """Return the host's command line for `argv`, by default a login shell, in an instance.

    Raises:
        AccessError: The instance does not run.
        AccountError: It has no such user.
    """
    if instance.state not in ENTERABLE:
        raise AccessError(
            f"{instance.instance_id} is {instance.state}: only a running instance can be entered"
        )
    if instance.instance_id not in runtime.names():
        raise AccessError(
            f"{instance.instance_id} is {instance.state}, but its machine is not up: wait a moment, "
            f"or look at its console: python -m rehearsal logs {instance.instance_id}"
        )
    if not runtime.alive(instance.instance_id):
        raise AccessError(
            f"{instance.instance_id} is {instance.state}, but its machine has ended: its status "
            f"check is impaired; start it again (aws ec2 reboot-instances --instance-ids "
            f"{instance.instance_id}), or look at its console: python -m rehearsal logs "
            f"{instance.instance_id}"
        )
    account, home = _account(runtime, instance.instance_id, user)
    # Everything else is the machine's own environment.
    environment = {"HOME": home, "USER": user, "LOGNAME": user}
    if tty:
        environment["TERM"] = os.environ.get("TERM") or "xterm"
    return runtime.exec_command(
        instance.instance_id,
        ["/bin/sh", "-c", _IN_HOME, "shell", *(argv or SHELL)],
        tty=tty,
        user=f"{account.uid}:{account.gid}",
        groups=account.groups,
        environment=environment,
    )


def _account(runtime: Runtime, instance_id: str, user: str) -> tuple[User, str]:
    """Return a user of the machine and its home directory."""
    if user == ROOT_USER:
        return User(), "/root"
    machine = Path("/proc", str(runtime.pid(instance_id)), "root")
    accounts = Accounts(RootFileSystem(lambda: machine))
    return accounts.user(user), accounts.home(user)


def replace_process(argv: Sequence[str]) -> NoReturn:
    """Become another program: signals, terminal and exit status are then its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(argv[0], list(argv))  # noqa: S606  # our own command line, without a shell
    raise AssertionError("execv does not return")
