"""The operating system of an instance, as its SSM Agent reports it: that of its image."""

from __future__ import annotations

from typing import Any

from region.machines.errors import MachineError


def of(pool: Any, instance_id: str) -> tuple[str, str]:
    """Return NAME and VERSION_ID of an instance's /etc/os-release; empty while it cannot be read."""
    try:
        text: str = pool.get(instance_id).files.read_text("/etc/os-release")
    except (MachineError, OSError, UnicodeDecodeError):
        return "", ""
    pairs = (line.partition("=")[::2] for line in text.splitlines() if "=" in line)
    values = {name.strip(): value.strip().strip("\"'") for name, value in pairs}
    return values.get("NAME", "Linux"), values.get("VERSION_ID", "")
