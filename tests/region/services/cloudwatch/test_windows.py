"""Which periods an alarm looks at: the region's, or the clock's for data of the past."""

from __future__ import annotations

import pytest

from region.services.cloudwatch.evaluation import RANGE_BEYOND
from region.services.cloudwatch.points import of_values
from region.services.cloudwatch.store import MetricStore, metric
from region.services.cloudwatch.windows import observe, window_of, zone_of

NOW = 1_800_000_020.0
"""20 s after a minute began."""
MINUTE = NOW - 20
LOAD = metric("own", "load", {})


def alarm(**changes):
    return {
        "Namespace": "own",
        "MetricName": "load",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
    } | changes


def signs(store, speed, now=NOW, **changes):
    settings = alarm(**changes)
    window = window_of(settings, store, now, speed, settings["EvaluationPeriods"] + RANGE_BEYOND)
    seen = observe(settings, store, window)
    return "".join("-" if one is None else str(int(one.value)) for one in seen)


def put(store, *points, received=NOW):
    for at, value in points:
        store.add(LOAD, of_values(at, {value: 1.0}, max(0.0, received - at)))


@pytest.mark.parametrize("speed", [1.0, 2.0, 5.0, 20.0, 60.0, 1000.0])
def test_data_of_the_past_keep_their_minutes_at_any_speed(speed):
    store = MetricStore()
    put(store, (MINUTE - 300, 1.0), (MINUTE - 180, 2.0), (MINUTE - 60, 3.0))
    assert signs(store, speed) == "1-2-3"
    # What was put is judged as it was for a while: data arrive late.
    assert signs(store, speed, now=NOW + 50) == "1-2-3"
    assert signs(store, speed, now=NOW + 120) in {"-3---", "2-3--"}


@pytest.mark.parametrize("speed", [5.0, 20.0])
def test_the_newest_point_alone(speed):
    store = MetricStore()
    put(store, (MINUTE - 60, 7.0))
    assert signs(store, speed) == "----7"


def test_what_just_happened_is_on_the_regions_clock():
    store = MetricStore()
    for ago in (13, 10, 7, 4, 1):
        put(store, (NOW - ago, float(ago // 3)), received=NOW - ago)
    assert signs(store, 20.0, now=NOW + 1) == "43210"


def test_a_period_of_the_present_that_is_not_over_counts_for_data_of_the_past():
    store = MetricStore()
    put(store, (MINUTE - 60, 1.0), (MINUTE, 2.0))
    assert signs(store, 20.0) == "---12"


def test_hours_stay_hours():
    store = MetricStore()
    put(store, *((NOW - 1800 - 3600 * ago, float(ago)) for ago in range(5)))
    assert signs(store, 20.0, Period=3600) == "43210"


def test_counts_of_real_time_are_scaled():
    store = MetricStore()
    store.add(LOAD, of_values(NOW - 4, {1.0: 50.0}), rate=True, own=True)
    settings = alarm(Statistic="Sum", EvaluationPeriods=1)
    window = window_of(settings, store, NOW, 20.0, 3)
    (seen,) = [one for one in observe(settings, store, window) if one is not None]
    assert (seen.value, seen.count) == (1000.0, 1000.0)


def test_zones():
    assert str(zone_of("Asia/Seoul")) == "Asia/Seoul"
    assert zone_of("UTC+05:30") == zone_of("+05:30")
    for name in ("Nowhere", "+05:31", "+99:00"):
        with pytest.raises(ValueError, match=r".+"):
            zone_of(name)
