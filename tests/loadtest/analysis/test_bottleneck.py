"""The bottleneck search on runs whose truth is known: it names the culprit, and nobody else."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from rich.console import Console

from loadtest.analysis import bottleneck
from loadtest.reporting import findings
from loadtest.runs import table
from loadtest.runs.recording import Exchange

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
    base_ms: float = 8.0,
    peak: int = PEAK,
    stalls_at_s: float = 1e9,
) -> table.RequestTable:
    """Users who visit every endpoint once, with a pause between; a typical wait is `base_ms`.

    `shared` makes everybody wait, whatever he asks for; `factors` belong to an endpoint. From
    `stalls_at_s` on everybody waits half a second more.
    """
    random = np.random.default_rng(seed)
    arrivals = [
        (second + random.random()) * 1000
        for second in range(RAMP_S)
        for _ in range(peak // 2 if flat else 1 + peak * second // RAMP_S)
    ]
    rows: list[Exchange] = []
    for number, arrived in enumerate(arrivals):
        start = arrived
        for endpoint in ENDPOINTS:
            load = 0.5 if flat else min(1.0, start / 1000 / RAMP_S)
            own = (factors or {}).get(endpoint, CALM)(load)
            wait = base_ms * random.lognormal(0, spread) * own + base_ms * (
                shared(load) - 1
            ) * random.uniform(0.3, 1.7)
            wait += 500 * (start >= stalls_at_s * 1000)
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
    assert str(worst.p95_high) in found.text
    assert f"{found.high_rate:.0f} requests/s" in found.text
    # What is measured is the truth: the load's second half holds two thirds of the requests.
    assert worst.p95_high.value_ms == pytest.approx(8 * 50 * np.exp(0.6 * 1.645), rel=0.35)


def test_an_endpoint_that_is_slow_at_any_load_dominates():
    found = bottleneck.find(simulate(2, {"create": lambda _: 12}))
    assert (found.kind, found.endpoint) == ("dominates", "create")
    assert "“create” dominates" in found.text


def test_it_is_found_without_a_ramp_too():
    found = bottleneck.find(simulate(3, {"read": lambda _: 12}, flat=True))
    assert (found.kind, found.endpoint) == ("dominates", "read")
    assert found.low_rate is None
    assert found.evidence[0].slope is None


def test_behind_a_shared_queue_the_cause_is_found_at_low_load():
    """At the peak everybody waits a second for the searches before them."""
    queue: Factor = lambda load: 1 + 400 * max(0.0, load - 0.6)  # noqa: E731
    found = bottleneck.find(simulate(4, {"search": lambda _: 12}, shared=queue))
    assert found.endpoint == "search"
    assert "as if in the same queue" in found.text


def test_half_a_minute_of_a_dozen_visitors_a_second_is_enough():
    """The shape of a measured run: slow searches, and soon everybody behind them."""
    queue: Factor = lambda load: 1 + 50 * max(0.0, load - 0.5)  # noqa: E731
    named = [
        bottleneck.find(
            simulate(seed, {"search": lambda _: 6}, shared=queue, base_ms=20, peak=9)
        ).endpoint
        for seed in range(40)
    ]
    assert named.count("search") >= 38
    assert set(named) <= {"search", None}


def test_an_endpoint_that_breaks_down_only_at_the_peak_is_found():
    found = bottleneck.find(simulate(13, {"create": lambda load: 15 if load > 0.75 else 1}))
    assert (found.kind, found.endpoint) == ("degrades", "create")


def test_queueing_for_admission_does_not_incriminate_the_first_endpoint():
    """The service goes on with visits it began, so under load all the waiting is in front of it."""
    found = bottleneck.find(simulate(15, {"login": lambda load: 1 + 300 * max(0, load - 0.4)}))
    assert found.kind == "none", found.text
    assert "whatever a new visit waits for" in found.text


def test_a_first_endpoint_that_is_slow_at_any_load_is_found():
    found = bottleneck.find(simulate(16, {"login": lambda load: 12 + 30 * load}))
    assert found.endpoint == "login"


def test_a_hiccup_is_not_a_bottleneck():
    """One endpoint stands still for a second, behind a lock for instance; its mean suffers a lot."""
    found = bottleneck.find(simulate(14, {"create": lambda load: 500 if 0.7 < load < 0.73 else 1}))
    create = next(e for e in found.evidence if e.endpoint == "create")
    assert create.excess_ms > 60
    assert found.kind == "none", found.text


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
    assert "≥ 10,000 ms" in found.text


@pytest.mark.parametrize(
    "innocent",
    [
        {},
        {"flat": True},
        {"spread": 1.2},
        {"spread": 2.2, "base_ms": 20, "peak": 8},
        # Everybody waits longer under load, and who comes last in a visit waits longest.
        {"shared": lambda load: 1 + 30 * load},
        {"shared": lambda load: 1 + 1000 * max(0.0, load - 0.7)},
        # A visitor's first request opens the connection: twice the way and more, but no bottleneck.
        {"factors": {"login": lambda _: 2.5}, "base_ms": 30, "spread": 0.1},
    ],
)
def test_uniform_runs_have_no_bottleneck(innocent: dict[str, object]):
    accused = [
        found.endpoint
        for seed in range(40)
        if (found := bottleneck.find(simulate(seed, **innocent))).kind != "none"  # pyright: ignore[reportArgumentType]
    ]
    assert accused == []


def test_the_endpoint_visited_last_is_not_blamed_for_late_load():
    """Most log-outs are not sent before the end; a stall in the last second meets a tenth of them."""
    found = bottleneck.find(
        simulate(12, flat=True, spread=0.1, think_s=6, peak=200, stalls_at_s=RAMP_S - 1)
    )
    by_name = {e.endpoint: e.p95.value_ms for e in found.evidence}
    assert by_name["logout"] > 10 * by_name["login"]
    assert found.kind == "none", found.text


def test_an_unnoticeable_difference_is_not_a_finding():
    found = bottleneck.find(simulate(7, {"search": lambda _: 6}, base_ms=2, spread=0.05))
    assert found.kind == "none"
    assert found.endpoint is None
    assert "the slowest is “search”" in found.text


def test_a_true_bottleneck_is_rarely_missed():
    named = [
        bottleneck.find(simulate(seed, {"search": lambda load: 6 + 20 * load})).endpoint
        for seed in range(40)
    ]
    assert named.count("search") == 40


def test_refused_requests_do_not_count_for_an_endpoint():
    run = simulate(8)
    rows = [
        Exchange("x", "search", t, t, None, 1.0, None, None, "ECONNREFUSED", True, None, None, None)
        for t in np.linspace(0, RAMP_S * 1000, 300)
    ]
    assert bottleneck.find(table.from_exchanges(rows)).kind == "unknown"
    assert bottleneck.find(run).kind == "none"


@pytest.mark.parametrize("users", [0, 3, 20])
def test_too_little_data_is_reported_as_such(users: int):
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
    assert "Cannot determine whether" in found.text


def test_the_published_scenario_can_be_analysed_too():
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
    assert bottleneck.BottleneckFinding.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("flat", [True, False])
def test_the_terminal_shows_every_endpoint_and_the_sentence(flat: bool):
    found = bottleneck.find(simulate(2, {"create": lambda _: 12}, flat=flat))
    console = Console(file=io.StringIO(), width=200)
    console.print(findings.render(found))
    shown = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    assert all(f" {endpoint} " in shown for endpoint in ENDPOINTS)
    assert "“create” dominates" in shown
    assert ("per req/s" in shown) is not flat
