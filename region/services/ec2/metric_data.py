"""The metrics of the namespace AWS/EC2 from what machines have used. Pure.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from region.services.cloudwatch.metrics import Datum
from region.services.ec2.credits import UNLIMITED, Credits

NAMESPACE = "AWS/EC2"
GROUP = "AutoScalingGroupName"


@dataclass(frozen=True, slots=True)
class Counters:
    """What a machine has used since it was powered on, in growing counters, and when they were read."""

    at: float = 0.0
    cpu_seconds: float = 0.0
    bytes_in: float = 0.0
    bytes_out: float = 0.0
    packets_in: float = 0.0
    packets_out: float = 0.0

    def since(self, before: Counters) -> Counters:
        """Return what was used since; a counter that was reset counts from zero."""

        def grown(now: float, then: float) -> float:
            return now - then if now >= then else now

        return Counters(
            self.at,
            grown(self.cpu_seconds, before.cpu_seconds),
            grown(self.bytes_in, before.bytes_in),
            grown(self.bytes_out, before.bytes_out),
            grown(self.packets_in, before.packets_in),
            grown(self.packets_out, before.packets_out),
        )


@dataclass(frozen=True, slots=True)
class Minute:
    """What an instance used in a minute of AWS.

    Attributes:
        utilization: Of all vCPUs, 0 to 1.
        used: Bytes and packets, of the computer's clock.
    """

    utilization: float
    used: Counters


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom metrics are about: an instance and what else it is counted for."""

    instance_id: str
    instance_type: str
    image_id: str
    group: str = ""
    detailed: bool = False

    def dimensions(self) -> Iterator[Mapping[str, str]]:
        """Yield the dimensions that all of its metrics have."""
        yield {"InstanceId": self.instance_id}
        if self.group:
            yield {GROUP: self.group}

    def usage_dimensions(self) -> Iterator[Mapping[str, str]]:
        """Yield those of what it uses: also type and image with detailed monitoring."""
        yield from self.dimensions()
        if self.detailed:
            yield {"InstanceType": self.instance_type}
            yield {"ImageId": self.image_id}


def usage(subject: Subject, minutes: Iterable[Minute], at: float) -> Iterator[Datum]:
    """Yield the data points of minutes that begin at a time: one, or five with basic monitoring."""
    minutes = tuple(minutes)
    moment = datetime.fromtimestamp(at, UTC)
    percents = tuple(100.0 * minute.utilization for minute in minutes)
    counts: list[tuple[str, str, tuple[float, ...]]] = [
        ("NetworkIn", "Bytes", tuple(minute.used.bytes_in for minute in minutes)),
        ("NetworkOut", "Bytes", tuple(minute.used.bytes_out for minute in minutes)),
    ]
    if not subject.detailed:
        counts += [
            ("NetworkPacketsIn", "Count", tuple(minute.used.packets_in for minute in minutes)),
            ("NetworkPacketsOut", "Count", tuple(minute.used.packets_out for minute in minutes)),
        ]
    for dimensions in subject.usage_dimensions():
        yield Datum(
            NAMESPACE, "CPUUtilization", dimensions, unit="Percent", at=moment, samples=percents
        )
        for name, unit, samples in counts:
            yield Datum(
                NAMESPACE,
                name,
                dimensions,
                unit=unit,
                at=moment,
                samples=samples,
                rate=True,
                per_period=True,
            )


def status(subject: Subject, *, impaired: bool, at: float) -> Iterator[Datum]:
    """Yield the data points of the status checks, which are performed every minute."""
    moment = datetime.fromtimestamp(at, UTC)
    failed = {
        "StatusCheckFailed": impaired,
        "StatusCheckFailed_Instance": impaired,
        "StatusCheckFailed_System": False,
        "StatusCheckFailed_AttachedEBS": False,
    }
    for name, fails in failed.items():
        for dimensions in subject.dimensions():
            yield Datum(NAMESPACE, name, dimensions, float(fails), "Count", moment)


def credit(
    subject: Subject, credits_now: Credits, used: float, mode: str, at: float
) -> Iterator[Datum]:
    """Yield the data points of CPU credits, every five minutes; surplus of `unlimited` only."""
    values = {"CPUCreditUsage": used, "CPUCreditBalance": credits_now.available}
    if mode == UNLIMITED or credits_now.charged:
        values["CPUSurplusCreditsCharged"] = credits_now.charged
    if mode == UNLIMITED:
        values["CPUSurplusCreditBalance"] = credits_now.surplus
    moment = datetime.fromtimestamp(at, UTC)
    for name, value in values.items():
        for dimensions in subject.dimensions():
            yield Datum(NAMESPACE, name, dimensions, value, "Count", moment)
