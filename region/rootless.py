"""A region without root: its process becomes root of a user namespace of its own.

Everything in a region needs root somewhere, and nothing of it needs the computer's root. So a region
of an ordinary user enters, before it does anything, a user namespace in which that user is root and
the user's subordinate ids are all others, and a mount namespace with a /run of its own, where names
of network namespaces can be made. The network namespace stays the computer's: load balancers listen
where everybody finds them.

What the region leaves on the disk belongs to subordinate ids too, and what runs in it can only be
entered from inside: commands that touch either join the namespaces (`join`), or make new ones with
the same ids (`enter`).

https://man7.org/linux/man-pages/man7/user_namespaces.7.html
"""

from __future__ import annotations

import ctypes
import errno
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from commandline.errors import ERROR_PREFIX, UserError
from toolchain import paths

LEAST_IDS: Final = 65_535
"""How many subordinate ids are needed: instances and PostgreSQL use those of `nobody`, 65534."""

_NEW_MOUNTS: Final = 0x00020000
_NEW_USERS: Final = 0x10000000
_MS_REMOUNT_PRIVATE: Final = 0x40000 | 0x4000  # MS_PRIVATE | MS_REC
_MS_BIND: Final = 0x1000 | 0x4000  # MS_BIND | MS_REC
MARK: Final = "HAPROOF_ROOTLESS"
"""Set in the process that is executed inside, so that a namespace without rights ends in an error."""

_SWITCHES: Final = (
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("user/max_user_namespaces", "0", "28633"),
)
"""What may keep ordinary users from namespaces: setting, value that does, value that does not."""
_LOWEST_PORT: Final = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_libc = ctypes.CDLL(None, use_errno=True)


class RootlessError(UserError):
    """This computer does not let its users have namespaces; the message has the remedy."""


@dataclass(frozen=True, slots=True)
class Ids:
    """Subordinate ids of one kind: (first, count) of each range."""

    ranges: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(count for _, count in self.ranges)

    def mapping(self, own: int) -> list[str]:
        """Return the arguments of newuidmap(1): the id `own` is 0, the others follow it."""
        words = ["0", str(own), "1"]
        inside = 1
        for first, count in self.ranges:
            words += [str(inside), str(first), str(count)]
            inside += count
        return words


def _of_the_host() -> bool:
    """Return whether this process has the rights of the computer's root."""
    try:
        mapped = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
    except OSError:
        return False
    return os.geteuid() == 0 and mapped == ["0", "0", "4294967295"]


OF_THE_HOST: Final = _of_the_host()
"""Whether this process has the rights of the computer's root, not of a user namespace's only."""


def needed() -> bool:
    """Return whether this process has to enter a user namespace: it is not root."""
    return os.geteuid() != 0


def enter() -> None:
    """Execute this command again as root of new namespaces, under the same process id.

    Root stays where it is. To be called before the process has a second thread.

    Raises:
        RootlessError: This computer does not allow it; the message says what to type.
    """
    if not needed():
        return
    if MARK in os.environ:
        raise RootlessError(
            f"User {os.environ[MARK]} is not root in a user namespace of its own: check that "
            "/etc/subuid gives it ids that no account has."
        )
    helpers = _helpers()
    users, groups = subordinate(Path("/etc/subuid")), subordinate(Path("/etc/subgid"))
    own_user, own_group = os.geteuid(), os.getegid()
    ready, begin = os.pipe()
    # newuidmap must be called from outside, by a process of the same user.
    mapper = os.fork()
    if mapper == 0:
        os.close(begin)
        _map(ready, helpers, users.mapping(own_user), groups.mapping(own_group))
    os.close(ready)
    try:
        _unshare(_NEW_USERS)
        os.write(begin, b"\n")
    finally:
        os.close(begin)
        status = os.waitstatus_to_exitcode(os.waitpid(mapper, 0)[1])
    if status != 0:
        raise RootlessError(
            f"newuidmap did not accept the ids of {_name()}; it said why above. It must be "
            f"set-user-ID root: {_reinstall()}"
        )
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    _unshare(_NEW_MOUNTS)
    _own_run()
    _again(own_user)


def require_port(port: int) -> None:
    """Check that this user may listen on a port of the computer.

    Raises:
        RootlessError: Only root may.
    """
    try:
        lowest = int(_LOWEST_PORT.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    if needed() and port < lowest:
        raise RootlessError(
            f"The load balancer's port {port} is one that only root may listen on: "
            f"`sudo sysctl -w net.ipv4.ip_unprivileged_port_start={port}`, or choose another one: "
            f"`--config listenerPort={lowest + 7056}`."
        )


def join(pid: int) -> None:
    """Execute this command again in the namespaces of a region's process, unless we are root.

    Raises:
        RootlessError: They cannot be joined.
    """
    if not needed():
        return
    own, directory = os.geteuid(), Path.cwd()
    try:
        files = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in ("user", "mnt")]
        for file in files:
            if _libc.setns(file, 0):
                _raise_errno()
        os.chdir(directory)  # Another mount namespace begins in its root.
    except OSError as error:
        raise RootlessError(
            f"The namespaces of the local region (process {pid}) cannot be joined "
            f"({error.strerror}): use the user and the namespace in which it was started."
        ) from error
    _again(own)


