"""`python -m components.config.check`: the program's own validation of settings, without an engine.

Reads stacks' whole configurations as JSON (stack to key to value) on standard input and prints a JSON
object with what is wrong with each; stacks whose settings are valid are not in it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from components.config.loader import settings_from
from components.errors import ConfigurationError


def problems(stacks: Mapping[str, Mapping[str, Any]], namespace: str) -> dict[str, list[str]]:
    """Return the problems of each stack that has some, one sentence each."""
    found: dict[str, list[str]] = {}
    for stack, config in stacks.items():
        try:
            settings_from({key: _passed(value) for key, value in config.items()}, namespace)
        except ConfigurationError as error:
            found[stack] = str(error).splitlines()
    return found


def _passed(value: Any) -> str:
    """Return a value of a YAML file as the engine passes it to the program: as a string."""
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    json.dump(problems(json.load(sys.stdin), sys.argv[1]), sys.stdout)
