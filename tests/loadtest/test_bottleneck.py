"""The bottleneck's finder on runs whose truth is known: it names the culprit, and nobody innocent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from loadtest import bottleneck, table
from loadtest.recording import Exchange

ENDPOINTS = ("login", "list", "search", "create", "read", "logout")
RAMP_S = 40
PEAK = 20
Factor = Callable[[float], float]
"""Of an endpoint's waiting times, by the load from 0 to 1."""

CALM: Factor = lambda load: 1.0  # noqa: E731


def simulate(
    seed: int,
    factors: Mapping[str, Factor] | None = None,
    *,
    shared: Factor = CALM,
    flat: bool = False,
    spread: float = 0.6,
    timeout_ms: float = 10_000,
    think_s: float = 1.0,
) -> table.RequestTable:
    """Users who visit every endpoint once, with a pause between; a typical wait is 8 ms.

    `shared` makes everybody wait, whatever he asks for; `factors` belong to an endpoint.
    """
    random = np.random.default_rng(seed)
    arrivals = [
        (second + random.random()) * 1000
        for second in range(RAMP_S)
        for _ in range(PEAK // 2 if flat else 1 + PEAK * second // RAMP_S)
    ]
    rows: list[Exchange] = []
    for number, arrived in enumerate(arrivals):
        start = arrived
        for endpoint in ENDPOINTS:
            load = 0.5 if flat else min(1.0, start / 1000 / RAMP_S)
            own = (factors or {}).get(endpoint, CALM)(load)
            wait = 8 * random.lognormal(0, spread) * own + 8 * (shared(load) - 1)
            late = wait >= timeout_ms
            rows.append(
                Exchange(
                    user=str(number),
                    endpoint=endpoint,
                    arrived_ms=arrived,
                    start_ms=start,
                    ttfb_ms=None if late else wait,
                    total_ms=timeout_ms if late else wait + 1,
                    status=None if late else 200,
                    expected=None if late else True,
                    error="ETIMEDOUT" if late else None,
                    sent=True,
                    instance="i-1",
                    zone="z",
                    version="v",
                )
            )
            start += min(wait, timeout_ms) + think_s * 1000
    return table.from_exchanges(rows)


def test_an_endpoint_that_degrades_with_the_load_is_named_with_its_figures():
    found = bottleneck.find(simulate(1, {"search": lambda load: 4 + 60 * load**2}))
    assert (found.kind, found.endpoint) == ("degrades", "search")
    worst = found.evidence[0]
    assert worst.endpoint == "search"
    assert worst.stands_out
    assert not any(e.stands_out for e in found.evidence[1:])
    assert worst.time_share > 0.7
    assert worst.request_share == pytest.approx(1 / 6, abs=0.03)
    assert worst.p95_low is not None
    assert worst.p95_high is not None
    assert found.low_rate is not None
    assert found.high_rate is not None
    rise = worst.p95_high.value_ms - worst.p95_low.value_ms
    assert worst.slope == pytest.approx(rise / (found.high_rate - found.low_rate))
    assert str(worst.p95_high) in found.sentence
    assert f"{found.high_rate:.0f} requests/s" in found.sentence
    # What is measured is the truth: the load's second half holds two thirds of the requests.
    assert worst.p95_high.value_ms == pytest.approx(8 * 50 * np.exp(0.6 * 1.645), rel=0.35)


def test_an_endpoint_that_is_slow_at_any_load_dominates():
    found = bottleneck.find(simulate(2, {"create": lambda _: 12}))
    assert (found.kind, found.endpoint) == ("dominates", "create")
    assert "“create” dominates" in found.sentence


def test_it_is_found_without_a_ramp_too():
    found = bottleneck.find(simulate(3, {"read": lambda _: 12}, flat=True))
    assert (found.kind, found.endpoint) == ("dominates", "read")
    assert found.low_rate is None
    assert found.evidence[0].slope is None


def test_in_a_queue_that_all_wait_in_the_cause_is_found_where_the_load_was_low():
    """At the peak everybody waits a second for the searches before them."""
    queue: Factor = lambda load: 1 + 400 * max(0.0, load - 0.6)  # noqa: E731
    found = bottleneck.find(simulate(4, {"search": lambda _: 12}, shared=queue))
    assert found.endpoint == "search"
    assert "as behind one queue" in found.sentence


def test_a_second_slow_endpoint_does_not_hide_the_first():
    found = bottleneck.find(simulate(5, {"search": lambda _: 30, "create": lambda _: 15}))
    assert found.endpoint == "search"
    assert {e.endpoint for e in found.evidence if e.stands_out} == {"search", "create"}


def test_unanswered_requests_count_as_the_wait_they_were():
    found = bottleneck.find(
        simulate(6, {"search": lambda load: 3000 if load > 0.5 else 4}, timeout_ms=10_000)
    )
    assert found.endpoint == "search"
    assert found.evidence[0].p95_high is not None
    assert found.evidence[0].p95_high.at_least
    assert "≥ 10,000 ms" in found.sentence


@pytest.mark.parametrize(
    "innocent",
    [
        {},
        {"flat": True},
        {"spread": 1.2},
        # Everybody waits longer under load, and who comes last in a visit waits longest.
        {"shared": lambda load: 1 + 30 * load},
        {"shared": lambda load: 1 + 1000 * max(0.0, load - 0.7)},
        # A visitor's first request opens the connection: twice the way, and no bottleneck.
        {"factors": {"login": lambda _: 2.0}},
    ],
)
def test_uniform_runs_have_no_bottleneck(innocent: dict[str, object]):
    accused = [
        found.endpoint
        for seed in range(40)
        if (found := bottleneck.find(simulate(seed, **innocent))).kind != "none"  # pyright: ignore[reportArgumentType]
    ]
    assert accused == []


def test_a_difference_that_nobody_notices_is_none():
    found = bottleneck.find(simulate(7, {"search": lambda _: 3.1}, spread=0.05))
    assert found.kind == "none"
    assert found.endpoint is None
    assert "the slowest is “search”" in found.sentence


def test_a_true_bottleneck_is_rarely_missed():
    named = [
        bottleneck.find(simulate(seed, {"search": lambda load: 6 + 20 * load})).endpoint
        for seed in range(40)
    ]
    assert named.count("search") == 40


def test_requests_that_were_refused_say_nothing_of_an_endpoint():
    run = simulate(8)
    rows = [
        Exchange("x", "search", t, t, None, 1.0, None, None, "ECONNREFUSED", True, None, None, None)
        for t in np.linspace(0, RAMP_S * 1000, 300)
    ]
    assert bottleneck.find(table.from_exchanges(rows)).kind == "unknown"
    assert bottleneck.find(run).kind == "none"


@pytest.mark.parametrize("users", [0, 3, 20])
def test_too_little_is_told_as_such(users: int):
    run = simulate(9)
    few = [
        Exchange(
            str(code), run.endpoint.labels[run.endpoint.codes[row]], run.arrived_ms[row],
            run.start_ms[row], run.ttfb_ms[row], 9.0, 200, True, None, True, None, None, None,
        )
        for row, code in enumerate(run.user.codes)
        if code < users
    ]  # fmt: skip
    found = bottleneck.find(table.from_exchanges(few))
    assert (found.kind, found.endpoint, found.evidence) == ("unknown", None, [])
    assert "cannot be told" in found.sentence


def test_the_published_scenario_can_be_judged_too():
    """Two endpoints: each is the other's only measure."""
    run = simulate(10, {"search": lambda _: 20})
    rows = [
        Exchange(
            str(run.user.codes[row]), "login" if name == "search" else "index page",
            run.arrived_ms[row], run.start_ms[row], run.ttfb_ms[row], 9.0, 200, True, None, True,
            None, None, None,
        )
        for row, code in enumerate(run.endpoint.codes)
        if (name := run.endpoint.labels[code]) in {"search", "read"}
    ]  # fmt: skip
    assert bottleneck.find(table.from_exchanges(rows)).endpoint == "login"


def test_the_finding_survives_json():
    found = bottleneck.find(simulate(1, {"search": lambda load: 4 + 60 * load**2}))
    assert bottleneck.Finding.model_validate_json(found.model_dump_json()) == found
