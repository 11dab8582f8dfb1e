"""The processor that a script names: whether it can be read, and what the run lacks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loadtest.scenario import nearby, walk
from loadtest.scenario import processor as processors
from loadtest.scenario.adoption import Adopted
from loadtest.scenario.part import is_template
from loadtest.scenario.processor import Processor
from loadtest.yaml_positions import Location

KEPT_VARIABLES = frozenset({"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "USER", "NODE_ENV"})
"""Environment variables that are there anyway, or whose absence changes nothing."""


def read(
    adopted: Adopted, content: Any, directory: Path, let_in: frozenset[str]
) -> Processor | None:
    """Read the processor of a script; None if it names none, or one that cannot be read.

    Args:
        adopted: The script, which is told what is wrong.
        content: What is left of it.
        directory: Its directory.
        let_in: Names of environment variables that Artillery gets.
    """
    name = walk.mapping(walk.mapping(content).get("config")).get("processor")
    where: Location = ("config", "processor")
    if not isinstance(name, str) or not name or is_template(name):
        return None
    found = processors.find(directory, name)
    if found is None:
        text = f"cannot read the processor {directory / name}: there is no such file"
        adopted.refuse(where, text + nearby.remedy(directory, name))
        return None
    try:
        read = processors.read(found)
    except (OSError, UnicodeDecodeError) as error:
        adopted.refuse(where, f"cannot read the processor {found}: {error}")
        return None
    for problem in read.problems(directory.resolve()):
        adopted.refuse(where, problem)
    for one in read.environment():
        if one not in KEPT_VARIABLES | let_in:
            text = f"{found.name} reads `process.env.{one}`, which is empty: `--pass-env {one}`"
            adopted.note(where, f"{text} lets it in")
    return read
