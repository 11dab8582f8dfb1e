"""SLOs: read with errors that name line and key, and evaluated."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadtest.analysis import slo
from loadtest.analysis.slo import Slo, SloError
from loadtest.analysis.verdict import decide
from loadtest.models import (
    Latency,
    Percentile,
    PercentileInterval,
    Requests,
    RunSummary,
    Users,
    Validity,
)
from loadtest.outcomes import Outcome

VALID = Validity(checks=[])
USERS = Users(created=1000, completed=1000, failed=0, skipped=0)


def requests(good: int, **others: int) -> Requests:
    outcomes = {Outcome.GOOD: good, **{Outcome(name): n for name, n in others.items()}}
    return Requests(total=sum(outcomes.values()), outcomes=outcomes, errors={}, statuses={})


def latency(
    p99: float, *, at_least: bool = False, low: float | None = None, high: float | None = None
) -> Latency:
    """Return a p99 that is certain unless ends are given; a high of infinity is no limit."""
    value = Percentile(value_ms=p99, at_least=at_least)
    first = value if low is None else Percentile(value_ms=low)
    last = None if at_least or high == math.inf else Percentile(value_ms=high or p99)
    interval = PercentileInterval(low=first, high=last)
    return Latency(
        coverage=1,
        answered={"p99": value},
        censored={"p99": value},
        intervals={"p99": interval},
    )


def verdict(promise: Slo, found: Requests, p99: float = 10, **options: Any) -> Any:
    values = {"users": USERS, "requests": found, "latency": latency(p99), **options}
    return decide("ha", slo.Figures(**values), VALID, slo=promise)


# --- reading --------------------------------------------------------------------------------------


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "slo.yml"
    path.write_text(text)
    return path


def test_the_default_is_todays_promise():
    assert slo.default() == Slo(
        failed_users=0, timeouts=0, server_errors=0, latency_ms={"p99": 25.8}, slow_ms=1000
    )
    assert (
        str(slo.default())
        == "no failed users, no timeouts, no 5xx, p99 ≤ 25.8 ms over all requests"
    )


def test_everything_can_be_promised(tmp_path: Path):
    text = (
        "applies_to: [single, ha]\navailability_percent: 99.9\nconfidence_percent: 95\n"
        "failed_users: 3\nlatency_ms: {p50: 20, p99.9: 500.5}\n"
        "endpoints:\n  login:\n    latency_ms: {p95: 80}\n    availability_percent: 99\n"
    )
    found = slo.read(write(tmp_path, text))
    assert found.applies_to == ("single", "ha")
    assert found.latency_ms == {"p50": 20, "p99.9": 500.5}
    assert found.timeouts is None
    assert str(found) == (
        "at most 3 failed users, p50 ≤ 20 ms over all requests, p99.9 ≤ 500.5 ms over all "
        "requests, at least 99.9 % good with 95 % confidence, p95 ≤ 80 ms for login, "
        "at least 99 % good for login"
    )


@pytest.mark.parametrize("text", ["ha", "[ha]"])
def test_one_stack_needs_no_list(tmp_path: Path, text: str):
    file = tmp_path / "slo.yml"
    file.write_text(f"applies_to: {text}\ntimeouts: 0\n")
    assert slo.read(file).applies_to == ("ha",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("timeouts: 0\nfoo: 1\n", "line 2, foo: unknown key; known are applies_to, failed_users"),
        ("timeouts: -1\n", "line 1, timeouts: input should be greater than or equal to 0, not -1"),
        ("\n\ntimeouts: no\n", "line 3, timeouts: must be a whole number, not False"),
        ("timeouts: 1.5\n", "line 1, timeouts: must be a whole number, not 1.5"),
        ("latency_ms:\n  p99: fast\n", "line 2, latency_ms.p99: must be a number"),
        ("latency_ms:\n  p97: 1\n", "line 2, latency_ms.p97: input should be 'p50', 'p90'"),
        ("latency_ms: 60\n", "line 1, latency_ms: input should be a mapping of keys to values"),
        ("applies_to: {ha: 1}\n", "line 1, applies_to: input should be a list"),
        ("applies_to: both\n", "line 1, applies_to: input should be 'single' or 'ha', not 'both'"),
        ("availability_percent: 100\n", "line 1, availability_percent: input should be less than"),
        ("timeouts: 1\ntimeouts: 2\n", "line 2: `timeouts` is already given on line 1"),
        (
            "applies_to: [both]\n",
            "line 1, applies_to: input should be 'single' or 'ha', not 'both'",
        ),
        ("applies_to: []\ntimeouts: 0\n", "line 1, applies_to: name at least one"),
        ("endpoints:\n  login: {}\n", "line 2, endpoints.login: promises nothing"),
        (
            "endpoints:\n  login:\n    p99: 3\n",
            "line 3, endpoints.login.p99: unknown key; known are l",
        ),
        ("endpoints:\n  404:\n    p99: 3\n", "line 2, endpoints.404: must be a text: write"),
        ("applies_to: [ha]\n", "line 1: promises nothing"),
        ("- timeouts\n", "line 1: give objectives as `key: value`"),
        ("", "line 1: the file is empty"),
        ("a: [1\nb: 2\n", "line 2: not YAML"),
        ("\ntimeouts: 2026-13-45\n", "line 2: not YAML: '2026-13-45' is not a valid timestamp"),
        ("timeouts: !!timestamp x\n", "line 1: not YAML: 'x' is not a valid timestamp"),
        ("timeouts: !!int x\n", "line 1: not YAML: 'x' is not a valid int"),
        ("[" * 3000, "line 1: nested too deeply"),
    ],
)
def test_errors_name_file_line_and_key(tmp_path: Path, text: str, complaint: str):
    path = write(tmp_path, text)
    with pytest.raises(SloError) as error:
        slo.read(path)
    assert str(error.value).startswith(f"{path}, {complaint}")
    assert error.value.exit_code == 4


def test_a_missing_file_is_reported(tmp_path: Path):
    with pytest.raises(SloError, match=r"cannot read the SLOs in .*absent.yml: No such file"):
        slo.read(tmp_path / "absent.yml")


# --- evaluating -----------------------------------------------------------------------------------


def test_an_absent_counter_is_zero():
    promise = Slo(timeouts=0, server_errors=0, failed_users=0)
    assert verdict(promise, requests(1000)).outcome == "kept"
    assert Outcome.TIMEOUT not in requests(1000).outcomes


@pytest.mark.parametrize(
    ("promise", "found", "reasons"),
    [
        (Slo(timeouts=1), {"timeout": 1}, []),
        (Slo(timeouts=1), {"timeout": 2}, ["2 requests timed out"]),
        (Slo(server_errors=0), {"5xx": 3}, ["3 responses were 5xx"]),
        (Slo(availability_percent=99.9), {"timeout": 1}, []),
        (
            Slo(availability_percent=99.9),
            {"timeout": 2},
            ["999 of 1,001 requests good; promised: at least 99.9 %"],
        ),
        (
            Slo(latency_ms={"p99": 9}),
            {},
            ["p99 is 10.0 ms; promised: at most 9 ms"],
        ),
        (Slo(latency_ms={"p99": 10}), {}, []),
        (Slo(latency_ms={"p50": 10}), {}, ["p50 is unknown; promised: at most 10 ms"]),
    ],
)
def test_limits_are_inclusive(promise: Slo, found: dict[str, int], reasons: list[str]):
    decided = verdict(promise, requests(999, **found))
    assert list(map(str, decided.reasons)) == reasons
    assert decided.outcome == ("broken" if reasons else "kept")


@pytest.mark.parametrize(
    ("low", "high", "outcome", "reason"),
    [
        (19, 31, "undecided", "p99 is 24.0 ms, between 19.0 and 31.0 ms; promised: at most 25.8 ms"),
        (19, math.inf, "undecided", "p99 is 24.0 ms, at least 19.0 ms; promised: at most 25.8 ms"),
        (19, 25.8, "kept", ""),
        (19, 25.81, "undecided", "p99 is 24.0 ms, between 19.0 and 25.8 ms; promised: at most 25.8 ms"),
        (25.8, 31, "undecided", "p99 is 24.0 ms, between 25.8 and 31.0 ms; promised: at most 25.8 ms"),
        (25.81, 31, "broken", "p99 is 24.0 ms, between 25.8 and 31.0 ms; promised: at most 25.8 ms"),
    ],
)  # fmt: skip
def test_a_percentile_is_judged_by_its_interval(low: float, high: float, outcome: str, reason: str):
    promise = Slo(latency_ms={"p99": 25.8})
    decided = verdict(promise, requests(10), latency=latency(24, low=low, high=high))
    assert decided.outcome == outcome
    assert list(map(str, decided.reasons))[:1] == ([reason] if reason else [])
    assert ("--repeat" in str(decided.reasons[-1:])) == (outcome == "undecided")


def test_what_is_broken_is_not_made_undecided_by_a_percentile():
    promise = Slo(latency_ms={"p99": 25.8}, timeouts=0)
    open_ = latency(24, low=19, high=31)
    decided = verdict(promise, requests(10, timeout=1), latency=open_)
    assert decided.outcome == "broken"
    assert list(map(str, decided.reasons)) == ["1 request timed out"]


def test_without_an_interval_a_percentile_shows_nothing():
    short = latency(1).model_copy(update={"intervals": {}})
    decided = verdict(Slo(latency_ms={"p99": 25.8}), requests(10), latency=short)
    assert decided.outcome == "undecided"
    assert "with unknown uncertainty" in str(decided.reasons[0])


@pytest.mark.parametrize("ends", [(19, 31), (19, math.inf), (24, 24)])
def test_a_looser_promise_is_never_judged_worse(ends: tuple[float, float]):
    rank = {"broken": 0, "undecided": 1, "kept": 2}
    found = latency(24, low=ends[0], high=ends[1])
    judged = [
        rank[verdict(Slo(latency_ms={"p99": limit}), requests(10), latency=found).outcome]
        for limit in np.linspace(10, 40, 121)
    ]
    assert judged == sorted(judged)
    assert judged[0] == 0


def test_availability_is_exact_where_floats_are_not():
    # 99.9 % of 30,030 requests are 30,000 minus a hair in floats.
    assert verdict(Slo(availability_percent=99.9), requests(999, timeout=1)).outcome == "kept"
    assert verdict(Slo(availability_percent=99.99), requests(9998, timeout=2)).outcome == "broken"


def test_a_percentile_that_is_only_a_limit_is_never_fast_enough():
    decided = verdict(
        Slo(latency_ms={"p99": 20_000}), requests(10), latency=latency(10_000, at_least=True)
    )
    assert list(map(str, decided.reasons)) == ["p99 is ≥ 10,000 ms; promised: at most 20,000 ms"]


def test_a_run_too_short_for_the_confidence_cannot_decide():
    promise = Slo(availability_percent=99.9, confidence_percent=95)
    assert verdict(promise, requests(2_994)).outcome == "undecided"
    decided = verdict(promise, requests(2_994))
    assert str(decided.reasons[0]).startswith(
        "2,994 requests are too few: they show at least 99.8 %"
    )
    assert "plan --availability 99.9 --confidence 95" in str(decided.reasons[0])
    assert verdict(promise, requests(2_995)).outcome == "kept"
    # What is broken is broken, however short the run.
    assert verdict(promise, requests(10, timeout=5)).outcome == "broken"


def test_endpoints_have_their_own_promises(golden: tuple[RunSummary, RunSummary]):
    single, ha = golden
    promise = Slo.model_validate(
        {
            "applies_to": ["single", "ha"],
            "endpoints": {
                "login": {"latency_ms": {"p99": 11}, "availability_percent": 99},
                "index page": {"availability_percent": 99},
                "search": {"availability_percent": 99},
            },
        }
    )
    names = {
        run.topology: {str(o.name): o.kept for o in slo.evaluate(promise, slo.Figures.of(run))}
        for run in (single, ha)
    }
    assert names["ha"] == {
        "p99 of login": True,
        "availability of login": True,
        "availability of index page": True,
        "requests of search": False,
    }
    assert names["single"]["availability of index page"] is False
    assert names["single"]["availability of login"] is True


def test_all_that_is_wrong_is_told_in_one_round(tmp_path: Path):
    path = write(tmp_path, "applies_to: [prod]\nfailed_users: many\nlatency_ms: {p98: 5}\np99: 3\n")
    with pytest.raises(SloError) as error:
        slo.read(path)
    found = [line.removeprefix(f"{path}, ") for line in str(error.value).splitlines()]
    assert [line.partition(":")[0] for line in found] == [
        "line 1, applies_to",
        "line 2, failed_users",
        "line 3, latency_ms.p98",
        "line 4, p99",
    ]
