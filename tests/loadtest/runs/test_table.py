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
