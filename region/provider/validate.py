"""Validation of inputs: those that AWS does not have or the local region does not implement."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from region.provider.errors import CheckFailure
from region.provider.schema import ResourceSchema, Shape, fits
from region.provider.values import UNKNOWN


def problems(
    schema: ResourceSchema,
    supported: frozenset[str],
    hints: Mapping[str, str],
    inputs: Mapping[str, Any],
) -> list[CheckFailure]:
    """Return everything that is wrong with the names and kinds of some inputs.

    `supported` holds paths (`healthCheck.path`); an object listed without any path below it is
    supported whole. `hints` names what to write instead of an unsupported property.
    """
    walk = _Walk(schema.token, Support(supported), hints)
    return list(walk.object("", schema.inputs, inputs))


class Support:
    """Which paths are supported; an object without any path below it is supported whole."""

    def __init__(self, supported: frozenset[str]) -> None:
        self._supported = supported

    def implements(self, path: str) -> bool:
        """Whether a property, or something below it, is supported."""
        parts = path.split(".")
        if path in self._supported or self.members(path):
            return True
        ancestors = [".".join(parts[:end]) for end in range(1, len(parts))]
        return any(
            ancestor in self._supported and not self.members(ancestor) for ancestor in ancestors
        )

    def members(self, path: str) -> list[str]:
        """Return the supported properties directly below a path ("" for the resource)."""
        start = f"{path}." if path else ""
        below = (item.removeprefix(start) for item in self._supported if item.startswith(start))
        return sorted({item.split(".")[0] for item in below})


class _Walk:
    def __init__(self, token: str, support: Support, hints: Mapping[str, str]) -> None:
        self.token = token
        self.support = support
        self.hints = hints

    def object(self, path: str, shape: Shape, value: Mapping[str, Any]) -> Iterator[CheckFailure]:
        """Yield the problems of an object's members, and of those that are missing."""
        for name, member in value.items():
            below = f"{path}.{name}" if path else name
            if name not in shape.properties:
                yield CheckFailure(below, self._unknown(name, path, shape.properties))
            elif not self.support.implements(below):
                yield CheckFailure(below, self._unsupported(below, path))
            else:
                yield from self.value(below, shape.properties[name], member)
        for name in sorted(shape.required - value.keys()):
            below = f"{path}.{name}" if path else name
            yield CheckFailure(below, f"{self.token} needs {below!r}; set it")

    def value(self, path: str, shape: Shape, value: Any) -> Iterator[CheckFailure]:
        """Yield the problems of one value and of its parts."""
        if value is UNKNOWN or value is None:
            return
        if not fits(shape, value):
            kind = type(value).__name__
            yield CheckFailure(
                path, f"{path!r} of {self.token} must be {_a(shape.kind)}, not {_a(kind)}"
            )
        elif shape.kind == "object":
            yield from self.object(path, shape, value)
        elif shape.element and isinstance(value, list):
            for item in cast("list[Any]", value):
                yield from self.value(path, shape.element, item)
        elif shape.element and shape.kind == "map":
            for key, item in value.items():
                yield from self.value(f"{path}.{key}", shape.element, item)

    def _unknown(self, name: str, path: str, known: Iterable[str]) -> str:
        where = f"{self.token} {path}" if path else self.token
        near = difflib.get_close_matches(name, list(known), n=1)
        guess = f"did you mean {near[0]!r}?" if near else "remove it."
        return f"{where} has no property {name!r}; {guess}"

    def _unsupported(self, path: str, parent: str) -> str:
        remedy = self.hints.get(path, "remove it for the rehearsal or run this stack on AWS")
        where = f"under {parent!r}" if parent else "here"
        members = ", ".join(self.support.members(parent))
        return (
            f"the local region does not implement {path!r} of {self.token}; "
            f"{remedy} (supported {where}: {members})"
        )


def _a(kind: str) -> str:
    names = {"str": "string", "int": "integer", "bool": "boolean", "dict": "object"}
    name = names.get(kind, kind)
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"
