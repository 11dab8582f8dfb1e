"""The single requests behind a report, and how sure they make its verdict."""

from __future__ import annotations

import re
from typing import NamedTuple

from loadtest.analysis import bottleneck, columns, inference
from loadtest.analysis.inference import Interval, Sample
from loadtest.outcomes import Outcome
from loadtest.reporting.two_runs import Report
from loadtest.runs.table import RequestTable

_SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z])")


class Evidence(NamedTuple):
    """The requests of both runs. Where they cannot be read, `problem` says why."""

    single: RequestTable | None = None
    ha: RequestTable | None = None
    problem: str = "the single requests were not kept"


def confidence(report: Report, evidence: Evidence) -> list[str]:
    """How sure the verdict is, in sentences; none where the runs prove nothing."""
    if report.headline.outcome == "invalid":
        return []
    requests = report.ha.requests
    bad = requests.valid - requests.count(Outcome.GOOD)
    return [f"HA: {inference.confidence_sentence(bad, requests.valid)}.", _users(report, evidence)]


def sentences(requests: RequestTable) -> list[str]:
    """Which endpoint is the bottleneck of a run, if any, one sentence at a time."""
    return _SENTENCE_END.split(bottleneck.find(requests).sentence)


def _users(report: Report, evidence: Evidence) -> str:
    found = _difference(report, evidence)
    if 0 in found:
        return "Whether more or fewer users failed than on the single instance cannot be told."
    difference = report.ha.users.failed_share - report.single.users.failed_share
    low, high = sorted((abs(found.low), abs(found.high)))
    return (
        f"{abs(difference) * 100:.1f} percentage points {'fewer' if difference < 0 else 'more'} users "
        f"failed than on the single instance (95 % interval: {low * 100:.1f} to {high * 100:.1f})."
    )


def _difference(report: Report, evidence: Evidence) -> Interval:
    """By how much the share of failed users differs; where it is known, with their bursts."""
    if evidence.single is not None and evidence.ha is not None:
        single, ha = (
            Sample(found.failed, found.arrived_ms)
            for found in map(columns.users, (evidence.single, evidence.ha))
        )
        return inference.share_difference(single, ha)
    single, ha = report.single.users, report.ha.users
    return inference.newcombe(single.failed, single.created, ha.failed, ha.created)
