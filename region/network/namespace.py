"""Network namespaces: creating and removing one that has a name, and working inside any."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from region.identity import region_id
from region.network.errors import NetworkError, NetworkUnavailable
from region.rootless import OF_THE_HOST
from region.threads import Result, in_own_thread
from toolchain import locate
from toolchain.abandoned import NAMESPACES, PREFIX
from toolchain.errors import ToolError

_CLONE_NEWNET = 0x40000000
_TIMEOUT = 30.0
"""Seconds after which a command that configures the network is given up; it takes milliseconds."""
_AS_ROOT = "run it as root (`sudo`), which network namespaces need"

_libc = ctypes.CDLL(None, use_errno=True)


def name_of(root: Path) -> str:
    """Return the name of the namespace of the region whose state is in the directory `root`."""
    return PREFIX + region_id(root)


@dataclass(frozen=True, slots=True)
class Namespace:
    """One network namespace, given by a file that stands for it.

    Such a file is a name below `NAMESPACES`, `/proc/<pid>/ns/net`, or `/proc/self/fd/<number>` of
    an open one.
    """

    path: Path

    def inside(self, work: Callable[[], Result]) -> Result:
        """Call `work` in a thread that has joined the namespace, and return its result.

        Sockets that it opens, processes that it starts and files below `/proc/sys/net` that it
        opens belong to the namespace, for good. The calling thread stays where it is.

        Raises:
            NetworkError: the namespace cannot be joined. Errors of `work` come through.
        """

        def joined() -> Result:
            self._join()
            return work()

        return in_own_thread(joined, "in-namespace")

    def run(self, command: Sequence[str], text: str, *, files: Sequence[int] = ()) -> None:
        """Run `command` inside, with `text` on its input and the open `files`.

        Raises:
            NetworkError: it failed; the message has what it wrote.
        """

        def work() -> subprocess.CompletedProcess[str]:
            return _run(command, text, files)

        _check(command, self.inside(work))

    def same_as(self, other: Path) -> bool:
        """Return whether the file `other` stands for the same namespace."""
        return self.path.samefile(other)

    def _join(self) -> None:
        # os.setns exists from Python 3.12 on.
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise NetworkError(
                f"network namespace {self.path} cannot be opened ({error.strerror}): "
                "start the region again."
            ) from error
        try:
            if _libc.setns(file, _CLONE_NEWNET):
                code = ctypes.get_errno()
                raise NetworkError(
                    f"network namespace {self.path} cannot be joined ({os.strerror(code)}): "
                    + (_AS_ROOT if code == errno.EPERM else "start the region again.")
                )
        finally:
            os.close(file)


def create(name: str) -> Namespace:
    """Create the namespace `name`.

    Raises:
        NetworkUnavailable: this user may not, or the kernel cannot.
    """
    ip = require_host()[0]
    command = _creating(ip, name)
    done = _run(command, "")
    if done.returncode:
        raise NetworkUnavailable(
            f"`{' '.join(command)}` failed ({done.stderr.strip()}): {_AS_ROOT}, where {NAMESPACES} "
            "can be written and mounted on (in a container: --privileged)."
        )
    return Namespace(NAMESPACES / name)


def _creating(ip: Path, name: str) -> list[str]:
    """Return the command that creates the namespace `name`.

    `ip` goes back to the computer's own network namespace, which the root of a user namespace may
    not; and no other mount namespace has to see the name then.
    """
    if OF_THE_HOST:
        return [str(ip), "netns", "add", name]
    path = NAMESPACES / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o444)
    except OSError as error:
        raise NetworkUnavailable(
            f"network namespace {path} cannot be created ({error.strerror}): make {NAMESPACES} a "
            "directory that can be written and mounted on (in a container: --privileged)."
        ) from error
    return ["unshare", f"--net={path}", "true"]


def delete(name: str) -> None:
    """Remove the name of a namespace, which ends it unless a process still uses it; idempotent."""
    if os.path.lexists(NAMESPACES / name):
        command = [str(locate.ip()), "netns", "delete", name]
        done = _run(command, "")
        if os.path.lexists(NAMESPACES / name):
            _check(command, done)


def require_host() -> tuple[Path, Path]:
    """Check that this user can make namespaces on this host; return `ip` and `nft`.

    Raises:
        NetworkUnavailable: the message names the remedy.
    """
    if os.geteuid() != 0:
        raise NetworkUnavailable(
            f"the local region's network cannot be created by user {os.geteuid()}: {_AS_ROOT}."
        )
    if not Path("/proc/self/ns/net").exists():
        raise NetworkUnavailable(
            "this kernel has no network namespaces (/proc/self/ns/net is missing): use a kernel "
            "built with CONFIG_NET_NS, as every distribution's is."
        )
    try:
        return locate.ip(), locate.nft()
    except ToolError as error:
        raise NetworkUnavailable(str(error)) from error


def _run(
    command: Sequence[str], text: str, files: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            pass_fds=files,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NetworkError(
            f"`{' '.join(command)}` did not run ({error}): see `python -m toolchain doctor`."
        ) from error


def _check(command: Sequence[str], done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise NetworkError(f"`{' '.join(command)}` failed: {said}")
