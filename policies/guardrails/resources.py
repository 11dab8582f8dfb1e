"""The stack as the rules see it: resources, their plain properties and who depends on whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from guardrails.values import UNKNOWN, dig, is_absent, leaves


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """One resource; compared by identity, named in messages by its type's last part and name.

    ``dependencies`` maps a top-level property to the URNs of the resources its value came from.
    """

    type: str
    name: str
    urn: str
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    dependencies: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def get(self, *path: str | int) -> Any:
        """The property at ``path``: a plain value, `None` where absent, `UNKNOWN` where open."""
        return dig(self.properties, *path)


class Stack:
    """All resources of one stack."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        """Indexes the resources by URN; their order is kept."""
        self.resources: tuple[Resource, ...] = tuple(resources)
        self._by_urn = {resource.urn: resource for resource in self.resources}

    def of(self, types: Sequence[str]) -> list[Resource]:
        """The resources of one of these types."""
        return [resource for resource in self.resources if resource.type in types]

    def sources(self, resource: Resource, prop: str, types: Sequence[str]) -> list[Resource]:
        """The resources of these types from which the top-level property's value came."""
        urns = resource.dependencies.get(prop, ())
        found = (self._by_urn.get(urn) for urn in urns)
        return [source for source in found if source is not None and source.type in types]

    def linked(
        self,
        resource: Resource,
        prop: str,
        types: Sequence[str],
        keys: Sequence[str],
        *,
        value: Any = None,
    ) -> list[Resource]:
        """The resources of these types that a reference property points at.

        A known reference (name, id or ARN) is compared with the targets' ``keys``; the part that
        is unknown in a preview is decided by the property's dependencies. ``value`` narrows a
        nested property down to the references in it; by default the whole property is taken.
        """
        reference = resource.get(prop) if value is None else value
        if is_absent(reference):
            return []
        parts = list(leaves(reference))
        known = {part for part in parts if isinstance(part, str)}
        matched = [target for target in self.of(types) if known & identities(target, keys)]
        found = {name for target in matched for name in identities(target, keys)}
        open_parts = [part for part in parts if part is UNKNOWN or part not in found]
        if not open_parts:
            return matched
        # A known reference can only mean a resource that has not told its own name yet.
        candidates = [
            source
            for source in self.sources(resource, prop, types)
            if source not in matched and (UNKNOWN in open_parts or not identities(source, keys))
        ]
        return [*matched, *candidates]


def identities(resource: Resource, keys: Sequence[str]) -> set[str]:
    """The known values of the properties by which others refer to this resource."""
    values = (resource.get(key) for key in keys)
    return {value for value in values if isinstance(value, str) and value}
