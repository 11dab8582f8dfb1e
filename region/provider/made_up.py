"""What lookups and `get` of resources return where nothing is created: made up, of the right kinds.

A program that looks a zone, a certificate or another stack's network up goes on with it. Whoever reads the
preview sees from the values that nobody has.
"""

from __future__ import annotations

from typing import Any, Final, get_args, get_origin

from region.provider.schema import lookup_hints, output_hints
from region.provider.values import Properties

SEVERAL: Final = 3
"""How many values a list of texts has: a program may spread over zones."""


def result(token: str, arguments: Properties) -> Properties:
    """Return what a function could return; what it was asked with, it returns as it was.

    Raises:
        KeyError: `pulumi_aws` has no such function.
    """
    hints = lookup_hints(token)
    return {name: arguments.get(name, _made_up(name, hint)) for name, hint in hints.items()}


def resource(token: str, identity: str, known: Properties) -> Properties:
    """Return the outputs of a resource that is made elsewhere; `known` is what a program says of it."""
    made = {name: _made_up(name, hint) for name, hint in output_hints(token).items()}
    return {**made, **known, "id": identity}


def _made_up(name: str, hint: Any) -> Any:
    if hint is str:
        return f"preview-{name}"
    if hint in (int, float, bool):
        return hint(0)
    kind = getattr(get_origin(hint), "__name__", "")
    if kind in ("Sequence", "list"):
        texts = get_args(hint) == (str,)
        return [f"preview-{name}-{number}" for number in range(SEVERAL)] if texts else []
    return {} if kind in ("Mapping", "dict") else None
