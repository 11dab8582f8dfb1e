"""What a rule is: its metadata, its parameters and its check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from guardrails.resources import Resource, Stack

REMEDY_MARK = " Remedy: "
"""What separates the problem from the remedy in a message.

The engine passes on only one text per violation, so reports split it here: the same constant as
`rehearsal.policy_report.REMEDY_MARK`, kept equal by a test.
"""


class Level(Enum):
    """What a violation does: an advisory prints, a mandatory rule fails preview and update."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


class Profile(Enum):
    """How strict the pack is: a profile raises advisory rules to mandatory, it lowers none."""

    LOW_COST = "low-cost"
    PRODUCTION = "production"


class Severity(Enum):
    """How bad a violation is; metadata only."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Scope(Enum):
    """The stacks a rule holds for: every stack, or those that claim high availability."""

    EVERY_STACK = "every-stack"
    HIGH_AVAILABILITY = "high-availability"


@dataclass(frozen=True)
class Violation:
    """One finding: what is wrong, with name and value, in one sentence; and with which resource.

    Without a resource the stack as a whole is meant, as where something is missing altogether.
    """

    what: str
    resource: Resource | None = None


class Settings:
    """A rule's parameters: the policy configuration over the defaults of the rule's schema."""

    def __init__(self, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        """``given`` is already checked against the rule's JSON schema by the engine."""
        self._values = {**defaults, **{k: v for k, v in given.items() if v is not None}}

    def get(self, name: str) -> Any:
        """The value of a parameter, `None` where there is neither a value nor a default."""
        return self._values.get(name)

    def integer(self, name: str) -> int:
        """A whole number; the wire format carries it as a float."""
        return int(self._values[name])

    def integers(self, name: str) -> frozenset[int]:
        """A list of whole numbers as a set."""
        return frozenset(int(value) for value in self._values[name])

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(self._values[name])

    def mapping(self, name: str) -> Mapping[str, str]:
        """An object of strings."""
        return self._values[name]


Parameters = Mapping[str, Mapping[str, Any]]
"""JSON schema per parameter; ``default`` is the value without configuration."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Metadata that every rule carries.

    ``controls`` maps a catalogue ("AWS Config", "Security Hub", …) to its identifiers of this rule
    and is empty for rules that no catalogue has. ``unknown`` says what the rule does with a value
    that a preview does not know. ``remedy`` is one sentence, ``steps`` the long form. ``level`` is
    that of the profile `low-cost`, the default; ``production`` that of the other profile, where it
    is stricter.
    """

    id: str
    title: str
    severity: Severity
    level: Level = Level.MANDATORY
    production: Level | None = None
    scope: Scope = Scope.EVERY_STACK
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    url: str
    remedy: str
    steps: tuple[str, ...]
    unknown: str
    parameters: Parameters = field(default_factory=lambda: MappingProxyType({}))

    def settings(self, given: Mapping[str, Any]) -> Settings:
        """The parameters of one run."""
        return Settings(
            {
                name: schema["default"]
                for name, schema in self.parameters.items()
                if "default" in schema
            },
            given,
        )

    def level_in(self, profile: Profile) -> Level:
        """The level under a profile."""
        raised = self.production if profile is Profile.PRODUCTION else None
        return raised or self.level

    def text(self, violation: Violation) -> str:
        """The violation as it is printed: what is wrong, and the remedy."""
        return f"{violation.what}{REMEDY_MARK}{self.remedy}"


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule over the whole stack; runs at the end of preview and update.

    Only such a rule sees that something is missing or how resources hang together. It reads
    outputs: what a program left open may be unknown there, filled in by the provider later.
    """

    check: Callable[[Stack, Settings], Iterable[Violation]]


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule over one resource's inputs; runs before the resource is created or changed.

    It blocks an update even where the preview was skipped. What a program left open is absent.
    """

    types: tuple[str, ...]
    check: Callable[[Resource, Settings], Iterable[Violation]]


@dataclass(frozen=True, kw_only=True)
class ConfigurationRule(Rule):
    """A rule over the policy configuration itself; `guardrails.evaluator` carries it out."""


def each(
    select: Callable[[Stack], Iterable[Resource]],
    problem: Callable[[Stack, Resource, Settings], str | None],
) -> Callable[[Stack, Settings], Iterator[Violation]]:
    """A check that asks one question of every selected resource.

    ``problem`` answers with what is wrong, in one sentence, or `None`.
    """

    def check(stack: Stack, settings: Settings) -> Iterator[Violation]:
        for resource in select(stack):
            what = problem(stack, resource, settings)
            if what is not None:
                yield Violation(what, resource)

    return check
