"""Registers mutations: changes to the good stack, each of which breaks exactly one rule.

The tests apply every mutation to the recorded stack and to the real program in `pulumi preview`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guardrails.model import Level

from tests.policies.draft import Changeable

ADVISORY, MANDATORY = Level.ADVISORY, Level.MANDATORY
BREAKS, KEEPS = True, False

Change = Callable[[Changeable], None]


@dataclass(frozen=True)
class Mutation:
    """A change, the rule that it breaks and the level that the rule has to have.

    `production` is the level under the profile `production` where it differs. `undecided`: the rule says
    that it cannot be decided, which blocks at no level.
    """

    rule: str
    change: Change
    level: Level
    production: Level
    undecided: bool = False


@dataclass(frozen=True)
class Decisive:
    """The property that decides a rule, and whether its being absent or unknown breaks it.

    `given` adds what the good stack lacks: a rule about caches needs one.
    """

    handle: str
    path: str
    absent: bool
    unknown: bool
    given: Change | None = None


MUTATIONS: dict[str, Mutation] = {}
DECISIVE: dict[str, Decisive] = {}


def breaks(
    rule: str, level: Level = MANDATORY, *, production: Level | None = None
) -> Callable[[Change], Change]:
    """Register a change to the good stack that breaks exactly this rule, which has this level."""
    return _registers(rule, level, production or level, undecided=False)


def leaves_open(
    rule: str, level: Level = MANDATORY, *, production: Level | None = None
) -> Callable[[Change], Change]:
    """Register a change to the good stack after which this rule, and no other, cannot be decided."""
    return _registers(rule, level, production or level, undecided=True)


def _registers(
    rule: str, level: Level, production: Level, *, undecided: bool
) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        assert change.__name__ not in MUTATIONS, f"{change.__name__} is registered twice"
        MUTATIONS[change.__name__] = Mutation(rule, change, level, production, undecided)
        return change

    return register


def decides(
    rule: str,
    handle: str,
    path: str,
    *,
    absent: bool,
    unknown: bool,
    given: Change | None = None,
) -> None:
    """State what a rule makes of its decisive property where that is absent or unknown."""
    assert rule not in DECISIVE, f"{rule} is decided twice"
    DECISIVE[rule] = Decisive(handle, path, absent, unknown, given)
