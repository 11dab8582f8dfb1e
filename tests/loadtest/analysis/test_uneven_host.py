"""Other programs during only one of two loads."""

from __future__ import annotations

import pytest

from loadtest.analysis import uneven_host
from loadtest.host_record import HostRecord


def host(*others: float | None) -> HostRecord:
    """What others used, in windows of two seconds."""
    none = [0.0] * len(others)
    return HostRecord(
        window_s=2.0, cpus=4, ours=none, target=none, others=list(others), steal=none, idle=none
    )


QUIET = host(0.2, 0.1, 0.3, 0.2)
BUSY = host(0.2, 2.4, 2.4, None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (QUIET, QUIET),
        (BUSY, BUSY),
        (None, BUSY),
        (BUSY, None),
        # The kernel's work on packets, and a moment of something.
        (host(0.4, 0.4, 0.4), host(0.0, 0.0, 0.0)),
        (host(0.2, 1.4, 0.2), QUIET),
    ],
)
def test_equal_conditions_and_small_ones_are_not_told(
    first: HostRecord | None, second: HostRecord | None
):
    assert uneven_host.compare(first, second) is None


def test_what_ran_beside_one_of_the_loads_is_told():
    found = uneven_host.compare(QUIET, BUSY)
    assert found is not None
    assert not found.first_had_more
    assert (found.first, found.second) == (pytest.approx(0.2), pytest.approx(5 / 3))
    other = uneven_host.compare(BUSY, QUIET)
    assert other is not None
    assert other.first_had_more
