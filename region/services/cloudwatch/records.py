"""What the region keeps about moto's CloudWatch objects."""

from __future__ import annotations

from dataclasses import dataclass, field

from moto.cloudwatch.models import CloudWatchBackend

from region.api.records import Record
from region.services.cloudwatch.store import MetricStore


@dataclass
class MetricsRecord(Record[CloudWatchBackend]):
    """The metrics of the region.

    Attributes:
        store: Their data points.
    """

    store: MetricStore = field(default_factory=MetricStore)


def store_of(backend: CloudWatchBackend) -> MetricStore:
    """Return the metrics of a backend."""
    return MetricsRecord.of(backend).store
