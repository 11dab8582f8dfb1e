"""Checks that this machine has everything, before minutes of work begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from toolchain import locate, paths
from toolchain.errors import ToolError

_APPSPEC = "appspec.yml"

REGION: tuple[Callable[[], object], ...] = (
    locate.haproxy,
    locate.runc,
    locate.nft,
    locate.ip,
    locate.nsenter,
    locate.setpriv,
    locate.postgres_bin,
)
"""What a region needs."""

REHEARSAL: tuple[Callable[[], object], ...] = (
    *REGION,
    locate.pulumi,
    locate.node,
    locate.artillery_command,
)
"""What an experiment needs in addition to a region."""


def require(finders: Iterable[Callable[[], object]]) -> None:
    """Check that everything can be found.

    Raises:
        ToolError: the message names everything that is missing, with the remedies.
    """
    problems: list[str] = []
    for find in finders:
        try:
            find()
        except ToolError as error:
            problems.append(str(error))
    if problems:
        raise ToolError("\n".join(problems))


def require_revision(directory: Path = paths.REVISION) -> None:
    """Check that a revision, the sample service's unless another is given, has been built.

    Raises:
        ToolError: it has not.
    """
    if (directory / _APPSPEC).is_file():
        return
    if directory == paths.REVISION:
        remedy = "build it: make revision (or python -m toolchain revision)"
    elif not directory.is_dir():
        raise ToolError(f"the revision {directory} does not exist; build it first")
    elif found := sorted([*directory.glob(f"*/{_APPSPEC}"), *directory.glob(f"*/*/{_APPSPEC}")]):
        remedy = f"{found[0]} is one: name {found[0].parent}, if that is what is to be deployed"
    elif found := sorted(one for one in directory.iterdir() if _is_misnamed(one)):
        remedy = f"rename {found[0].name} to {_APPSPEC}, the only name that CodeDeploy looks for"
    else:
        remedy = "name the directory that has it at its root, after building it"
    raise ToolError(f"the revision in {directory} has no {_APPSPEC}; {remedy}")


def _is_misnamed(file: Path) -> bool:
    return file.name.lower() in {"appspec.yml", "appspec.yaml", "appspec.json", "appspec"}
