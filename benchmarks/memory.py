"""Peak memory of a program."""

from __future__ import annotations

from pathlib import Path


def peak_kib() -> int:
    """Peak memory of this program; `ru_maxrss` would begin with that of the process it came from."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise LookupError("/proc/self/status has no VmHWM")
