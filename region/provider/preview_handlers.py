"""Handlers for a region that only previews: every type of the package, with all of its properties.

A preview under the policy pack asks what a program says, not whether the region could run it. So what the
region does not implement is taken as the program has it, and what only AWS will know is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.schema import resource_schema
from region.provider.values import Properties


class _AnyType(Handler):
    """A type that the region does not implement."""

    @property
    def force_new(self) -> frozenset[str]:
        """Nothing: what replaces is known of the types only that the region implements."""
        return frozenset()

    def create(self, op: Operation, inputs: Properties) -> str:
        """Refuse: there is nothing behind it."""
        del op, inputs
        raise LookupError(f"this region only previews, and has no {self.resource_type}")


def _whole(token: str, base: type[Handler]) -> Handler:
    """Return a handler that takes every input of its type and refuses no value."""
    inputs = frozenset(resource_schema(token).inputs.properties)
    members = {
        "resource_type": token,
        "supported": inputs - {"region"},
        "regional": "region" in inputs,
        "check": Handler.check,
    }
    return type(base.__name__, (base,), members)()


class PreviewHandlers(Mapping[str, Handler]):
    """A handler for each type token, made when it is first asked for.

    Iteration yields the tokens of the types that the region implements.
    """

    def __init__(self, implemented: Mapping[str, Handler]) -> None:
        self._implemented = implemented
        self._made: dict[str, Handler] = {}

    def __getitem__(self, token: str) -> Handler:
        """Return the handler of a type.

        Raises:
            KeyError: `pulumi_aws` has no such type.
        """
        if token not in self._made:
            known = self._implemented.get(token)
            self._made[token] = _whole(token, _AnyType if known is None else type(known))
        return self._made[token]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the tokens that the region implements."""
        return iter(self._implemented)

    def __len__(self) -> int:
        """Count the types that the region implements."""
        return len(self._implemented)
