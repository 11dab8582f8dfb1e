"""Turns a run's measurements into the summary that is kept and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from loadtest import statistics, validity, verdict
from loadtest.generator import Toolchain
from loadtest.models import (
    ArtilleryRecord,
    GeneratorRecord,
    PhaseRecord,
    ProfileRecord,
    RunSummary,
    ScenarioRecord,
    Users,
)
from loadtest.outputs import StackOutputs
from loadtest.profiles import Profile
from loadtest.recording import Beat, Exchange, GeneratorEvent, PhaseStart
from loadtest.scenario import Scenario
from loadtest.verdict import Slo


@dataclass(frozen=True)
class Measurements:
    """All that a run brought to light."""

    id: str
    started_at: datetime
    finished_at: datetime
    cut_short: bool
    outputs: StackOutputs
    profile: Profile
    scenario: Scenario
    exchanges: Sequence[Exchange]
    events: Sequence[GeneratorEvent]
    artillery: dict[str, Any] | None
    """Artillery's own aggregate, if it came to write one."""
    tools: Toolchain
    python: str
    cpu_seconds: float
    cpu_peak_cores: float
    peak_rss_bytes: int

    @property
    def began_ms(self) -> float:
        """When the first phase began (epoch ms); else the first arrival, else the start."""
        starts = [event.at_ms for event in self.events if isinstance(event, PhaseStart)]
        arrivals = [exchange.arrived_ms for exchange in self.exchanges]
        return min(starts or arrivals, default=self.started_at.timestamp() * 1000)


def summarise(measured: Measurements, slo: Slo | None = None) -> RunSummary:
    """Counts, judges validity and then the promise."""
    counters: dict[str, int] | None = (
        dict(measured.artillery.get("counters") or {}) if measured.artillery is not None else None
    )
    exchanges, timeout_s = measured.exchanges, measured.scenario.timeout_s
    users = _users(measured, counters)
    requests = statistics.requests(exchanges)
    latency = statistics.latency(exchanges, timeout_s)
    generator = _generator(measured)
    valid = validity.assess(
        validity.Evidence(
            planned_users=measured.profile.planned_users,
            duration_s=measured.profile.duration_s,
            users=users,
            requests=requests,
            unsent=sum(not e.sent for e in exchanges),
            answered_and_failed=sum(
                e.status is not None and e.error is not None for e in exchanges
            ),
            counters=counters,
            generator=generator,
            cut_short=measured.cut_short,
        )
    )
    topology = measured.outputs.topology
    return RunSummary(
        id=measured.id,
        topology=topology,
        started_at=measured.started_at,
        load_began_at=datetime.fromtimestamp(measured.began_ms / 1000, UTC),
        finished_at=measured.finished_at,
        cut_short=measured.cut_short,
        target=measured.outputs.url,
        profile=_profile(measured.profile),
        scenario=ScenarioRecord(
            name=measured.scenario.name,
            description=measured.scenario.description,
            digest=measured.scenario.digest,
            requests_per_user=measured.scenario.requests_per_user,
            journeys=measured.scenario.journeys,
            timeout_s=timeout_s,
        ),
        users=users,
        requests=requests,
        latency=latency,
        endpoints=statistics.endpoints(exchanges, timeout_s),
        instances=statistics.instances(exchanges),
        series=statistics.series(exchanges, measured.began_ms),
        generator=generator,
        artillery=_artillery(measured.artillery, counters),
        validity=valid,
        verdict=verdict.judge(
            topology, users=users, requests=requests, latency=latency, validity=valid, slo=slo
        ),
    )


def _users(measured: Measurements, counters: dict[str, int] | None) -> Users:
    if counters is None:
        scenario = measured.scenario
        return statistics.users(measured.exchanges, scenario.requests_per_user, scenario.journeys)
    # A counter that never counted is absent, not 0.
    return Users(
        created=counters.get("vusers.created", 0),
        completed=counters.get("vusers.completed", 0),
        failed=counters.get("vusers.failed", 0),
        skipped=counters.get("vusers.skipped", 0),
    )


def _profile(profile: Profile) -> ProfileRecord:
    phases, start = list[PhaseRecord](), 0
    for phase in profile.phases:
        phases.append(PhaseRecord(name=phase.name, start_s=start, duration_s=phase.duration_s))
        start += phase.duration_s
    return ProfileRecord(
        name=profile.name,
        description=profile.description,
        planned_users=profile.planned_users,
        peak_rate=profile.peak_rate,
        phases=phases,
    )


def _generator(measured: Measurements) -> GeneratorRecord:
    last_arrival = max((e.arrived_ms for e in measured.exchanges), default=0.0)
    # Start-up and the wait for the last answers are not the load: they would flatter the generator.
    beats = [
        event
        for event in measured.events
        if isinstance(event, Beat) and measured.began_ms <= event.at_ms <= last_arrival + 1000
    ]
    schedule = measured.profile.schedule()
    late = statistics.schedule_lag(measured.exchanges, schedule, measured.began_ms)
    busy = [beat.busy for beat in beats]
    return GeneratorRecord(
        artillery=measured.tools.artillery,
        node=measured.tools.node,
        python=measured.python,
        workers=measured.tools.workers,
        host_cpus=measured.tools.cpus,
        cpu_seconds=round(measured.cpu_seconds, 2),
        cpu_peak_cores=round(measured.cpu_peak_cores, 2),
        peak_rss_bytes=measured.peak_rss_bytes,
        lag_p99_ms=round(float(np.median([b.lag_p99_ms for b in beats])), 1) if beats else 0,
        lag_max_ms=round(max((b.lag_max_ms for b in beats), default=0), 1),
        busy_mean=min(1.0, round(float(np.mean(busy)), 3)) if busy else 0,
        busy_max=min(1.0, round(max(busy, default=0), 3)),
        schedule_lag_p99_ms=round(float(np.percentile(late, 99)), 1) if len(late) else 0,
    )


def _artillery(
    report: dict[str, Any] | None, counters: dict[str, int] | None
) -> ArtilleryRecord | None:
    if report is None or counters is None:
        return None
    response_time = (report.get("summaries") or {}).get("http.response_time") or {}
    return ArtilleryRecord(
        requests=counters.get("http.requests", 0),
        responses=counters.get("http.responses", 0),
        p99_ms=response_time.get("p99"),
    )
