"""Alarms: states, periods, missing data, percentiles, what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.alarms import ALARM, NAMESPACE, OK, UNKNOWN, Alarms
from tests.conformance.cloud import Cloud

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
RETAIN = UNKNOWN  # A new alarm keeps the state that it starts in.
TABLES = [
    ("CW-D01", 3, "0-X-X", (OK, OK, OK, OK)),
    ("CW-D02", 3, "0----", (OK, OK, OK, OK)),
    ("CW-D03", 3, "-----", (UNKNOWN, RETAIN, ALARM, OK)),
    ("CW-D04", 3, "0XX-X", (ALARM, ALARM, ALARM, ALARM)),
    ("CW-D05", 3, "--X--", (ALARM, RETAIN, ALARM, OK)),
    ("CW-N01", 2, "0-X-X", (ALARM, ALARM, ALARM, ALARM)),
    ("CW-N02", 2, "00X0X", (ALARM, ALARM, ALARM, ALARM)),
    ("CW-N03", 2, "0-X--", (OK, OK, ALARM, OK)),
    ("CW-N04", 2, "----0", (OK, OK, ALARM, OK)),
    ("CW-N05", 2, "---X-", (ALARM, RETAIN, ALARM, OK)),
]


@pytest.fixture
def alarms(cloud: Cloud) -> Alarms:
    return Alarms(cloud)


def minutes_ago(count: int) -> datetime:
    """Return the start of a minute that has passed; 1 is the last whole one."""
    return datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=count)


def put_points(alarms: Alarms, metric: str, signs: str) -> None:
    """Put what a row of the guide's tables has, a minute apart, the newest last."""
    for ago, sign in zip(range(len(signs), 0, -1), signs, strict=True):
        if sign != "-":
            alarms.datum(metric, 5.0 if sign == "X" else 0.0, Timestamp=minutes_ago(ago))


def early_in_a_minute() -> None:
    """Let the test have most of a minute of the clock, in which no data point grows old."""
    while datetime.now(UTC).second > 40:
        time.sleep(0.5)


@pytest.mark.row("CW-D01", "CW-D02", "CW-D03", "CW-D04", "CW-D05", "CW-D07", "CW-E03")
@pytest.mark.row("CW-N01", "CW-N02", "CW-N03", "CW-N04", "CW-N05")
def test_missing_data(cloud: Cloud, alarms: Alarms) -> None:
    early_in_a_minute()
    expected: dict[str, str] = {}
    for _row, needed, signs, states in TABLES:
        metric = cloud.name("points")
        put_points(alarms, metric, signs)
        for treatment, state in zip(TREATMENTS, states, strict=True):
            name = alarms.put(
                metric, EvaluationPeriods=3, DatapointsToAlarm=needed, TreatMissingData=treatment
            )
            expected[name] = state

    def reached() -> bool:
        return {name: alarms.state(name) for name in expected} == expected

    cloud.until(reached, 60, "the states of the tables")


@pytest.mark.row("CW-D06")
def test_no_premature_alarm(cloud: Cloud, alarms: Alarms) -> None:
    early_in_a_minute()
    names: dict[str, str] = {}
    for signs in ("----X", "---X-", "--X--"):
        metric = cloud.name("points")
        put_points(alarms, metric, signs)
        names[signs] = alarms.put(metric, EvaluationPeriods=3)
    alarms.until(names["--X--"], ALARM)
    assert alarms.state(names["----X"]) != ALARM
    assert alarms.state(names["---X-"]) != ALARM


@pytest.mark.row("CW-E01", "CW-M03", "CW-A05")
def test_an_alarm_may_come_before_its_metric(cloud: Cloud, alarms: Alarms) -> None:
    metric = cloud.name("metric")
    name = alarms.put(metric)
    assert alarms.state(name) == UNKNOWN
    other = [{"Name": "host", "Value": "a"}]
    elsewhere = alarms.put(metric, Dimensions=other)
    alarms.datum(metric, 5.0)
    alarms.until(name, ALARM)
    assert alarms.state(elsewhere) == UNKNOWN
    alarms.api.delete_alarms(AlarmNames=[name])
    history = alarms.api.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    summaries = [item["HistorySummary"] for item in history["AlarmHistoryItems"]]
    assert summaries.count("Alarm updated from INSUFFICIENT_DATA to ALARM") == 1


@pytest.mark.row("CW-E02", "CW-E04")
def test_periods_of_less_than_a_minute(cloud: Cloud, alarms: Alarms) -> None:
    fine, coarse = cloud.name("fine"), cloud.name("coarse")
    names = {metric: alarms.put(metric, Period=10) for metric in (fine, coarse)}
    seen: set[str] = set()

    def breached() -> bool:
        alarms.datum(fine, 5.0, StorageResolution=1)
        alarms.datum(coarse, 5.0)
        seen.add(alarms.state(names[coarse]))
        return alarms.state(names[fine]) == ALARM

    cloud.until(breached, 20, "an alarm of high resolution")
    if not cloud.is_aws:
        assert seen == {UNKNOWN}


