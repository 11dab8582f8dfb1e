"""What CodeDeploy and CloudWatch refuse about deployments and alarms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from availability.names import LONGEST

from guardrails import tokens
from guardrails.refusals import (
    Refusal,
    among,
    at_most,
    between,
    both,
    matching,
    refusal_rule,
    sets,
)
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_API = "https://docs.aws.amazon.com/codedeploy/latest/APIReference/"
_GROUP = f"{_API}API_CreateDeploymentGroup.html"
_CONFIG = f"{_API}API_MinimumHealthyHosts.html"
_ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
_GROUPS = tokens.DEPLOYMENT_GROUP
_CONFIGS = tokens.DEPLOYMENT_CONFIG
_METRIC_ALARMS = tokens.METRIC_ALARM

_DAY, _WEEK, _HOUR = 86400, 604800, 3600


def _minimum(config: Resource) -> str | None:
    hosts = config.get("minimumHealthyHosts")
    kind, value = dig(hosts, "type"), number(dig(hosts, "value"))
    if value is None:
        return None
    if value < 0 or (kind == "FLEET_PERCENT" and value > 100):
        return f"minimum_healthy_hosts is {show(kind)} {value:g}"
    return None


def _platform(config: Resource) -> Iterator[str]:
    platform = config.get("computePlatform") or "Server"
    if platform == "Server" and is_absent(config.get("minimumHealthyHosts")):
        yield "compute_platform is Server, minimum_healthy_hosts is not set"
    if platform == "Server" and not is_absent(config.get("trafficRoutingConfig")):
        yield "compute_platform is Server, traffic_routing_config is set"
    if platform in ("Lambda", "ECS") and not is_absent(config.get("minimumHealthyHosts")):
        yield f"compute_platform is {platform}, minimum_healthy_hosts is set"


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

_DEPLOYMENT_TABLE = (
    Refusal(
        types=_GROUPS,
        says="The maximum allowed number of triggers (10) was exceeded.",
        source=_GROUP,
        remedy="list at most ten trigger_configurations.",
        find=at_most("triggerConfigurations", 10),
    ),
    Refusal(
        types=_GROUPS,
        says=(
            "InvalidEC2TagCombinationException: only one of Ec2TagFilters and Ec2TagSet can be used "
            "in a single call."
        ),
        source=_GROUP,
        remedy="keep ec2_tag_filters or ec2_tag_sets.",
        find=both("ec2TagFilters", "ec2TagSets"),
    ),
    Refusal(
        types=_GROUPS,
        says=(
            "InvalidAutoRollbackConfigException: the automatic rollback configuration has an "
            "invalid event."
        ),
        source=f"{_API}API_AutoRollbackConfiguration.html",
        remedy="name DEPLOYMENT_FAILURE and DEPLOYMENT_STOP_ON_ALARM.",
        find=among(
            "autoRollbackConfiguration.events.*",
            "DEPLOYMENT_FAILURE",
            "DEPLOYMENT_STOP_ON_ALARM",
            "DEPLOYMENT_STOP_ON_REQUEST",
        ),
    ),
    Refusal(
        types=_GROUPS,
        says="OutdatedInstancesStrategy: UPDATE or IGNORE.",
        source=_GROUP,
        remedy='set outdated_instances_strategy to "UPDATE".',
        find=among("outdatedInstancesStrategy", "UPDATE", "IGNORE"),
    ),
    Refusal(
        types=_GROUPS,
        says="DeploymentGroupName: 1 to 100 characters.",
        source=_GROUP,
        remedy="shorten deployment_group_name.",
        find=matching("deploymentGroupName", r".+", LONGEST["deployment group"]),
    ),
    Refusal(
        types=_GROUPS,
        says="The wait before original instances are terminated is at most 2880 minutes.",
        source=f"{_API}API_BlueInstanceTerminationOption.html",
        remedy="set termination_wait_time_in_minutes to at most 2880.",
        find=between(
            "blueGreenDeploymentConfig.terminateBlueInstancesOnDeploymentSuccess"
            ".terminationWaitTimeInMinutes",
            0,
            2880,
        ),
    ),
    Refusal(
        types=_CONFIGS,
        says=(
            "InvalidMinimumHealthyHostValueException: The minimum healthy instance value was "
            "specified in an invalid format."
        ),
        source=_CONFIG,
        remedy="set minimum_healthy_hosts to HOST_COUNT 0 or more, or FLEET_PERCENT 0 to 100.",
        find=_minimum,
    ),
    Refusal(
        types=_CONFIGS,
        says="InvalidDeploymentConfigNameException: names that begin with CodeDeployDefault. are reserved.",
        source=f"{_API}API_CreateDeploymentConfig.html",
        remedy="set deployment_config_name to a name of your own, or use the predefined one by its name.",
        find=matching("deploymentConfigName", r"(?!CodeDeployDefault\.).+"),
    ),
    Refusal(
        types=_CONFIGS,
        says="MinimumHealthyHosts is for the compute platform Server, traffic routing for Lambda and ECS.",
        source=f"{_API}API_CreateDeploymentConfig.html",
        remedy="set what the compute platform has.",
        find=_platform,
    ),
)

DEPLOYMENT = refusal_rule(
    _DEPLOYMENT_TABLE,
    id="codedeploy-accepted",
    title="CodeDeploy accepts every deployment group and configuration",
    url=_GROUP,
    remedy="correct the deployment group or configuration as the message says.",
)


_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_EXTENDED = r"(?:p|tm|tc|ts|wm)\d{1,3}(?:\.\d+)?|IQM|(?:PR|TC|TM|TS|WM)\(.*\)"


_ALARM_TABLE = (
    Refusal(
        types=_METRIC_ALARMS,
        says="ValidationError: Exactly one element of the metrics list should return data.",
        source=_ALARM,
        remedy="set return_data to true in the query that the alarm is on, and in no other one.",
        find=_returns,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="ValidationError: Invalid metrics list: the expression refers to an id that is not in it.",
        source=_ALARM,
        remedy="write the ids of metric_queries in the expression.",
        find=_undefined,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="Period: 10, 20, 30 and any multiple of 60.",
        source=_ALARM,
        remedy="set period to 60 seconds.",
        find=_period,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says=(
            "Metrics cannot be checked across more than a day: EvaluationPeriods times Period is at "
            "most 86400 seconds, 604800 with periods of an hour."
        ),
        source=_ALARM,
        remedy="lower evaluation_periods or period.",
        find=_window,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="DatapointsToAlarm must be 1 or more and no more than EvaluationPeriods.",
        source=_ALARM,
        remedy="set datapoints_to_alarm to at most evaluation_periods.",
        find=_datapoints,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="For MetricName, you must specify either Statistic or ExtendedStatistic but not both.",
        source=_ALARM,
        remedy="set statistic, or extended_statistic for a percentile.",
        find=both("statistic", "extendedStatistic"),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="Specify either MetricName, with Period, a statistic and Threshold, or Metrics.",
        source=_ALARM,
        remedy="set metric_name with namespace, period, statistic and threshold, or metric_queries.",
        find=_metric,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="An alarm has at most five actions per state.",
        source=_ALARM,
        remedy="let one Amazon SNS topic notify several receivers.",
        find=_actions,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="ComparisonOperator: one of seven names, for example GreaterThanOrEqualToThreshold.",
        source=_ALARM,
        remedy="correct comparison_operator.",
        find=among("comparisonOperator", *_COMPARISONS),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="TreatMissingData: breaching, notBreaching, ignore, missing.",
        source=_ALARM,
        remedy='set treat_missing_data to "notBreaching", "breaching", "ignore" or "missing".',
        find=among("treatMissingData", "breaching", "notBreaching", "ignore", "missing"),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="Statistic: SampleCount, Average, Sum, Minimum, Maximum.",
        source=_ALARM,
        remedy="set statistic to one of them, or extended_statistic to a percentile such as p99.",
        find=among("statistic", *_STATISTICS),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="ExtendedStatistic: a percentile between p0.0 and p100, a trimmed mean, or the like.",
        source=_ALARM,
        remedy='set extended_statistic to a percentile such as "p99".',
        find=matching("extendedStatistic", _EXTENDED),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="EvaluationPeriods: 1 or more.",
        source=_ALARM,
        remedy="set evaluation_periods to 1 or more.",
        find=between("evaluationPeriods", 1, _WEEK),
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="ThresholdMetricId: an alarm on a band names its query, and has no Threshold.",
        source=_ALARM,
        remedy=(
            "set threshold_metric_id to the id of an ANOMALY_DETECTION_BAND in metric_queries, or "
            "comparison_operator to GreaterThanThreshold."
        ),
        find=_band,
    ),
    Refusal(
        types=_METRIC_ALARMS,
        says="AlarmName: 1 to 255 characters.",
        source=_ALARM,
        remedy="shorten the name of the alarm.",
        find=matching("name", r"(?s).+", 255),
    ),
)

ALARM = refusal_rule(
    _ALARM_TABLE,
    id="alarm-accepted",
    title="Amazon CloudWatch accepts every alarm",
    url=_ALARM,
    remedy="correct the alarm as the message says.",
)

RULES = (DEPLOYMENT, ALARM)
