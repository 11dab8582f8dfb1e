"""Peak memory of a program."""

from __future__ import annotations

from pathlib import Path


def peak_kib() -> int:
    """Return this program's peak memory; `ru_maxrss` would include that of its parent process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise LookupError("/proc/self/status has no VmHWM")
