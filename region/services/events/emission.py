"""Events of AWS services, as EventBridge delivers them to the rules of the default bus."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.events.models import EventsBackend, events_backends

from region.api.server import ControlPlane
from region.services.events import delivery
from region.time_formats import stamps


def emit(
    plane: ControlPlane,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str] = (),
) -> None:
    """Deliver an event of a service to the rules that match it; with or without the plane's lock.

    Args:
        plane: The control plane whose rules are asked.
        source: Such as `aws.autoscaling`.
        detail_type: Such as `EC2 Instance Launch Successful`.
        detail: What the service tells, as JSON has it.
        resources: The ARNs that it is about.
    """
    with plane.lock:
        publish(plane.backend("events"), source, detail_type, detail, resources)


def bus_of(account: str, region: str) -> EventsBackend:
    """Return where a caller publishes that has a backend of moto and holds the plane's lock."""
    return events_backends[account][region]


def publish(
    backend: EventsBackend,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str],
) -> None:
    """Deliver an event to the rules of the default bus; callers hold the plane's lock."""
    event = event_of(backend, source, detail_type, detail, resources)
    for rule in list(backend.event_buses["default"].rules.values()):
        delivery.deliver(rule, event)


def event_of(
    backend: EventsBackend,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str],
) -> dict[str, Any]:
    """Return an event of a service, of this moment, as rules get it."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": backend.account_id,
        "time": stamps.in_seconds(datetime.now(UTC)),
        "region": backend.region_name,
        "resources": list(resources),
        "detail": dict(detail),
    }
