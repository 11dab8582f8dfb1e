"""On which TCP ports the programs in a network namespace accept connections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_LISTEN: Final = "0A"
_LOOPBACK: Final = frozenset({"0100007F", "00000000000000000000000001000000"})
"""127.0.0.1 and ::1 as the kernel writes them on a little-endian computer."""
_PROC: Final = Path("/proc")


def ports_of(pid: int, proc: Path = _PROC) -> frozenset[int]:
    """Return the ports that listen for others in the network of a process, none once it has ended."""
    return frozenset(
        port for table in ("tcp", "tcp6") for port in _ports(proc / str(pid) / "net" / table)
    )


def _ports(table: Path) -> Iterator[int]:
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        _, local, _, state, *_ = line.split()
        address, _, port = local.partition(":")
        if state == _LISTEN and address not in _LOOPBACK:
            yield int(port, 16)
