"""`python -m components.revision.check DIR`: the program's own checks of a revision, without an engine.

Prints JSON: `problems`, why its deployment is certain to fail, a sentence each with file and line, and
`notices`, what will probably fail on instances that have this computer's processor.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

from components.errors import ConfigurationError
from components.revision import programs
from components.revision.bundle import members_and_hints

_EC2_NAMES = {"aarch64": "arm64", "amd64": "x86_64"}


def check(source: Path) -> dict[str, list[str]]:
    """Return what keeps a directory from being deployed, and what may keep it from running here."""
    try:
        members, _ = members_and_hints(source)
    except ConfigurationError as error:
        return {"problems": str(error).splitlines(), "notices": []}
    machine = platform.machine()
    ours = _EC2_NAMES.get(machine.lower(), machine)
    found = programs.only_for_others(source, members, ours)
    remedy = f"this computer has {ours} and cannot run them: build the revision for {ours} as well"
    return {"problems": [], "notices": [f"{found}; {remedy}"] if found else []}


if __name__ == "__main__":
    json.dump(check(Path(sys.argv[1])), sys.stdout)
