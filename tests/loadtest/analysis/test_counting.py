"""Counts and percentiles, against the published figures and against brute force."""

from __future__ import annotations

import math
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from loadtest.analysis import counting
from loadtest.analysis.columns import QUANTILES
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.profiles import PROFILES
from loadtest.runs import table
from loadtest.runs.recording import Exchange


def test_the_published_counts_give_the_published_shares(golden: tuple[RunSummary, RunSummary]):
    single, ha = golden
    assert single.users.created == 27_000
    assert single.requests.timeouts == single.users.failed == 14_766
    assert f"{single.requests.timeout_share:.1%}" == "37.6%"
    assert f"{single.users.failed_share:.1%}" == "54.7%"
    assert (ha.requests.total, ha.requests.timeouts, ha.users.failed) == (54_000, 0, 0)


def test_percentiles_have_their_coverage(golden: tuple[RunSummary, RunSummary]):
    latency = golden[0].latency
    assert latency.answered is not None
    assert latency.censored is not None
    assert round(latency.coverage, 3) == 0.624
    assert latency.answered["p99"].value_ms < 20
    assert not latency.answered["p99"].at_least
    # 62.4 % were answered: the median is known, p95 and p99 are not.
    assert not latency.censored["p50"].at_least
    assert latency.censored["p99"].at_least
    assert str(latency.censored["p99"]) == "≥ 10,000 ms"


@given(
    st.lists(st.floats(0.1, 9_000), min_size=1, max_size=200),
    st.integers(0, 60),
)
def test_percentiles_are_observed_values_and_censoring_never_lowers_them(
    times: list[float], unanswered: int
):
    exchanges = [_answer(ms) for ms in times] + [_silence()] * unanswered
    latency = counting.latency(table.from_exchanges(exchanges), timeout_s=10)
    assert latency.answered is not None
    assert latency.censored is not None
    ordered = sorted(times)
    for name, q in QUANTILES.items():
        expected = ordered[math.ceil(q * len(ordered)) - 1]
        assert latency.answered[name].value_ms == round(expected, 3)
        assert latency.censored[name].value_ms >= latency.answered[name].value_ms
        rank = math.ceil(q * len(exchanges)) - 1
        assert latency.censored[name].at_least == (rank >= len(times))
    if not unanswered:
        assert latency.answered == latency.censored
    assert latency.coverage == len(times) / len(exchanges)


def rows_of(*exchanges: Exchange) -> table.RequestTable:
    return table.from_exchanges(exchanges, slow_ms=1_000)


def _answer(ms: float) -> Exchange:
    return Exchange("1-1", "e", 0, 0, ms, ms, 200, True, None, True, None, None, None)


def _silence() -> Exchange:
    return Exchange("1-1", "e", 0, 0, None, 1e4, None, None, "ETIMEDOUT", True, None, None, None)


def test_nothing_has_no_percentiles():
    nothing = counting.latency(table.from_exchanges([]), timeout_s=10)
    assert (nothing.answered, nothing.censored, nothing.coverage) == (None, None, 0)
    silent = counting.latency(table.from_exchanges([_silence()]), timeout_s=10)
    assert silent.answered is None
    assert silent.censored is not None
    assert silent.censored["p50"].at_least


def test_every_request_is_in_one_class(make_exchange: Callable[..., Exchange]):
    rows = table.from_exchanges(
        [
            make_exchange(),
            make_exchange(ttfb_ms=61.0),
            make_exchange(status=503, expected=False, ttfb_ms=61.0),
            make_exchange(status=404, expected=False),
            make_exchange(status=None, expected=None, error="ECONNREFUSED"),
            make_exchange(error="ERR_SOCKET_TIMEOUT"),
            make_exchange(status=None, expected=None, error="ERR_INVALID_URL", sent=False),
        ],
        slow_ms=60,
    )
    found = counting.requests(rows)
    assert sum(found.outcomes.values()) == found.total == 7
    assert (found.count(Outcome.GOOD), found.count(Outcome.SLOW)) == (1, 1)
    # What was never sent says nothing about the target.
    assert (found.unsent, found.valid) == (1, 6)
    assert found.availability == 1 / 6
    assert set(found.outcomes) == set(Outcome)
    assert found.timeouts == 1
    assert found.statuses == {"200": 3, "404": 1, "503": 1}
    assert found.count(Outcome.RESET) == 0


def test_series_counts_arrivals_once_and_requests_when_they_end(
    make_exchange: Callable[..., Exchange],
):
    began = 1_000_000.0
    found = counting.series(
        rows_of(
            make_exchange("a", arrived_ms=began + 100),
            make_exchange("a", arrived_ms=began + 100, start_ms=began + 990, total_ms=20),
            make_exchange("b", arrived_ms=began + 2_500, error="ECONNRESET", total_ms=1),
            # A clock that runs a little behind must not make a negative second.
            make_exchange("c", arrived_ms=began - 3, total_ms=1),
            make_exchange("d", arrived_ms=began + 900, total_ms=1_200, ttfb_ms=1_100),
        ),
        began,
    )
    assert found.arrivals == [3, 0, 1]
    assert found.good == [2, 1, 0]
    assert found.slow == [0, 0, 1]
    assert found.failed == [0, 0, 1]


def test_endpoints_and_instances(make_exchange: Callable[..., Exchange]):
    rows = rows_of(
        make_exchange("a", "index page", start_ms=1),
        make_exchange("a", "login", start_ms=2, instance="i-0b", version="v2"),
        make_exchange("b", "login", start_ms=3, instance="i-0b", status=500, expected=False),
        make_exchange("c", "login", start_ms=4, instance=None, error="ECONNREFUSED"),
        make_exchange("d", "login", start_ms=5, ttfb_ms=2_000),
    )
    by_endpoint = counting.endpoints(rows, 10)
    assert [(e.name, e.requests.total) for e in by_endpoint] == [("index page", 1), ("login", 4)]
    by_instance = counting.instances(rows)
    assert [(i.instance, i.answers, i.good, i.slow) for i in by_instance] == [
        ("i-0a", 2, 1, 1),
        ("i-0b", 2, 1, 0),
    ]
    assert by_instance[1].versions == ["v1", "v2"]


def test_users_of_a_run_without_a_report(make_exchange: Callable[..., Exchange]):
    rows = rows_of(
        make_exchange("done"),
        make_exchange("done", "login"),
        make_exchange("interrupted"),
        make_exchange("failed"),
        make_exchange("failed", "login", error="ETIMEDOUT"),
        make_exchange("late"),
        make_exchange("late", "login", ttfb_ms=2_000),
    )
    found = counting.users(rows, requests_per_user=2)
    assert (found.created, found.completed, found.failed) == (4, 2, 1)


def test_schedule_lag_is_zero_for_a_punctual_run(make_users: Callable[..., list[Exchange]]):
    profile = PROFILES["smoke"]
    exchanges = make_users(profile)
    rows = table.from_exchanges(exchanges)
    began = exchanges[0].arrived_ms - float(profile.schedule()[0]) * 1000
    lag = counting.schedule_lag(rows, profile.schedule(), began)
    assert len(lag) == profile.planned_users
    assert abs(lag).max() < 0.01
    assert counting.schedule_lag(rows, profile.schedule(), began - 250).min() > 249
