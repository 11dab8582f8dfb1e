"""The load test's own actions and probes in an experiment's file: that they exist, and what they return."""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_type_hints

from pydantic import TypeAdapter, ValidationError

from loadtest.errors import ExperimentError
from loadtest.experiments import kinds

OWN: Final = "loadtest.experiments."
ACTIONS: Final = f"{OWN}actions"
"""The package of what does something to a stack."""
_ACTIONS: Final = Path(__file__).with_name("actions")
LIKE: Final = 0.6
"""How alike a key is to one that exists if that is meant, as `args` is to `arguments`."""


def is_own(provider: Mapping[str, Any]) -> bool:
    """Return whether an activity calls a function of the load test's own."""
    return provider.get("type") == "python" and str(provider.get("module")).startswith(OWN)


def check_function(activity: Mapping[str, Any]) -> None:
    """Check that an action or a probe of the load test's own exists, and has the arguments that it gets.

    Raises:
        ExperimentError: It does not; the message names those that there are.
    """
    provider = activity.get("provider") or {}
    if not is_own(provider):
        return
    module, name = str(provider["module"]), str(provider.get("func"))
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        modules = [f"{ACTIONS}.{one.name}" for one in pkgutil.iter_modules([str(_ACTIONS)])]
        raise ExperimentError(
            f"there is no module {module!r}{meant(module, [*modules, f'{OWN}probes'])}"
        ) from error
    own = [key for key, one in vars(found).items() if _is_function_of(one, module)]
    if name not in own:
        raise ExperimentError(f"{module} has no function {name!r}{meant(name, own)}")
    known = list(inspect.signature(getattr(found, name)).parameters)
    for given in provider.get("arguments") or {}:
        if given not in known:
            hint = meant(str(given), known) if known else ": it takes none"
            raise ExperimentError(f"{given!r} is not an argument of {name}{hint}")


def _is_function_of(value: object, module: str) -> bool:
    return (
        inspect.isfunction(value)
        and value.__module__ == module
        and not value.__name__.startswith("_")
    )


def meant(given: str, known: Collection[str]) -> str:
    """Return what may be meant by a name that does not exist, as the end of a sentence."""
    close = get_close_matches(given, known, 1, LIKE)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(sorted(known))}"


def check_tolerance(activity: Mapping[str, Any]) -> None:
    """Reject bounds that no value is between, and what a probe of our own never returns."""
    given = activity.get("tolerance")
    bounds = given.get("range") if isinstance(given, dict) else given
    if (
        isinstance(bounds, list)
        and len(bounds) == 2
        and all(isinstance(one, int | float) for one in bounds)
        and bounds[0] > bounds[1]
    ):
        raise ExperimentError(
            f"the tolerance of {activity.get('name')!r} goes from {bounds[0]:g} to {bounds[1]:g}: nothing "
            "is between them"
        )
    provider = activity.get("provider") or {}
    if not is_own(provider) or not isinstance(given, bool | int | float | str | list | dict):
        return
    function = getattr(importlib.import_module(provider["module"]), provider["func"])
    returned = TypeAdapter(get_type_hints(function, include_extras=True)["return"])
    wanted = list(_within(given, bounds))
    if wanted and not any(_returns(returned, one) for one in wanted):
        raise ExperimentError(
            f"the tolerance of {activity.get('name')!r} is {given!r}, which {kinds.function(provider)} "
            "never returns"
        )


def _within(given: Any, bounds: Any) -> Iterator[Any]:
    """Yield what is to be returned: a value, or of bounds those at which a number may begin or end."""
    if isinstance(given, bool | int | float | str):
        yield given
    elif isinstance(bounds, list) and len(bounds) == 2 and _are_numbers(bounds):
        low, high = bounds
        yield from (one for one in (low, high, 0, 1, math.ceil(low)) if low <= one <= high)
    else:
        # A pattern, a path, or a probe of its own.
        yield from ()


def _are_numbers(values: Iterable[object]) -> bool:
    return all(isinstance(one, int | float) and math.isfinite(one) for one in values)


def _returns(returned: TypeAdapter[Any], value: Any) -> bool:
    try:
        returned.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True
