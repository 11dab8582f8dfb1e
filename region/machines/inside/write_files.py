"""Writes files as cloud-init's write_files does: parents are made, existing files replaced."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Write `request["files"]`, each {path, content (base64), mode}, in order; owner is root."""
    for file in request["files"]:
        path = Path(file["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(file["content"]))
        os.chmod(path, file["mode"])  # noqa: PTH101 - as the machine's root, through its links
        os.chown(path, 0, 0)
    return {}
