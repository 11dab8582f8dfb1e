"""Whether a run kept the promise of high availability."""

from __future__ import annotations

from dataclasses import dataclass

from loadtest.errors import EXIT_BROKEN, EXIT_INVALID, EXIT_KEPT
from loadtest.models import Latency, Requests, Users, Validity, Verdict
from loadtest.outcomes import Outcome


@dataclass(frozen=True)
class Slo:
    """What the HA stack promises its users under the load."""

    failed_users: int = 0
    timeouts: int = 0
    server_errors: int = 0
    p99_ms: float = 60
    slow_ms: float = 1_000
    """An answer whose first byte takes longer is slow, not good; a matter of availability."""

    def __str__(self) -> str:
        """The promise in words."""
        counted = (
            (self.failed_users, "failed users"),
            (self.timeouts, "timeouts"),
            (self.server_errors, "5xx"),
        )
        limits = ", ".join(f"at most {n} {what}" if n else f"no {what}" for n, what in counted)
        return f"{limits}, p99 ≤ {self.p99_ms:g} ms over all requests"


def judge(
    topology: str,
    *,
    users: Users,
    requests: Requests,
    latency: Latency,
    validity: Validity,
    slo: Slo | None = None,
) -> Verdict:
    """The verdict on one run. A single instance makes no promise, so nothing is held against it."""
    promise = (slo or Slo()) if topology == "ha" else None
    text = str(promise) if promise else None
    if not validity.valid:
        return Verdict(outcome="invalid", reasons=validity.reasons, slo=text)
    if promise is None:
        return Verdict(outcome="measured", reasons=[], slo=None)
    broken = _broken(promise, users, requests, latency)
    return Verdict(outcome="broken" if broken else "kept", reasons=broken, slo=text)


def _broken(slo: Slo, users: Users, requests: Requests, latency: Latency) -> list[str]:
    server_errors = requests.count(Outcome.SERVER_ERROR)
    # The censored p99: one of the answered alone would reward a stack for not answering.
    p99 = latency.censored["p99"] if latency.censored else None
    rules = [
        (users.failed <= slo.failed_users, f"{users.failed:,} of {users.created:,} users failed"),
        (requests.timeouts <= slo.timeouts, f"{requests.timeouts:,} requests timed out"),
        (server_errors <= slo.server_errors, f"{server_errors:,} answers were 5xx"),
        (
            p99 is not None and not p99.at_least and p99.value_ms <= slo.p99_ms,
            f"p99 is {p99 or 'unknown'}, promised are {slo.p99_ms:g} ms",
        ),
    ]
    return [reason for kept, reason in rules if not kept]


def exit_code(verdict: Verdict) -> int:
    """What a process returns for this verdict."""
    match verdict.outcome:
        case "broken":
            return EXIT_BROKEN
        case "invalid":
            return EXIT_INVALID
        case "kept" | "measured":
            return EXIT_KEPT
