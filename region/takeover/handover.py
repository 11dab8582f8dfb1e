"""What a killed region hands over to the next one: open files in processes that keep running.

A load balancer's process listens on sockets that the region has opened. Whoever takes the process over
needs them too, or its successor could not listen there without a gap.
"""

from __future__ import annotations

import ctypes
import logging
import os
import pickle
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from region import private

log = logging.getLogger(__name__)

FORMAT: Final = 1
"""Raised when what is kept changes: the attributes of a class, for example."""
# The number is the same on every architecture.
_SYS_PIDFD_GETFD: Final = 438
_libc = ctypes.CDLL(None, use_errno=True)

Place = tuple[str, int]
"""An address and a port."""
Kept = TypeVar("Kept")


def descriptor(pid: int, number: int) -> int:
    """Return a descriptor of our own for what the process `pid` has open as `number`.

    Raises:
        OSError: It has ended, or has no such descriptor, or does not belong to this user.
    """
    process = os.pidfd_open(pid)
    try:
        found: int = _libc.syscall(_SYS_PIDFD_GETFD, process, number, 0)
        if found < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), f"descriptor {number} of process {pid}")
    finally:
        os.close(process)
    os.set_inheritable(found, False)
    return found


def sockets(pid: int, numbers: Mapping[Place, int]) -> dict[Place, socket.socket]:
    """Return the sockets with which the process `pid` listens, by the places where it should.

    Raises:
        OSError: One of them is not there, or listens elsewhere.
    """
    found: dict[Place, socket.socket] = {}
    try:
        for place, number in numbers.items():
            item = found[place] = socket.socket(fileno=descriptor(pid, number))
            if item.getsockname() != place:
                raise OSError(f"process {pid} does not listen at {place} any more")
    except OSError:
        for item in found.values():
            item.close()
        raise
    return found


def keep(path: Path, what: object) -> bool:
    """Write down what the next region needs, where only this user reads it.

    Return False if that is not possible, as on a full disk: the next region takes over less then.
    """
    try:
        private.write_bytes(path, pickle.dumps((FORMAT, what)))
    except OSError as error:
        log.warning("%s cannot be written: %s", path, error.strerror)
        return False
    return True


def kept(path: Path, kind: type[Kept]) -> Kept | None:
    """Return what `keep` has written; None if it is missing, or another version of this program's."""
    with suppress(Exception):
        if path.stat().st_uid == os.geteuid():
            # Our own, from a private directory.
            version, found = pickle.loads(path.read_bytes())  # noqa: S301
            return found if version == FORMAT and isinstance(found, kind) else None
    return None
