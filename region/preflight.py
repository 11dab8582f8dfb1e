"""What has to be on this machine before minutes of work begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from toolchain import locate, paths
from toolchain.errors import ToolError

REGION: tuple[Callable[[], object], ...] = (locate.haproxy, locate.postgres_bin)
"""What a region runs."""

REHEARSAL: tuple[Callable[[], object], ...] = (
    *REGION,
    locate.pulumi,
    locate.node,
    locate.artillery_command,
)
"""What the main job needs beyond a region."""


def require(finders: Iterable[Callable[[], object]]) -> None:
    """Raises ToolError that names everything that is missing, with what to do about it."""
    problems: list[str] = []
    for find in finders:
        try:
            find()
        except ToolError as error:
            problems.append(str(error))
    if problems:
        raise ToolError("\n".join(problems))


def require_revision(directory: Path = paths.REVISION) -> None:
    """Raises ToolError if the sample service's revision has not been built."""
    if not (directory / "appspec.yml").is_file():
        raise ToolError(
            f"the revision in {directory} has no appspec.yml; build it: make revision "
            "(or python -m toolchain revision)"
        )
