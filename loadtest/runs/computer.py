"""The kind of computer that a run was made on; figures of different kinds are not comparable."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
_MODEL = re.compile(r"^(?:model name|Model)\s*:\s*(.+)$", re.MULTILINE)
_ARM = re.compile(r"^CPU (?:implementer|part)\s*:\s*(\S+)$", re.MULTILINE)


def describe(cpuinfo: Path = CPUINFO) -> str:
    """Return the processor's model, its architecture and how many CPUs and GiB of memory there are.

    Two computers of the same kind have the same description, and it names nobody's.
    """
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    parts = list(dict.fromkeys(_ARM.findall(text)))
    model = found[1] if (found := _MODEL.search(text)) else " ".join(parts) or "unknown CPU"
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = " ".join(model.split())
    return f"{name} ({platform.machine()}), {os.cpu_count() or 1} CPUs, {gib:.0f} GiB"
