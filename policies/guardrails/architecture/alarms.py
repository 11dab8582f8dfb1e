"""What an alarm watches: its metrics, the resources that they are about, and when it goes off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from availability import alarm_timing

from guardrails import tokens
from guardrails.architecture.traffic import Traffic
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number

ALARM_KEYS = ("name", "alarmName", "id")

_BALANCING = ("AWS/ApplicationELB", "AWS/NetworkELB", "AWS/GatewayELB", "AWS/ELB")
# Where requests are seen from outside or by the application itself.
_REQUESTS = (
    "AWS/Route53",
    "AWS/CloudFront",
    "AWS/RUM",
    "AWS/ApiGateway",
    "AWS/GlobalAccelerator",
    "AWS/VpcLattice",
    "AWS/ApplicationSignals",
    "AWS/X-Ray",
)
_MACHINES = ("AWS/EC2", "AWS/AutoScaling", "CWAgent", "AWS/EC2Spot", "System/Linux")

_HEALTHY, _UNHEALTHY = "HealthyHostCount", "UnHealthyHostCount"
HOST_COUNTS = (_HEALTHY, _UNHEALTHY)

_SUFFIXED = ("arnSuffix", "name", "arn", "id")
_OWNED = {
    "AutoScalingGroupName": (tokens.AUTO_SCALING_GROUP, ("name", "id")),
    "TargetGroup": (tokens.TARGET_GROUP, _SUFFIXED),
}
"""Dimensions of what belongs to one service, what they name, and by which outputs."""

_COMPOSED = re.compile(
    r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*[\"']?(?P<name>[^\"')]+?)[\"']?\s*\)"
)
_DEFAULT_PERIOD = 60.0


class Subject(Enum):
    """What a metric is about, seen from one service."""

    SERVICE = "the service's requests"
    FLEET = "the service's instances"
    ELSEWHERE = "something else"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Service:
    """What belongs to one service: where its requests go, and whose instances answer them."""

    balancers: frozenset[Resource] = frozenset()
    target_groups: frozenset[Resource] = frozenset()
    fleets: frozenset[Resource] = frozenset()


def service_behind(
    stack: Stack, target_groups: Iterable[Resource], fleets: Iterable[Resource] = ()
) -> Service:
    """Return the service that answers behind target groups, with the load balancers that ask it."""
    targets, traffic = frozenset(target_groups), stack.derived(Traffic)
    balancers = frozenset(one for target in targets for one in traffic.senders(target))
    return Service(balancers, targets, frozenset(fleets))


@dataclass(frozen=True)
class Metric:
    """One metric that an alarm watches; `period` in seconds, `None` if it is not known."""

    namespace: Any
    name: Any
    dimensions: Any
    period: float | None
    prop: str

    def describe(self) -> str:
        """Return namespace and name, for a path."""
        parts = (self.namespace, self.name)
        return " ".join(part for part in parts if isinstance(part, str)) or "an unknown metric"


@dataclass(frozen=True)
class Watch:
    """What an alarm watches.

    Attributes:
        metrics: Of a metric alarm; empty for an alarm on an expression without metrics.
        expression: Whether the alarm is on an expression over metrics, or a query.
        alarms: Of a composite alarm.
    """

    metrics: tuple[Metric, ...] = ()
    expression: str | None = None
    alarms: References = field(default_factory=References)


class Alarms:
    """What the stack's alarms watch."""

    def __init__(self, stack: Stack) -> None:
        """Index the alarms by their names."""
        self._stack = stack
        self._watches: dict[Resource, Watch] = {}
        self.named: dict[str, Resource] = {
            name: alarm
            for alarm in stack.of(tokens.ALARM)
            for key in ALARM_KEYS
            if isinstance(name := alarm.get(key), str) and name
        }

    def watch(self, alarm: Resource) -> Watch:
        """Return what one alarm watches."""
        if alarm not in self._watches:
            composite = alarm.type in tokens.COMPOSITE_ALARM
            self._watches[alarm] = self._composite(alarm) if composite else _metric_alarm(alarm)
        return self._watches[alarm]

    def subject(self, alarm: Resource, service: Service, *, depth: int = 5) -> Subject:
        """Return what an alarm is about, seen from a service; the most telling part decides."""
        watch = self.watch(alarm)
        found = [self._about(alarm, metric, service) for metric in watch.metrics]
        if watch.expression is not None and not watch.metrics:
            query = watch.expression
            told = any(name in query for name in (*_BALANCING, *_REQUESTS))
            found.append(Subject.SERVICE if told else Subject.UNKNOWN)
        if depth:
            children = watch.alarms.any
            found += [self.subject(child, service, depth=depth - 1) for child in children]
        if watch.alarms.foreign or watch.alarms.untraced or not found:
            found.append(Subject.UNKNOWN)
        for subject in (Subject.SERVICE, Subject.UNKNOWN, Subject.FLEET):
            if subject in found:
                return subject
        return Subject.ELSEWHERE

    def seconds(
        self,
        alarm: Resource,
        needed: Callable[[float, float], float] = alarm_timing.needed,
        *,
        depth: int = 5,
    ) -> float | None:
        """Return how long bad answers take to set the alarm off; `None` if not known.

        `needed` computes it from the number of data points and the period in seconds.
        """
        watch = self.watch(alarm)
        if watch.alarms.any:
            given = [
                self.seconds(one, needed, depth=depth - 1) for one in watch.alarms.any if depth
            ]
            known = [one for one in given if one is not None]
            return min(known) if known and len(known) == len(given) else None
        periods = alarm.get("datapointsToAlarm")
        count = number(alarm.get("evaluationPeriods") if is_absent(periods) else periods)
        lengths = [metric.period for metric in watch.metrics]
        if count is None or not lengths or None in lengths:
            return None
        longest = max(length for length in lengths if length is not None)
        return needed(count, longest)

    def leaves(self, alarm: Resource, *, depth: int = 5) -> Iterator[Resource]:
        """Yield the metric alarms of which an alarm consists."""
        children = self.watch(alarm).alarms.any
        if not children or not depth:
            yield alarm
        for child in children if depth else ():
            yield from self.leaves(child, depth=depth - 1)

    def counts_hosts(self, alarm: Resource) -> bool:
        """Return whether an alarm is on the number of healthy or unhealthy hosts."""
        leaves = self.leaves(alarm)
        return any(
            metric.name in HOST_COUNTS for one in leaves for metric in self.watch(one).metrics
        )

    def watches_hosts_of(self, alarm: Resource, target_group: Resource) -> bool:
        """Return whether an alarm is, or may be, on the hosts of a target group."""
        service = Service(target_groups=frozenset({target_group}))
        subject = self.subject(alarm, service)
        return self.counts_hosts(alarm) and subject in (Subject.SERVICE, Subject.UNKNOWN)

    def path(self, alarm: Resource) -> tuple[str, ...]:
        """Return the steps from an alarm to what it watches."""
        first = next(iter(self.leaves(alarm)))
        steps = [f'alarm "{alarm.name}"', *([f'alarm "{first.name}"'] if first != alarm else [])]
        for metric in self.watch(first).metrics[:1]:
            about = [f'"{one.name}"' for one in self._stack.origins(first, metric.prop)]
            known = [value for value in _texts(metric.dimensions) if not about]
            of = ", ".join((*about, *known))
            steps.append(f"metric {metric.describe()}{f' of {of}' if of else ''}")
        return tuple(steps)

    # --- what a metric is about -------------------------------------------------------------------

    def _composite(self, alarm: Resource) -> Watch:
        rule = alarm.get("alarmRule")
        if rule is UNKNOWN:
            sources = tuple(self._stack.sources(alarm, "alarmRule", tokens.ALARM))
            return Watch(alarms=References(possible=sources, untraced=0 if sources else 1))
        names = [found["name"] for found in _COMPOSED.finditer(str(rule))]
        plain = [name.rpartition(":")[2] if name.startswith("arn:") else name for name in names]
        known = tuple(self.named[name] for name in dict.fromkeys(plain) if name in self.named)
        foreign = tuple(name for name in plain if name not in self.named)
        return Watch(alarms=References(known, (), foreign))

    def _about(self, alarm: Resource, metric: Metric, service: Service) -> Subject:
        space = metric.namespace
        if not isinstance(space, str):
            return Subject.UNKNOWN
        if space in _BALANCING:
            return self._balanced(alarm, metric, service)
        if space in _MACHINES:
            return self._machines(alarm, metric, service)
        # A custom namespace is the application's; AWS's are those of other services.
        return (
            Subject.ELSEWHERE
            if space.startswith("AWS/") and space not in _REQUESTS
            else (Subject.SERVICE)
        )

    def _machines(self, alarm: Resource, metric: Metric, service: Service) -> Subject:
        """Return whether instances are the service's, where the metric is by Auto Scaling group."""
        others = self.on_others(alarm, metric.prop, metric.dimensions, service.fleets)
        return Subject.ELSEWHERE if others else Subject.FLEET

    def on_others(
        self, watcher: Resource, prop: str, dimensions: Any, own: frozenset[Resource]
    ) -> tuple[Resource, ...]:
        """Return the Auto Scaling groups or target groups that a metric is about, if these are others.

        `prop` is the property in which an alarm or a policy has the dimensions. Nothing where the metric
        is about one of `own`, or where that is not certain.
        """
        for key, (types, keys) in _OWNED.items():
            value = dig(dimensions, key)
            if is_absent(value) or not any(one.type in types for one in own):
                continue
            found = self._stack.references(watcher, prop, types, keys, value=[value])
            if found.resources and found.complete and not own & set(found.resources):
                return found.resources
        return ()

    def _balanced(self, alarm: Resource, metric: Metric, service: Service) -> Subject:
        for key, types, own in (
            ("TargetGroup", tokens.TARGET_GROUP, service.target_groups),
            ("LoadBalancer", tokens.LOAD_BALANCER, service.balancers),
        ):
            value = dig(metric.dimensions, key)
            if metric.dimensions is UNKNOWN:
                sources = self._stack.sources(alarm, metric.prop, types)
                if sources:
                    return Subject.SERVICE if own & set(sources) else Subject.ELSEWHERE
                continue
            if is_absent(value):
                continue
            found = self._dimension(alarm, metric, value, types)
            if own & set(found.any):
                return Subject.SERVICE
            if found.untraced or found.foreign:
                return Subject.UNKNOWN
            return Subject.ELSEWHERE
        return Subject.UNKNOWN if metric.dimensions is UNKNOWN else Subject.ELSEWHERE

    def _dimension(
        self, alarm: Resource, metric: Metric, value: Any, types: tuple[str, ...]
    ) -> References:
        return self._stack.references(alarm, metric.prop, types, _SUFFIXED, value=[value])


def _metric_alarm(alarm: Resource) -> Watch:
    queries = alarm.get("metricQueries")
    if not is_absent(queries):
        metrics, expressions = [], []
        for query in items(queries):
            metric = dig(query, "metric")
            if metric is UNKNOWN or not is_absent(metric):
                metrics.append(_metric(metric, "metricQueries"))
            else:
                expressions.append(str(dig(query, "expression")))
        # A list that is unknown as a whole may hold anything.
        return Watch(tuple(metrics), " ".join(expressions) or ("" if not metrics else None))
    return Watch((_metric(alarm.properties, "dimensions"),))


def _metric(given: Any, prop: str) -> Metric:
    period = dig(given, "period")
    return Metric(
        namespace=dig(given, "namespace"),
        name=dig(given, "metricName"),
        dimensions=dig(given, "dimensions"),
        period=_DEFAULT_PERIOD if is_absent(period) else number(period),
        prop=prop,
    )


def _texts(value: Any) -> list[str]:
    values = value.values() if isinstance(value, dict) else ()
    return [one for one in values if isinstance(one, str)]
