"""Environment variables in a script's `config`, which Artillery fills in before it reads files."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from typing import Any, Final

from loadtest.scenario import walk

VARIABLE: Final = re.compile(r"\{\{\{?\s*\$(?:env|processEnvironment)\.(\w+)\s*\}\}\}?")


def filled(text: str) -> str:
    """Return a text with the values of its environment variables, all of which exist."""
    return VARIABLE.sub(lambda found: os.environ[found[1]], text)


def name_files(config: dict[str, Any], let_in: Collection[str]) -> None:
    """Put the values of variables that are let in into the names of the files of a `config`."""
    for entry, key in (
        (config, "processor"),
        *((walk.mapping(one), "path") for one in walk.listed(config.get("payload"))),
    ):
        name = entry.get(key)
        if isinstance(name, str) and all(
            one in let_in and one in os.environ for one in VARIABLE.findall(name)
        ):
            entry[key] = filled(name)
