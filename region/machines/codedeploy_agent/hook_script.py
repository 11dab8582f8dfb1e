"""A look at a hook script before it is run, which also makes it executable.

Reference: hook_executor.rb, `execute`, of github.com/aws/aws-codedeploy-agent. The region itself looks:
an interpreter started in the machine for each script would take its CPU time, which the agent, a
process that is there already, does not need.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import Final

from region.machines.errors import DiskError
from region.machines.root_file_system import RootFileSystem

_LONGEST_FIRST_LINE: Final = 256
_EXECUTABLE: Final = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


@dataclass(frozen=True)
class HookScript:
    """What a hook script is.

    Attributes:
        is_file: False for a directory, a pipe or a device.
        first_line: Its first line without the line feed.
        interpreter: What stands behind its `#!`, as the kernel reads it; "" without one.
        interpreter_exists: Whether the machine has that.
    """

    is_file: bool
    first_line: str = ""
    interpreter: str = ""
    interpreter_exists: bool = False


def look_at(files: RootFileSystem, path: str) -> HookScript:
    """Look at the script `path` of a machine, and make it executable.

    Raises:
        FileNotFoundError: If it does not exist.
        OSError: If it cannot be made executable.
    """
    if not files.exists(path):
        raise FileNotFoundError(path)
    try:
        with files.reading(path) as descriptor:
            mode = os.fstat(descriptor).st_mode
            if not mode & _EXECUTABLE:
                os.fchmod(descriptor, stat.S_IMODE(mode) | _EXECUTABLE)
            line = os.read(descriptor, _LONGEST_FIRST_LINE).partition(b"\n")[0]
    except DiskError:
        return HookScript(is_file=False)
    first = line.decode(errors="replace")
    interpreter = _interpreter(first)
    there = bool(interpreter) and files.exists(f"/{interpreter.lstrip('/')}")
    return HookScript(True, first, interpreter, there)


def _interpreter(first: str) -> str:
    if not first.startswith("#!"):
        return ""
    # The kernel ends the interpreter's path at a space or tab, but not at a carriage return.
    return first.removeprefix("#!").strip(" \t").replace("\t", " ").split(" ")[0]
