"""The resource model of the rules: resources, their plain properties and dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from guardrails.values import UNKNOWN, dig, is_absent, leaves


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """One resource; compared by identity.

    Attributes:
        dependencies: Per top-level property the URNs of the resources from which its value came.
    """

    type: str
    name: str
    urn: str
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    dependencies: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def get(self, *path: str | int) -> Any:
        """Return the property at `path`: a plain value, `None` if absent, `UNKNOWN` if unknown."""
        return dig(self.properties, *path)


class Stack:
    """All resources of one stack."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        """Index the resources by URN and keep their order."""
        self.resources: tuple[Resource, ...] = tuple(resources)
        self._by_urn = {resource.urn: resource for resource in self.resources}

    def of(self, types: Sequence[str]) -> list[Resource]:
        """Return the resources of these types."""
        return [resource for resource in self.resources if resource.type in types]

    def sources(self, resource: Resource, prop: str, types: Sequence[str]) -> list[Resource]:
        """Return the resources of these types from which a top-level property's value came."""
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
        """Return the resources of these types to which a property refers.

        A known reference (name, id or ARN) is compared with the targets' `keys`; one that is
        unknown in a preview is resolved through the property's dependencies. `value` narrows a
        nested property down to the references in it; by default the whole property is searched.
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
        # A known reference can only mean a resource whose own name is not known yet.
        candidates = [
            source
            for source in self.sources(resource, prop, types)
            if source not in matched and (UNKNOWN in open_parts or not identities(source, keys))
        ]
        return [*matched, *candidates]


def identities(resource: Resource, keys: Sequence[str]) -> set[str]:
    """Return the known values of the properties by which others refer to this resource."""
    values = (resource.get(key) for key in keys)
    return {value for value in values if isinstance(value, str) and value}
