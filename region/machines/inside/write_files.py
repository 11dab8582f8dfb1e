"""Writes files as cloud-init's write_files does: parents are made, existing files replaced."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

from region.machines.inside.files import open_to_write


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Write `request["files"]` in order, each {path, content, mode, uid, gid, append}.

    `content` is base64. Returns `problems`, one text for each file that could not be written.
    """
    problems: list[str] = []
    for file in request["files"]:
        try:
            _write(file)
        except (OSError, ValueError) as error:
            problems.append(f"{file['path']}: {error}")
    return {"problems": problems}


def _write(file: dict[str, Any]) -> None:
    path = Path(file["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_to_write(path, append=file.get("append", False)) as opened:
        opened.write(base64.b64decode(file["content"]))
        os.fchmod(opened.fileno(), file["mode"])
        os.fchown(opened.fileno(), file.get("uid", 0), file.get("gid", 0))
