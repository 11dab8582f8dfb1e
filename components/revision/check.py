"""`python -m components.revision.check DIR`: the program's own checks of a revision, without an engine.

Prints a JSON list of what is wrong with it, a sentence each, with file and line; it is empty if its
deployment is not certain to fail.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from components.errors import ConfigurationError
from components.revision.bundle import members_and_hints


def problems(source: Path) -> list[str]:
    """Return what keeps a directory from being a revision that can be deployed."""
    try:
        members_and_hints(source)
    except ConfigurationError as error:
        return str(error).splitlines()
    return []


if __name__ == "__main__":
    json.dump(problems(Path(sys.argv[1])), sys.stdout)
