"""PostgreSQL's parameters as the server itself lists them: which exist, and which need a restart."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.installed import binaries_of

_TIMEOUT = 20.0
_COLUMNS = 9


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of PostgreSQL.

    Attributes:
        static: Whether a new value needs a restart of the server.
        kind: `boolean`, `integer`, `float`, `string` or `list`, as RDS names types.
        default: The value that the server is built with.
        allowed: The range of a number, as RDS writes it; empty for anything else.
    """

    name: str
    static: bool
    kind: str
    default: str
    allowed: str
    description: str


@functools.cache
def catalogue(major: int) -> Mapping[str, Parameter]:
    """Return the parameters of an installed major version by name. Runs a program the first time.

    Raises:
        DatabaseError: The version is not installed, or does not list them.
    """
    program = binaries_of(major) / "postgres"
    try:
        listed = subprocess.run(
            [str(program), "--describe-config"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=True,
            env={"LC_ALL": "C.UTF-8"},
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseError(f"{program} does not list its parameters: {error}") from error
    parsed = [_parsed(line.split("\t")) for line in listed.splitlines()]
    return {parameter.name: parameter for parameter in parsed if parameter is not None}


def _parsed(columns: list[str]) -> Parameter | None:
    if len(columns) < _COLUMNS:
        return None
    name, context, _, kind, default, lowest, highest, short, long = columns[:_COLUMNS]
    kinds = {"BOOLEAN": "boolean", "INTEGER": "integer", "REAL": "float", "ENUM": "list"}
    return Parameter(
        name=name,
        static=context == "postmaster",
        kind=kinds.get(kind, "string"),
        default=default,
        allowed=f"{lowest}-{highest}" if lowest and highest else "",
        description=f"{short} {long}".strip(),
    )
