"""An experiment in which an instance died, was detected and replaced, with everything observed."""

from __future__ import annotations

from typing import Any

from loadtest.experiments.faults import Kind
from loadtest.experiments.models import Allowed, ExperimentRecord, Target
from loadtest.experiments.observations import (
    HealthSample,
    Observations,
    StackTiming,
    TimelineEvent,
)
from loadtest.stack.clock_offset import ClockOffset

BEGAN_MS = 1_790_000_000_000.0
FAULT_S = 5.0
DETECTED_S = 14.0
BACK_S = 44.0


def event_of(source: Any, subject: str, state: str, at_s: float, **more: Any) -> TimelineEvent:
    return TimelineEvent(source=source, subject=subject, state=state, at_s=at_s, **more)


def events_of_a_replacement() -> list[TimelineEvent]:
    launching = {"until_s": 34.0, "zone": "b", "detail": "Successful"}
    hook = {"detail": "Succeeded"}
    return [
        event_of("target", "i-0a", "unhealthy", DETECTED_S, resolution_s=1.0, zone="a"),
        event_of("group", "i-0a", "Terminating", 15.0, until_s=16.0, detail="Successful"),
        event_of("group", "i-0new", "Launching", 16.0, **launching),
        event_of("deployment", "d-1", "Succeeded", 24.0, until_s=33.0, detail="autoscaling"),
        event_of("deployment", "i-0new", "BeforeBlockTraffic", 24.0, until_s=25.0, **hook),
        event_of("deployment", "i-0new", "BeforeInstall", 25.0, until_s=31.0, **hook),
        event_of("target", "i-0new", "initial", 35.0, resolution_s=1.0),
        event_of("target", "i-0new", "healthy", BACK_S, resolution_s=1.0),
        event_of("alarm", "healthy-hosts", "ALARM", 20.0),
        event_of("database", "db-1", "availability", 3.0, detail="restarted"),
    ]


def health_of(
    fault_s: float, back_s: float | None, end_s: int, full: int = 6
) -> list[HealthSample]:
    """A look every second: one is missing between these two times."""
    back = float("inf") if back_s is None else back_s
    return [
        HealthSample(
            at_s=float(at), registered=full, healthy=full - 1 if fault_s <= at < back else full
        )
        for at in range(-2, end_s)
    ]


FLEET: dict[str, Any] = {
    "topology": "ha",
    "instances": 6,
    "per_zone": {"a": 2, "b": 2, "c": 2},
    "interval_s": 5,
    "check_timeout_s": 2,
    "unhealthy_threshold": 2,
    "healthy_threshold": 2,
    "deregistration_delay_s": 10,
    "grace_s": 600,
    "batch": 3,
}
"""The settings of an HA stack, without what was measured of it."""


def timing_of(**changed: Any) -> StackTiming:
    return StackTiming(**{**FLEET, "boot_s": 11, "release_s": 7, **changed})


def observations_of(**changed: Any) -> Observations:
    values: dict[str, Any] = {
        "clock": ClockOffset(low_s=0.1, high_s=0.2, samples=30),
        "timing": timing_of(),
        "events": events_of_a_replacement(),
        "health": health_of(DETECTED_S, BACK_S, 60),
    }
    return Observations(**{**values, **changed})


def record_of(**changed: Any) -> ExperimentRecord:
    values: dict[str, Any] = {
        "experiment": "instance-dies",
        "title": "An instance dies",
        "kind": Kind.INSTANCE_DIES,
        "because": ["asg-elb-health-check", "asg-multi-az"],
        "stack": "ha",
        "topology": "ha",
        "run": "run-ha",
        "started_ms": BEGAN_MS - 5000,
        "finished_ms": BEGAN_MS + 70_000,
        "fault_began_ms": BEGAN_MS + FAULT_S * 1000,
        "fault_ended_ms": BEGAN_MS + BACK_S * 1000,
        "targets": [Target(kind="instance", id="i-0a", zone="a")],
        "actions": [],
        "before": None,
        "during": [],
        "after": None,
        "recovered_ms": None,
        "allowed": Allowed(),
        "recovery_s": 120,
        "impact": None,
        "host_valid": True,
        "host_reasons": [],
        "outcome": "survived",
        "reasons": [],
        "reverted": [],
        "engine": "chaostoolkit-lib 1.44.0",
    }
    return ExperimentRecord(**{**values, **changed})