def _map(ready: int, helpers: tuple[str, str], users: list[str], groups: list[str]) -> NoReturn:
    """In the child: wait until the parent has its namespace, then map its ids."""
    code = 1
    try:
        parent = str(os.getppid())
        if os.read(ready, 1):
            for helper, words in zip(helpers, (users, groups), strict=True):
                subprocess.run([helper, parent, *words], check=True, stdin=subprocess.DEVNULL)
            code = 0
    finally:
        os._exit(code)


def _helpers() -> tuple[str, str]:
    found = [shutil.which(name) for name in ("newuidmap", "newgidmap")]
    if found[0] is None or found[1] is None:
        raise RootlessError(
            f"Without root, the local region needs newuidmap and newgidmap: {_reinstall()} "
            "Or run it as root."
        )
    return found[0], found[1]


def _reinstall() -> str:
    return (
        "`sudo apt-get install uidmap` (Debian, Ubuntu), `sudo dnf install shadow-utils` (Fedora, "
        "Amazon Linux), `sudo pacman -S shadow` (Arch)."
    )


def _name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def subordinate(file: Path) -> Ids:
    """Read the ranges of this user from /etc/subuid or /etc/subgid.

    Raises:
        RootlessError: There are none, or not enough.
    """
    owners = {_name(), str(os.geteuid())}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    rows = [line.strip().split(":") for line in lines]
    found = Ids(
        tuple(
            (int(row[1]), int(row[2]))
            for row in rows
            if len(row) == 3 and row[0] in owners and row[1].isdecimal() and row[2].isdecimal()
        )
    )
    if found.count < LEAST_IDS:
        raise RootlessError(
            f"Without root, the local region needs {LEAST_IDS} subordinate ids, and {file} gives "
            f"{_name()} {found.count}: `sudo usermod --add-subuids 100000-165535 --add-subgids "
            f"100000-165535 {_name()}`, with numbers that no other line of {file} has. "
            "Or run it as root."
        )
    return found


def _unshare(flag: int) -> None:
    if _libc.unshare(flag) == 0:
        return
    code = ctypes.get_errno()
    raise RootlessError(
        f"This computer does not let its users make namespaces ({os.strerror(code)}): {how_to_allow()} "
        "Or run the local region as root."
    )


def how_to_allow(switches: Path = Path("/proc/sys")) -> str:
    """Return what to type where the kernel refuses namespaces to ordinary users."""
    for switch, refusing, allowing in _SWITCHES:
        try:
            value = (switches / switch).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if value == refusing:
            return f"`sudo sysctl -w {switch.replace('/', '.')}={allowing}`."
    return "in a container, start that with --privileged."


def _own_run() -> None:
    """Mount a /run in which this process may make names; all that the computer's has stays there."""
    try:
        _mount(None, "/", None, _MS_REMOUNT_PRIVATE)
        before = os.open("/run", os.O_PATH | os.O_DIRECTORY)
        names = [path.name for path in Path("/run").iterdir()]
        _mount("tmpfs", "/run", "tmpfs", 0, "mode=0755")
        Path("/run/.host").mkdir()
        _mount(f"/proc/self/fd/{before}", "/run/.host", None, _MS_BIND)
        os.close(before)
        for name in names:
            if name != "netns":
                Path("/run", name).symlink_to(f".host/{name}")
    except OSError as error:
        raise RootlessError(
            f"This user's namespace may not mount a /run of its own ({error.strerror}): {how_to_allow()} "
            "Or run the local region as root."
        ) from error


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    words = [word.encode() if word is not None else None for word in (source, target, kind)]
    if _libc.mount(*words, ctypes.c_ulong(flags), data.encode()):
        _raise_errno()


def _raise_errno() -> NoReturn:
    code = ctypes.get_errno() or errno.EPERM
    raise OSError(code, os.strerror(code))


def _again(own: int) -> NoReturn:
    """Execute this very command again: nothing that was found out before has to be doubted."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(  # noqa: S606  # our own command line, without a shell
        sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, MARK: str(own)}
    )
    raise AssertionError("execve does not return")


def output_of(arguments: Sequence[str]) -> str:
    """Return what `python -m region ...` prints, a command that enters the namespaces itself.

    Raises:
        RootlessError: It failed; the message is its own.
    """
    done = subprocess.run(
        [sys.executable, "-m", "region", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=paths.ROOT,
    )
    if done.returncode:
        raise RootlessError(done.stderr.strip().removeprefix(ERROR_PREFIX))
    return done.stdout
