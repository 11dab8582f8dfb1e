"""Predictions from a stack's own settings: detection, recovery, bad requests. Pure.

A prediction is a sum of parts, each a span of seconds, since a health check may begin right after the
fault or a whole interval later. Where measurement and prediction differ, the part that differs most
from what was measured of it is the assumption that was wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Literal

from loadtest.experiments.faults import DEPLOYMENTS, SHAPES, Fault, Kind, Shape, grace_matters
from loadtest.experiments.observations import StackTiming
from loadtest.models import Record

FIRST_RETRANSMISSION_S = 0.2
"""After which a packet without an answer is sent again where answers take a few milliseconds: Linux's least
retransmission timeout (`TCP_RTO_MIN`)."""
TOLERANCE_SHARE = 0.25
TOLERANCE_S = 2.0
"""A measurement agrees within a quarter of what was predicted, or two seconds."""


class Span(Record):
    """From `low` to `high`, in seconds or as a share."""

    low: float
    high: float


class Part(Record):
    """One assumption of a prediction: its name (a message `assumption.…`) and its seconds."""

    name: str
    span: Span


class Estimate(Record):
    """A predicted time as the sum of its parts."""

    parts: list[Part]

    @property
    def span(self) -> Span:
        """The predicted time in seconds."""
        low = sum(part.span.low for part in self.parts)
        return Span(low=round(low, 3), high=round(sum(p.span.high for p in self.parts), 3))


class Prediction(Record):
    """What is predicted; None where the settings say nothing, or nothing is expected to happen."""

    detection: Estimate | None = None
    recovery: Estimate | None = None
    bad_share: Span | None = None
    """Share of the requests that fail from the fault until it is detected."""


class Agreement(Record):
    """A prediction compared with a measurement."""

    predicted: Span
    measured_s: float | None
    """None: it did not happen while the experiment was watched."""
    within: bool
    wrong: str | None = None
    """The assumption that was wrong, where they do not agree and that can be told."""


def predict(fault: Fault, timing: StackTiming) -> Prediction:
    """Predict the course of an experiment from the stack's settings."""
    if fault.kind in DEPLOYMENTS:
        return _deployment(fault, timing)
    shape = SHAPES.get(fault.kind)
    if shape is None:
        return Prediction()
    share = share_hit(shape.hits, timing, fault.zone, len(fault.instances))
    if timing.topology == "single":
        # Nobody replaces what is gone.
        recovery = None if shape.gone else _after_the_fault(fault, timing)
        return Prediction(recovery=recovery, bad_share=Span(low=share, high=share))
    if shape.check is None:
        recovery = None if shape.stays else _after_the_fault(fault, timing)
        return Prediction(recovery=recovery, bad_share=Span(low=0.0, high=share))
    detection = detected(timing, silent=shape.check == "silent")
    if detection is not None and shape.gone:
        # The group deregisters what EC2 reports as gone; at the latest the health checks do.
        noticed = Span(low=0.0, high=detection.span.high)
        detection = Estimate(parts=[Part(name="gone", span=noticed)])
    if detection is None:
        return Prediction(bad_share=Span(low=0.0, high=share))
    return Prediction(
        detection=detection,
        recovery=_recovery(fault, shape, timing, detection),
        bad_share=Span(low=0.0, high=share),
    )


def share_hit(
    hits: Literal["instance", "zone", "all"],
    timing: StackTiming,
    zone: str | None = None,
    instances: int = 1,
) -> float:
    """Return the share of the targets that a fault hits; of a zone that is not named, the largest.

    `instances` are those that it hits one by one, 0 if that is not known.
    """
    if hits == "all" or timing.instances < 1:
        return 1.0
    if hits == "instance":
        return min(1.0, max(1, instances) / timing.instances)
    if not timing.per_zone:
        return 1.0
    targets = timing.per_zone.get(zone or "", max(timing.per_zone.values()))
    return targets / sum(timing.per_zone.values())


def detected(timing: StackTiming, *, silent: bool) -> Estimate | None:
    """Return how long a target that has failed still gets requests; None without a health check.

    The first check that fails begins up to an interval after the fault, the last one
    `threshold - 1` intervals later; a silent target lets each check wait for its timeout.
    """
    if timing.interval_s is None or timing.unhealthy_threshold is None:
        return None
    interval = timing.scaled(timing.interval_s)
    low = (timing.unhealthy_threshold - 1) * interval
    if not silent:
        return Estimate(parts=[Part(name="check", span=Span(low=low, high=low + interval))])
    # A limit of a request, not a wait: the region's speed does not shorten it.
    timeout = timing.check_timeout_s or 0.0
    span = Span(low=low + timeout, high=low + interval + timeout)
    return Estimate(parts=[Part(name="silent-check", span=span)])


