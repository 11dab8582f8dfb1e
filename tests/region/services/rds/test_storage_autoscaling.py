"""Storage grows by itself, as the guide says: below a tenth, after five minutes, six hours apart."""

from __future__ import annotations

import pytest

from region.services.rds import periods
from region.services.rds.storage_autoscaling import GIBIBYTE, StorageAutoscaling, larger
from tests.region.services.rds.fake_server import SETTINGS, FakeServer, describe


@pytest.mark.parametrize(
    ("allocated", "most", "used", "expected"),
    [
        (20, 100, 17.9, None),  # more than a tenth is free
        (20, 100, 18.0, 30),  # at least 10 GiB
        (200, 1000, 190, 220),  # or a tenth
        (205, 1000, 200, 226),  # rounded up
        (20, 25, 20, 25),  # never above the limit
        (25, 25, 25, None),
    ],
)
def test_how_far_it_grows(allocated, most, used, expected):
    assert larger(allocated, most, int(used * GIBIBYTE)) == expected


@pytest.fixture
def storage(plane, rds, until):
    rds.create_db_instance(**SETTINGS, MaxAllocatedStorage=100)
    until("available")
    now = [1_000_000.0]
    autoscaling = StorageAutoscaling(plane, lambda: now[0])
    used = {"notes": 19 * GIBIBYTE}

    def after(period, **changed):
        now[0] += plane.config.seconds(period)
        autoscaling.watch({**used, **changed})
        return describe(rds)["AllocatedStorage"]

    return after


def test_when_it_grows(storage, rds):
    low, again = periods.STORAGE_LOW.seconds, periods.STORAGE_AGAIN.seconds
    assert storage(0) == 20
    assert storage(low / 2, notes=0) == 20  # enough in between: the time begins again
    assert storage(low / 2) == 20
    assert storage(low - 1) == 20
    assert storage(1) == 30
    assert storage(low, notes=29 * GIBIBYTE) == 30
    assert storage(again - low - 1, notes=29 * GIBIBYTE) == 30
    assert storage(1, notes=29 * GIBIBYTE) == 40
    told = rds.describe_events(SourceType="db-instance", EventCategories=["configuration change"])[
        "Events"
    ]
    assert [event["Message"].split(" ")[0] for event in told[-4:]] == ["Applying", "Finished"] * 2


def test_without_a_maximum_it_stays(plane, rds, until):
    rds.create_db_instance(**SETTINGS)
    until("available")
    now = [0.0]
    autoscaling = StorageAutoscaling(plane, lambda: now[0])
    for now[0] in (1e6, 2e6):
        autoscaling.watch({"notes": 20 * GIBIBYTE, "gone": 0})
    assert describe(rds)["AllocatedStorage"] == 20
    assert FakeServer.made["notes"].on
