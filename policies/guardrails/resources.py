"""The resource model of the rules: resources, their plain properties and dependencies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

from guardrails.values import UNKNOWN, dig, is_absent, leaves, show

_Model = TypeVar("_Model")
_SHORTEST_SECRET = 4
"""Characters: what is shorter is in many a text by chance."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the program tells Pulumi about a resource, as far as the engine passes it on.

    It does not pass on `retain_on_delete`; a saved state does not say `delete_before_replace`.

    Attributes:
        protected: Pulumi neither deletes nor replaces the resource.
        deleted_first: A replacement deletes the resource before it creates the new one.
        ignored: Paths of the properties whose changes in the program are ignored, as the provider
            names them; `*` for all.
        provider: URN of the provider that makes it; empty where that is not known.
    """

    protected: bool = False
    deleted_first: bool = False
    ignored: tuple[str, ...] = ()
    provider: str = ""

    def ignores(self, *path: str) -> str | None:
        """Return the entry of `ignored` for which changes of the property at `path` have no effect."""
        for entry in self.ignored:
            steps = re.findall(r"[^.\[\]\"]+", entry)
            if steps == ["*"] or (steps and steps == list(path[: len(steps)])):
                return entry
        return None


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """One resource; compared by identity.

    Attributes:
        dependencies: Per top-level property the URNs of the resources from which its value came.
        inputs: What the program set, as the provider has completed it; `None` where that is not
            known. For a resource that is about to be created these are its `properties`.
        options: What the program tells Pulumi about it.
    """

    type: str
    name: str
    urn: str
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    dependencies: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    inputs: Mapping[str, Any] | None = None
    options: Options = field(default_factory=Options)

    def get(self, *path: str | int) -> Any:
        """Return the property at `path`: a plain value, `None` if absent, `UNKNOWN` if unknown."""
        return dig(self.properties, *path)

    def setting(self, *path: str | int) -> Any:
        """Return the property as `get` does, but `None` for what the program left out.

        A preview does not know what the provider will fill in there: the documented default holds.
        """
        value = self.get(*path)
        if value is UNKNOWN and self.inputs is not None and is_absent(dig(self.inputs, *path)):
            return None
        return value

    def left_out(self, prop: str) -> bool:
        """Return whether the program does not set a top-level property.

        The provider fills in what is left out; in a preview that is unknown. Where the program's
        inputs are not known, as in a saved state, a known value counts as set.
        """
        value = self.get(prop)
        if self.inputs is not None:
            return is_absent(value) or is_absent(self.inputs.get(prop))
        return is_absent(value) or (value is UNKNOWN and not self.dependencies.get(prop))

    def shown(self, *path: str | int) -> str:
        """Return the property for a message, with "not set" where the program left it out."""
        return show(self.setting(*path))


@dataclass(frozen=True)
class References:
    """What a property refers to.

    Attributes:
        resources: Resources of the stack that it certainly refers to, each once.
        possible: Resources of which it may mean any: it is unknown and came from all of them, or
            they all have the name that it is.
        foreign: Known references (ids, names, ARNs) to nothing in this stack.
        untraced: Parts that are unknown and came from no resource of the stack that fits.
    """

    resources: tuple[Resource, ...] = ()
    possible: tuple[Resource, ...] = ()
    foreign: tuple[str, ...] = ()
    untraced: int = 0

    @property
    def any(self) -> tuple[Resource, ...]:
        """Return the resources that it refers to, certainly or possibly."""
        return (*self.resources, *self.possible)

    @property
    def complete(self) -> bool:
        """Return whether every reference is to a certain resource of the stack."""
        return not (self.possible or self.foreign or self.untraced)


class Stack:
    """All resources of one stack."""

    def __init__(self, resources: Iterable[Resource], secrets: Iterable[str] = ()) -> None:
        """Index the resources by URN and by type, and keep their order.

        `secrets` are the values that the stack's configuration keeps secret.
        """
        self.resources: tuple[Resource, ...] = tuple(resources)
        self._secrets = frozenset(one for one in secrets if len(one) >= _SHORTEST_SECRET)
        self._by_urn = {resource.urn: resource for resource in self.resources}
        self._by_type: dict[str, list[Resource]] = {}
        self._order = {resource: number for number, resource in enumerate(self.resources)}
        for resource in self.resources:
            self._by_type.setdefault(resource.type, []).append(resource)
        self._derived: dict[Any, Any] = {}

    def with_inputs(
        self, inputs: Mapping[str, Mapping[str, Any]], secrets: Iterable[str] = ()
    ) -> Stack:
        """Return the stack with what the program set, by URN, and what its configuration keeps secret."""
        completed = (
            replace(resource, inputs=inputs[resource.urn]) if resource.urn in inputs else resource
            for resource in self.resources
        )
        return Stack(completed, (*self._secrets, *secrets))

    def is_configured(self, text: str) -> bool:
        """Return whether a text is, is a part of, or contains a secret of the stack's configuration."""
        return any(text in secret or secret in text for secret in self._secrets)

    def derived(self, model: Callable[[Stack], _Model]) -> _Model:
        """Return a model of this stack, built by the first rule that asks for it."""
        if model not in self._derived:
            self._derived[model] = model(self)
        return self._derived[model]

    def of(self, types: Sequence[str]) -> list[Resource]:
        """Return the resources of these types, in the order of the stack."""
        found = [one for kind in dict.fromkeys(types) for one in self._by_type.get(kind, ())]
        return sorted(found, key=self._order.__getitem__)

    def sources(self, resource: Resource, prop: str, types: Sequence[str]) -> list[Resource]:
        """Return the resources of these types from which a top-level property's value came."""
        urns = resource.dependencies.get(prop, ())
        found = (self._by_urn.get(urn) for urn in urns)
        return [source for source in found if source is not None and source.type in types]

    def origins(self, resource: Resource, prop: str) -> list[Resource]:
        """Return all resources from which a top-level property's value came, in the stack's order."""
        urns = set(resource.dependencies.get(prop, ()))
        found = [self._by_urn[urn] for urn in urns if urn in self._by_urn]
        return sorted(found, key=self._order.__getitem__)

    def users(self, resource: Resource) -> list[Resource]:
        """Return the resources of which a property's value came from this one."""
        return [
            one
            for one in self.resources
            if any(resource.urn in urns for urns in one.dependencies.values())
        ]

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

    def references(
        self,
        resource: Resource,
        prop: str,
        types: Sequence[str],
        keys: Sequence[str],
        *,
        value: Any = None,
    ) -> References:
        """Return what a property refers to, and how certain that is.

        As `linked`, with the references that lead nowhere. Where there are as many unknown parts
        as resources from which the property came, each is meant; where there are fewer, any may be.
        """
        reference = resource.get(prop) if value is None else value
        if is_absent(reference):
            return References()
        parts = list(leaves(reference))
        matched: dict[str, list[Resource]] = {}
        for target in self.of(types):
            for part in identities(target, keys).intersection(parts):
                matched.setdefault(part, []).append(target)
        origins = self.sources(resource, prop, types)
        # Resources of one name (in two Regions, or by mistake): the one is meant that it came from.
        meant = [[one for one in found if one in origins] or found for found in matched.values()]
        certain = list(dict.fromkeys(found[0] for found in meant if len(found) == 1))
        alike = [one for found in meant if len(found) > 1 for one in found]
        alike = [one for one in dict.fromkeys(alike) if one not in certain]
        open_parts = [part for part in parts if part is UNKNOWN or part not in matched]
        unknown = sum(1 for part in open_parts if part is UNKNOWN)
        sources = [one for one in origins if one not in (*certain, *alike)]
        # A known reference can also mean a resource whose own name is not known yet.
        nameless = [one for one in sources if not identities(one, keys)]
        foreign = tuple(str(part) for part in open_parts if part is not UNKNOWN)
        if foreign and nameless and not unknown:
            certain += nameless if len(nameless) == len(foreign) else []
            alike += nameless if len(nameless) != len(foreign) else []
            return References(tuple(certain), tuple(alike), () if nameless else foreign)
        if not unknown:
            return References(tuple(certain), tuple(alike), foreign)
        whole = reference is UNKNOWN and len(sources) > 1
        if len(sources) <= unknown and not whole:
            untraced = unknown - len(sources)
            return References((*certain, *sources), tuple(alike), foreign, untraced)
        return References(tuple(certain), (*alike, *sources), foreign)


def identities(resource: Resource, keys: Sequence[str]) -> set[str]:
    """Return the known values of the properties by which others refer to this resource."""
    values = (resource.get(key) for key in keys)
    return {value for value in values if isinstance(value, str) and value}
