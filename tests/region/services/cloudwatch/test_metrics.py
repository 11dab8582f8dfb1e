"""Metrics: what is put and published is read again, in bounded memory."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from region.services.cloudwatch.metrics import Datum, publish
from region.services.cloudwatch.points import MOST_POINTS, MOST_VALUES, Series, of_samples
from region.services.cloudwatch.statistics import value_of
from region.services.cloudwatch.store import MetricStore, metric


def around_now():
    now = datetime.now(UTC)
    return {"StartTime": now - timedelta(minutes=5), "EndTime": now + timedelta(minutes=5)}


def test_what_is_published_is_read(plane, aws):
    publish(plane, [Datum("AWS/EC2", "CPUUtilization", {"InstanceId": "i-1"}, 42.0, "Percent")])
    found = aws.cloudwatch.get_metric_statistics(
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "InstanceId", "Value": "i-1"}],
        Period=300,
        Statistics=["Average", "SampleCount"],
        **around_now(),
    )
    (point,) = found["Datapoints"]
    assert (point["Average"], point["SampleCount"], point["Unit"]) == (42.0, 1.0, "Percent")
    (listed,) = aws.cloudwatch.list_metrics(Namespace="AWS/EC2")["Metrics"]
    assert listed["MetricName"] == "CPUUtilization"


def test_all_dimensions_must_match(plane, aws):
    publish(plane, [Datum("AWS/EC2", "CPUUtilization", {"InstanceId": "i-1"}, 42.0, "Percent")])
    found = aws.cloudwatch.get_metric_statistics(
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Period=300,
        Statistics=["Average"],
        **around_now(),
    )
    assert found["Datapoints"] == []


def test_percentiles_of_put_values(aws):
    aws.cloudwatch.put_metric_data(
        Namespace="own",
        MetricData=[{"MetricName": "latency", "Values": [1.0, 2.0, 30.0], "Counts": [50, 40, 10]}],
    )
    found = aws.cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {"Namespace": "own", "MetricName": "latency"},
                    "Period": 600,
                    "Stat": stat,
                },
            }
            for stat in ("p50",)
        ],
        **around_now(),
    )
    (row,) = found["MetricDataResults"]
    assert (row["Values"], row["StatusCode"], row["Label"]) == ([1.0], "Complete", "latency")


@pytest.mark.parametrize(
    "datum",
    [
        {"MetricName": "m"},
        {"MetricName": "m", "Value": 1.0, "Values": [1.0]},
        {"MetricName": "m", "Value": 1.0, "StorageResolution": 5},
        {"MetricName": "m", "Value": 1.0, "Timestamp": datetime(2020, 1, 1, tzinfo=UTC)},
        {"MetricName": "m", "Values": [1.0], "Counts": [1, 2]},
    ],
)
def test_what_cloudwatch_refuses_to_take(aws, datum):
    with pytest.raises(ClientError, match="InvalidParameter"):
        aws.cloudwatch.put_metric_data(Namespace="own", MetricData=[datum])


def test_a_period_is_a_multiple_of_a_minute(aws):
    with pytest.raises(ClientError, match="multiple of 60"):
        aws.cloudwatch.get_metric_statistics(
            Namespace="own", MetricName="m", Period=90, Statistics=["Sum"], **around_now()
        )


def test_a_series_stays_small_and_loses_no_sample():
    series, now = Series(), time.time()
    for number in range(4 * MOST_POINTS):
        series.add(of_samples(now - 4 * MOST_POINTS + number, [float(number)]), now)
    assert len(series.points) <= MOST_POINTS
    assert sum(point.count for point in series.points) == 4 * MOST_POINTS
    assert [point.at for point in series.points] == sorted(point.at for point in series.points)


def test_many_values_are_kept_to_a_percent():
    point = of_samples(0.0, [1 + number / 1000 for number in range(5000)])
    assert point.values is not None
    assert len(point.values) <= max(MOST_VALUES, 200)
    assert value_of(point, "p50") == pytest.approx(3.5, rel=0.02)
    assert value_of(point, "tm(10%:90%)".upper()) == pytest.approx(3.5, rel=0.02)


def test_a_restart_keeps_what_clients_put():
    store = MetricStore()
    store.add(metric("own", "m", {}), of_samples(1.0, [1.0]))
    store.add(metric("AWS/EC2", "m", {}), of_samples(1.0, [1.0]), own=True)
    again = pickle.loads(pickle.dumps(store))  # noqa: S301
    assert list(again.series) == [metric("own", "m", {})]


def test_a_series_is_pickled_as_it_is():
    series = Series(high_resolution=True)
    series.add(of_samples(1.0, [1.0, 2.0, 2.0]), 5.0)
    series.add(of_samples(2.0, [3.0]), 6.0)
    again = pickle.loads(pickle.dumps(series))  # noqa: S301
    assert again == series
    assert again.points[0].values == {1.0: 1.0, 2.0: 2.0}
