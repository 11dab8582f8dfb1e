"""The individual requests behind a report, and how certain they make its verdict."""

from __future__ import annotations

from typing import NamedTuple

from loadtest.analysis import columns, inference, slo
from loadtest.analysis.inference import Interval, Sample
from loadtest.messages.message import Message, msg
from loadtest.outcomes import Outcome
from loadtest.reporting.stack_comparison import Report
from loadtest.runs.table import RequestTable


class Evidence(NamedTuple):
    """The requests of both runs. Where they cannot be read, `problem` says why."""

    single: RequestTable | None = None
    ha: RequestTable | None = None
    problem: Message = msg("page.no-charts.not-kept")


def confidence(report: Report, evidence: Evidence) -> list[Message]:
    """Say how sure the verdict is; nothing where the runs prove nothing."""
    if report.headline.outcome == "invalid":
        return []
    requests = report.ha.requests
    bad = requests.valid - requests.count(Outcome.GOOD)
    found = inference.confidence_message(bad, requests.valid)
    return [
        msg("confidence.of-stack", stack=msg("stack.ha"), finding=found),
        *_p99(report),
        _user_difference(report, evidence),
    ]


def _p99(report: Report) -> list[Message]:
    latency = report.ha.latency
    if not (latency.intervals and "p99" in latency.intervals):
        return []
    value = slo.percentile_message(latency, "p99")
    return [msg("confidence.p99", stack=msg("stack.ha"), value=value)]


def _user_difference(report: Report, evidence: Evidence) -> Message:
    found = _difference(report, evidence)
    difference = report.ha.users.failed_share - report.single.users.failed_share
    if 0 in found:
        if not difference:
            return msg("confidence.undecided")
        which = "confidence.fewer-in-bursts" if difference < 0 else "confidence.more-in-bursts"
        return msg(which, points=abs(difference), low=abs(found.low), high=abs(found.high))
    low, high = sorted((abs(found.low), abs(found.high)))
    which = "confidence.fewer-failed" if difference < 0 else "confidence.more-failed"
    return msg(which, points=abs(difference), low=low, high=high)


def _difference(report: Report, evidence: Evidence) -> Interval:
    """Return by how much the share of failed users differs; bursts count where requests are known."""
    if evidence.single is not None and evidence.ha is not None:
        single, ha = (
            Sample(found.failed, found.arrived_ms)
            for found in map(columns.users, (evidence.single, evidence.ha))
        )
        return inference.share_difference(single, ha)
    single, ha = report.single.users, report.ha.users
    return inference.newcombe(single.failed, single.created, ha.failed, ha.created)
