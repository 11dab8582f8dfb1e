"""Whether a run kept its promise."""

from __future__ import annotations

from collections.abc import Sequence

from commandline.exit_codes import ExitCode
from loadtest.analysis import slo as objectives
from loadtest.analysis.slo import Slo
from loadtest.models import EndpointRecord, Latency, Requests, Users, Validity, Verdict

__all__ = ["Slo", "exit_code", "judge"]


def judge(
    topology: str,
    *,
    users: Users,
    requests: Requests,
    latency: Latency,
    validity: Validity,
    slo: Slo | None = None,
    endpoints: Sequence[EndpointRecord] = (),
) -> Verdict:
    """The verdict on one run, by the default SLOs unless others are given.

    Where they do not apply to a topology (by default: a single instance promises nothing), nothing
    is held against it. A run that is too short to show what is asked of it is not valid for that.
    """
    promise = slo or objectives.default()
    applies = topology in promise.applies_to
    text = str(promise) if applies else None
    if not validity.valid:
        return Verdict(outcome="invalid", reasons=validity.reasons, slo=text)
    if not applies:
        return Verdict(outcome="measured", reasons=[], slo=None)
    found = objectives.evaluate(
        promise, users=users, requests=requests, latency=latency, endpoints=endpoints
    )
    if broken := [objective.reason for objective in found if objective.kept is False]:
        return Verdict(outcome="broken", reasons=broken, slo=text)
    if undecided := [objective.reason for objective in found if objective.kept is None]:
        return Verdict(outcome="invalid", reasons=undecided, slo=text)
    return Verdict(outcome="kept", reasons=[], slo=text)


def exit_code(verdict: Verdict) -> int:
    """What a process returns for this verdict."""
    match verdict.outcome:
        case "broken":
            return ExitCode.BROKEN_PROMISE
        case "invalid":
            return ExitCode.INVALID_RUN
        case "kept" | "measured":
            return ExitCode.SUCCESS
