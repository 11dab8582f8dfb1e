"""Metric math and search expressions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.cloudwatch.expression_functions import SeriesList
from region.services.cloudwatch.expressions import (
    Context,
    ExpressionError,
    Labelled,
    evaluate,
    parse,
)
from region.services.cloudwatch.query_order import in_order
from region.services.cloudwatch.search_expressions import matching
from region.services.cloudwatch.store import metric

TIMES = (0.0, 60.0, 120.0, 180.0)
M1 = {0.0: 1.0, 60.0: 2.0, 120.0: 4.0, 180.0: 8.0}
M2 = {0.0: 10.0, 120.0: 0.0}
KNOWN = {
    "m1": Labelled("one", M1),
    "m2": Labelled("errors", M2),
    "e1": Labelled("e", M1, is_metric=False),
}


def value(text):
    return evaluate(parse(text), Context(KNOWN, 60, TIMES, None, {"m1": 300}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 ^ 2", 19.0),
        ("-(1 + 2) / 2", -1.5),
        ("2 > 1 && 1 > 2 || 3 >= 3", 1.0),
        ("m1 + m2", {0.0: 11.0, 120.0: 4.0}),
        ("m1 / m2", {0.0: 0.1}),
        ("m1 > 3", {0.0: 0.0, 60.0: 0.0, 120.0: 1.0, 180.0: 1.0}),
        ("SUM(m1)", 15.0),
        ("m1 / MAX(m1)", {0.0: 0.125, 60.0: 0.25, 120.0: 0.5, 180.0: 1.0}),
        ("SUM([m1, m2])", {0.0: 11.0, 60.0: 2.0, 120.0: 4.0, 180.0: 8.0}),
        ("AVG(METRICS())", {0.0: 5.5, 60.0: 2.0, 120.0: 2.0, 180.0: 8.0}),
        ('MAX(METRICS("err"))', M2),
        ("METRIC_COUNT([m1, m2])", 2.0),
        ("DATAPOINT_COUNT(m2)", 2.0),
        ("FILL(m2, 7)", {0.0: 10.0, 60.0: 7.0, 120.0: 0.0, 180.0: 7.0}),
        ("FILL(m2, REPEAT)", {0.0: 10.0, 60.0: 10.0, 120.0: 0.0, 180.0: 0.0}),
        ("FILL(m2, LINEAR)", {0.0: 10.0, 60.0: 5.0, 120.0: 0.0}),
        ("IF(m1 > 2, 1, 0)", {0.0: 0.0, 60.0: 0.0, 120.0: 1.0, 180.0: 1.0}),
        ("IF(m1 > 2, m1)", {120.0: 4.0, 180.0: 8.0}),
        ("DIFF(m1)", {60.0: 1.0, 120.0: 2.0, 180.0: 4.0}),
        ("RATE(m1) * PERIOD(m1)", {60.0: 5.0, 120.0: 10.0, 180.0: 20.0}),
        ("RUNNING_SUM(m1)", {0.0: 1.0, 60.0: 3.0, 120.0: 7.0, 180.0: 15.0}),
        ("FIRST(m1) + LAST(m1)", 9.0),
        ("LOG10(m2)", {0.0: 1.0}),
        ("ABS(0 - m2)", M2),
        ("MINUTE(m2)", {0.0: 0.0, 120.0: 2.0}),
        ("TIME_SERIES(3)", dict.fromkeys(TIMES, 3.0)),
        ("SORT([m1, m2], SUM, DESC, 1)", [("one", M1)]),
        ("SLICE(SORT([m1, m2], MAX, ASC), 0, 1)", [("one", M1)]),
    ],
)
def test_values(text, expected):
    found = value(text)
    if isinstance(found, SeriesList):
        assert list(found) == expected
    else:
        assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m1 +",
        "m9",
        "NOPE(m1)",
        "SUM(m1",
        "1 / 0",
        "m1 $ m2",
        "'a'",
    ],
)
def test_what_has_no_value(text):
    with pytest.raises(ExpressionError):
        value(text)


def test_what_the_region_has_no_data_for():
    with pytest.raises(NotImplementedError, match="use a threshold"):
        value("ANOMALY_DETECTION_BAND(m1)")


@given(st.text(alphabet="m12e+-*/^()[],<>=&| .'SUM", max_size=40))
def test_any_text_is_a_value_or_an_error(text):
    try:
        found = value(text)
    except ExpressionError:
        return
    if isinstance(found, float):
        assert math.isfinite(found)


def test_what_an_expression_names_comes_before_it():
    queries = [
        {"Id": "a", "Expression": "b + m"},
        {"Id": "b", "Expression": "2 * m"},
        {"Id": "m", "MetricStat": {"Stat": "Sum"}},
    ]
    assert [query["Id"] for query in in_order(queries)] == ["m", "b", "a"]
    with pytest.raises(ExpressionError, match="each other"):
        in_order([{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}])


CPU = metric("AWS/EC2", "CPUUtilization", {"InstanceId": "i-1"})
NETWORK = metric("AWS/EC2", "NetworkIn", {"InstanceId": "i-2"})
REQUESTS = metric("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": "app/web/1"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{AWS/EC2,InstanceId} MetricName="CPUUtilization"', [CPU]),
        ("{AWS/EC2,InstanceId}", [CPU, NETWORK]),
        ("{AWS/EC2,InstanceId} cpu OR network", [CPU, NETWORK]),
        ("utilization", [CPU]),
        ("AWS/EC2 NOT cpu", [NETWORK]),
        ('"i-2"', [NETWORK]),
        ("InstanceId=i-1", [CPU]),
        ("{AWS/ApplicationELB,LoadBalancer} (request OR cpu) AND count", [REQUESTS]),
    ],
)
def test_search(text, expected):
    assert matching(text, [CPU, NETWORK, REQUESTS]) == expected


@pytest.mark.parametrize("text", ["(cpu", "cpu OR", "NOT", ")"])
def test_a_search_that_is_none(text):
    with pytest.raises(ExpressionError):
        matching(text, [])
