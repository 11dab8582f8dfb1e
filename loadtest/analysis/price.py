"""What quality costs: a million good requests on either stack, and each additional nine.

The price of a million good requests is the stack's cost of an hour (its monthly estimate over 730
hours, as AWS's own calculator counts) by the good requests of an hour at the load of the run. It holds
for a stack that is as busy all the time; one that is idle at night pays more for each.

The nines of good requests are -log10 of the share that was not good: 0.999 good are three. Without a
failure that share is at most about 3 of the number of requests (the rule of three, 95 %), so that there
are at least so many nines, and each of them costs at most so much.
"""

from __future__ import annotations

import math

from loadtest import profiles
from loadtest.analysis.inference import failure_bound
from loadtest.messages.message import Message, msg
from loadtest.models import Record, RunSummary
from loadtest.outcomes import Outcome
from loadtest.stack.outputs import StackOutputs

HOURS = 730
"""Hours in a month (8760 / 12)."""
MILLION = 1_000_000
LEAST_NINES = 0.05
"""A smaller difference is none: the price of a nine would grow without bound."""


class StackPrice(Record):
    """What one stack's good requests cost, in `currency`."""

    currency: str
    monthly: float
    good_per_hour: float
    """At the load of the run."""
    per_million: float
    """Of a million good requests."""
    nines: float
    """-log10 of the share of requests that were not good."""
    nines_at_least: bool
    """Whether none failed, so that this is only what the number of requests shows (95 %)."""


class PriceOfQuality(Record):
    """Both stacks' prices; None where one cannot be told."""

    single: StackPrice | None
    ha: StackPrice | None
    per_nine: float | None = None
    """What each additional nine costs a month; None where the HA stack has none, or it costs nothing."""
    per_nine_at_most: bool = False

    @property
    def currency(self) -> str:
        """The currency of all of it."""
        known = self.ha or self.single
        return known.currency if known else ""

    @property
    def message(self) -> Message | None:
        """The price of an additional nine in words; None where there is nothing to say."""
        if self.per_nine is None or self.single is None or self.ha is None:
            return None
        which = "price.per-nine-at-most" if self.per_nine_at_most else "price.per-nine"
        return msg(
            which,
            amount=self.per_nine,
            currency=self.currency,
            single=self.single.nines,
            ha=self.ha.nines,
        )


def of_stack(run: RunSummary, outputs: StackOutputs) -> StackPrice | None:
    """Return the price of a stack; None without an estimate, or without a valid run with good requests."""
    cost, good = outputs.monthly_cost, run.requests.count(Outcome.GOOD)
    seconds = profiles.seconds(run.profile)
    known = cost is not None and cost.total is not None and math.isfinite(cost.total)
    if not known or not good or seconds <= 0 or not run.validity.valid:
        return None
    assert cost is not None and cost.total is not None  # noqa: S101, PT018 - `known` says so
    good_per_hour = good / seconds * 3600
    failed, valid = run.requests.valid - good, run.requests.valid
    share = failed / valid if failed else failure_bound(0, valid)
    return StackPrice(
        currency=cost.currency or "USD",
        monthly=cost.total,
        good_per_hour=good_per_hour,
        per_million=cost.total / HOURS / good_per_hour * MILLION,
        nines=-math.log10(share),
        nines_at_least=not failed,
    )


def compare(
    single: RunSummary, ha: RunSummary, outputs: tuple[StackOutputs, StackOutputs]
) -> PriceOfQuality | None:
    """Return both stacks' prices; None where neither can be told."""
    first, second = of_stack(single, outputs[0]), of_stack(ha, outputs[1])
    if first is None and second is None:
        return None
    per_nine = None if first is None or second is None else _per_nine(first, second)
    return PriceOfQuality(
        single=first,
        ha=second,
        per_nine=per_nine,
        per_nine_at_most=per_nine is not None and second is not None and second.nines_at_least,
    )


def _per_nine(single: StackPrice, ha: StackPrice) -> float | None:
    if single.nines_at_least or single.currency != ha.currency:
        # Without a failure of the single instance nobody knows how many nines there are between them.
        return None
    nines, more = ha.nines - single.nines, ha.monthly - single.monthly
    return more / nines if nines >= LEAST_NINES and more > 0 else None
