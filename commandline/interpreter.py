"""Says which Python to use where this one lacks the project's packages.

Imported before anything else of a command line, so it needs nothing but an old Python 3.
"""

from __future__ import annotations

import importlib.util
import os
import sys

NEEDED = ("typer", "pydantic")
EXIT_CODE = 4
"""`ExitCode.FAILURE`, which an old Python could not import."""


def require() -> None:
    """End with one message unless this Python has the project's packages."""
    old = sys.version_info < (3, 11)
    if old or any(importlib.util.find_spec(name) is None for name in NEEDED):
        own = os.path.join(".venv", "bin", "python")  # noqa: PTH118 - for a Python of any age
        why = "is too old" if old else "has none of the project's packages"
        sys.stderr.write(
            f"error: this Python ({sys.executable}) {why}; use {own}, or first "
            "`source .venv/bin/activate`; `make setup` makes it\n"
        )
        raise SystemExit(EXIT_CODE)
