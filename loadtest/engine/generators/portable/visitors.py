"""The planned arrivals: when, which flow, with which values; drawn before the run, one row each.

Generators that take a list of visitors start the same ones at the same times, and both stacks of a
comparison get the same.
"""

from __future__ import annotations

import csv
import os
import random
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.engine.generators.base import Load
from loadtest.engine.generators.portable.steps import PortableFlow
from loadtest.engine.generators.translation import user_plan
from loadtest.errors import GeneratorError
from loadtest.profiles import Profile
from loadtest.scenario.scenario import Scenario

Value = str | int | float | bool | None
UUID = "$uuid"


@dataclass(frozen=True)
class Visitor:
    """One arrival."""

    arrives_s: float
    """Seconds after the first phase began."""
    flow: int
    """Which of the flows it follows."""
    values: Mapping[str, Value]
    """Its variables as it arrives."""


def require_open(profile: Profile, title: str) -> None:
    """Require that a profile starts every planned visitor: the list says who arrives.

    Raises:
        GeneratorError: It skips some (`maxVusers`); `title` is the generator's name.
    """
    for phase in profile.phases:
        if phase.most_at_once is not None:
            raise GeneratorError(
                f"profile {profile.name!r}: {title} skips no visitors, so phase {phase.name!r} cannot "
                f"have at most {phase.most_at_once} at a time (`maxVusers`); remove it, or run it with "
                "`--generator artillery`"
            )


def variables(scenario: Scenario) -> frozenset[str]:
    """Return the names of the variables that visitors arrive with."""
    config = scenario.validated.config
    columns = (name for payload in config.payload for name in payload.fields)
    return frozenset({UUID, *columns, *config.variables})


def visitors(load: Load, flows: Sequence[PortableFlow]) -> Iterator[Visitor]:
    """Yield the planned visitors in the order of their arrival, the same ones each time."""
    config = load.scenario.validated.config
    draw = random.Random(f"{load.scenario.digest} {load.profile.name}")  # noqa: S311 - no secret
    rows, weights = user_plan.rows(load), [flow.weight for flow in flows]
    for number, arrives_s in enumerate(load.profile.schedule().tolist()):
        values: dict[str, Value] = {}
        for payload, available in zip(config.payload, rows, strict=True):
            in_turn = payload.order == "sequence"
            place = number % len(available) if in_turn else draw.randrange(len(available))
            values |= dict(zip(payload.fields, available[place], strict=False))
        for name, given in config.variables.items():
            values[name] = draw.choice(given) if isinstance(given, list) else given
        values[UUID] = str(uuid.UUID(int=draw.getrandbits(128), version=4))
        yield Visitor(arrives_s, draw.choices(range(len(flows)), weights)[0], values)


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write a file of visitors that only the owner can read: they log in with what is in it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