def grace_s(fault: Fault, timing: StackTiming) -> float:
    """Return for how many seconds of a fault the group leaves what fails its checks alone."""
    if timing.topology == "single" or not grace_matters(fault.kind):
        return 0.0
    return _grace_left(fault, timing) or 0.0


def _recovery(
    fault: Fault, shape: Shape, timing: StackTiming, detection: Estimate
) -> Estimate | None:
    if shape.gone:
        # The group sees that the instance ended, or the load balancer does: whichever is first.
        notice = Part(name="notice", span=Span(low=0.0, high=detection.span.high))
        return _replaced([notice], timing, _launched_together(fault, shape, timing))
    ways = [_after_the_fault(fault, timing)]
    grace = _grace_left(fault, timing)
    if grace is not None and fault.kind is not Kind.ZONE_WITHOUT_CAPACITY:
        waits = [Part(name="grace", span=Span(low=grace, high=grace))] if grace else []
        together = _launched_together(fault, shape, timing)
        ways.append(_replaced([*detection.parts, *waits], timing, together))
    # Targets that answer again serve again, also those that the group is about to replace.
    return min(filter(None, ways), key=lambda way: way.span.high, default=None)


def _grace_left(fault: Fault, timing: StackTiming) -> float | None:
    """Return for how long the group still ignores failed checks; None if it never replaces."""
    until = timing.grace_until_s(fault.instances)
    return None if until is None else round(max(0.0, until - fault.at_s), 3)


def _launched_together(fault: Fault, shape: Shape, timing: StackTiming) -> int:
    """Return how many instances replace those that a fault hits and take each other's CPUs."""
    if not timing.one_computer:
        return 1
    if shape.hits == "instance":
        return max(1, len(fault.instances))
    return max(1, round(share_hit(shape.hits, timing, fault.zone) * timing.instances))


def _replaced(before: list[Part], timing: StackTiming, together: int) -> Estimate | None:
    """Return the time until `together` new instances serve; None where no launch has been measured."""
    if timing.boot_s is None:
        return None
    boot = _beside_others(timing.boot_s, timing.boot_beside, together)
    release = _beside_others(timing.release_s or 0.0, timing.release_beside, together)
    return Estimate(
        parts=[
            *before,
            Part(name="boot", span=boot),
            Part(name="release", span=release),
            _healthy(timing, new=True),
        ]
    )


def _beside_others(measured_s: float, beside: float, together: int) -> Span:
    """Return how long it takes beside others what took that long beside others.

    Alone it took at most as long, and at least its share of that: the CPUs may have been what it waited
    for all the time. So many at a time take as long as one alone at least, and as much longer as there are
    more of them now.
    """
    return Span(low=measured_s / beside, high=measured_s * max(1.0, together / beside))


def _healthy(timing: StackTiming, *, new: bool) -> Part:
    """Return until a target gets requests; one that is new may need a single check (ALB guide)."""
    interval = timing.scaled(timing.interval_s or 0.0)
    checks = timing.healthy_threshold or 0
    low = 0.0 if new else max(0, checks - 1) * interval
    return Part(name="healthy", span=Span(low=low, high=checks * interval))


def _after_the_fault(fault: Fault, timing: StackTiming) -> Estimate | None:
    """Return the time until all is well where the stack waits for the fault to end; None: never."""
    if fault.kind is Kind.DATABASE_FAILOVER:
        if timing.multi_az is False:
            return None
        low, high = (timing.scaled(seconds) for seconds in timing.failover_s)
        parts = [Part(name="failover", span=Span(low=low, high=high))]
        return Estimate(parts=[*parts, _name(timing)])
    if fault.lasts_s is None:
        return None
    parts = [Part(name="fault", span=Span(low=fault.lasts_s, high=fault.lasts_s))]
    if fault.kind is Kind.DATABASE_CUT:
        again = Span(low=0.0, high=longest_silence_s(fault.lasts_s))
        return Estimate(parts=[*parts, Part(name="sent-again", span=again), _name(timing)])
    if timing.interval_s is not None:
        parts.append(_healthy(timing, new=False))
    return Estimate(parts=parts)


def longest_silence_s(cut_s: float) -> float:
    """Return for how long a connection may be silent after a cut of that length, in seconds.

    What got no answer is sent again after the retransmission timeout, which doubles each time (RFC 6298,
    5.5): the n-th time `first x (2^n - 1)` after the first. Whatever the moment at which a connection was
    cut off, it is sent again within the last of these waits that may begin before the cut's end.
    """
    times = math.floor(math.log2(max(0.0, cut_s) / FIRST_RETRANSMISSION_S + 1))
    return FIRST_RETRANSMISSION_S * 2**times


def _name(timing: StackTiming) -> Part:
    return Part(name="name", span=Span(low=0.0, high=timing.scaled(timing.name_ttl_s)))


