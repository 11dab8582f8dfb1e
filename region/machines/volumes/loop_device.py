"""Loop devices of the kernel: a file as a block device, for as long as it is in use.

Such a device is detached by the kernel when its last user ends (LO_FLAGS_AUTOCLEAR): nothing has to be
undone, whatever kills this process. See loop(4) and linux/loop.h.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from toolchain import locate

CONTROL: Final = locate.LOOP_CONTROL
_BLOCKS: Final = Path("/sys/block")
_DEVICES: Final = Path("/dev")
_MAJOR: Final = 7

_GET_STATUS64: Final = 0x4C05
_CONFIGURE: Final = 0x4C0A
"""Since Linux 5.8."""
_GET_FREE: Final = 0x4C82
_AUTOCLEAR: Final = 4
_DIRECT_IO: Final = 16
"""Else everything is in the memory of the computer twice: as pages of the device, and of the file."""

# loop_info64: device and inode of the file, rdevice, offset, limit; number, two of ciphers, flags; the
# file's name, a cipher's name and key, and two words for it.
_INFO: Final = struct.Struct("=5Q4I64s64s32s2Q")
# loop_config: the file, the size of a block (0: the kernel's), that, and eight reserved words.
_CONFIG: Final = struct.Struct(f"=2I{_INFO.size}s64s")


@contextmanager
def attached(file: Path) -> Generator[Path]:
    """Lend the block device that `file` is; one that is attached already is the same device.

    Whoever has mounted it meanwhile keeps it. Two devices of one file would be two file systems that
    know nothing of each other.

    Raises:
        OSError: The kernel gives none.
    """
    with file.open("r+b", buffering=0) as opened:
        found = os.fstat(opened.fileno())
        device = _attached_device(file, (found.st_dev, found.st_ino))
        descriptor, path = device or _attach(opened.fileno(), file.name)
    try:
        yield path
    finally:
        os.close(descriptor)


def attachments(file: Path) -> list[Path]:
    """Return the loop devices that a file is attached to."""
    found: list[Path] = []
    for entry in sorted(_BLOCKS.glob("loop*/loop/backing_file")):
        with suppress(OSError):
            # The last two parts: a container sees another path to the same file.
            if Path(entry.read_text().rstrip("\n")).parts[-2:] == file.parts[-2:]:
                found.append(_DEVICES / entry.parts[-3])
    return found


def _attached_device(file: Path, identity: tuple[int, int]) -> tuple[int, Path] | None:
    """Open the device that the file with this device and inode is attached to, if there is one."""
    for path in attachments(file):
        with suppress(OSError):
            descriptor = _open(path)
            if _identity(descriptor) == identity:
                # Open, it stays attached, also if its last mount ends now.
                return descriptor, path
            os.close(descriptor)
    return None


def _identity(descriptor: int) -> tuple[int, int] | None:
    """Return device and inode of the file behind a loop device; None if it is detached."""
    info = bytearray(_INFO.size)
    try:
        fcntl.ioctl(descriptor, _GET_STATUS64, info)
    except OSError:
        return None
    device, inode = _INFO.unpack(info)[:2]
    return device, inode


def _attach(file: int, name: str) -> tuple[int, Path]:
    info = _INFO.pack(
        0, 0, 0, 0, 0, 0, 0, 0, _AUTOCLEAR | _DIRECT_IO, name.encode()[:63], b"", b"", 0, 0
    )
    config = _CONFIG.pack(file, 0, info, b"")
    control = os.open(CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        while True:
            path = _DEVICES / f"loop{fcntl.ioctl(control, _GET_FREE)}"
            descriptor = _open(path)
            try:
                fcntl.ioctl(descriptor, _CONFIGURE, config)
            except OSError as error:
                os.close(descriptor)
                # Somebody else has attached a file to it since it was free.
                if error.errno != errno.EBUSY:
                    raise
            else:
                return descriptor, path
    finally:
        os.close(control)


def _open(path: Path) -> int:
    if not path.exists():
        # A container has those devices that were there when it was started.
        number = int(path.name.removeprefix("loop"))
        with suppress(FileExistsError):
            os.mknod(path, 0o060600, os.makedev(_MAJOR, number))
    return os.open(path, os.O_RDWR | os.O_CLOEXEC)
