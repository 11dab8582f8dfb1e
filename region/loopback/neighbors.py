"""What other regions of this computer have on its loopback device.

Equal private addresses have the same loopback twin in every region (`region.loopback.addresses`). So an
address on which a program listens is not assigned again, and messages name the region that has a port.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import psutil

from region import session
from region.loopback.peers import hexadecimal

_TABLE: Final = Path("/proc/net/tcp")
_LISTENS: Final = "0A"


def in_use(address: str) -> bool:
    """Return whether a program of this computer listens at this IPv4 address, on any port."""
    wanted = hexadecimal((address, 0)).partition(":")[0]
    with contextlib.suppress(OSError), _TABLE.open(encoding="ascii") as table:
        next(table, None)
        for line in table:
            _, local, _, state, *_ = line.split()
            if state != _LISTENS:
                break  # The kernel shows those that listen first; there may be many connections.
            if local.startswith(wanted):
                return True
    return False


def region_at(address: str, port: int) -> Path | None:
    """Return the root of the region that listens there; None if it is none, or another user's."""
    for one in psutil.net_connections("tcp4"):
        if one.status == psutil.CONN_LISTEN and one.laddr == (address, port) and one.pid:
            with contextlib.suppress(psutil.Error, OSError):
                return _root_of(psutil.Process(one.pid))
    return None


def _root_of(process: psutil.Process) -> Path | None:
    """Return the root of a region's process or of its HAProxy: their commands name files in it."""
    where = Path(process.cwd())
    for word in process.cmdline():
        path = where / word
        if "/" in word:
            for directory in (path, *path.parents):
                if session.record(directory).is_file():
                    return directory
    return None
