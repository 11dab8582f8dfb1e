"""What Amazon CloudWatch refuses about alarms: the table of `alarm-accepted`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.refusals import Refusal, among, between, both, matching, sets
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

PUT_ALARM = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
)
_METRIC_ALARMS = tokens.METRIC_ALARM
_DAY, _WEEK, _HOUR = 86400, 604800, 3600


_WORD = re.compile(r"\b[a-z][A-Za-z0-9_]*\b")


def _returns(alarm: Resource) -> str | None:
    queries = items(alarm.get("metricQueries"))
    given = [dig(one, "returnData") for one in queries]
    if not queries or UNKNOWN in given or UNKNOWN in queries:
        return None
    returned = sum(1 for one in given if one is True)
    # An alarm on a band returns the metric and the band.
    most = 1 if is_absent(alarm.get("thresholdMetricId")) else 2
    if 1 <= returned <= most or (len(queries) == 1 and returned == 0):
        return None
    return f"{returned or 'none'} of its {len(queries)} metric_queries has return_data"


def _undefined(alarm: Resource) -> Iterator[str]:
    queries = items(alarm.get("metricQueries"))
    ids = {dig(one, "id") for one in queries}
    for one in queries:
        text = dig(one, "expression")
        if isinstance(text, str) and UNKNOWN not in ids and "'" not in text and '"' not in text:
            missing = [word for word in _WORD.findall(text) if word not in ids]
            if missing:
                yield f"the expression {show(text)} names {missing[0]}, which no query is"


def _period(alarm: Resource) -> str | None:
    period = number(alarm.get("period"))
    if period is None or period in (10, 20, 30) or (period > 0 and period % 60 == 0):
        return None
    return f"period is {period:g} s"


def _window(alarm: Resource) -> str | None:
    period, times = number(alarm.get("period")), number(alarm.get("evaluationPeriods"))
    if period is None or times is None:
        return None
    longest = _WEEK if period >= _HOUR else _DAY
    if period * times <= longest:
        return None
    return f"evaluation_periods {times:g} of {period:g} s are {period * times:g} s"


def _datapoints(alarm: Resource) -> str | None:
    points, times = number(alarm.get("datapointsToAlarm")), number(alarm.get("evaluationPeriods"))
    if points is None or times is None or 1 <= points <= times:
        return None
    return f"datapoints_to_alarm is {points:g}, evaluation_periods {times:g}"


def _metric(alarm: Resource) -> Iterator[str]:
    if sets(alarm, "metricName") and sets(alarm, "metricQueries"):
        yield "both metric_name and metric_queries are set"
    if sets(alarm, "metricName") and not sets(alarm, "period"):
        yield "metric_name is set, period is not"
    if sets(alarm, "metricName") and sets(alarm, "namespace"):
        statistics = ("statistic", "extendedStatistic")
        if sets(alarm, "period") and not any(sets(alarm, one) for one in statistics):
            yield "metric_name is set, neither statistic nor extended_statistic is"
        limits = ("threshold", "thresholdMetricId")
        if sets(alarm, "comparisonOperator") and not any(sets(alarm, one) for one in limits):
            yield "comparison_operator is set, threshold is not"


def _actions(alarm: Resource) -> Iterator[str]:
    for name in ("alarmActions", "okActions", "insufficientDataActions"):
        count = len(items(alarm.get(name)))
        if count > 5:
            yield f"{name} has {count} elements"


def _band(alarm: Resource) -> str | None:
    comparison = alarm.get("comparisonOperator")
    on_band = comparison in _BANDS
    if on_band and is_absent(alarm.get("thresholdMetricId")):
        return f"comparison_operator is {show(comparison)}, threshold_metric_id is not set"
    return None


_BANDS = (
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)
_COMPARISONS = (
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold",
    "LessThanOrEqualToThreshold", *_BANDS,
)  # fmt: skip

_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_EXTENDED = r"(?:p|tm|tc|ts|wm)\d{1,3}(?:\.\d+)?|IQM|(?:PR|TC|TM|TS|WM)\(.*\)"


TABLE = (
    Refusal(
        types=_METRIC_ALARMS,
        says="ValidationError: Exactly one element of the metrics list should return data.",
        source=PUT_ALARM,
        remedy="set return_data to true in the query that the alarm is on, and in no other one.",
        find=_returns,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="ValidationError: Invalid metrics list: the expression refers to an id that is not in it.",
        source=PUT_ALARM,
        remedy="write the ids of metric_queries in the expression.",
        find=_undefined,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="Period: 10, 20, 30 and any multiple of 60.",
        source=PUT_ALARM,
        remedy="set period to 60 seconds.",
        find=_period,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says=(
            "Metrics cannot be checked across more than a day: EvaluationPeriods times Period is at "
            "most 86400 seconds, 604800 with periods of an hour."
        ),
        source=PUT_ALARM,
        remedy="lower evaluation_periods or period.",
        find=_window,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="DatapointsToAlarm must be 1 or more and no more than EvaluationPeriods.",
        source=PUT_ALARM,
        remedy="set datapoints_to_alarm to at most evaluation_periods.",
        find=_datapoints,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="For MetricName, you must specify either Statistic or ExtendedStatistic but not both.",
        source=PUT_ALARM,
        remedy="set statistic, or extended_statistic for a percentile.",
        find=both("statistic", "extendedStatistic"),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="Specify either MetricName, with Period, a statistic and Threshold, or Metrics.",
        source=PUT_ALARM,
        remedy="set metric_name with namespace, period, statistic and threshold, or metric_queries.",
        find=_metric,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="An alarm has at most five actions per state.",
        source=PUT_ALARM,
        remedy="let one Amazon SNS topic notify several receivers.",
        find=_actions,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="ComparisonOperator: one of seven names, for example GreaterThanOrEqualToThreshold.",
        source=PUT_ALARM,
        remedy="correct comparison_operator.",
        find=among("comparisonOperator", *_COMPARISONS),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="TreatMissingData: breaching, notBreaching, ignore, missing.",
        source=PUT_ALARM,
        remedy='set treat_missing_data to "notBreaching", "breaching", "ignore" or "missing".',
        find=among("treatMissingData", "breaching", "notBreaching", "ignore", "missing"),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="Statistic: SampleCount, Average, Sum, Minimum, Maximum.",
        source=PUT_ALARM,
        remedy="set statistic to one of them, or extended_statistic to a percentile such as p99.",
        find=among("statistic", *_STATISTICS),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="ExtendedStatistic: a percentile between p0.0 and p100, a trimmed mean, or the like.",
        source=PUT_ALARM,
        remedy='set extended_statistic to a percentile such as "p99".',
        find=matching("extendedStatistic", _EXTENDED),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="EvaluationPeriods: 1 or more.",
        source=PUT_ALARM,
        remedy="set evaluation_periods to 1 or more.",
        find=between("evaluationPeriods", 1, _WEEK),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="ThresholdMetricId: an alarm on a band names its query, and has no Threshold.",
        source=PUT_ALARM,
        remedy=(
            "set threshold_metric_id to the id of an ANOMALY_DETECTION_BAND in metric_queries, or "
            "comparison_operator to GreaterThanThreshold."
        ),
        find=_band,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="AlarmName: 1 to 255 characters.",
        source=PUT_ALARM,
        remedy="shorten the name of the alarm.",
        find=matching("name", r"(?s).+", 255),
    ),
)
"""The table of `alarm-accepted`."""


def refuses_timing(alarm: Resource) -> bool:
    """Return whether CloudWatch refuses the periods of an alarm, so that it never goes off."""
    return any(find(alarm) is not None for find in (_period, _window, _datapoints))
