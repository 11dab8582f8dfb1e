"""Makes and removes the directories of a service: RuntimeDirectory=, StateDirectory= and others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from region.machines.inside.files import remove_tree, walk_upward

# What the paths of a request are below; the machine's own root once the program is confined to it.
ROOT = "/"


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Remove the paths of `remove`, make the `directories`, each {path, mode, uid, gid}.

    As systemd does, a directory that is there but belongs to somebody else is handed over with
    everything in it.
    """
    for path in request.get("remove", ()):
        remove_tree(Path(ROOT, path.lstrip("/")), ignore_errors=True)
    for wanted in request.get("directories", ()):
        path = Path(ROOT, wanted["path"].lstrip("/"))
        owner = (wanted["uid"], wanted["gid"])
        path.mkdir(parents=True, exist_ok=True)
        found = path.stat()
        if (found.st_uid, found.st_gid) != owner:
            _hand_over(path, owner)
        path.chmod(wanted["mode"])
    return {}


def _hand_over(path: Path, owner: tuple[int, int]) -> None:
    os.chown(path, *owner)
    top = path.resolve()
    above = os.open(top.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for directory, name, _ in walk_upward(above, top.name):
            os.chown(name, *owner, dir_fd=directory, follow_symlinks=False)
    finally:
        os.close(above)
