from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loadtest.outcomes import Outcome
from loadtest.runs import table
from loadtest.runs.recording import Exchange


def exchange(start: float, **fields: object) -> Exchange:
    values = {
        "user": "u1",
        "endpoint": "index page",
        "arrived_ms": start - 1,
        "start_ms": start,
        "ttfb_ms": 5.0,
        "total_ms": 6.0,
        "status": 200,
        "expected": True,
        "error": None,
        "sent": True,
        "instance": "i-1",
        "zone": None,
        "version": "v1",
    }
    return Exchange(**(values | fields))


def test_rows_are_in_the_order_of_their_start():
    rows = table.from_exchanges([exchange(20, user="late"), exchange(10, user="early")])
    assert rows.start_ms.tolist() == [10, 20]
    assert [rows.user.labels[code] for code in rows.user.codes] == ["early", "late"]
    assert rows.ended_ms.tolist() == [16, 26]


def test_a_request_without_an_answer_has_no_time_to_first_byte():
    rows = table.from_exchanges(
        [
            exchange(1),
            exchange(2, ttfb_ms=None, status=None, expected=None, error="ETIMEDOUT", instance=None),
        ]
    )
    assert np.isnan(rows.ttfb_ms).tolist() == [False, True]
    assert rows.status.tolist() == [200, 0]
    assert rows.is_(Outcome.TIMEOUT).tolist() == [False, True]
    assert rows.is_(Outcome.GOOD, Outcome.TIMEOUT).all()
    assert rows.instance.mask("i-1").tolist() == [True, False]
    assert not rows.zone.mask("nowhere").any()


def test_no_requests_are_an_empty_table():
    rows = table.from_exchanges([])
    assert len(rows) == 0
    assert rows.user.labels == ()


def test_a_late_users_requests_are_all_late(make_exchange: Callable[..., Exchange]):
    rows = table.from_exchanges(
        [
            make_exchange("b", arrived_ms=1_500.0, start_ms=1_501.0),
            make_exchange("a", arrived_ms=1_010.0, start_ms=1_010.0),
            make_exchange("a", arrived_ms=1_010.0, start_ms=2_000.0),
            make_exchange("c", arrived_ms=9_000.0, start_ms=9_000.0),
        ]
    ).scheduled(np.array([0.0, 0.5]), began_ms=1_000)
    assert rows.scheduled_ms[:3].tolist() == [1_000, 1_501, 1_990]
    # More users than were planned: nobody knows when these were due.
    assert np.isnan(rows.scheduled_ms[3])
