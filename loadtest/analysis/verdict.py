"""The verdict: whether a run kept its promise.

The sentences that render it are in `loadtest/messages/en.yaml` (`verdict.sentence.*`).
"""

from __future__ import annotations

from collections.abc import Sequence

from commandline.exit_codes import ExitCode
from loadtest.analysis import slo as objectives
from loadtest.analysis.slo import Slo
from loadtest.models import EndpointRecord, Latency, Requests, Users, Validity, Verdict


def decide(
    topology: str,
    *,
    users: Users,
    requests: Requests,
    latency: Latency,
    validity: Validity,
    slo: Slo | None = None,
    endpoints: Sequence[EndpointRecord] = (),
) -> Verdict:
    """Decide the verdict on one run, by the default SLOs unless others are given.

    SLOs that do not apply to a topology are not evaluated (by default, nothing is promised for a
    single instance). A run that shows neither that its objectives were met nor that they were missed
    is undecided.
    """
    promise = slo or objectives.default()
    applies = topology in promise.applies_to
    promised = promise.message if applies else None
    if not validity.valid:
        return Verdict(outcome="invalid", reasons=validity.reasons, promise=promised, objectives=[])
    if not applies:
        return Verdict(outcome="measured", reasons=[], promise=None, objectives=[])
    found = objectives.evaluate(
        promise, users=users, requests=requests, latency=latency, endpoints=endpoints
    )
    broken = [objective.reason for objective in found if objective.kept is False]
    undecided = [objective.reason for objective in found if objective.kept is None]
    return Verdict(
        outcome="broken" if broken else "undecided" if undecided else "kept",
        reasons=broken or undecided,
        promise=promised,
        objectives=found,
    )


def exit_code(verdict: Verdict) -> int:
    """Return the exit code of a process with this verdict."""
    match verdict.outcome:
        case "broken":
            return ExitCode.BROKEN_PROMISE
        case "invalid" | "undecided":
            return ExitCode.NO_VERDICT
        case "kept" | "measured":
            return ExitCode.SUCCESS
