"""What is wrong in an experiment's file, and where."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loadtest import yaml_positions
from loadtest.errors import ExperimentError, ExperimentFormError


def located(
    error: ValidationError, content: Any, above: Sequence[str | int] = ()
) -> ExperimentFormError:
    """Return what is wrong first in a part of a file, to which `above` leads, and where."""
    first = error.errors()[0]
    place = tuple(_way(first, content))
    where = ".".join(map(str, place))
    reason = _reason(first)
    return ExperimentFormError(f"{where}: {reason}" if where else reason, (*above, *place))


def _way(error: ErrorDetails, content: Any) -> Iterator[str | int]:
    """Yield the keys and indices that lead to it: pydantic adds names of types where there is a choice."""
    part: Any = content
    for step in error["loc"]:
        if isinstance(part, str):
            # Its characters have indices, too.
            continue
        try:
            part = part[step]
        except (LookupError, TypeError):
            if error["type"] != "missing" or step != error["loc"][-1]:
                continue
        yield step


def _reason(error: ErrorDetails) -> str:
    """Return what is wrong, and what would be right."""
    if error["type"] == "extra_forbidden":
        return "there is no such key; remove it, or correct its name"
    return yaml_positions.explain(error)


@contextlib.contextmanager
def at(location: Sequence[str | int]) -> Generator[None]:
    """Note with an error where it is in the file, unless that is known more exactly.

    Raises:
        ExperimentFormError: In place of an error without a place.
    """
    try:
        yield
    except ExperimentFormError:
        raise
    except ExperimentError as error:
        raise ExperimentFormError(str(error), location) from error
