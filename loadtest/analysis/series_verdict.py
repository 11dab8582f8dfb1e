"""The verdict on all runs of one stack together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from loadtest.analysis import slo as objectives
from loadtest.analysis.inference import Interval, mean_interval
from loadtest.analysis.slo import Figures, Slo
from loadtest.analysis.verdict import judge
from loadtest.models import (
    EndpointRecord,
    Latency,
    Objective,
    Percentile,
    PercentileInterval,
    Requests,
    RunSummary,
    Verdict,
)


def decide(runs: Sequence[RunSummary], slo: Slo | None = None) -> Verdict:
    """Decide the verdict on the runs of one stack, at least one.

    Limits on counts hold for each run. Percentiles and availability are judged over all runs: how
    much runs differ decides how sure a percentile is (`between_runs`).
    """
    promise = slo or objectives.default()
    first = runs[0]
    for run in runs:
        if not run.validity.valid:
            return run.verdict
    if len(runs) == 1 or first.topology not in promise.applies_to:
        return first.verdict
    counts = promise.model_copy(
        update={"latency_ms": {}, "availability_percent": None, "endpoints": {}}
    )
    rest = promise.model_copy(
        update={"failed_users": None, "timeouts": None, "server_errors": None}
    )
    found = [_worst(each) for each in zip(*(_of_run(counts, run) for run in runs), strict=True)]
    together = Figures(
        users=first.users,
        requests=_requests([run.requests for run in runs]),
        latency=_latency([run.latency for run in runs]),
        endpoints=_endpoints(runs),
        profile=first.profile,
    )
    found += objectives.evaluate(rest, together)
    return judge(found, promise.message)


def between_runs(
    found: Sequence[Percentile], intervals: Sequence[PercentileInterval | None]
) -> Interval:
    """Return the interval of a percentile from that of each run, in ms.

    Student's t of the runs' percentiles, which knows how runs differ, but no wider than what the
    runs show one by one: two runs that both show a limit to be kept show it together.
    """
    together = mean_interval([one.value_ms for one in found])
    if any(one.at_least for one in found):
        together = Interval(together.low, math.inf, together.confidence)
    known = [one for one in intervals if one is not None]
    if len(known) < len(found):
        return together.within(0.0, math.inf) if together.known else together
    highs = [
        math.inf if one.high is None or one.high.at_least else one.high.value_ms for one in known
    ]
    return together.within(min(one.low.value_ms for one in known), max(highs))


def _of_run(promise: Slo, run: RunSummary) -> list[Objective]:
    return objectives.evaluate(promise, Figures.of(run))


def _worst(same: Sequence[Objective]) -> Objective:
    """Return the first objective that was missed; the first of all if none was."""
    return next((one for one in same if one.kept is False), same[0])


def _endpoints(runs: Sequence[RunSummary]) -> list[EndpointRecord]:
    found: dict[str, list[EndpointRecord]] = {}
    for run in runs:
        for endpoint in run.endpoints:
            found.setdefault(endpoint.name, []).append(endpoint)
    return [
        EndpointRecord(
            name=name,
            requests=_requests([one.requests for one in same]),
            latency=_latency([one.latency for one in same]),
        )
        for name, same in found.items()
    ]


def _requests(runs: Sequence[Requests]) -> Requests:
    return Requests(
        total=sum(one.total for one in runs),
        outcomes=dict(sum((Counter(one.outcomes) for one in runs), Counter())),
        errors=dict(sum((Counter(one.errors) for one in runs), Counter())),
        statuses=dict(sum((Counter(one.statuses) for one in runs), Counter())),
        unsent=sum(one.unsent for one in runs),
    )


def _latency(runs: Sequence[Latency]) -> Latency:
    """Return the mean of each percentile of all requests, and its interval."""
    known = [one for one in runs if one.censored]
    censored: dict[str, Percentile] = {}
    intervals: dict[str, PercentileInterval] = {}
    for name in known[0].censored or () if known else ():
        found = [one.censored[name] for one in known if one.censored and name in one.censored]
        mean = sum(one.value_ms for one in found) / len(found)
        at_least = any(one.at_least for one in found)
        censored[name] = Percentile(value_ms=round(mean, 3), at_least=at_least)
        between = between_runs(found, [(one.intervals or {}).get(name) for one in known])
        if between.known:
            low = Percentile(
                value_ms=round(between.low, 3), at_least=all(one.at_least for one in found)
            )
            high = Percentile(value_ms=round(between.high, 3)) if between.high < math.inf else None
            intervals[name] = PercentileInterval(low=low, high=high)
    coverage = sum(one.coverage for one in runs) / len(runs)
    return Latency(coverage=coverage, answered=None, censored=censored or None, intervals=intervals)
