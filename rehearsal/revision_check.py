"""Whether a revision can be deployed, before anything is started for it."""

from __future__ import annotations

import json
from pathlib import Path

from commandline.errors import UserError
from rehearsal import own_programs

CHECK = "components.revision.check"


class RevisionError(UserError):
    """The revision's deployment would fail; the message names files, lines and remedies."""


def require(revision: Path) -> list[str]:
    """Let the program check the revision, as it does in the preview; return what may go wrong.

    Raises:
        RevisionError: Its deployment is certain to fail.
    """
    found = own_programs.output(
        [CHECK, str(revision)], error=RevisionError, failure="the revision cannot be checked"
    )
    answer: dict[str, list[str]] = json.loads(found)
    if problems := answer["problems"]:
        lines = [f"  {problem}" for problem in problems]
        raise RevisionError("\n".join(["nothing was started, as the revision is wrong:", *lines]))
    return answer["notices"]
