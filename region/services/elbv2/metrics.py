"""The metrics of AWS/ApplicationELB: what a load balancer has done in a minute of AWS.

ALB guide, CloudWatch metrics. A metric of traffic has no data point in a period without such traffic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from region.services.cloudwatch.metrics import Datum, publish
from region.services.elbv2 import periods
from region.services.elbv2.haproxy.model import Health, Report, TargetStatus
from region.services.elbv2.haproxy.request_log import RequestLog, Requests
from region.services.elbv2.haproxy.runtime_api import Statistics
from region.services.elbv2.zones import counts

if TYPE_CHECKING:
    from region.api.server import ControlPlane
    from region.services.elbv2.desired import DesiredLoadBalancer

NAMESPACE: Final = "AWS/ApplicationELB"
_TOLD_APART: Final = {500, 502, 503, 504}
_CLASSES: Final = {2: "2XX", 3: "3XX", 4: "4XX", 5: "5XX"}
Dimensions = tuple[tuple[str, str], ...]
_Sums = Counter[tuple[str, Dimensions]]
_Times = dict[Dimensions, Counter[float]]


@dataclass(slots=True)
class _Connections:
    """Counters of a load balancer's process at one time."""

    connections: int = 0
    denied: int = 0
    bytes: int = 0
    failed: dict[str, int] = field(default_factory=dict[str, int])


class Traffic:
    """What one load balancer has done and has not published yet."""

    def __init__(self, plane: ControlPlane, arn: str, clock: Callable[[], float]) -> None:
        """Count from now on."""
        self._plane = plane
        self._name = arn.split(":loadbalancer/", 1)[-1]
        self._clock = clock
        self._period = plane.config.seconds(periods.METRICS.seconds)
        self._due = clock() + self._period
        self._before = _Connections()

    def count_from(self, statistics: Statistics) -> None:
        """Leave out what the process has counted until now."""
        self._before = _connections(statistics)

    def publish(
        self,
        item: DesiredLoadBalancer,
        report: Report,
        requests: RequestLog,
        statistics: Statistics,
    ) -> None:
        """Publish once a period."""
        now = self._clock()
        if now < self._due:
            return
        self._due = max(self._due + self._period, now)
        groups = {name: arn.rsplit(":", 1)[-1] for name, arn in item.arns.items()}
        traffic = list(requests.take())
        at = datetime.now(UTC) - timedelta(seconds=self._period)
        publish(
            self._plane,
            [
                *traffic_data(self._name, groups, traffic, report, at),
                *handshake_data(self._name, requests.failed_handshakes, at),
                *self._connection_data(groups, statistics, at),
                *host_data(self._name, groups, report, [node.zone for node in item.spec.nodes], at),
            ],
        )

    def _connection_data(
        self, groups: Mapping[str, str], statistics: Statistics, at: datetime
    ) -> Iterator[Datum]:
        before, now = self._before, _connections(statistics)
        self._before = now
        own = (("LoadBalancer", self._name),)
        current = sum(row.current for row in statistics.listeners)
        # A new process counts from 0.
        new = now.connections - before.connections
        if new < 0:
            new = now.connections
        if new:
            yield _sum("NewConnectionCount", own, new, at)
            yield _sum("ActiveConnectionCount", own, max(current, new), at)
        elif current:
            yield _sum("ActiveConnectionCount", own, current, at)
        if moved := max(0, now.bytes - before.bytes):
            yield _sum("ProcessedBytes", own, moved, at, unit="Bytes")
        if refused := max(0, now.denied - before.denied):
            yield _sum("RejectedConnectionCount", own, refused, at)
        failures = {
            group: max(0, count - before.failed.get(group, 0))
            for group, count in now.failed.items()
        }
        if total := sum(failures.values()):
            yield _sum("TargetConnectionErrorCount", own, total, at)
        for group, count in failures.items():
            if count and group in groups:
                both = (("TargetGroup", groups[group]), *own)
                yield _sum("TargetConnectionErrorCount", both, count, at)


def traffic_data(
    balancer: str,
    groups: Mapping[str, str],
    traffic: Iterable[Requests],
    report: Report,
    at: datetime,
) -> Iterator[Datum]:
    """Yield what the requests of a period amount to.

    Args:
        balancer: The load balancer as a dimension names it.
        groups: Likewise the target groups, by name.
        traffic: The requests.
        report: The targets.
        at: The start of the period.
    """
    sums: _Sums = Counter()
    times: _Times = {}
    for some in traffic:
        _count(some, balancer, groups.get(some.group, ""), sums, times)
    for (name, dimensions), count in sums.items():
        yield _sum(name, dimensions, count, at)
    for dimensions, seconds in times.items():
        yield Datum(
            NAMESPACE,
            "TargetResponseTime",
            dict(dimensions),
            unit="Seconds",
            at=at,
            counts=dict(seconds),
            rate=True,
        )
    for group, name in groups.items():
        known = [item for item in report.get(group, {}).values() if _is_registered(item)]
        both = (("TargetGroup", name), ("LoadBalancer", balancer))
        total = sums.get(("RequestCount", both), 0)
        # A group without requests has zeros, so that whoever scales by them scales in.
        if total or known:
            each = total / max(1, len(known))
            yield _sum("RequestCountPerTarget", both, each, at)
            yield _sum("RequestCountPerTarget", both[:1], each, at)


