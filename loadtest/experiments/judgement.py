"""From what was recorded to an outcome: survived, not survived, or not shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loadtest.array_types import Flags
from loadtest.experiments.engine_journal import describe
from loadtest.experiments.models import Action, Allowed, Hypothesis, Impact, Outcome, SteadyState
from loadtest.messages.message import Message, msg
from loadtest.messages.names import free_text
from loadtest.models import Validity
from loadtest.outcomes import AS_EXPECTED
from loadtest.runs.table import RequestTable

OF_A_RUN_THAT_ENDS_BY_ITSELF = frozenset(
    {
        "check.complete",
        "check.offered-load",
        "check.users-add-up",
        "check.requests-recorded",
        "check.responses-add-up",
        "check.windows-add-up",
    }
)
"""Checks that the load of an experiment cannot pass: it is stopped once the experiment is over."""


ONLY_WORSE = frozenset(
    {"check.host-cpu", "check.cpu-waiting", "check.request-cost", "check.stalls"}
)
"""Checks of whether the stack had as much CPU as it has on AWS. With less it fails sooner, so what it
survived nevertheless, it survived. Whether all users came, other checks say."""

OF_FAILED_REQUESTS = frozenset(
    {"experiment.failed", "experiment.failed-outside", "experiment.failed-share"}
)
"""Reasons that requests failed, rather than were slow or late to be answered again."""

SHORTEST_TIMEOUT_MS = 1000.0
"""No request fails and no target turns unhealthy because the computer stands still for less than this."""

REFUSALS = (
    "AUTO_SCALING_IAM_ROLE_PERMISSIONS",
    "HEALTH_CONSTRAINTS_INVALID",
    "IAM_ROLE_MISSING",
    "IAM_ROLE_PERMISSIONS",
)
"""Codes of deployments that CodeDeploy does not even begin; what takes long there ends in other ones."""

ON_TIME = "check.arrivals-on-time"
"""Whether users came when they were due. The generator falls behind when everybody whom a fault let wait is
answered at once: whoever came late may have been spared the fault, which the worst case shows (ADR 73)."""


@dataclass(frozen=True)
class Late:
    """Users who came later than they may."""

    users: int
    worst: Impact
    """What the users had of the fault if each of them had failed."""
    until_ms: float
    """When the last of them was answered."""


@dataclass(frozen=True)
class Evidence:
    """All that an outcome depends on."""

    hypothesis: Hypothesis
    target_s: float
    """Within how many seconds of the fault's beginning the steady state has to be back."""
    before: SteadyState | None
    after: SteadyState | None
    began_ms: float | None
    recovered_ms: float | None
    actions: Sequence[Action]
    impact: Impact | None
    host_reasons: Sequence[Message]
    late: Late | None = None
    """Who came late, if too many did for the run to be valid; None if that is not known."""
    found: Sequence[Message] = ()
    """What actions found that no stack may do, such as a bad revision that got through."""
    interrupted: bool = False
    error: str | None = None
    """Why it could not be carried out to its end."""
    load_error: str | None = None


def impact(
    table: RequestTable, began_ms: float, allowed: Allowed, also_failed: Flags | None = None
) -> Impact:
    """Count what the users had of a fault that began at that time; `also_failed` count as failed."""
    until_ms = began_ms + allowed.window_s * 1000
    failed = ~table.is_(*AS_EXPECTED) & table.sent
    if also_failed is not None:
        failed |= also_failed & table.sent
    inside = (table.start_ms <= until_ms) & (table.ended_ms >= began_ms) & (allowed.window_s > 0)
    bad = failed & inside
    return Impact(
        requests=int(table.sent.sum()),
        failed=int(failed.sum()),
        failed_users=len(np.unique(table.user.codes[failed])),
        requests_in_window=int((inside & table.sent).sum()),
        failed_in_window=int(bad.sum()),
        failed_outside=int((failed & ~inside).sum()),
        window_ended_ms=until_ms,
        first_failed_ms=float(table.start_ms[failed].min()) if failed.any() else None,
        last_failed_ms=float(table.ended_ms[failed].max()) if failed.any() else None,
    )


def late(
    table: RequestTable, began_ms: float, allowed: Allowed, most_late_ms: float
) -> Late | None:
    """Return who came later than that after the time at which they were due; None if nobody did.

    `table` knows when its requests were due.
    """
    rows = table.start_ms - table.scheduled_ms > most_late_ms
    if not rows.any():
        return None
    worst = impact(table, began_ms, allowed, rows)
    users = len(np.unique(table.user.codes[rows]))
    return Late(users, worst, float(table.ended_ms[rows].max()))


def recovered(states: Sequence[SteadyState], began_ms: float) -> float | None:
    """Return from when on the steady state held to the end (epoch ms); None if it was never lost."""
    since: float | None = None
    lost = False
    for state in states:
        if state.at_ms < began_ms:
            continue
        if not state.met:
            lost, since = True, None
        elif lost and since is None:
            since = state.at_ms
    return since


def host_reasons(validity: Validity) -> list[Message]:
    """Return why the computer cannot have shown anything."""
    return [
        check.failure
        for check in validity.checks
        if not check.passed and check.name.id not in OF_A_RUN_THAT_ENDS_BY_ITSELF
    ]


