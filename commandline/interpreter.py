"""Says which Python to use if this one lacks the project's packages.

Imported before anything else of a command line, so it needs nothing but an old Python 3.
"""

# ruff: noqa: PTH100, PTH118 - for a Python of any age
from __future__ import annotations

import importlib.util
import os
import sys

NEEDED = ("typer", "pydantic")
OWN = (
    *NEEDED,
    "yaml",
    "rich",
    "click",
    "boto3",
    "botocore",
    "pulumi",
    "pulumi_aws",
    "moto",
    "numpy",
    "jinja2",
    "psutil",
)
"""What must be the version that the project has locked."""
EXIT_CODE = 4
"""`ExitCode.FAILURE`, which an old Python could not import."""


def require() -> None:
    """End with one message unless this Python has the project's packages."""
    old = sys.version_info < (3, 11)
    if old or any(importlib.util.find_spec(name) is None for name in NEEDED):
        own = os.path.join(".venv", "bin", "python")
        why = "is too old" if old else "has none of the project's packages"
        sys.stderr.write(
            f"error: this Python ({sys.executable}) {why}; use {own}, or first "
            "`source .venv/bin/activate`; `make setup` makes it\n"
        )
        raise SystemExit(EXIT_CODE)
    if shadowed := _shadowed():
        sys.stderr.write(
            f"error: PYTHONPATH has another `{shadowed[0]}`, in {shadowed[1]}, which Python takes instead "
            "of the project's own: `unset PYTHONPATH`\n"
        )
        raise SystemExit(EXIT_CODE)
    # Here, because an old Python could not import it, and before anything large is.
    from commandline import characters  # noqa: PLC0415

    characters.use_utf8()


def _shadowed() -> tuple[str, str] | None:
    """Return a package that PYTHONPATH has as well, and where; None if there is none."""
    given = [
        os.path.abspath(one) for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one
    ]
    others = [one for one in given if not _is_below(one, sys.prefix)]
    for name in OWN if others else ():
        spec = importlib.util.find_spec(name)
        origin = os.path.abspath(spec.origin) if spec and spec.origin else ""
        for one in others:
            if origin and _is_below(origin, one) and not _is_below(origin, sys.prefix):
                return name, one
    return None


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(os.path.join(directory, ""))
