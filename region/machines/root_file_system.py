"""The file system of a running machine, as the region reaches it from outside.

Everything below a machine's root belongs to its owner, who may put a symbolic link anywhere at any
moment. So nothing here resolves such a path with the rights and the root of the region: single
files are opened by openat2(2) with RESOLVE_IN_ROOT, and whole programs (an installer, an unpacker)
run in a process of their own that is chrooted into the machine before it touches a path.
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from region.machines import chrooted
from region.machines.errors import DiskError

_LARGEST_FILE: Final = 16 * 1024**2
_MOST_NAMES: Final = 100_000
_PROGRAM_TIMEOUT_SECONDS: Final = 600.0
# The number is the same on every architecture that the kernel has had since openat2 was added.
_SYS_OPENAT2: Final = 437
_RESOLVE_NO_MAGICLINKS: Final = 0x02
_RESOLVE_IN_ROOT: Final = 0x10

_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


class RootFileSystem:
    """Files of one machine by their absolute path in the machine. Thread-safe."""

    def __init__(
        self, root: Callable[[], Path], admit: Callable[[int], None] = lambda _pid: None
    ) -> None:
        """Reach the machine through `root()`, such as /proc/<process id of its init>/root.

        `root` raises `MachineError` while the machine is off. `admit` puts the process of `call`
        into the machine's control groups: what it holds and writes is the machine's memory.
        """
        self._root = root
        self._admit = admit

    def read_bytes(self, path: str) -> bytes:
        """Read a regular file of at most 16 MiB.

        Raises:
            OSError: If it cannot be read, as `open` would raise it.
            DiskError: If it is not a regular file or too large.
        """
        with self.reading(path) as descriptor:
            size = os.fstat(descriptor).st_size
            if size > _LARGEST_FILE:
                raise DiskError(
                    f"{path} has {size} bytes; the region reads at most {_LARGEST_FILE}."
                )
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(_LARGEST_FILE)

    def read_text(self, path: str) -> str:
        """Read a regular file as UTF-8; errors as `read_bytes`, and UnicodeDecodeError."""
        return self.read_bytes(path).decode()

    def exists(self, path: str) -> bool:
        """Return whether the path, with its links followed, exists."""
        try:
            os.close(self._open(path, os.O_PATH | os.O_CLOEXEC))
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                return False
            raise
        return True

    def names(self, path: str) -> list[str]:
        """Return the sorted names in a directory; none if there is no such directory.

        Raises:
            DiskError: If it has more than 100,000.
        """
        try:
            descriptor = self._open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return []
        try:
            with os.scandir(descriptor) as entries:
                names = [entry.name for entry in itertools.islice(entries, _MOST_NAMES + 1)]
            if len(names) > _MOST_NAMES:
                raise DiskError(
                    f"{path} has more than {_MOST_NAMES} entries, which the region does not read."
                )
            return sorted(names)
        finally:
            os.close(descriptor)

    def link_target(self, path: str) -> str | None:
        """Return what a symbolic link says; None if the path is none."""
        try:
            descriptor = self._open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            return os.readlink("", dir_fd=descriptor)
        except FileNotFoundError:
            return None
        finally:
            os.close(descriptor)

    @contextmanager
    def reading(self, path: str) -> Generator[int]:
        """Lend a descriptor of a regular file, open for reading; errors as `read_bytes`."""
        descriptor = self._open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DiskError(f"{path} is not a regular file.")
            yield descriptor
        finally:
            os.close(descriptor)

    def make_directories(self, path: str) -> None:
        """Make a directory and those above it that are missing: root's, 0755.

        Raises:
            OSError: If that cannot be done, as `mkdir` would raise it.
        """
        missing: list[str] = []
        while path and not self.exists(path):
            path, _, name = path.rpartition("/")
            missing.append(name)
        for name in reversed(missing):
            with self.directory(path or "/") as above, suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=above)
            path = f"{path}/{name}"

    @contextmanager
    def directory(self, path: str) -> Generator[int]:
        """Lend a descriptor of a directory, for calls that take one; errors as `open` raises them."""
        descriptor = self._open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def appending(self, path: str, *, truncate: bool = False) -> Generator[Path]:
        """Open a regular file for writing, made if absent (root, 0644), and lend a path to it.

        The path is valid inside the `with` and means that very file, whatever happens in the
        machine meanwhile.

        Raises:
            OSError: If it cannot be opened, as `open` would raise it.
            DiskError: If it is not a regular file.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = self._open(path, flags | os.O_CREAT | os.O_EXCL)
            os.fchmod(descriptor, 0o644)
        except FileExistsError:
            descriptor = self._open(path, flags)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DiskError(f"{path} is not a regular file.")
            if truncate:
                os.ftruncate(descriptor, 0)
            yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
        finally:
            os.close(descriptor)

    def call(self, program: Path, request: Mapping[str, object]) -> dict[str, Any]:
        """Run one of the region's programs confined to the machine's root.

        `program` is a Python file that imports the standard library only. Its `main(request)` is
        called in a process that was chrooted into the machine, as root; it returns a dictionary. If
        the file has a function `prepare(request)`, that is called before the chroot and its result
        is passed on, as `main(request, prepared)`: for a file of the host to open, for example.

        Raises:
            DiskError: If the program raises, needs more memory than the machine has, or takes more
                than ten minutes.
        """
        root = self._open_root()
        path = f"/proc/self/fd/{root}"
        command = [sys.executable, "-IS", chrooted.__file__, path, str(program)]
        try:
            done = self._run(command, json.dumps(request).encode(), root)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DiskError(f"{program.stem} could not run in the machine: {error}.") from error
        finally:
            os.close(root)
        if done.returncode == -signal.SIGKILL:
            raise DiskError(
                f"{program.stem} was killed in the machine: it needed more memory than the instance "
                "has left, or the instance was powered off."
            )
        if done.returncode != 0:
            last = done.stderr.decode(errors="replace").strip().splitlines()
            raise DiskError(
                f"{program.stem} failed in the machine: {last[-1] if last else 'no message'}"
            )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def _run(
        self, command: list[str], request: bytes, root: int
    ) -> subprocess.CompletedProcess[bytes]:
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"LC_ALL": "C.UTF-8"},
            cwd="/",
            pass_fds=(root,),
        ) as process:
            try:
                # It waits for its request, so it has touched nothing of the machine yet.
                self._admit(process.pid)
                output, errors = process.communicate(request, _PROGRAM_TIMEOUT_SECONDS)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def _open(self, path: str, flags: int) -> int:
        if not path.startswith("/"):
            raise DiskError(f"Path {path!r} is relative; give an absolute path in the machine.")
        root = self._open_root()
        try:
            return _openat2(root, path, flags)
        finally:
            os.close(root)

    def _open_root(self) -> int:
        try:
            root = os.open(self._root(), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise DiskError("The machine has just ended, so its files are out of reach.") from error
        try:
            # It still runs, so what was opened is its own: when a process has ended, the host may
            # give its id to another, whose root is the host's.
            self._root()
        except BaseException:
            os.close(root)
            raise
        return root


def _openat2(root: int, path: str, flags: int) -> int:
    mode = 0o600 if flags & os.O_CREAT else 0
    how = _OpenHow(flags, mode, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    for _ in range(100):
        result: int = _libc.syscall(
            _SYS_OPENAT2, root, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)
        )
        if result >= 0:
            return result
        code = ctypes.get_errno()
        # The kernel asks to try again if the tree changed while it resolved a "..".
        if code not in (errno.EAGAIN, errno.EINTR):
            raise OSError(code, os.strerror(code), path)
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), path)
