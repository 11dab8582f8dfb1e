"""The versions of PostgreSQL that are installed."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from region.services.rds.postgres.errors import DatabaseError
from toolchain import locate
from toolchain.errors import ToolError


def binaries_of(major: int) -> Path:
    """Return the directory with `initdb` and `postgres` of a major version.

    Raises:
        DatabaseError: If it is not installed.
    """
    found = {_split(version)[0]: path for version, path in _installed().items()}
    if major not in found:
        known = ", ".join(str(number) for number in sorted(found))
        raise DatabaseError(
            f"PostgreSQL {major} is not available in the local region: "
            f"choose an engine version of {known}."
        )
    return found[major]


def available_versions() -> dict[int, str]:
    """Return what is installed: major version -> full version.

    Raises:
        DatabaseError: If nothing is.
    """
    return {_split(version)[0]: version for version in _installed()}


@functools.cache
def _installed() -> dict[str, Path]:
    try:
        newest = locate.postgres_bin()
    except ToolError as error:
        raise DatabaseError(str(error)) from error
    return {_version(path): path for path in newest.parent.parent.glob("pginstall*/bin")}


def _version(binaries: Path) -> str:
    header = binaries.parent / "include" / "pg_config.h"
    match = re.search(r'#define PG_VERSION "([\d.]+)"', header.read_text(errors="replace"))
    if match is None:
        raise DatabaseError(f"{header} names no PostgreSQL version: reinstall the wheel.")
    return match.group(1)


def _split(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
