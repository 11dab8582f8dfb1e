"""What PutMetricAlarm takes, and what it refuses.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from moto.cloudwatch.exceptions import (
    InvalidParameterCombination,
    InvalidParameterValue,
    ValidationError,
)

from region.services.cloudwatch import evaluation, statistics, windows
from region.services.cloudwatch.expression_parser import ExpressionError, parse
from region.services.cloudwatch.parameters import dimensions_of

MOST_ACTIONS = 5
MOST_METRICS = 10
_DAY, _WEEK, _HOUR = 86_400, 604_800, 3600
_WALL_CLOCK_PERIODS = frozenset({60, 300, _HOUR, _DAY, _WEEK})
_LONGEST_WARM_UP = 2880
ACTIONS: Final = ("AlarmActions", "OKActions", "InsufficientDataActions")
EC2_ACTION: Final = re.compile(
    r"arn:aws[a-z-]*:(?:automate:(?P<region>[a-z0-9-]+):ec2:(?P<verb>stop|terminate|reboot|recover)"
    r"|swf:(?P<region2>[a-z0-9-]+):\d{12}:action/actions/AWS_EC2\.InstanceId\."
    r"(?P<verb2>Stop|Terminate|Reboot|Recover)/1\.0)"
)
_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}")
"""API reference, MetricDataQuery."""
_ARN = re.compile(r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):.+")
_REFUSED: Final = {
    "EvaluationInterval": "it has no PromQL; the period decides how often an alarm is evaluated",
    "ThresholdMetricId": "it has no anomaly detection; use Threshold",
}
_SINGLE = (
    "Namespace",
    "MetricName",
    "Dimensions",
    "Period",
    "Unit",
    "Statistic",
    "ExtendedStatistic",
)
_ANOMALY = frozenset(
    {
        "LessThanLowerOrGreaterThanUpperThreshold",
        "LessThanLowerThreshold",
        "GreaterThanUpperThreshold",
    }
)


def check_metric_alarm(settings: Mapping[str, Any], region: str) -> None:
    """Check the parameters of PutMetricAlarm.

    Raises:
        ValidationError: CloudWatch or the region refuses them; so the next two.
        InvalidParameterValue: The same.
        InvalidParameterCombination: The same.
    """
    check_implemented(settings)
    if settings.get("Metrics"):
        _check_math(settings)
    else:
        _check_single(settings)
    _check_judgement(settings)
    _check_length(settings)
    _check_window(settings)
    check_actions(settings, region, _dimensions(settings))


def check_implemented(settings: Mapping[str, Any]) -> None:
    """Refuse what the region does not implement of an alarm, composite or not.

    Raises:
        NotImplementedError: It has such a parameter.
    """
    for name, why in _REFUSED.items():
        if settings.get(name) is not None:
            raise NotImplementedError(f"{name}: {why}")


def _dimensions(settings: Mapping[str, Any]) -> set[str]:
    """Return the names of the dimensions of an alarm on one metric."""
    return {str(one.get("Name")) for one in settings.get("Dimensions") or []}


def _check_single(settings: Mapping[str, Any]) -> None:
    if not settings.get("MetricName") or not settings.get("Namespace"):
        raise ValidationError(
            "Exactly one of MetricName with Namespace, or Metrics, must be specified."
        )
    dimensions_of(settings.get("Dimensions") or [])
    simple, extended = settings.get("Statistic"), settings.get("ExtendedStatistic")
    if bool(simple) == bool(extended):
        raise InvalidParameterCombination(
            "Exactly one of Statistic and ExtendedStatistic must be specified."
        )
    if simple and simple not in statistics.SIMPLE:
        raise ValidationError(
            f"Value '{simple}' at 'statistic' failed to satisfy constraint: Member must satisfy enum "
            f"value set: [{', '.join(statistics.SIMPLE)}]"
        )
    if extended and (extended in statistics.SIMPLE or not statistics.is_known(str(extended))):
        raise InvalidParameterValue(
            f"The value {extended} for parameter ExtendedStatistic is not supported."
        )
    if settings.get("Period") is None:
        raise ValidationError("The parameter Period is required.")
    _check_period(int(settings["Period"]), "Period")


def _check_period(period: int, where: str) -> None:
    if period not in {10, 20, 30} and (period <= 0 or period % 60):
        raise ValidationError(
            f"The parameter {where} must be 10, 20, 30 or a multiple of 60, not {period}."
        )


def _check_math(settings: Mapping[str, Any]) -> None:
    for name in _SINGLE:
        if settings.get(name):
            raise ValidationError(f"Metrics and {name} are mutually exclusive.")
    queries = cast("list[dict[str, Any]]", settings["Metrics"])
    _check_ids([str(query.get("Id")) for query in queries])
    if len(queries) > MOST_METRICS:
        raise ValidationError(f"Metrics has more than {MOST_METRICS} members.")
    shown = [query for query in queries if query.get("ReturnData") is not False]
    if len(shown) != 1:
        raise ValidationError(
            "Exactly one element of the metrics list should return data: set ReturnData to false for "
            "the others."
        )
    periods: set[int] = set()
    for query in queries:
        _check_query(query, periods)
    if len(periods) != 1:
        raise ValidationError("Metrics must have at least one MetricStat, all of the same Period.")
    try:
        windows.check_expressions(queries)
    except ExpressionError as error:
        raise ValidationError(f"Invalid metrics list: {error}") from error


def _check_ids(ids: Sequence[str]) -> None:
    if len(set(ids)) < len(ids):
        raise ValidationError("The ids of Metrics must be unique.")
    for name in ids:
        if not _ID.fullmatch(name):
            raise ValidationError(
                f"The id {name} of Metrics is not valid: it must begin with a small letter and have only "
                "letters, digits and underscores."
            )


def _check_query(query: Mapping[str, Any], periods: set[int]) -> None:
    name = query.get("Id")
    if query.get("AccountId"):
        raise ValidationError("The local region has one account: leave AccountId of Metrics out.")
    stat, text = query.get("MetricStat"), query.get("Expression")
    if bool(stat) == bool(text):
        raise ValidationError(f"Exactly one of MetricStat and Expression must be given for {name}.")
    if stat:
        if not statistics.is_known(str(stat.get("Stat"))):
            raise ValidationError(f"The statistic {stat.get('Stat')} of {name} is not supported.")
        _check_period(int(stat.get("Period") or 0), f"Period of {name}")
        periods.add(int(stat["Period"]))
        return
    if str(text).lstrip().upper().startswith("SELECT"):
        raise NotImplementedError(
            f"Metrics Insights in {name}: use MetricStat or metric math instead"
        )
    try:
        parse(str(text))
    except ExpressionError as error:
        raise ValidationError(f"Error in expression '{name}': {error}") from error


def _check_judgement(settings: Mapping[str, Any]) -> None:
    comparison = str(settings.get("ComparisonOperator") or "")
    if comparison in _ANOMALY:
        raise NotImplementedError(
            f"ComparisonOperator {comparison}: it has no anomaly detection; use Threshold with another "
            "operator"
        )
    if comparison not in evaluation.COMPARISONS:
        raise ValidationError(
            f"Value '{comparison}' at 'comparisonOperator' failed to satisfy constraint: Member must "
            f"satisfy enum value set: [{', '.join(evaluation.COMPARISONS)}]"
        )
    if settings.get("Threshold") is None:
        raise ValidationError("The parameter Threshold is required.")
    treatment = settings.get("TreatMissingData")
    if treatment and treatment not in evaluation.TREATMENTS:
        raise ValidationError(
            f"Option {treatment} is not supported. Supported options for parameter TreatMissingData are "
            f"{', '.join(evaluation.TREATMENTS)}."
        )
    low = settings.get("EvaluateLowSampleCountPercentile")
    if low and low not in {"evaluate", "ignore"}:
        raise ValidationError(
            f"Option {low} is not supported. Supported options for parameter "
            "EvaluateLowSampleCountPercentile are evaluate and ignore."
        )
    if low and not settings.get("ExtendedStatistic"):
        raise InvalidParameterCombination(
            "EvaluateLowSampleCountPercentile is for alarms with an ExtendedStatistic."
        )
    periods = settings.get("EvaluationPeriods")
    if periods is None or int(periods) < 1:
        raise ValidationError("The parameter EvaluationPeriods must be at least 1.")
    needed = settings.get("DatapointsToAlarm")
    if needed is not None and not 1 <= int(needed) <= int(periods):
        raise ValidationError(
            "The parameter DatapointsToAlarm must be at least 1 and at most EvaluationPeriods."
        )


def _check_length(settings: Mapping[str, Any]) -> None:
    period = windows.period_of(settings)
    total = period * int(settings["EvaluationPeriods"])
    most = _DAY if period < _HOUR else _WEEK
    if total > most:
        raise ValidationError(
            f"Metrics cannot be checked across more than {'a day' if most == _DAY else '7 days'} "
            f"(EvaluationPeriods * Period must be <= {most}), not {total}."
        )


def _check_window(settings: Mapping[str, Any]) -> None:
    window = cast("dict[str, Any]", settings.get("EvaluationWindow") or {})
    if len(window) > 1:
        raise ValidationError("EvaluationWindow must have exactly one member.")
    if "WallClockWindow" in window:
        if windows.period_of(settings) not in _WALL_CLOCK_PERIODS:
            raise ValidationError(
                "With a WallClockWindow, Period must be 60, 300, 3600, 86400 or 604800."
            )
        zone = (window["WallClockWindow"] or {}).get("Timezone")
        if zone:
            check_zone(str(zone))
    warm_up = settings.get("WarmUpConfiguration")
    if warm_up is not None:
        minutes = int(warm_up.get("WarmUpPeriodDurationInMinutes") or 0)
        if not 1 <= minutes <= _LONGEST_WARM_UP:
            raise ValidationError(
                f"WarmUpPeriodDurationInMinutes must be from 1 to {_LONGEST_WARM_UP}, not {minutes}."
            )


def check_zone(name: str) -> None:
    """Check a time zone.

    Raises:
        ValidationError: There is none of that name.
    """
    try:
        windows.zone_of(name)
    except ValueError as error:
        raise ValidationError(f"The time zone {name} is unknown.") from error


def check_actions(settings: Mapping[str, Any], region: str, dimensions: set[str] | None) -> None:
    """Check an alarm's actions; of a composite alarm, without dimensions.

    Raises:
        ValidationError: It cannot have one of them, or the region cannot execute it.
    """
    for name in ACTIONS:
        actions = [str(one) for one in settings.get(name) or []]
        if len(actions) > MOST_ACTIONS:
            raise ValidationError(f"{name} has more than {MOST_ACTIONS} members.")
        if len(set(actions)) < len(actions):
            raise ValidationError(f"{name} names an action twice.")
        for action in actions:
            _check_action(action, region, dimensions)


def _check_action(action: str, region: str, dimensions: set[str] | None) -> None:
    found = _ARN.fullmatch(action)
    if found is None:
        raise ValidationError(f"Invalid arn syntax: {action}")
    service = found["service"]
    ec2 = EC2_ACTION.fullmatch(action)
    if dimensions is None and (ec2 or service == "autoscaling"):
        raise ValidationError(
            f"A composite alarm can have neither EC2 nor Auto Scaling actions: {action}"
        )
    if ec2 is None and service not in {"sns", "autoscaling"}:
        raise NotImplementedError(
            f"the alarm action {action}: use an SNS topic, a scaling policy of Auto Scaling, or "
            "arn:aws:automate:<region>:ec2:stop, terminate, reboot or recover"
        )
    if found["region"] != region:
        raise ValidationError(
            f"Invalid region {found['region']} specified. Only {region} is supported."
        )
    if ec2 and dimensions is not None and "InstanceId" not in dimensions:
        raise ValidationError(
            f"The action {action} needs an alarm on a metric with the dimension InstanceId."
        )