def _deployment(fault: Fault, timing: StackTiming) -> Prediction:
    """Predict an in-place deployment: batch by batch, out of rotation, installed, back in it.

    Nothing is predicted before an instance has had a second deployment: the first one runs with all the CPU
    that there is, any later one within the instance's share (ADR 52); the one says nothing of the other.
    """
    kind, share = fault.kind, Span(low=0.0, high=_share_deployed(fault, timing))
    if timing.again_s is None or (timing.topology == "ha" and not timing.batch):
        return Prediction(bad_share=share if timing.topology == "ha" else None)
    batches = 1 if timing.topology == "single" else _batches(timing)
    if timing.zone_batches:
        # A rollback is stopped after its first zone (ADR 68).
        zones = timing.zone_batches
        batches = sum(zones) if kind is Kind.DEPLOYMENT else zones[0]
    shown = [part for part in _deployed(kind, timing, batches) if part.span.high > 0]
    return Prediction(recovery=Estimate(parts=shown), bad_share=share)


def _share_deployed(fault: Fault, timing: StackTiming) -> float:
    """Return the largest share of the requests that a deployment may let users have bad answers to.

    Of a bad one that only an alarm notices, the first batch serves until then; by zones, that is a zone.
    What fails beside a deployment has its own share.
    """
    if timing.topology == "single":
        return 1.0
    share = len(fault.instances) / max(1, timing.instances)
    if fault.kind is Kind.STOPPED_DEPLOYMENT:
        by_zone = share_hit("zone", timing) if timing.zone_batches else 0.0
        share += by_zone or (timing.batch or timing.instances) / max(1, timing.instances)
    return min(1.0, share)


def _deployed(kind: Kind, timing: StackTiming, batches: int) -> Iterator[Part]:
    """Yield the parts of a deployment, and of its rollback if it is a bad one.

    A bad one fails in its first batch, with which its rollback begins: it has as many batches as every
    deployment, and more if instances join meanwhile. What never served needs not be drained a second time,
    and never becomes healthy; what an alarm stops has put its first batch into service before. Where it
    goes by zones, its rollback is awaited for the first one: nobody else had the bad revision.
    """
    again = timing.again_s or 0.0
    rolls_back = kind is not Kind.DEPLOYMENT
    served = batches + (kind is Kind.STOPPED_DEPLOYMENT)
    drain = timing.scaled(timing.deregistration_delay_s or 0.0)
    healthy = _healthy(timing, new=True).span
    yield _times("drain", Span(low=drain, high=drain), served)
    yield _times("release", Span(low=again, high=again), batches + rolls_back)
    yield _times("healthy", healthy, served)
    if kind is Kind.UNHEALTHY_DEPLOYMENT:
        yield Part(name="gives-up", span=Span(low=0.0, high=timing.own_check_s or 0.0))
    if kind is Kind.STOPPED_DEPLOYMENT and timing.alarm_s is not None:
        low, high = (timing.scaled(seconds) for seconds in timing.alarm_s)
        yield Part(name="alarm", span=Span(low=low, high=high))
    if kind is Kind.DEPLOYMENT:
        watch = timing.scaled(timing.zone_watch_s)
        yield Part(name="watch", span=Span(low=watch, high=watch))
    if timing.zone_batches:
        return
    joining = max(0, (timing.most_batches or batches) - batches) if rolls_back else 0
    yield _times("joining", Span(low=0.0, high=drain + again + healthy.high), joining)


def _times(name: str, span: Span, times: int) -> Part:
    """Return a part that comes several times."""
    return Part(name=name, span=Span(low=span.low * times, high=span.high * times))


def _batches(timing: StackTiming) -> int:
    return math.ceil(timing.instances / (timing.batch or timing.instances))


def compare(
    estimate: Estimate, measured_s: float | None, parts: Mapping[str, float] | None = None
) -> Agreement:
    """Hold a prediction against a measurement; `parts` are what was measured of its parts."""
    span = estimate.span
    if measured_s is None:
        return Agreement(predicted=span, measured_s=None, within=False)
    within = distance(span, measured_s) <= 0
    wrong = None if within else farthest_part(estimate, parts or {})
    return Agreement(predicted=span, measured_s=measured_s, within=within, wrong=wrong)


def distance(span: Span, measured_s: float) -> float:
    """Return by how many seconds a measurement is outside of what counts as agreement; 0 if it is in."""
    low = span.low - max(TOLERANCE_S, TOLERANCE_SHARE * span.low)
    high = span.high + max(TOLERANCE_S, TOLERANCE_SHARE * span.high)
    return max(low - measured_s, measured_s - high, 0.0)


def farthest_part(estimate: Estimate, measured: Mapping[str, float]) -> str | None:
    """Return the part that is farthest outside of its own span; None where none was measured."""
    off = {
        part.name: max(part.span.low - measured[part.name], measured[part.name] - part.span.high)
        for part in estimate.parts
        if part.name in measured
    }
    worst = max(off, key=lambda name: off[name], default=None)
    return worst if worst is not None and off[worst] > 0 else None
