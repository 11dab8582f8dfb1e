"""Looks at a hook script before it is run, and makes it executable (hook_executor.rb, `execute`).

Runs inside a machine (see `RootFileSystem.call`).
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LONGEST_FIRST_LINE = 256


def main(request: Mapping[str, Any]) -> dict[str, Any]:
    """Inspect a script.

    Args:
        request: `path`, absolute.

    Returns:
        `state` (missing, directory or file), and for a file `first_line` without its line feed,
        `interpreter` behind its `#!`, whether that exists, and `made_executable`; or `error` if it
        could not be made executable.
    """
    path = Path(request["path"])
    if not path.exists():
        return {"state": "missing"}
    if not path.is_file():
        return {"state": "directory"}
    mode = path.stat().st_mode
    executable = bool(mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH))
    try:
        if not executable:
            path.chmod(mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        with path.open("rb") as file:
            line = file.readline(_LONGEST_FIRST_LINE)
    except OSError as error:
        return {"error": str(error)}
    first = line.removesuffix(b"\n").decode(errors="replace")
    # The kernel ends the interpreter's path at a space or tab, but not at a carriage return.
    words = first.removeprefix("#!").strip(" \t").replace("\t", " ").split(" ")
    interpreter = words[0] if first.startswith("#!") else ""
    return {
        "state": "file",
        "first_line": first,
        "interpreter": interpreter,
        "interpreter_exists": bool(interpreter) and Path(interpreter).exists(),
        "made_executable": not executable,
    }
