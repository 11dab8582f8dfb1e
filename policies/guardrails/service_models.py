"""What AWS's own models say of a value; botocore has them, generated from those of the services.

Enumerations, lengths, ranges and patterns: what an API refuses before it looks at anything else. Only a
known value is judged, and only what no service takes under another name: enumerations without regard to
case, since the provider corrects it, and no 0 or -1 below a minimum, by which providers mean "not set".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from botocore.loaders import Loader

from guardrails.refusals import label
from guardrails.values import UNKNOWN, SecretText, figure, items, number, show

_GROWING: Final = frozenset({"Runtime", "InstanceType", "ComputeType", "EnvironmentType"})
"""Enumerations that grow faster than botocore is updated."""
_NUMBERS: Final = frozenset({"integer", "long", "float", "double"})
_MEANS_UNSET: Final = (0, -1)
_BEYOND_PYTHON: Final = re.compile(r"\\p\{(?!L\}|N\}|Z\}|M\})|\\uD8|&&")
_CLASSES: Final = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s", r"\p{M}": ""}
_MOST_SHOWN: Final = 12
"""Values of an enumeration that a message lists."""

Shapes = Mapping[str, Mapping[str, Any]]


@functools.cache
def _model(service: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", Loader().load_service_model(service, "service-2"))


def input_shape(service: str, operation: str) -> tuple[Shapes, str]:
    """Return a service's shapes, and the name of the shape of an operation's parameters.

    Raises:
        KeyError: The service has no such operation.
    """
    model = _model(service)
    return model["shapes"], model["operations"][operation]["input"]["shape"]


def member(shapes: Shapes, shape: str, name: str) -> str | None:
    """Return the name of the shape of a structure's member, whose name may differ in case."""
    wanted = name.lower()
    for given, target in shapes[shape].get("members", {}).items():
        if given.lower() == wanted:
            return target["shape"]
    return None


def faults(
    shapes: Shapes, shape: str, value: Any, path: str, *, is_name: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a value, as a clause, and what the model takes in its place.

    Structures are followed as far as their members have the names of the value's; what is unknown, or of
    a kind other than the model's, is skipped. `is_name`: it names something, which is not a secret,
    whatever the model says.
    """
    if value is UNKNOWN or value is None or value in ("", [], {}):
        return
    kind = shapes[shape]["type"]
    if kind == "structure" and isinstance(value, Mapping):
        for name, inside in value.items():
            target = member(shapes, shape, str(name))
            if target is not None:
                yield from faults(shapes, target, inside, f"{path}.{name}")
    elif kind == "map" and isinstance(value, Mapping):
        for name, inside in value.items():
            yield from faults(shapes, shapes[shape]["key"]["shape"], name, path, is_name=True)
            yield from faults(shapes, shapes[shape]["value"]["shape"], inside, f"{path}.{name}")
    elif kind == "list" and isinstance(value, list):
        for element in items(value):
            yield from faults(shapes, shapes[shape]["member"]["shape"], element, path)
    else:
        allowed = _broken(shapes[shape], shape, value)
        if allowed is not None:
            secret = isinstance(value, SecretText) or (
                not is_name and shapes[shape].get("sensitive", False)
            )
            shown = f"a secret of {len(str(value))} characters" if secret else _shortened(value)
            yield f"{label(path)} is {shown}", allowed


def _shortened(value: Any) -> str:
    text = show(value)
    return text if len(text) <= 100 else f'{text[:80]}…" ({len(value)} characters)'


def _broken(model: Mapping[str, Any], name: str, value: Any) -> str | None:
    """Return what the model takes in place of a scalar, `None` if it takes this one."""
    if model["type"] in _NUMBERS:
        given = number(value)
        return None if given is None or given in _MEANS_UNSET else _range(model, given)
    if model["type"] != "string" or not isinstance(value, str):
        return None
    if "enum" in model:
        return None if name in _GROWING else _enumerated(model["enum"], value)
    return _sized(model, value) or _shaped(model.get("pattern", ""), value)


def _range(model: Mapping[str, Any], given: float) -> str | None:
    low, high = number(model.get("min")), number(model.get("max"))
    if (low is None or given >= low) and (high is None or given <= high):
        return None
    if low is not None and high is not None:
        return f"{figure(low)} to {figure(high)}"
    return f"{figure(low)} or more" if low is not None else f"{figure(high or 0)} or less"


def _enumerated(values: list[str], given: str) -> str | None:
    if given.lower() in {one.lower() for one in values}:
        return None
    listed = ", ".join(values[:_MOST_SHOWN])
    return f"one of {listed}" if len(values) <= _MOST_SHOWN else f"one of {listed}, …"


def _sized(model: Mapping[str, Any], given: str) -> str | None:
    low, high = model.get("min", 0), model.get("max")
    if len(given) < low or (high is not None and len(given) > high):
        return f"{low} to {high} characters" if high else f"{low} characters or more"
    return None


def _shaped(pattern: str, given: str) -> str | None:
    compiled = _compiled(pattern)
    if compiled is None or compiled.fullmatch(given):
        return None
    return f"the form {pattern}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a model's pattern for Python, `None` where Python has nothing for it."""
    if not pattern or _BEYOND_PYTHON.search(pattern):
        return None
    for theirs, ours in _CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None
