"""Turns a run's measurements into the summary that is saved and reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from loadtest.analysis import columns, counting, host_evidence, validity, verdict
from loadtest.analysis import slo as objectives
from loadtest.analysis.host_evidence import HostEvidence
from loadtest.analysis.measurements import ArtilleryReport, Measurements
from loadtest.analysis.missed import missed_percentiles
from loadtest.analysis.slo import Figures, Slo
from loadtest.models import (
    ArtilleryRecord,
    GeneratorRecord,
    ProbeRecord,
    Requests,
    RunSummary,
    Users,
    Validity,
)
from loadtest.profiles import let_in
from loadtest.runs import events, probes
from loadtest.runs.recording import Beat, Usage


def summarise(measured: Measurements, slo: Slo | None = None) -> RunSummary:
    """Count the requests, assess validity, and evaluate the SLO."""
    settings, table = measured.settings, measured.requests
    timeout_s = settings.scenario.timeout_s
    users, requests = _users(measured), counting.requests(table)
    latency, endpoints = counting.latency(table, timeout_s), counting.endpoints(table, timeout_s)
    generator = _generator(measured, users)
    promise = slo or objectives.default()
    applies = settings.topology in promise.applies_to
    missed = missed_percentiles(promise, latency, endpoints) if applies else []
    computer = host_evidence.examine(measured, promise, missed)
    valid = _validity(measured, users, requests, generator, computer)
    figures = Figures(
        users=users,
        requests=requests,
        latency=latency,
        endpoints=endpoints,
        profile=settings.profile,
    )
    return RunSummary(
        id=settings.id,
        topology=settings.topology,
        started_at=settings.started_at,
        load_began_at=datetime.fromtimestamp(measured.began_ms / 1000, UTC),
        finished_at=measured.finished_at,
        cut_short=measured.cut_reason is not None,
        cut_reason=measured.cut_reason,
        slow_ms=settings.slow_ms,
        target=settings.target,
        profile=settings.profile,
        scenario=settings.scenario,
        users=users,
        requests=requests,
        latency=latency,
        endpoints=endpoints,
        instances=counting.instances(table),
        series=counting.series(table, measured.began_ms),
        generator=generator,
        artillery=_artillery(measured.artillery),
        probe=_probe(measured),
        host=computer.record,
        events=events.records(list(measured.events), measured.began_ms),
        validity=valid,
        verdict=verdict.decide(
            settings.topology, figures, valid, slo=slo, explanations=computer.explanations
        ),
    )


def _validity(
    measured: Measurements,
    users: Users,
    requests: Requests,
    generator: GeneratorRecord,
    computer: HostEvidence,
) -> Validity:
    report, table = measured.artillery, measured.requests
    return validity.assess(
        validity.ValidityInputs(
            planned_users=measured.settings.profile.planned_users,
            duration_s=measured.duration_s,
            users=users,
            requests=requests,
            answered_and_failed=int(((table.status > 0) & (table.error.codes >= 0)).sum()),
            counters=report.counters if report else None,
            windows=report.windows if report else None,
            generator=generator,
            beats=len(_beats(measured)),
            cut_reason=measured.cut_reason,
            most_at_once=measured.profile.most_at_once,
            host=computer.checks,
        )
    )


def _users(measured: Measurements) -> Users:
    if measured.artillery is None:
        scenario = measured.settings.scenario
        return counting.users(measured.requests, scenario.requests_per_user, scenario.journeys)
    counters = measured.artillery.counters
    return Users(
        created=counters.get("vusers.created", 0),
        completed=counters.get("vusers.completed", 0),
        failed=counters.get("vusers.failed", 0),
        skipped=counters.get("vusers.skipped", 0),
    )


def _probe(measured: Measurements) -> ProbeRecord | None:
    if not measured.probes:
        return None
    began = measured.began_ms
    last = float(measured.requests.ended_ms.max()) if len(measured.requests) else began
    return probes.summarise(list(measured.probes), measured.settings.probe, began, last)


def _beats(measured: Measurements) -> list[Beat]:
    """Return the generator's heartbeats under load.

    Not those of startup and of the wait for the last answers, which would flatter the generator.
    """
    table = measured.requests
    last_ms = float(table.arrived_ms.max()) + 1000 if len(table) else 0.0
    return [
        event
        for event in measured.generator
        if isinstance(event, Beat) and measured.began_ms <= event.at_ms <= last_ms
    ]


def _generator(measured: Measurements, users: Users) -> GeneratorRecord:
    settings, beats = measured.settings, _beats(measured)
    schedule = measured.profile.schedule()
    if users.skipped:
        arrived_s = (counting.arrivals_ms(measured.requests) - measured.began_ms) / 1000
        schedule = let_in(schedule, arrived_s)
    late = counting.schedule_lag(measured.requests, schedule, measured.began_ms)
    busy = [beat.busy for beat in beats]
    usage = [event for event in measured.generator if isinstance(event, Usage)]
    return GeneratorRecord(
        name=settings.generator,
        version=settings.generator_version,
        artillery=settings.artillery,
        node=settings.node,
        python=settings.python,
        workers=settings.workers,
        host_cpus=settings.host_cpus,
        computer=settings.computer,
        cpu_seconds=round(max((one.cpu_seconds for one in usage), default=0.0), 2),
        cpu_peak_cores=round(_peak_cores(usage), 2),
        peak_rss_bytes=max((one.rss_bytes for one in usage), default=0),
        lag_p99_ms=round(float(np.median([b.lag_p99_ms for b in beats])), 1) if beats else 0,
        lag_max_ms=round(max((b.lag_max_ms for b in beats), default=0), 1),
        busy_mean=min(1.0, round(float(np.mean(busy)), 3)) if busy else 0,
        busy_max=min(1.0, round(max(busy, default=0), 3)),
        schedule_lag_p99_ms=round(columns.quantile(late, columns.QUANTILES["p99"]), 1)
        if len(late)
        else 0,
    )


def _peak_cores(usage: Sequence[Usage]) -> float:
    """Return the highest CPU usage between two samples, in CPUs."""
    pairs = pairwise(usage)
    return max(
        (
            (after.cpu_seconds - before.cpu_seconds) * 1000 / (after.at_ms - before.at_ms)
            for before, after in pairs
            if after.at_ms > before.at_ms
        ),
        default=0.0,
    )


def _artillery(report: ArtilleryReport | None) -> ArtilleryRecord | None:
    if report is None or report.windows is None:
        return None
    counters = report.counters
    response_time = (report.aggregate.get("summaries") or {}).get("http.response_time") or {}
    return ArtilleryRecord(
        requests=counters.get("http.requests", 0),
        responses=counters.get("http.responses", 0),
        p99_ms=response_time.get("p99"),
        users_completed=counters.get("vusers.completed", 0),
        users_failed=counters.get("vusers.failed", 0),
        codes=_with_prefix(counters, "http.codes."),
        errors=_with_prefix(counters, "errors."),
    )


def _with_prefix(counters: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): count
        for name, count in sorted(counters.items())
        if name.startswith(prefix)
    }
