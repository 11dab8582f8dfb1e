"""What a rule consists of: metadata, parameters and a check."""

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


UNDECIDED_MARK = "Not decidable here: "
"""How a message begins where the rule cannot tell: `rehearsal.policy_report.UNDECIDED_MARK`."""


class Level(Enum):
    """The effect of a violation: an advisory prints, a mandatory rule fails preview and update."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


class Profile(Enum):
    """How strict the pack is: a profile raises advisory rules to mandatory and lowers none."""

    LOW_COST = "low-cost"
    PRODUCTION = "production"


class Severity(Enum):
    """How serious a violation is; metadata only."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Scope(Enum):
    """The stacks a rule applies to: every stack, or those that claim high availability."""

    EVERY_STACK = "every-stack"
    HIGH_AVAILABILITY = "high-availability"


class Question(Enum):
    """What a user asks of the architecture; every rule answers a part of one question."""

    SERVE = "Can it serve?"
    SURVIVE = "Does it survive?"
    DEPLOY = "Can it deploy and roll back?"
    VALID = "Would AWS accept it?"
    CLOSED = "Is it closed?"


@dataclass(frozen=True)
class Violation:
    """What is wrong, with name and value, in one sentence, and with which resource.

    A violation without a resource is one by the stack as a whole: something is missing.

    Attributes:
        path: What proves it, step by step from where a request, deployment or dependency begins.
        remedy: What to do in this case, where that is not what the rule says in general.
        undecided: The rule cannot tell from what the program and the preview say; reported as an
            advisory at every level. `what` says why, `remedy` how to make it decidable.
    """

    what: str
    resource: Resource | None = None
    path: tuple[str, ...] = ()
    remedy: str | None = None
    undecided: bool = False


class Settings:
    """A rule's parameters: the policy configuration over the defaults of the rule's schema."""

    def __init__(self, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        """Merge both; the engine has checked `given` against the rule's JSON schema."""
        self._values = {**defaults, **{k: v for k, v in given.items() if v is not None}}

    def get(self, name: str) -> Any:
        """Return the value of a parameter, `None` if there is neither a value nor a default."""
        return self._values.get(name)

    def integer(self, name: str) -> int:
        """Return a whole number; the wire format carries it as a float."""
        return int(self._values[name])

    def integers(self, name: str) -> frozenset[int]:
        """Return a list of whole numbers as a set."""
        return frozenset(int(value) for value in self._values[name])

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings."""
        return tuple(self._values[name])

    def mapping(self, name: str) -> Mapping[str, str]:
        """Return an object of strings."""
        return self._values[name]


Parameters = Mapping[str, Mapping[str, Any]]
"""JSON schema per parameter; `default` is the value without configuration."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Metadata that every rule has.

    Attributes:
        level: Under the profile `low-cost`, the default.
        production: Under the profile `production`, where it is stricter.
        controls: The rule's identifiers per catalogue ("AWS Config", "Security Hub", …); empty
            for a rule that no catalogue has.
        remedy: What to do, in one sentence.
        steps: What to do, at length.
        question: The user's question that the rule answers a part of.
        unknown: How the rule treats a value that a preview does not know.
    """

    id: str
    title: str
    severity: Severity
    level: Level = Level.MANDATORY
    production: Level | None = None
    scope: Scope = Scope.EVERY_STACK
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    question: Question
    url: str
    remedy: str
    steps: tuple[str, ...]
    unknown: str
    parameters: Parameters = field(default_factory=lambda: MappingProxyType({}))

    def settings(self, given: Mapping[str, Any]) -> Settings:
        """Return the parameters of one run."""
        return Settings(
            {
                name: schema["default"]
                for name, schema in self.parameters.items()
                if "default" in schema
            },
            given,
        )

    def level_in(self, profile: Profile) -> Level:
        """Return the level under a profile."""
        raised = self.production if profile is Profile.PRODUCTION else None
        return raised or self.level

    def text(self, violation: Violation) -> str:
        """Render a violation: what is wrong, the path that proves it, and the remedy."""
        what = f"{UNDECIDED_MARK}{violation.what}" if violation.undecided else violation.what
        path = f" Path: {' -> '.join(violation.path)}." if violation.path else ""
        return f"{what}{path}{REMEDY_MARK}{violation.remedy or self.remedy}"


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule over the whole stack; runs at the end of preview and update.

    Only such a rule sees that something is missing, or how resources refer to each other. It reads
    outputs: what the program leaves to the provider may be unknown there.
    """

    check: Callable[[Stack, Settings], Iterable[Violation]]


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule over one resource's inputs; runs before the resource is created or changed.

    It blocks an update even if the preview was skipped. What the program does not set is absent.
    """

    types: tuple[str, ...]
    check: Callable[[Resource, Settings], Iterable[Violation]]


@dataclass(frozen=True, kw_only=True)
class ConfigurationRule(Rule):
    """A rule about the policy configuration itself; `guardrails.evaluator` enforces it."""


def for_each(
    select: Callable[[Stack], Iterable[Resource]],
    problem: Callable[[Stack, Resource, Settings], str | None],
) -> Callable[[Stack, Settings], Iterator[Violation]]:
    """Build a check that looks for one problem in every selected resource.

    `problem` returns what is wrong, in one sentence, or `None`.
    """

    def check(stack: Stack, settings: Settings) -> Iterator[Violation]:
        for resource in select(stack):
            what = problem(stack, resource, settings)
            if what is not None:
                yield Violation(what, resource)

    return check