@pytest.mark.row("CW-E06")
def test_percentiles_of_few_samples(cloud: Cloud, alarms: Alarms) -> None:
    metric = cloud.name("latency")
    common: dict[str, Any] = {"Statistic": None, "ExtendedStatistic": "p99"}
    judges = alarms.put(metric, **common)
    waits = alarms.put(metric, **common, EvaluateLowSampleCountPercentile="ignore")
    data: list[Any] = [{"MetricName": metric, "Values": [5.0], "Counts": [100]}]
    alarms.api.put_metric_data(Namespace=NAMESPACE, MetricData=data)
    alarms.until(judges, ALARM)
    assert alarms.state(waits) == UNKNOWN


Change = dict[str, Any]
REFUSED: list[Change] = [
    {"Period": 300, "EvaluationPeriods": 300},
    {"Period": 3600, "EvaluationPeriods": 169},
    {"Period": 45},
    {"DatapointsToAlarm": 2},
    {"TreatMissingData": "nothing"},
    {"ExtendedStatistic": "p99"},
    {"AlarmActions": ["nothing"]},
]


@pytest.mark.row("CW-E05")
@pytest.mark.parametrize("change", REFUSED, ids=",".join)
def test_what_is_refused(alarms: Alarms, change: Change) -> None:
    with pytest.raises(ClientError) as caught:
        alarms.put("refused", **change)
    assert caught.value.response["Error"]["Code"].startswith(("Validation", "InvalidParameter"))


# CloudWatch UG, "Using metric math": an alarm is on one time series, and on no search.
@pytest.mark.row("X-constraints")
@pytest.mark.parametrize(
    "expression",
    ["nosuch(m1)", "m2 + 1", "m1 +", "[m1, m1]", "SUM(SEARCH('{own} errors', 'Sum', 60))"],
)
def test_what_no_alarm_is_on(cloud: Cloud, alarms: Alarms, expression: str) -> None:
    metric = {"Namespace": NAMESPACE, "MetricName": "refused"}
    of_metric = {"Metric": metric, "Period": 60, "Stat": "Sum"}
    with pytest.raises(ClientError, match="ValidationError"):
        alarms.api.put_metric_alarm(
            AlarmName=cloud.name("refused"),
            Metrics=[
                {"Id": "m1", "MetricStat": of_metric, "ReturnData": False},
                {"Id": "e1", "Expression": expression},
            ],
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )


# PutMetricData (API reference): 1000 metrics in a request, which SDKs compress where it is large.
@pytest.mark.row("CW-M02")
def test_many_metrics_are_put_at_once(cloud: Cloud, alarms: Alarms) -> None:
    metric = cloud.name("many")
    dimensions = [[{"Name": "number", "Value": f"{number:040}"}] for number in range(1000)]
    data = [{"MetricName": metric, "Value": 1.0, "Dimensions": one} for one in dimensions]
    alarms.api.put_metric_data(Namespace=NAMESPACE, MetricData=data)
    stat = {
        "Metric": {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions[-1]},
        "Period": 60,
        "Stat": "Sum",
    }

    def values() -> list[float]:
        now = datetime.now(UTC)
        found = alarms.api.get_metric_data(
            MetricDataQueries=[{"Id": "last", "MetricStat": stat}],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=5),
        )
        return list(found["MetricDataResults"][0]["Values"])

    cloud.until(lambda: values() == [1.0], 120)


@pytest.mark.slow
@pytest.mark.row("CW-A06", "CW-A07")
def test_warm_up_and_wall_clock(cloud: Cloud, alarms: Alarms) -> None:
    metric = cloud.name("warm")
    name = alarms.put(
        metric,
        TreatMissingData="breaching",
        EvaluationWindow={"WallClockWindow": {"Timezone": "Asia/Seoul"}},
        WarmUpConfiguration={
            "WarmUpPeriodDurationInMinutes": 5,
            "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True,
        },
    )
    began = time.monotonic()
    alarms.datum(metric, 5.0)
    cloud.until(lambda: alarms.describe(name).get("EvaluationState") == "IN_WARM_UP", 120)
    assert alarms.state(name) == UNKNOWN
    alarms.until(name, ALARM, 600)
    assert time.monotonic() - began >= cloud.seconds(290)


def ids_of(alarms: Alarms, metric: str) -> Callable[[], list[str]]:
    """Return what finds whether ListMetrics has a metric."""

    def find() -> list[str]:
        found = alarms.api.list_metrics(Namespace=NAMESPACE, MetricName=metric)["Metrics"]
        return [one["MetricName"] for one in found]

    return find


@pytest.mark.row("CW-M01", "CW-M02")
def test_metrics_are_there_at_once(cloud: Cloud, alarms: Alarms) -> None:
    metric = cloud.name("metric")
    for ago in (0, 1, 13 * 24 * 60):
        alarms.datum(metric, float(ago), Timestamp=minutes_ago(ago))
    now = datetime.now(UTC)

    def values() -> list[float]:
        found = alarms.api.get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "m1",
                    "MetricStat": {
                        "Metric": {"Namespace": NAMESPACE, "MetricName": metric},
                        "Period": 60,
                        "Stat": "Maximum",
                    },
                    "ReturnData": False,
                },
                {"Id": "twice", "Expression": "2 * m1"},
            ],
            StartTime=now - timedelta(days=14),
            EndTime=now + timedelta(minutes=5),
        )
        return list(found["MetricDataResults"][0]["Values"])

    cloud.until(lambda: values() == [0.0, 2.0, 2.0 * 13 * 24 * 60], 120)
    cloud.until(ids_of(alarms, metric), 15 * 60, "the metric in ListMetrics")
