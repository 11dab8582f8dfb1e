"""Which changes wait, and whether a moment is within a window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.rds import modifications, parameters
from region.services.rds.parameters import Setting

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
MINUTES = st.integers(0, 7 * 24 * 60 - 1)


def test_what_rds_schedules_waits_and_the_rest_does_not():
    current = {"db_instance_class": "db.t4g.micro", "multi_az": False, "backup_retention_period": 7}
    wanted = {
        "db_instance_class": "db.t4g.small",
        "multi_az": False,
        "backup_retention_period": 3,
        "deletion_protection": True,
    }
    found = modifications.split(wanted, current)
    assert found.later == {"db_instance_class": "db.t4g.small"}
    assert found.withdrawn == {"multi_az"}
    assert found.at_once == {"backup_retention_period": 3, "deletion_protection": True}


@pytest.mark.parametrize(("before", "after"), [(0, 7), (7, 0)])
def test_turning_backups_on_or_off_interrupts(before, after):
    found = modifications.split(
        {"backup_retention_period": after}, {"backup_retention_period": before}
    )
    assert modifications.restarts(found.later)


@given(start=MINUTES, length=st.integers(1, 24 * 60 - 1), at=MINUTES)
def test_a_weekly_window_wraps_around_the_week(start, length, at):
    first, last = (MONDAY + timedelta(minutes=minutes) for minutes in (start, start + length))
    window = f"{first:%a:%H:%M}-{last:%a:%H:%M}".lower()
    inside = (at - start) % (7 * 24 * 60) < length
    assert modifications.within_weekly(window, MONDAY + timedelta(minutes=at)) is inside


@pytest.mark.parametrize(
    ("window", "hour", "minute", "inside"),
    [
        ("23:45-00:15", 0, 0, True),
        ("23:45-00:15", 0, 15, False),
        ("13:14-13:44", 13, 14, True),
        ("nonsense", 13, 14, False),
    ],
)
def test_a_daily_window_wraps_around_midnight(window, hour, minute, inside):
    assert modifications.within_daily(window, MONDAY.replace(hour=hour, minute=minute)) is inside


@given(present=st.integers(20, 60000), wanted=st.integers(20, 60000))
def test_storage_grows_by_a_tenth_at_least(present, wanted):
    assert modifications.grown(wanted, present) >= wanted
    assert 10 * modifications.grown(wanted, present) >= 11 * present


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["1", "2"])
SETTINGS = st.dictionaries(NAMES, st.builds(Setting, VALUES, waits=st.booleans()))


@given(settings=SETTINGS, in_force=st.dictionaries(NAMES, VALUES))
def test_a_reboot_brings_a_group_into_force(settings, in_force):
    after = parameters.at_next_start(settings)
    assert parameters.status(settings, "g", after, "g") == "in-sync"
    assert parameters.status(settings, "g", after, "other") == "pending-reboot"
    now = parameters.now(settings, in_force)
    # What was reloaded needs no further reload.
    assert parameters.now(settings, now) == now
    assert parameters.status(settings, "g", now, "g") in {"in-sync", "pending-reboot"}
