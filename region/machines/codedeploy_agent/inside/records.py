"""What the agent keeps on its machine beside the revision: which archives, and the scripts' log.

Reference: command_executor.rb, `cleanup_old_archives` and `update_last_successful_install`;
hook_executor.rb, `log_script`. Runs inside a machine (see `RootFileSystem.call`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from region.machines.inside.files import open_to_write, remove_tree


def main(request: Mapping[str, Any]) -> dict[str, Any]:
    """Do the one `action` of the request: `retain`, `write` or `append`.

    Args:
        request: For retain `group`, the directory of the group's deployments, `current` and
            `last_successful`, two of them, and `count`, how many to keep with the current one; for
            write and append `path` and `text`.

    Returns:
        `removed`, the names of the archives that are gone.
    """
    os.umask(0o022)
    if request["action"] == "retain":
        return {"removed": _retain(request)}
    path = Path(request["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    if request["action"] == "append":
        with open_to_write(path, append=True) as file:
            file.write(request["text"].encode(errors="surrogateescape"))
    else:
        partial = path.with_suffix(".partial")
        with open_to_write(partial) as file:
            file.write(request["text"].encode())
        partial.replace(path)
    return {"removed": []}


def _retain(request: Mapping[str, Any]) -> list[str]:
    """Keep the most recent archives, and always the last successful one."""
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
