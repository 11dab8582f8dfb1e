"""Which mutations can share a preview: they break different rules and change different properties.

A preview costs most of a second, nearly all of it for what is not mutated. That mutations keep out of each
other's way is found out on the recorded stack: together they break there what each breaks alone. Where the
engine's preview differs, because it knows less, `test_mutations` asks about each alone.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.policies.draft import Draft, broken, references
from tests.policies.mutations import MUTATIONS

LARGEST = 12
"""Mutations in a batch: with more of them, it is the rare one that finds none in its way."""
TRIES = 6
"""Batches that a mutation is held against before it begins one: each costs milliseconds."""


@dataclass
class Touches:
    """Notes what a mutation changes, instead of changing it."""

    changed: set[tuple[str, str]] = field(default_factory=set)
    """Resources with the property; the property is `*` where the resource as a whole counts."""
    used: set[str] = field(default_factory=set)
    """Resources that have to be there."""
    gone: set[str] = field(default_factory=set)

    def set(self, name: str, path: str, value: Any) -> None:
        self.changed.add((name, path.partition(".")[0]))
        self._use(value, name)

    def drop(self, *names: str) -> None:
        self.gone |= {*names}
        self.changed |= {(name, "*") for name in names}

    def add(self, name: str, kind: str, properties: dict[str, Any]) -> None:
        self.changed.add((name, "*"))
        self._use(properties)

    def twin(self, name: str, other: str) -> None:
        self.changed |= {(name, "*"), (other, "*")}
        self._use((), name)

    def option(self, name: str, **options: Any) -> None:
        del options  # They may concern any property.
        self.changed.add((name, "*"))
        self._use((), name)

    def _use(self, value: Any, *names: str) -> None:
        self.used |= {*names, *(reference.handle for reference in references(value))}

    def meets(self, other: Touches) -> bool:
        """Whether one of two mutations changes or needs what the other one changes."""
        return (
            any(_overlap(mine, its) for mine in self.changed for its in other.changed)
            or not self.gone.isdisjoint(other.used)
            or not other.gone.isdisjoint(self.used)
        )


def _overlap(mine: tuple[str, str], its: tuple[str, str]) -> bool:
    return mine[0] == its[0] and (mine[1] == its[1] or "*" in (mine[1], its[1]))


@functools.cache
def touches(name: str) -> Touches:
    noted = Touches()
    MUTATIONS[name].change(noted)
    return noted


def rules_of(names: Iterable[str]) -> set[str]:
    return {MUTATIONS[name].rule for name in names}


@functools.cache
def batch_of(name: str) -> tuple[str, ...]:
    """Return the mutations that share a preview with this one, itself among them."""
    return next(batch for batch in batches() if name in batch)


@functools.cache
def batches() -> tuple[tuple[str, ...], ...]:
    """Return all mutations, each in one batch."""
    complete: list[tuple[str, ...]] = []
    open_ones: list[tuple[str, ...]] = []
    for name in MUTATIONS:
        tried = 0
        for place, batch in enumerate(open_ones):
            if MUTATIONS[name].undecided or MUTATIONS[batch[0]].undecided:
                continue
            if MUTATIONS[name].rule in rules_of(batch) or _in_the_way(name, batch):
                continue
            tried += 1
            if _break_the_same((*batch, name)):
                open_ones[place] = (*batch, name)
                if len(open_ones[place]) == LARGEST:
                    complete.append(open_ones.pop(place))
                break
            if tried == TRIES:
                open_ones.append((name,))
                break
        else:
            open_ones.append((name,))
    return (*complete, *open_ones)


def _in_the_way(name: str, batch: tuple[str, ...]) -> bool:
    return any(touches(name).meets(touches(one)) for one in batch)


def _break_the_same(names: tuple[str, ...]) -> bool:
    draft = Draft()
    try:
        for name in names:
            MUTATIONS[name].change(draft)
    except (KeyError, IndexError, TypeError):
        return False  # one has changed what another one looks for
    return broken(draft) == rules_of(names)
