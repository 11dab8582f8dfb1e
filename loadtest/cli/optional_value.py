"""Options whose value may be omitted, which typer does not support."""

from __future__ import annotations

from collections.abc import Sequence

NO_VALUE = ""


def filled(arguments: Sequence[str], option: str) -> list[str]:
    """Return a command's arguments, an option without a value with NO_VALUE.

    It has none where nothing follows it, or another option does.
    """
    made = list[str]()
    for number, argument in enumerate(arguments):
        after = arguments[number + 1] if number + 1 < len(arguments) else "-"
        bare = argument == option and after.startswith("-")
        made.append(f"{option}={NO_VALUE}" if bare else argument)
    return made
