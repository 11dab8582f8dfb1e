"""Each outcome, and every reason for it, is reached; none is reached by default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from loadtest.analysis.summary import summarise
from loadtest.experiments import judgement, load
from loadtest.experiments.judgement import Evidence
from loadtest.experiments.models import Action, Allowed, Hypothesis, Impact
from loadtest.messages.message import Message, msg
from loadtest.messages.names import free_text
from loadtest.models import Check, Validity
from loadtest.runs import table
from tests.loadtest.conftest import BEGAN_MS, exchange, measured, timeout, users_of
from tests.loadtest.experiments.conftest import state

ALLOWED = Allowed(window_s=10, failed_share=0.1)
HYPOTHESIS = Hypothesis(name="haproof", because=("asg-multi-az",), allowed=ALLOWED, recovery_s=60)
UNHARMED = Impact(
    requests=100,
    failed=0,
    failed_users=0,
    requests_in_window=50,
    failed_in_window=0,
    failed_outside=0,
    window_ended_ms=10_000,
)
DONE = Action(name="it dies", began_ms=0, ended_ms=1, succeeded=True)
SURVIVED = Evidence(
    hypothesis=HYPOTHESIS,
    target_s=HYPOTHESIS.recovery_s,
    before=state(0, met=True),
    after=state(60, met=True),
    began_ms=1000.0,
    recovered_ms=30_000.0,
    actions=[DONE],
    impact=UNHARMED,
    host_reasons=[],
)


def test_an_experiment_within_its_allowance_is_survived() -> None:
    outcome, (reason,) = judgement.judge(SURVIVED)
    assert (outcome, reason.id) == ("survived", "experiment.survived")


def test_what_is_survived_says_what_failed_and_how_much_might() -> None:
    found = UNHARMED.model_copy(
        update={"failed": 40, "failed_in_window": 40, "requests_in_window": 1000}
    )
    allowed = Allowed(window_s=7.5, failed_share=0.05)
    hypothesis = HYPOTHESIS.model_copy(update={"allowed": allowed})
    evidence = replace(SURVIVED, impact=found, hypothesis=hypothesis)
    outcome, (reason,) = judgement.judge(evidence)
    assert outcome == "survived"
    assert str(reason) == (
        "within its allowance: 40 requests failed, 4.0 % of those in the first 7.5 s after the fault "
        "began; at most 5.0 % may"
    )


def failed_deployment(error: str) -> Message:
    return msg("experiment.deployment-failed", deployment="d-1", error=free_text(error))


def hurt(**changed: Any) -> Impact:
    return UNHARMED.model_copy(update=changed)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"impact": hurt(failed_outside=1)}, "experiment.failed-outside"),
        ({"impact": hurt(failed_in_window=6)}, "experiment.failed-share"),
        ({"after": state(60, met=False)}, "experiment.not-recovered"),
        ({"after": None}, "experiment.not-recovered"),
        ({"recovered_ms": 61_500.0}, "experiment.recovered-late"),
        ({"found": [msg("experiment.got-through", deployment="d-1")]}, "experiment.got-through"),
        (
            {
                "hypothesis": HYPOTHESIS.model_copy(update={"allowed": Allowed()}),
                "impact": hurt(failed_outside=1),
            },
            "experiment.failed",
        ),
    ],
)
def test_whatever_breaks_the_hypothesis_is_not_survived(
    changed: dict[str, Any], reason: str
) -> None:
    outcome, reasons = judgement.judge(replace(SURVIVED, **changed))
    assert outcome == "not survived"
    assert [one.id for one in reasons] == [reason]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"interrupted": True}, "experiment.interrupted"),
        ({"load_error": "no node"}, "experiment.no-load"),
        ({"error": "the region is gone", "load_error": "no node"}, "experiment.not-carried-out"),
        ({"before": state(0, met=False)}, "experiment.not-steady"),
        ({"before": None}, "experiment.not-steady"),
        (
            {"actions": [DONE.model_copy(update={"succeeded": False, "error": "no"})]},
            "experiment.no-effect",
        ),
        ({"began_ms": None}, "experiment.nothing-done"),
        ({"impact": None}, "experiment.no-users"),
        ({"impact": hurt(requests=0)}, "experiment.no-users"),
        ({"host_reasons": [msg("cut.no-report")]}, "cut.no-report"),
    ],
)
def test_what_could_not_be_shown_is_neither(changed: dict[str, Any], reason: str) -> None:
    broken = {"after": state(60, met=False), **changed}
    outcome, reasons = judgement.judge(replace(SURVIVED, **broken))
    assert outcome == "not shown"
    assert [one.id for one in reasons] == [reason]


def failed_check(name: str) -> Check:
    return Check(name=msg(name), passed=False, detail=msg("check.complete.yes"))


@pytest.mark.parametrize(
    ("check", "met", "outcome"),
    [
        # With too little CPU a stack fails sooner: it proves nothing if it does, and all if it does not.
        ("check.host-cpu", True, "survived"),
        ("check.host-cpu", False, "not shown"),
        ("check.request-cost", True, "survived"),
        # Perhaps not all users came, or nobody watched.
        ("check.generator-lag", True, "not shown"),
        ("check.arrivals-on-time", True, "not shown"),
        ("check.host-watched", True, "not shown"),
    ],
)
def test_a_busy_computer_helps_no_stack_to_survive(check: str, outcome: str, *, met: bool) -> None:
    reasons = judgement.host_reasons(Validity(checks=[failed_check(check)]))
    changed = replace(SURVIVED, host_reasons=reasons, after=state(60, met=met))
    assert judgement.judge(changed)[0] == outcome


@pytest.mark.parametrize(
    ("changed", "longest_ms", "outcome"),
    [
        # A request waits 10 s: none fails because the computer stands still for 0.1 s.
        ({"impact": hurt(failed_outside=1)}, 94.0, "not survived"),
        ({"impact": hurt(failed_in_window=6)}, 94.0, "not survived"),
        ({"impact": hurt(failed_in_window=6)}, 1_200.0, "not shown"),
        # A recovery may be late because of it.
        ({"after": state(60, met=False)}, 94.0, "not shown"),
        ({}, 94.0, "survived"),
    ],
)
def test_a_computer_that_stood_still_for_a_moment_fails_no_request(
    changed: dict[str, Any], longest_ms: float, outcome: str
) -> None:
    detail = msg(
        "check.stalls.no",
        n=47,
        total=1.66,
        longest=longest_ms,
        percentile="p99",
        value=21.6,
        limit=25.8,
    )
    check = Check(name=msg("check.stalls"), passed=False, detail=detail)
    reasons = judgement.host_reasons(Validity(checks=[check]))
    assert judgement.judge(replace(SURVIVED, host_reasons=reasons, **changed))[0] == outcome


LATE = [
    Check(name=msg(judgement.ON_TIME), passed=False, detail=msg("check.complete.yes")),
]


@pytest.mark.parametrize(
    ("late", "outcome"),
    [
        # Also if all of them had failed, it is within its allowance.
        (judgement.Late(5, hurt(failed_in_window=5), 31_000.0), "survived"),
        (judgement.Late(6, hurt(failed_in_window=6), 31_000.0), "not shown"),
        (judgement.Late(1, hurt(failed_outside=1), 31_000.0), "not shown"),
        # And it would have been back in time also if it had failed until the last of them came.
        (judgement.Late(1, UNHARMED, 61_500.0), "not shown"),
        (None, "not shown"),
    ],
)
def test_who_came_late_counts_as_failed(late: judgement.Late | None, outcome: str) -> None:
    reasons = judgement.host_reasons(Validity(checks=LATE))
    found, told = judgement.judge(replace(SURVIVED, host_reasons=reasons, late=late))
    assert found == outcome
    ids = [one.id for one in told]
    assert ids == (
        ["experiment.survived", "experiment.late-users"]
        if found == "survived"
        else ["check.failed"]
    )
    # It is not an excuse for what failed, and hides no other reason.
    failed = replace(SURVIVED, host_reasons=reasons, late=late, after=state(60, met=False))
    assert judgement.judge(failed)[0] == "not shown"
    lag = judgement.host_reasons(Validity(checks=[*LATE, failed_check("check.generator-lag")]))
    assert judgement.judge(replace(SURVIVED, host_reasons=lag, late=late))[0] == "not shown"


def test_late_is_who_started_long_after_being_due() -> None:
    starts = [0, 10, 3_000, 3_010]
    rows = table.from_exchanges(
        [exchange(f"1-{number}", arrived_ms=BEGAN_MS + at) for number, at in enumerate(starts)]
    ).scheduled(np.array([0.0, 0.01, 0.02, 2.9]), BEGAN_MS)
    found = judgement.late(rows, BEGAN_MS + 5, ALLOWED, 1_000)
    assert found is not None
    assert (found.users, found.worst.failed_in_window, found.worst.failed) == (1, 1, 1)
    assert found.until_ms == BEGAN_MS + 3_006
    assert judgement.late(rows, BEGAN_MS + 5, ALLOWED, 3_000) is None


def test_a_failed_way_back_is_no_reason_to_doubt_the_fault() -> None:
    back = Action(name="back", began_ms=0, ended_ms=1, succeeded=False, error="x", rollback=True)
    assert judgement.judge(replace(SURVIVED, actions=[DONE, back]))[0] == "survived"


def test_requests_count_by_when_they_were_under_way() -> None:
    rows = table.from_exchanges(
        [
            exchange("1-1", arrived_ms=BEGAN_MS),
            # Sent before the fault, and it never came back: hurt by it.
            timeout("1-2", "login", BEGAN_MS + 500),
            timeout("1-3", "login", BEGAN_MS + 5_000),
            exchange("1-4", arrived_ms=BEGAN_MS + 20_000, status=500, expected=False),
        ]
    )
    found = judgement.impact(rows, BEGAN_MS + 1_000, ALLOWED)
    assert (found.failed, found.failed_users) == (3, 3)
    assert (found.requests_in_window, found.failed_in_window) == (2, 2)
    assert found.failed_outside == 1
    assert found.first_failed_ms == BEGAN_MS + 500


def test_without_a_window_every_failure_is_outside() -> None:
    rows = table.from_exchanges([timeout("1-1", "login", BEGAN_MS)])
    found = judgement.impact(rows, BEGAN_MS + 1, Allowed())
    assert (found.failed_outside, found.requests_in_window) == (1, 0)


def test_recovery_is_when_the_steady_state_came_back_for_good() -> None:
    states = [state(at, met=met) for at, met in ((1, True), (2, False), (3, True), (4, False))]
    assert judgement.recovered(states, 1500) is None
    assert judgement.recovered([*states, state(5, met=True), state(6, met=True)], 1500) == 5000


def test_what_was_off_before_the_fault_is_not_its_effect() -> None:
    assert judgement.recovered([state(1, met=False), state(3, met=True)], 2000) is None


def test_a_load_that_is_stopped_is_not_held_against_the_computer() -> None:
    checks = [failed_check("check.complete"), failed_check("check.generator-lag")]
    found = judgement.host_reasons(Validity(checks=checks))
    assert len(found) == 1
    assert found[0].params["check"] == msg("check.generator-lag")


def test_a_stopped_load_lasted_until_its_last_visitor_came() -> None:
    profile = load.profile(20, 100, 27_000)
    users = [one for one in users_of(profile) if one.arrived_ms < BEGAN_MS + 30_000]
    stopped = measured(users, profile, cut_reason=msg("cut.stopped"))
    assert 29 < stopped.duration_s <= 30
    assert measured(users, profile).duration_s == profile.duration_s
    failed = {one.name.id for one in summarise(stopped).validity.checks if not one.passed}
    assert failed <= judgement.OF_A_RUN_THAT_ENDS_BY_ITSELF | {"check.host-watched"}


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (msg("experiment.no-standby", database="db-1"), "not survived"),
        (failed_deployment("IAM_ROLE_PERMISSIONS: it may not be assumed"), "not survived"),
        (failed_deployment("HEALTH_CONSTRAINTS_INVALID: 5 of 3"), "not survived"),
        # It may have taken too long.
        (failed_deployment("HEALTH_CONSTRAINTS: too few are healthy"), "not shown"),
        (failed_deployment("1 Skipped"), "not shown"),
        (msg("experiment.got-through", deployment="d-1"), "not shown"),
    ],
)
def test_a_busy_computer_is_not_to_blame_for_a_setting(found: Message, outcome: str) -> None:
    reasons = judgement.host_reasons(Validity(checks=[failed_check("check.host-cpu")]))
    evidence = replace(SURVIVED, host_reasons=reasons, found=[found])
    assert judgement.judge(evidence)[0] == outcome
    assert judgement.judge(replace(evidence, interrupted=True))[0] == "not shown"
    assert judgement.judge(replace(evidence, host_reasons=[]))[0] == "not survived"