def judge(evidence: Evidence) -> tuple[Outcome, list[Message]]:
    """Return the outcome and its reasons."""
    broken = _not_survived(evidence)
    unshown = _not_shown(evidence)
    if not any(map(_whatever_the_computer_does, evidence.found)):
        unshown = unshown or _doubts(evidence, broken)
    if unshown:
        return "not shown", unshown
    if broken:
        return "not survived", broken
    reasons = [_within(evidence.impact, evidence.hypothesis.allowed)]
    if evidence.late is not None:
        reasons.append(msg("experiment.late-users", n=evidence.late.users))
    return "survived", reasons


def _whatever_the_computer_does(found: Message) -> bool:
    """Return whether a finding is the same on any computer: a setting, not something that took long."""
    if found.id == "experiment.no-standby":
        return True
    error = found.params.get("error")
    said = error.params.get("text") if isinstance(error, Message) else None
    return found.id == "experiment.deployment-failed" and str(said).startswith(REFUSALS)


def _within(found: Impact | None, allowed: Allowed) -> Message:
    """Say what failed and, where that may be something, how much may."""
    failed = 0 if found is None else found.failed
    if found is None or not (failed and allowed.window_s):
        return msg("experiment.survived", n=failed)
    return msg(
        "experiment.survived-within",
        n=failed,
        share=found.failed_share_in_window,
        allowed=allowed.failed_share,
        seconds=allowed.window_s,
    )


def _not_shown(evidence: Evidence) -> list[Message]:
    """Return why it shows nothing, whatever the computer was busy with: the first of these reasons."""
    if evidence.interrupted:
        return [msg("experiment.interrupted")]
    if evidence.error:
        return [msg("experiment.not-carried-out", error=free_text(evidence.error))]
    if evidence.load_error:
        return [msg("experiment.no-load", error=free_text(evidence.load_error))]
    unbegun = _not_begun(evidence)
    if unbegun is not None:
        return [unbegun]
    if evidence.impact is None or not evidence.impact.requests:
        return [msg("experiment.no-users")]
    return []


def _doubts(evidence: Evidence, broken: Sequence[Message]) -> list[Message]:
    """Return those of the computer's reasons that put such an outcome in doubt."""
    harmless = set[str]()
    if not broken:
        harmless |= ONLY_WORSE
        if not _not_survived_at_worst(evidence):
            harmless.add(ON_TIME)
    requests_failed = any(one.id in OF_FAILED_REQUESTS for one in broken)
    return [
        one
        for one in evidence.host_reasons
        if _check(one) not in harmless and not (requests_failed and _only_stood_still(one))
    ]


def _only_stood_still(failure: Message) -> bool:
    """Return whether the computer stood still in moments too short for a request to fail."""
    detail = failure.params.get("detail")
    if _check(failure) != "check.stalls" or not isinstance(detail, Message):
        return False
    longest_ms = detail.params.get("longest")
    return isinstance(longest_ms, float) and longest_ms < SHORTEST_TIMEOUT_MS


def came_late(host_reasons: Sequence[Message]) -> bool:
    """Return whether users came later than they may, as the checks of the run have it."""
    return any(_check(one) == ON_TIME for one in host_reasons)


def _not_survived_at_worst(evidence: Evidence) -> bool:
    """Return whether it would not have been survived if everybody who came late had failed.

    Until the last of them was answered, the steady state would not have been back.
    """
    found = evidence.late
    if found is None:
        # It is not known who they are.
        return came_late(evidence.host_reasons)
    back = max(evidence.recovered_ms or 0.0, found.until_ms)
    return bool(_not_survived(replace(evidence, impact=found.worst, recovered_ms=back)))


def _check(failure: Message) -> str | None:
    """Return which check failed."""
    check = failure.params.get("check")
    return check.id if isinstance(check, Message) else None


def _not_begun(evidence: Evidence) -> Message | None:
    """Return why the fault was not begun, or did not take."""
    before = evidence.before
    if before is None or not before.met:
        probe = "–" if before is None else describe(before)
        return msg("experiment.not-steady", probe=free_text(probe))
    for action in evidence.actions:
        if not action.succeeded and not action.rollback:
            error = free_text(action.error or "–")
            return msg("experiment.no-effect", action=action.name, error=error)
    return msg("experiment.nothing-done") if evidence.began_ms is None else None


def _not_survived(evidence: Evidence) -> list[Message]:
    reasons = list(evidence.found)
    allowed, found = evidence.hypothesis.allowed, evidence.impact
    if found is not None and found.failed_outside > allowed.failed_outside:
        window = allowed.window_s
        id_ = "experiment.failed-outside" if window else "experiment.failed"
        reasons.append(
            msg(id_, n=found.failed_outside, seconds=window)
            if window
            else msg(id_, n=found.failed_outside)
        )
    if found is not None and found.failed_share_in_window > allowed.failed_share:
        reasons.append(
            msg(
                "experiment.failed-share",
                share=found.failed_share_in_window,
                allowed=allowed.failed_share,
                seconds=allowed.window_s,
            )
        )
    target = evidence.target_s
    if evidence.after is None or not evidence.after.met:
        probe = "" if evidence.after is None else describe(evidence.after)
        reasons.append(
            msg("experiment.not-recovered", seconds=target, probe=free_text(probe or "–"))
        )
    elif evidence.recovered_ms is not None and evidence.began_ms is not None:
        took = (evidence.recovered_ms - evidence.began_ms) / 1000
        if took > target:
            reasons.append(msg("experiment.recovered-late", took=took, seconds=target))
    return reasons
