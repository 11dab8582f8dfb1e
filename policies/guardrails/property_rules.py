"""Rules that only say what value a property must have.

How such a rule treats an absent and an unknown value is decided here, once for all of them:

- An unknown value is a violation: a setting is not an id that only the cloud can know.
- An absent value is a violation, unless the documented default complies (`default`), or another
  resource decides (`inherits`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, Protocol, TypedDict, Unpack

from guardrails.model import (
    Level,
    Parameters,
    Question,
    ResourceRule,
    Rule,
    Scope,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, number

_UNKNOWN = "An unknown value is a violation: this is a plain setting, not an id"


class Requirement(Protocol):
    """What a known value has to be."""

    def accepts(self, value: Any, settings: Settings) -> bool:
        """Return whether a value that is neither absent nor unknown complies."""
        ...

    def describe(self, settings: Settings) -> str:
        """Return what is required, as the end of a message; empty where the remedy says it all."""
        ...


@dataclass(frozen=True)
class OneOf:
    """One of a few values. A boolean may also be its word: launch templates write strings."""

    values: tuple[str | bool, ...]

    def accepts(self, value: Any, settings: Settings) -> bool:  # noqa: ARG002
        """Return whether the value is one of them."""
        words = [str(one).lower() if isinstance(one, bool) else one for one in self.values]
        return (str(value).lower() if isinstance(value, bool) else value) in words

    def describe(self, settings: Settings) -> str:  # noqa: ARG002
        """Return nothing: the remedy names the value."""
        return ""


@dataclass(frozen=True)
class AtLeast:
    """A number that is not below a parameter of the rule."""

    parameter: str
    unit: str = ""

    def accepts(self, value: Any, settings: Settings) -> bool:
        """Return whether the value is a number, and large enough."""
        given = number(value)
        return given is not None and given >= settings.integer(self.parameter)

    def describe(self, settings: Settings) -> str:
        """Return the threshold."""
        return f", at least {settings.integer(self.parameter)}{self.unit} are required"


@dataclass(frozen=True)
class AtMost:
    """A number that is not above a parameter of the rule."""

    parameter: str

    def accepts(self, value: Any, settings: Settings) -> bool:
        """Return whether the value is a number, and small enough."""
        given = number(value)
        return given is not None and given <= settings.integer(self.parameter)

    def describe(self, settings: Settings) -> str:
        """Return the threshold."""
        return f", at most {settings.integer(self.parameter)} is allowed"


@dataclass(frozen=True)
class StartsWith:
    """A text that starts with one of the prefixes in a parameter of the rule."""

    parameter: str

    def accepts(self, value: Any, settings: Settings) -> bool:
        """Return whether the value has one of the prefixes."""
        return isinstance(value, str) and value.startswith(settings.texts(self.parameter))

    def describe(self, settings: Settings) -> str:
        """Return the prefixes."""
        return f"; it has to start with {' or '.join(settings.texts(self.parameter))}"


@dataclass(frozen=True, kw_only=True)
class PropertyCheck:
    """The check of one property, for a resource.

    Attributes:
        path: Where the property is, with a dot between its parts.
        requirement: What a known value has to be.
        problem: What is wrong otherwise, in words; `{name}` is the resource's name.
        default: The documented default of an absent value, where it complies.
        inherits: Whether a resource leaves an absent value to another one, which is checked itself.
        applies: Whether the rule has anything to say about a resource.
        detail: What makes it worse, or better, for this resource: a sentence after the problem, or
            nothing.
    """

    path: str
    requirement: Requirement
    problem: str
    default: str | None = None
    inherits: Callable[[Resource], bool] | None = None
    applies: Callable[[Resource], bool] | None = None
    detail: Callable[[Resource], str] | None = None

    @property
    def label(self) -> str:
        """The property as a Python program names it."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.path).lower()

    @property
    def unknown(self) -> str:
        """The documentation's sentence on unknown and absent values."""
        if self.default is None:
            return f"{_UNKNOWN}."
        return f"{_UNKNOWN}; an absent one is the documented default, {self.default}."

    def complies(self, resource: Resource, settings: Settings) -> bool:
        """Return whether the resource keeps the rule."""
        if self.applies is not None and not self.applies(resource):
            return True
        value = resource.get(*self.path.split("."))
        if value is UNKNOWN:
            return False
        if is_absent(value):
            inherited = self.inherits is not None and self.inherits(resource)
            return inherited or self.default is not None
        return self.requirement.accepts(value, settings)

    def __call__(self, resource: Resource, settings: Settings) -> Iterator[Violation]:
        """Report the resource if it does not comply."""
        if not self.complies(resource, settings):
            found = resource.shown(*self.path.split("."))
            detail = self.detail(resource) if self.detail is not None else ""
            yield Violation(
                f"{self.problem.format(name=resource.name)}: {self.label} is {found}"
                f"{self.requirement.describe(settings)}.{detail and f' {detail}'}",
                resource,
            )


@dataclass(frozen=True)
class StackPropertyCheck:
    """The check of one property, for all resources of some types at the end of the preview."""

    types: tuple[str, ...]
    each: PropertyCheck

    def __call__(self, stack: Stack, settings: Settings) -> Iterator[Violation]:
        """Report each resource that does not comply."""
        for resource in stack.of(self.types):
            yield from self.each(resource, settings)


class Metadata(TypedDict):
    """The fields of `Rule` that a property rule is given."""

    id: str
    title: str
    question: Question
    severity: Severity
    level: NotRequired[Level]
    production: NotRequired[Level]
    controls: NotRequired[Mapping[str, tuple[str, ...]]]
    url: str
    remedy: str
    steps: tuple[str, ...]
    parameters: NotRequired[Parameters]


def must_be(
    path: str,
    requirement: Requirement | str | bool,
    problem: str,
    *,
    default: str | None = None,
    inherits: Callable[[Resource], bool] | None = None,
    applies: Callable[[Resource], bool] | None = None,
    detail: Callable[[Resource], str] | None = None,
) -> PropertyCheck:
    """Build the check of one property; a plain value as `requirement` means exactly that value."""
    if isinstance(requirement, str | bool):
        requirement = OneOf((requirement,))
    return PropertyCheck(
        path=path,
        requirement=requirement,
        problem=problem,
        default=default,
        inherits=inherits,
        applies=applies,
        detail=detail,
    )


def property_rule(
    check: PropertyCheck,
    types: tuple[str, ...],
    *,
    scope: Scope = Scope.EVERY_STACK,
    unknown: str | None = None,
    **metadata: Unpack[Metadata],
) -> Rule:
    """Build a rule that only asks for the value of one property.

    A rule of every stack checks inputs, before a resource is created. Whether a stack claims high
    availability is known at the end only: a rule of that scope is one over the stack, and reads
    outputs. `unknown` replaces the generated sentence on unknown and absent values.
    """
    said = check.unknown if unknown is None else unknown
    if scope is Scope.HIGH_AVAILABILITY:
        return StackRule(
            **metadata, scope=scope, unknown=said, check=StackPropertyCheck(types, check)
        )
    return ResourceRule(**metadata, scope=scope, unknown=said, types=types, check=check)


def property_check(rule: Rule) -> PropertyCheck | None:
    """Return the check of a rule that `property_rule` built, else `None`."""
    check = rule.check if isinstance(rule, ResourceRule | StackRule) else None
    if isinstance(check, StackPropertyCheck):
        return check.each
    return check if isinstance(check, PropertyCheck) else None
