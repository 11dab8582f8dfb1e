"""A copy of the good stack that a test changes before it evaluates rules on it.

The same changes can be applied to the real program: `Changes` writes them down for the program that
runs in the engine (`preview/program`).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from guardrails.catalogue import RULES
from guardrails.model import ResourceRule, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, leaves

from tests.policies.good_stack import Part, good_parts, has_unknown

BY_ID = {rule.id: rule for rule in RULES}


@dataclass(frozen=True)
class Ref:
    """An output of another resource of the stack, inside a value that is set."""

    handle: str
    output: str = "id"


class Changeable(Protocol):
    """What a mutation may do to a stack.

    `set` changes a property, `...` removes it; `path` is dotted, numbers index lists. A value may
    hold a `Ref`: the property then comes from that resource. A value without a `Ref` or `UNKNOWN`
    is a literal and comes from none. `option` sets resource options, the fields
    of `Options`.
    """

    def set(self, name: str, path: str, value: Any) -> Any: ...
    def drop(self, *names: str) -> Any: ...
    def add(self, name: str, kind: str, properties: dict[str, Any]) -> Any: ...
    def twin(self, name: str, other: str) -> Any: ...
    def option(self, name: str, **options: Any) -> Any: ...


def references(value: Any) -> list[Ref]:
    """Return every reference inside a value, in order."""
    return [leaf for leaf in leaves(value) if isinstance(leaf, Ref)]


def _without_references(value: Any) -> Any:
    if isinstance(value, Ref):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _without_references(element) for key, element in value.items()}
    return [_without_references(one) for one in value] if isinstance(value, list) else value


class Draft:
    """The good stack as plain data."""

    def __init__(self) -> None:
        self.parts = dict(good_parts())  # shared with other drafts until changed

    def set(self, name: str, path: str, value: Any) -> Draft:
        part = self._own(name)
        top = path.split(".", maxsplit=1)[0]
        part.left_open.discard(top)
        _assign(part.properties, path, value)
        self._trace(part, top)
        return self

    def _own(self, name: str) -> Part:
        if self.parts[name] is good_parts().get(name):
            self.parts[name] = copy.deepcopy(self.parts[name])
        return self.parts[name]

    def _trace(self, part: Part, top: str) -> None:
        """Update where a property comes from, and replace its references."""
        value = part.properties.get(top)
        sources = [ref.handle for ref in references(value)]
        if has_unknown(value):
            sources += part.dependencies.get(top, [])
        part.dependencies[top] = sources
        if top in part.properties:
            part.properties[top] = _without_references(value)

    def link(self, name: str, prop: str, *sources: str) -> Draft:
        """Set where a property's value comes from."""
        self._own(name).dependencies[prop] = list(sources)
        return self

    def leave_out(self, name: str, prop: str, computed: Any = UNKNOWN) -> Draft:
        """Leave a property to the provider: the preview does not know it, an update computes it."""
        part = self._own(name)
        part.left_open.add(prop)
        part.properties[prop] = computed
        part.dependencies.pop(prop, None)
        return self

    def option(self, name: str, **options: Any) -> Draft:
        """Set resource options."""
        part = self._own(name)
        part.options = replace(part.options, **options)
        return self

    def drop(self, *names: str) -> Draft:
        for name in names:
            del self.parts[name]
        return self

    def add(
        self,
        name: str,
        kind: str,
        properties: dict[str, Any],
        dependencies: dict[str, list[str]] | None = None,
    ) -> Draft:
        part = Part(kind, name, dict(properties), dict(dependencies or {}))
        for top in properties:
            self._trace(part, top)
        self.parts[name] = part
        return self

    def twin(self, name: str, other: str) -> Draft:
        """Add a second resource like an existing one."""
        self.parts[other] = copy.deepcopy(self.parts[name])
        return self

    def build(self, *, inputs: bool = False) -> Stack:
        """Return the stack; with `inputs` without what the program leaves to the provider."""
        return Stack(
            Resource(
                type=part.kind,
                name=name,
                urn=f"urn:{name}",
                properties=part.inputs() if inputs else dict(part.properties),
                inputs=part.inputs(),
                options=part.options,
                dependencies={
                    prop: tuple(f"urn:{source}" for source in sources)
                    for prop, sources in part.dependencies.items()
                },
            )
            for name, part in self.parts.items()
        )


