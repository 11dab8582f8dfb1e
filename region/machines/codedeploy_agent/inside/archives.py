"""Which of the earlier archives stay on the machine (command_executor.rb, `cleanup_old_archives`).

Runs inside a machine, as a part of the download (see `RootFileSystem.call`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from region.machines.inside.files import remove_tree


def retain(request: Mapping[str, Any]) -> list[str]:
    """Keep the most recent archives, and always the last successful one.

    Args:
        request: `group`, the directory of the group's deployments; `current` and `last_successful`,
            two of them; `count`, how many to keep with the current one.

    Returns:
        The names of the archives that are gone.
    """
    group = Path(request["group"])
    if not group.is_dir():
        return []
    others = [path for path in group.iterdir() if str(path) != request["current"]]
    surplus = max(len(others) - request["count"] + 1, 0)
    removable = sorted(
        (path for path in others if str(path) != request["last_successful"]),
        key=lambda path: path.lstat().st_mtime_ns,
    )[:surplus]
    for path in removable:
        if path.is_dir() and not path.is_symlink():
            remove_tree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return [path.name for path in removable]
