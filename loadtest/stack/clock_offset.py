"""The difference between AWS's clock and ours, from the dates of its responses.

A `Date` header names a whole second, cut off (RFC 9110, section 5.6.7). An answer dated D that was
asked for at t0 and had arrived at t1, both on our clock, was dated between t0 and t1 and somewhere in
[D, D + 1): the offset lies between D - t1 and D + 1 - t0. Each answer narrows that down; after a few
seconds of polling a fraction of a second is left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from loadtest.models import Record

HEADER_RESOLUTION_S = 1.0


class ClockOffset(Record):
    """By how much AWS's clock is ahead of this computer's: between these two, in seconds."""

    low_s: float = 0.0
    high_s: float = 0.0
    samples: int = 0
    """Answers whose `Date` header was used; 0: the offset was not measured."""

    @property
    def estimate_s(self) -> float:
        """The middle of what is possible."""
        return (self.low_s + self.high_s) / 2

    @property
    def uncertainty_s(self) -> float:
        """By how much the estimate may be wrong."""
        return (self.high_s - self.low_s) / 2


class Era(NamedTuple):
    """Between two moments of our clock, in epoch seconds, at which AWS's may have been set: its offset.

    Two eras overlap by the time between the answers that disagree.
    """

    since_s: float
    until_s: float
    offset: ClockOffset


class OffsetEstimator:
    """Narrows down the offset answer by answer; may be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._low, self._high, self._samples = float("-inf"), float("inf"), 0
        self._since = self._latest = float("-inf")
        self._before = list[Era]()

    def add(self, sent: float, received: float, dated: float) -> None:
        """Take an answer into account; all three in epoch seconds, `dated` on AWS's clock.

        Answers that contradict those before (its clock was set) begin another era.
        """
        low, high = dated - received, dated + HEADER_RESOLUTION_S - sent
        with self._lock:
            narrowed = max(self._low, low), min(self._high, high)
            if narrowed[0] <= narrowed[1]:
                self._low, self._high = narrowed
                self._samples += 1
            else:
                self._before.append(Era(self._since, received, self._known()))
                self._since = self._latest
                self._low, self._high, self._samples = low, high, 1
            self._latest = sent

    def offset(self) -> ClockOffset:
        """Return what is known so far of the present one."""
        with self._lock:
            return self._known()

    def eras(self) -> list[Era]:
        """Return the offsets so far, oldest first; the last one goes on."""
        with self._lock:
            return [*self._before, Era(self._since, float("inf"), self._known())]

    def _known(self) -> ClockOffset:
        if not self._samples:
            return ClockOffset()
        return ClockOffset(low_s=self._low, high_s=self._high, samples=self._samples)


class TimedCalls:
    """Calls AWS and lets the estimator learn from each answer's date."""

    def __init__(
        self,
        estimator: OffsetEstimator,
        now: Callable[[], float] = time.time,  # noqa: TID251 - whose offset is asked for
    ) -> None:
        """`now` is this computer's clock, in epoch seconds."""
        self._estimator, self._now = estimator, now

    def __call__(self, call: Callable[..., dict[str, Any]], /, **params: Any) -> dict[str, Any]:
        """Return the answer of a boto3 client's method."""
        sent = self._now()
        answer = call(**params)
        received = self._now()
        if (dated := dated_at(answer)) is not None:
            self._estimator.add(sent, received, dated)
        return answer


def dated_at(answer: Mapping[str, Any]) -> float | None:
    """Return the `Date` of an answer of boto3 in epoch seconds; None without a readable one."""
    headers = (answer.get("ResponseMetadata") or {}).get("HTTPHeaders") or {}
    try:
        found = parsedate_to_datetime(str(headers["date"]))
    except (KeyError, TypeError, ValueError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
