"""An instance's root volume: a sparse file with an ext4 file system, on a loop device.

It is mounted in a mount namespace that one thread has while it makes the instance's container, and
stays mounted in that container: no mount table of the computer has it, and the kernel unmounts it and
detaches its device when the container's last process has ended, whoever ended it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from region.machines.errors import DiskError
from region.machines.volumes import loop_device
from region.rootless import OF_THE_HOST
from region.threads import in_own_thread
from toolchain import locate
from toolchain.errors import ToolError

Result = TypeVar("Result")

GIBIBYTE: Final = 1024**3
LEAST_FREE_BYTES: Final = GIBIBYTE
"""What a computer must have free for another instance to start."""
_FILE: Final = "volume.img"
_MOUNT_POINT: Final = "volume"
_PROBE_BYTES: Final = 4 * 1024**2
_COMMAND_SECONDS: Final = 60.0
_DETACH_SECONDS: Final = 10.0

_NEW_MOUNTS: Final = 0x00020000  # CLONE_NEWNS
_PRIVATE: Final = 0x40000 | 0x4000  # MS_PRIVATE | MS_REC
_MOUNT_FLAGS: Final = 4 | 1024  # MS_NODEV | MS_NOATIME, as Amazon Linux mounts its root
# What an instance deletes becomes free on the computer; tables of inodes are holes, which read as zeros.
_MOUNT_OPTIONS: Final = b"discard,noinit_itable"

_libc = ctypes.CDLL(None, use_errno=True)


class RootVolume:
    """The root volume of one instance."""

    def __init__(self, directory: Path, size_bytes: int) -> None:
        """Use the volume in `directory`, which `mounted` makes if it is not there yet.

        One that is smaller is enlarged, with its file system, as cloud-init does at a boot after
        ModifyVolume; one that is larger stays, as no volume of EC2 shrinks.
        """
        self.file = directory / _FILE
        """The file that it is on the computer: it takes the space that is written to."""
        self.point = directory / _MOUNT_POINT
        """Where it is mounted; everybody else sees an empty directory there."""
        self._size = size_bytes

    def mounted(self, work: Callable[[Path], Result]) -> Result:
        """Call `work` with the directory that the volume is mounted on, in a thread that sees it there.

        Processes that it starts see it too, and what they mount of it stays after the return.

        Raises:
            DiskError: The volume can be neither made nor mounted. Errors of `work` come through.
        """

        def inside() -> Result:
            self._mount()
            return work(self.point)

        self._make()
        return in_own_thread(inside, "root-volume")

    def _make(self) -> None:
        self.point.mkdir(parents=True, exist_ok=True)
        try:
            if not self.file.exists():
                new = self.file.with_suffix(".new")
                with new.open("wb") as file:
                    os.fchmod(file.fileno(), 0o600)
                    file.truncate(self._size)
                _make_file_system(new)
                new.rename(self.file)
            elif self.file.stat().st_size < self._size:
                _enlarge(self.file, self._size)
        except OSError as error:
            raise DiskError(f"{self.file} cannot be made: {error.strerror}.") from error

    def _mount(self) -> None:
        """Mount the volume in a mount namespace of the calling thread's own."""
        try:
            _check(_libc.unshare(_NEW_MOUNTS))
            _check(_libc.mount(b"none", b"/", None, _PRIVATE, None))
            with loop_device.attached(self.file) as device:
                source, target = os.fsencode(device), os.fsencode(self.point)
                _check(_libc.mount(source, target, b"ext4", _MOUNT_FLAGS, _MOUNT_OPTIONS))
        except OSError as error:
            raise DiskError(f"{self.file} cannot be mounted: {error.strerror}.") from error


def require_space(directory: Path) -> None:
    """Check that the computer has room for what another instance writes.

    Raises:
        DiskError: Less than 1 GiB is free: a volume that the computer has no room for would break as
            no disk of EC2 does.
    """
    free = shutil.disk_usage(directory).free
    if free < LEAST_FREE_BYTES:
        raise DiskError(
            f"Only {free / GIBIBYTE:.1f} GiB are free on the file system of {directory}, and an instance "
            f"needs {LEAST_FREE_BYTES / GIBIBYTE:g}: make room there, or choose another directory with "
            "--root."
        )


def why_none(directory: Path) -> str:
    """Return why instances below `directory` can have no volumes of their own; empty if they can.

    Tried, not guessed: containers and hardened kernels refuse at different points.
    """
    if not OF_THE_HOST:
        return "only the computer's root may attach loop devices, and this region runs without it"
    try:
        locate.mkfs_ext4()
    except ToolError as error:
        return str(error)
    try:
        with tempfile.TemporaryDirectory(prefix="probe-", dir=directory) as probe:
            RootVolume(Path(probe), _PROBE_BYTES).mounted(lambda _: None)
    except DiskError as error:
        return f"this computer gives it no loop device: {error.__cause__ or error}"
    return ""


def _make_file_system(file: Path) -> None:
    # Nothing is kept for root: what is full is full for every user, as on Amazon Linux's XFS. Tables of
    # inodes are holes of the file already.
    options = ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1"]
    _run([locate.mkfs_ext4, *options, str(file)])


def _enlarge(file: Path, size: int) -> None:
    """Make file and file system larger, once they are no longer mounted."""
    deadline = time.monotonic() + _DETACH_SECONDS
    while loop_device.attachments(file):
        if time.monotonic() > deadline:
            raise DiskError(f"{file} cannot be enlarged: it is still in use.")
        time.sleep(0.05)
    # It corrects what a loss of power has left, as the mount would; 1 means that it did.
    _run([locate.e2fsck, "-f", "-p", str(file)], good=(0, 1))
    os.truncate(file, size)
    _run([locate.resize2fs, str(file)])


def _run(command: list[Callable[[], Path] | str], good: tuple[int, ...] = (0,)) -> None:
    """Run a command of e2fsprogs on a volume's file, its last argument."""
    file = command[-1]
    try:
        words = [str(word()) if callable(word) else word for word in command]
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
        )
    except (ToolError, OSError, subprocess.TimeoutExpired) as error:
        raise DiskError(f"{file} cannot get its file system: {error}.") from error
    if done.returncode not in good:
        said = (done.stderr or done.stdout).strip().splitlines()
        reason = said[-1] if said else "no message"
        raise DiskError(f"{Path(words[0]).name} failed on {file}: {reason}")


def _check(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