def handshake_data(balancer: str, failed: Mapping[str, int], at: datetime) -> Iterator[Datum]:
    """Yield the TLS handshakes that failed: of the load balancer, and of each zone's node."""
    own = (("LoadBalancer", balancer),)
    if total := sum(failed.values()):
        yield _sum("ClientTLSNegotiationErrorCount", own, total, at)
    for zone, count in failed.items():
        place = (("AvailabilityZone", zone), *own)
        yield _sum("ClientTLSNegotiationErrorCount", place, count, at)


def _count(some: Requests, balancer: str, group: str, sums: _Sums, times: _Times) -> None:
    """Add requests that went the same way to all metrics that they belong to."""
    own = (("LoadBalancer", balancer),)
    zonal = (("AvailabilityZone", some.zone), *own) if some.zone else own
    places = dict.fromkeys((own, zonal))
    both = list(places)
    if group:
        both += [(("TargetGroup", group), *place) for place in places]
    names, own_names = _of_targets(some), _of_balancer(some)
    for place in both:
        for name in names:
            sums[name, place] += some.count
        if some.response_seconds is not None and group:
            times.setdefault(place, Counter())[some.response_seconds] += some.count
    for place in places:
        for name in own_names:
            sums[name, place] += some.count


def _of_targets(some: Requests) -> list[str]:
    """Return the metrics of requests that were sent to a target."""
    if not some.group:
        return []
    kind = _CLASSES.get(some.code // 100)
    return [
        "RequestCount",
        *(["UnhealthyRoutingRequestCount"] if some.failed_open else []),
        *([f"HTTPCode_Target_{kind}_Count"] if some.answered and kind else []),
    ]


def _of_balancer(some: Requests) -> list[str]:
    """Return the metrics of what the load balancer answered itself."""
    kind = _CLASSES.get(some.code // 100)
    if some.kind == "redirect":
        return ["HTTP_Redirect_Count", "HTTPCode_ELB_3XX_Count"]
    # Codes of fixed responses originate from the load balancer, too: a maintenance page sets alarms off.
    fixed = ["HTTP_Fixed_Response_Count"] if some.kind == "fixed" else []
    if some.answered or kind not in {"4XX", "5XX"}:
        return fixed
    told_apart = [f"HTTPCode_ELB_{some.code}_Count"] if some.code in _TOLD_APART else []
    return [*fixed, f"HTTPCode_ELB_{kind}_Count", *told_apart]


def host_data(
    balancer: str,
    groups: Mapping[str, str],
    report: Report,
    zones: Iterable[str],
    at: datetime,
) -> Iterator[Datum]:
    """Yield the healthy and unhealthy hosts: a sample for each node, whose least and most AWS shows."""
    zones = list(zones)
    for group, name in groups.items():
        targets = [item for item in report.get(group, {}).values() if _is_registered(item)]
        if not targets:
            continue
        for dimensions, members in _by_zone(balancer, name, targets, zones):
            seen = [counts(members, zone) for zone in zones]
            values = [pair for pair in seen if pair[1]] or [(0, 0)]
            healthy = tuple(float(good) for good, _ in values)
            unhealthy = tuple(float(total - good) for good, total in values)
            for metric, samples in (
                ("HealthyHostCount", healthy),
                ("UnHealthyHostCount", unhealthy),
            ):
                yield Datum(
                    NAMESPACE, metric, dict(dimensions), unit="Count", at=at, samples=samples
                )


def _by_zone(
    balancer: str, group: str, targets: list[TargetStatus], zones: Iterable[str]
) -> Iterator[tuple[Dimensions, list[TargetStatus]]]:
    both = (("TargetGroup", group), ("LoadBalancer", balancer))
    yield both, targets
    for zone in zones:
        members = [item for item in targets if item.zone == zone]
        if members:
            yield (("AvailabilityZone", zone), *both), members


def _is_registered(target: TargetStatus) -> bool:
    return target.health is not Health.DRAINING


def _connections(statistics: Statistics) -> _Connections:
    found = _Connections()
    for row in statistics.listeners:
        found.connections += row.connections
        found.denied += row.denied
        found.bytes += row.bytes
    for row in statistics.servers:
        group = row.backend.partition("--")[0]
        found.failed[group] = found.failed.get(group, 0) + row.connection_errors
    return found


def _sum(
    name: str, dimensions: Dimensions, value: float, at: datetime, unit: str = "Count"
) -> Datum:
    """Return how often something happened in real time: an alarm's period is shorter by the speed."""
    return Datum(NAMESPACE, name, dict(dimensions), float(value), unit, at, rate=True)
