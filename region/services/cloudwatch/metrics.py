"""How the region's parts publish metrics.

    publish(plane, [Datum("AWS/EC2", "CPUUtilization", {"InstanceId": id}, 42.0, unit="Percent")])

Timestamps are those of the computer's clock. What AWS publishes once a minute is published once in
`plane.config.seconds(60)`, and an alarm's period of 60 s sees one such point: it is divided by the
region's speed too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from region.services.cloudwatch import points
from region.services.cloudwatch.records import store_of
from region.services.cloudwatch.store import NO_UNIT, metric

if TYPE_CHECKING:
    from region.api.server import ControlPlane

_NONE: Mapping[str, str] = {}
_NO_COUNTS: Mapping[float, float] = {}


@dataclass(frozen=True, slots=True)
class Datum:
    """Samples of a metric.

    Attributes:
        namespace: Such as `AWS/EC2`.
        name: Such as `CPUUtilization`.
        dimensions: Names and values.
        value: The one sample, unless `samples` has them.
        unit: One of CloudWatch's, such as `Percent`, `Count`, `Bytes`, `Seconds`.
        at: When it was measured (of a period: its start); now by default.
        samples: Several samples, such as the response times of a period.
        counts: How often each sample occurs, where there are many.
        rate: Whether it counts what happens in real time (requests, bytes): an alarm multiplies
            their sum by the region's speed, because its period is shorter by that.
        per_period: Whether each sample is such a sum of a minute (bytes received), so that an alarm
            multiplies averages too.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(default_factory=lambda: _NONE)
    value: float | None = None
    unit: str = NO_UNIT
    at: datetime | None = None
    samples: tuple[float, ...] = ()
    counts: Mapping[float, float] = field(default_factory=lambda: _NO_COUNTS)
    rate: bool = False
    per_period: bool = False


def publish(plane: ControlPlane, data: Iterable[Datum]) -> None:
    """Keep what was measured; with or without the plane's lock. A datum without samples is none."""
    store = store_of(plane.backend("cloudwatch"))
    now = time.time()
    for datum in data:
        samples = datum.samples if datum.value is None else (datum.value, *datum.samples)
        if not samples and not datum.counts:
            continue
        at = now if datum.at is None else datum.at.timestamp()
        store.add(
            metric(datum.namespace, datum.name, datum.dimensions),
            points.of_samples(at, samples) if samples else points.of_values(at, datum.counts),
            datum.unit,
            rate=datum.rate,
            per_period=datum.per_period,
            own=True,
        )
