"""Which experiments of a proof share a load, their order, what runs alongside, and how long it takes.

Under a load of its own each would wait for a generator, a ramp and a warm-up. Under one load each begins
once the steady state is back, and is judged by its own stretch of it (ADR 50, ADR 61).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from typing import Final

from loadtest.experiments import kinds
from loadtest.experiments.faults import Kind
from loadtest.experiments.models import Topology
from rehearsal.experiments import Applicable

BEGINS_AND_ENDS_S: Final = 16.0
"""A load: its generator starts, visitors arrive, the run is cut and summarized."""
EACH_S: Final = 28.0
"""An experiment from the steady state before to the one after, at the usual speed."""
DEPLOYMENT_S: Final = 90.0
"""One that deploys zone by zone, or rolls back. All three are means of the 21 experiments of a proof."""
UP_AND_DOWN_S: Final = 75.0
"""The region starts, both stacks come up and release; at the end they are removed."""
WORK: Final = 0.27
"""Share of all these times that is work. On cores of 0.56 of a t4g's vCPU an experiment took 34 s and a
deployment 110 s."""


class Part(IntEnum):
    """Parts of a proof in their order: what is there for contrast comes last, as time may be up."""

    PROMISED = 0
    ALONE = 1
    """The same on the single instance, beside the deployments of the HA stack (ADR 73)."""
    CONTRAST = 2
    """What no stack survives."""


class Load(IntEnum):
    """Loads of a part in their order.

    The group ignores failed health checks in the grace period of whoever has just come. What they do not
    decide comes first, so that the period passes meanwhile; then what takes nobody away for good: that
    nobody is replaced for it must not be due to the period of an instance that has just come. Deployments
    are last, since their alarms outlast them.
    """

    UNCHECKED = 0
    LASTING = 1
    LOSING = 2
    DEPLOYING = 3


@dataclass(frozen=True)
class SharedLoad:
    """Experiments on one stack that run one after the other under one load."""

    part: Part
    experiments: tuple[Applicable, ...]

    @property
    def stack(self) -> Topology:
        """The stack that they are run on."""
        return self.experiments[0].stack

    @property
    def deploys(self) -> bool:
        """Whether it is about deployments."""
        return any(one.deploys for one in self.experiments)

    @property
    def title(self) -> str:
        """What is shown while they run."""
        names = [one.experiment.name for one in self.experiments]
        return f"{self.stack}: {names[0] if len(names) == 1 else f'{len(names)} experiments'}"

    @property
    def expected_s(self) -> float:
        """About how long it takes, at the speed that is usual for a proof."""
        return BEGINS_AND_ENDS_S + sum(map(_seconds, self.experiments))

    def within(self, seconds: float) -> tuple[SharedLoad | None, list[Applicable]]:
        """Return as much of it as probably takes no longer, and what is left out for that.

        Whoever is terminated comes last and is left out last: nothing shows more of a stack than that.
        """
        kept, left_out = self, list[Applicable]()
        while kept.expected_s > seconds:
            *others, last = kept.experiments
            if not others:
                return None, [last, *left_out]
            if kinds.of_file(last.experiment.raw) is Kind.INSTANCE_DIES:
                *others, dropped = others
                others.append(last)
            else:
                dropped = last
            left_out.insert(0, dropped)
            kept = SharedLoad(self.part, tuple(others))
        return kept, left_out


def planned(chosen: Iterable[Applicable]) -> list[SharedLoad]:
    """Return these experiments by their loads, in the order in which they run."""
    ordered = sorted(chosen, key=lambda one: (_part(one), _load(one), _late(one)))
    return [
        SharedLoad(part, tuple(together))
        for (part, _), together in groupby(ordered, key=lambda one: (_part(one), _load(one)))
    ]


def side_by_side(loads: Sequence[SharedLoad], *, two: bool = True) -> list[list[SharedLoad]]:
    """Return these loads in turns, of which each begins when all of the one before have ended.

    The single instance has its turn beside the HA stack's promised deployments, which take longest and
    wait most of that time. Without them, or without CPU for `two` loads, it has one of its own.
    """
    alone = [one for one in loads if one.part is Part.ALONE]
    if len(alone) != 1 or not two:
        return [[one] for one in loads]
    long = [one for one in loads if one.part is Part.PROMISED and one.deploys]
    if not long:
        return [[one] for one in loads]
    return [[one, *(alone if one is long[-1] else [])] for one in loads if one not in alone]


def expected_s(turns: Iterable[Sequence[SharedLoad]]) -> float:
    """Return about how long these turns take altogether."""
    return sum(max(one.expected_s for one in turn) for turn in turns)


def slower(factor: float) -> float:
    """Return how many times as long all of it takes on a computer with that factor (ADR 91)."""
    return 1 + WORK * max(0.0, factor - 1)


def _seconds(one: Applicable) -> float:
    if not one.deploys:
        return EACH_S
    pulls_a_tag = "mutable_tag.deploy" in map(
        kinds.function, kinds.providers(one.experiment.raw, "action")
    )
    # What pulls a tag is deployed, then once more with its rollback, and then taken back.
    return DEPLOYMENT_S * (3 if pulls_a_tag else 1)


def _part(one: Applicable) -> Part:
    if one.stack != "ha":
        return Part.ALONE
    return Part.CONTRAST if one.contrast else Part.PROMISED


def _load(one: Applicable) -> Load:
    if one.stack != "ha":
        # Nobody has a grace period, and nobody is replaced.
        return Load.UNCHECKED
    if one.deploys:
        return Load.DEPLOYING
    if one.experiment.hypothesis.dies:
        return Load.LOSING
    return Load.LASTING if one.checked else Load.UNCHECKED


def _late(one: Applicable) -> int:
    """Return how late it comes within its load.

    Of what takes instances away, that which only shows in health checks comes first, while there are
    enough instances without a grace period; whoever is terminated, last: nobody replaces a single one. The
    deployment that an alarm stops comes last, since the next one has to wait until the alarm is over.
    """
    match kinds.of_file(one.experiment.raw):
        case Kind.STOPPED_DEPLOYMENT | Kind.INSTANCE_DIES:
            return 3
        case _ if one.checked:
            return 0
        case _:
            return 2 if one.contrast else 1
