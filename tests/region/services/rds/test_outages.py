"""A zone is cut off from the network, with the database in it."""

from __future__ import annotations

import threading
import time

import pytest

from region.services.rds import controller, outages, periods
from tests.region.services.rds.fake_server import SETTINGS, FakeServer


def subnets(aws, zone):
    found = aws.ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [zone]}])
    return [one["SubnetId"] for one in found["Subnets"]]


def cut(plane, names):
    with plane.lock:
        stay = outages.begin(plane.backend("rds"), names)
        plane.notify()
    return stay


def failovers(rds):
    told = rds.describe_events(SourceType="db-instance", EventCategories=["failover"])["Events"]
    return [event["Message"] for event in told]


def eventually(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.03)


def test_a_primary_fails_over_to_its_standby_in_another_zone(plane, aws, rds, until):
    rds.create_db_instance(**SETTINGS, MultiAZ=True)
    before = until("available")
    assert cut(plane, subnets(aws, before["SecondaryAvailabilityZone"])) == []
    # The standby is cut off: nothing is seen of it.
    assert until("available")["AvailabilityZone"] == before["AvailabilityZone"]
    assert failovers(rds) == []
    began = time.monotonic()
    assert cut(plane, subnets(aws, before["AvailabilityZone"])) == []
    after = until("available")
    assert time.monotonic() - began >= plane.config.seconds(periods.FAILOVER.seconds)
    assert after["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
    assert FakeServer.made["notes"].on
    # Another outage at once is not a failover that somebody asked for: it is not abandoned.
    cut(plane, subnets(aws, after["AvailabilityZone"]))
    eventually(lambda: until("available")["AvailabilityZone"] == before["AvailabilityZone"])
    assert sum("failover completed" in message for message in failovers(rds)) == 2
    assert not [message for message in failovers(rds) if "Abandoning" in message]


@pytest.mark.parametrize("jump", [120.0, -120.0])
def test_an_outage_lasts_as_long_whatever_the_clock_is_set_to(
    plane, aws, rds, until, monkeypatch: pytest.MonkeyPatch, *, jump: float
):
    rds.create_db_instance(**SETTINGS, MultiAZ=True)
    before = until("available")
    wall, ahead, began = time.time, [0.0], time.monotonic()
    monkeypatch.setattr(time, "time", lambda: wall() + ahead[0])
    cut(plane, subnets(aws, before["AvailabilityZone"]))
    eventually(lambda: not FakeServer.made["notes"].on)
    ahead[0] = jump
    eventually(lambda: FakeServer.made["notes"].on)
    period = plane.config.seconds(periods.FAILOVER.seconds)
    assert period <= time.monotonic() - began < period + 8


def test_an_outage_from_before_the_computer_was_started_again_is_over():
    now = time.monotonic()
    assert controller._goes_on(now + 60)
    assert not controller._goes_on(now - 1)
    assert not controller._goes_on(now + 10 * controller.LONGEST_OUTAGE)
    assert not controller._goes_on(0.0)


def test_without_a_standby_it_cannot_be_reached_until_the_zone_can(plane, aws, rds, until):
    rds.create_db_instance(**SETTINGS)
    zone = until("available")["AvailabilityZone"]
    assert cut(plane, subnets(aws, zone)) == ["notes"]
    eventually(lambda: not FakeServer.made["notes"].on)
    threading.Event().wait(0.3)
    assert not FakeServer.made["notes"].on
    with plane.lock:
        outages.end(plane.backend("rds"), ["notes", "gone"])
        plane.notify()
    eventually(lambda: FakeServer.made["notes"].on)
    assert until("available")["AvailabilityZone"] == zone
