"""Options that several commands have, declared once: a dataclass whose fields are options.

    @dataclass(frozen=True, kw_only=True)
    class LoadOptions:
        profile: ProfileName = None
        scenario: ScenarioName = "login"

    @with_groups
    def run_command(load: LoadOptions, *, json: Json = False) -> int: ...

`run` then has the options `--profile`, `--scenario` and `--json`.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator
from inspect import Parameter
from typing import Any, TypeVar, get_type_hints

Result = TypeVar("Result")


def with_groups(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command, for each parameter that is a dataclass, one option per field of that dataclass.

    Every field needs a default. All parameters are given by name, as typer does.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if dataclasses.is_dataclass(kind)}

    @functools.wraps(command)
    def expanded(**given: Any) -> Result:
        for name, kind in groups.items():
            own = {field.name: given.pop(field.name) for field in dataclasses.fields(kind)}
            given[name] = kind(**own)  # pyright: ignore[reportCallIssue]
        return command(**given)

    parameters = [
        one
        for name, parameter in inspect.signature(command).parameters.items()
        for one in (
            _options(groups[name])
            if name in groups
            else [parameter.replace(annotation=hints[name], kind=Parameter.KEYWORD_ONLY)]
        )
    ]
    # typer reads both.
    expanded.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportAttributeAccessIssue]
    expanded.__annotations__ = {one.name: one.annotation for one in parameters}
    return expanded


def _options(kind: Any) -> Iterator[Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        yield Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
