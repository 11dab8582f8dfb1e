"""Where a file is that a script names from another directory than its own."""

from __future__ import annotations

import os
from pathlib import Path


def remedy(directory: Path, name: str) -> str:
    """Return what to write for a file that a script in `directory` names and that is not there.

    Artillery looks from the script's directory. People write the path from where they start it.

    Returns:
        A clause behind a message; an empty text if the file is nowhere near.
    """
    own = Path(name)
    if own.is_absolute() or not own.name:
        return ""
    if (directory / own.name).is_file():
        return f"; it is beside the script: write `./{own.name}`"
    if own.is_file():
        there = Path(os.path.relpath(own, directory)).as_posix()
        return f"; Artillery looks from the script's directory: write `{there}`"
    return ""