def _assign(properties: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = properties
    for parent in parents:
        place = place[parent]
    if value is ...:
        del place[last]
    else:
        place[last] = value


@dataclass
class Changes:
    """A mutation written down as JSON, with the program's own types and names.

    `only` leaves out what is not of these types; empty for the whole program.
    """

    only: list[str] = field(default_factory=list[str])
    sets: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    drops: list[str] = field(default_factory=list[str])
    adds: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    twins: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    options: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def set(self, name: str, path: str, value: Any) -> None:
        """Set a property of the program's resource, or of one that was added before."""
        encoded = value if value is ... else _encode(value)
        for addition in self.adds:
            if addition["name"] == name:
                _assign(addition["properties"], path, encoded)
                return
        change = {"resource": _key(name), "path": path}
        self.sets.append(change if value is ... else {**change, "value": encoded})

    def drop(self, *names: str) -> None:
        added = {addition["name"] for addition in self.adds}
        self.adds = [addition for addition in self.adds if addition["name"] not in names]
        self.drops += [_key(name) for name in names if name not in added]

    def add(self, name: str, kind: str, properties: dict[str, Any]) -> None:
        self.adds.append({"name": name, "type": kind, "properties": _encode(properties)})

    def twin(self, name: str, other: str) -> None:
        self.twins.append({"resource": _key(name), "name": other})

    def option(self, name: str, **options: Any) -> None:
        self.options.append({"resource": _key(name), "options": options})


def _key(name: str) -> str:
    """Return `<type>::<logical name>` of a handle; an added resource is known by its name only."""
    part = good_parts().get(name)
    return f"{part.kind}::{part.name}" if part else name


def _encode(value: Any) -> Any:
    if isinstance(value, Ref):
        return {"$ref": _key(value.handle), "output": value.output}
    if value is UNKNOWN:
        return {"$unknown": True}
    if isinstance(value, dict):
        return {key: _encode(element) for key, element in value.items()}
    return [_encode(element) for element in value] if isinstance(value, list) else value


# --- evaluation -----------------------------------------------------------------------------------


def evaluate(rule_id: str, outputs: Stack, inputs: Stack, **config: Any) -> list[Violation]:
    """Return the violations of one rule; a resource rule sees inputs, a stack rule outputs."""
    rule = BY_ID[rule_id]
    settings = rule.settings(config)
    if isinstance(rule, StackRule):
        return list(rule.check(outputs, settings))
    assert isinstance(rule, ResourceRule)
    return [found for one in inputs.of(rule.types) for found in rule.check(one, settings)]


def violations(draft: Draft, rule_id: str, **config: Any) -> list[Violation]:
    """Return the violations of one rule by the stack."""
    return evaluate(rule_id, draft.build(), draft.build(inputs=True), **config)


def broken(draft: Draft) -> set[str]:
    """Return the ids of all rules that the stack breaks."""
    outputs, inputs = draft.build(), draft.build(inputs=True)
    return {rule_id for rule_id in BY_ID if evaluate(rule_id, outputs, inputs)}


def undecided(draft: Draft) -> set[str]:
    """Return the ids of the rules that cannot be decided; fails if one is broken for certain."""
    outputs, inputs = draft.build(), draft.build(inputs=True)
    found = {rule_id: evaluate(rule_id, outputs, inputs) for rule_id in BY_ID}
    broken = {rule_id for rule_id, ones in found.items() if any(not one.undecided for one in ones)}
    assert not broken, f"broken for certain: {', '.join(sorted(broken))}"
    return {rule_id for rule_id, ones in found.items() if ones}
