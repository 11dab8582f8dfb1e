"""The policy configuration: profile, topology, exceptions and each rule's level and parameters."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from guardrails import exceptions
from guardrails.exceptions import PolicyException
from guardrails.model import ConfigurationRule, Level, Profile, Question, Rule, Severity
from guardrails.topology import PARAMETERS as TOPOLOGY_PARAMETERS

EVERY_POLICY = "all"
"""A key of the file that sets the level of every rule; the engine resolves it and passes it on."""

PACK_CONFIGURATION = ConfigurationRule(
    id="pack-configuration",
    title="The policy configuration is valid",
    question=Question.VALID,
    severity=Severity.HIGH,
    url="https://www.pulumi.com/docs/using-pulumi/crossguard/configuration",
    remedy="correct the file that --policy-pack-config names.",
    steps=(
        "Use the names of rules and parameters in docs/policies.md.",
        "Give every exception a rule, a resource, a reason and a date in the future.",
        "Remove exceptions that are no longer needed.",
    ),
    unknown="A policy configuration has no unknown values.",
    parameters={
        "profile": {
            "type": "string",
            "enum": [profile.value for profile in Profile],
            "default": Profile.LOW_COST.value,
            "description": (
                "`low-cost` leaves advisory what costs money or gets in the way of a teardown; "
                "`production` makes it mandatory."
            ),
        },
        **TOPOLOGY_PARAMETERS,
        "maximumExceptionDays": {
            "type": "integer",
            "minimum": 1,
            "default": 400,
            "description": "Days ahead that an exception may expire; a longer one is mentioned.",
        },
        "exceptions": exceptions.SCHEMA,
    },
)


@dataclass(frozen=True)
class RuleConfiguration:
    """What the engine passes for one rule: its level (`None`: disabled) and its parameters.

    The engine fills in the rule's defaults where the file sets nothing.
    """

    level: Level | None
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class Configuration:
    """The policy configuration of one run."""

    def __init__(
        self, rules: Iterable[Rule], given: Mapping[str, RuleConfiguration], today: date
    ) -> None:
        """Read the configuration; `problems` lists what is wrong with it."""
        self._rules = {rule.id: rule for rule in rules}
        self._given = given
        own = PACK_CONFIGURATION.settings(self.parameters(PACK_CONFIGURATION))
        self.profile = Profile(own.get("profile"))
        self.topology: str | None = own.get("topology")
        self.longest_exception = own.integer("maximumExceptionDays")
        names = self._rules.keys() - {PACK_CONFIGURATION.id}
        entries: Sequence[Any] = own.get("exceptions")
        self.exceptions, expired = exceptions.parse(entries, names, today)
        self.problems = (*self._unknown_names(), *expired)

    @property
    def judging(self) -> tuple[Rule, ...]:
        """The rules about the stack, without the one about the configuration."""
        return tuple(rule for name, rule in self._rules.items() if name != PACK_CONFIGURATION.id)

    def parameters(self, rule: Rule) -> Mapping[str, Any]:
        """Return what the file sets for the rule, except its level."""
        given = self._given.get(rule.id)
        return given.parameters if given else {}

    def level(self, rule: Rule) -> Level | None:
        """Return the level of the rule, `None` if it is disabled.

        A profile only raises levels: to go on without a rule that it makes mandatory
        has to write an exception, with a reason and an expiry date, or disable the rule altogether.
        """
        given = self._given.get(rule.id)
        if given is None:
            return rule.level_in(self.profile)
        if given.level is None:
            return None
        return Level.MANDATORY if self.raised(rule) else given.level

    def raised(self, rule: Rule) -> bool:
        """Return whether it is the profile that makes the rule mandatory."""
        return rule.level_in(self.profile) is not rule.level

    def exception(self, rule: Rule, resource: Any) -> PolicyException | None:
        """Return the exception in force that covers a violation of the rule by the resource."""
        found = (one for one in self.exceptions if one.covers(rule.id, resource))
        return next(found, None)

    def _unknown_names(self) -> Iterator[str]:
        # The engine checks values against the schemas but accepts names that it does not know:
        # a typo would silently leave the default in force.
        for name in sorted(self._given.keys() - self._rules.keys() - {EVERY_POLICY}):
            near = difflib.get_close_matches(name, self._rules, n=1)
            hint = f'write "{near[0]}"' if near else "take the id from docs/policies.md"
            yield (
                f'The policy configuration names a rule "{name}" that does not exist. '
                f"Remedy: {hint}, or remove it."
            )
        for rule in self._rules.values():
            for name in sorted(self.parameters(rule).keys() - rule.parameters.keys()):
                known = ", ".join(sorted(rule.parameters)) or "none"
                yield (
                    f'The policy configuration gives {rule.id} a parameter "{name}" that it does '
                    f"not have. Remedy: remove it or use one of: {known}."
                )
