"""The rule about alarms on load balancers: their metric exists, and can cross the threshold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.alarm_scales import off_scale
from guardrails.architecture.alarms import Alarms, Metric
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.published_metrics import (
    APPLICATION,
    COUNTED_ONCE,
    HOSTS,
    NETWORK,
    in_no_region,
    not_collected,
    of_no_filter,
    other_dimension,
    wrong_unit,
)
from guardrails.resources import Resource, Stack
from guardrails.rules.deployment_alarms import blind_alarms
from guardrails.values import UNKNOWN, is_absent, number, show

_URL = (
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
    "load-balancer-cloudwatch-metrics.html"
)

_OF_BALANCER = (
    "ActiveConnectionCount", "ClientTLSNegotiationErrorCount", "ConsumedLCUs",
    "DesyncMitigationMode_NonCompliant_Request_Count", "DroppedInvalidHeaderRequestCount",
    "ELBAuthError", "ELBAuthFailure", "HTTP_Fixed_Response_Count", "HTTP_Redirect_Count",
    "HTTP_Redirect_Url_Limit_Exceeded_Count", "HTTPCode_ELB_3XX_Count", "HTTPCode_ELB_4XX_Count",
    "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_500_Count", "HTTPCode_ELB_502_Count",
    "HTTPCode_ELB_503_Count", "HTTPCode_ELB_504_Count", "NewConnectionCount", "PeakLCUs",
    "ProcessedBytes", "RejectedConnectionCount", "RuleEvaluations",
)  # fmt: skip
"""Metrics of an Application Load Balancer that have no target group."""

_OF_BOTH = (
    "HTTPCode_Target_2XX_Count", "HTTPCode_Target_3XX_Count", "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count", "RequestCount", "TargetConnectionErrorCount",
    "TargetResponseTime", "TargetTLSNegotiationErrorCount", "LambdaInternalError",
    "LambdaUserError",
)  # fmt: skip
"""Metrics by load balancer, or by load balancer and target group."""

_ALONE = "RequestCountPerTarget"
"""The only metric that is also published by target group alone."""

_BAD = re.compile(r"HTTPCode_\w+_[45]\w\w_Count|Target\w*ErrorCount|UnHealthyHostCount|Rejected\w+")

_LONGEST_ANSWER = 4000
"""Seconds: the longest idle timeout of an Application Load Balancer."""

_SUFFIX = {
    "LoadBalancer": re.compile(r"(?:app|net|gwy)/[^/]+/[0-9a-f]+"),
    "TargetGroup": re.compile(r"targetgroup/[^/]+/[0-9a-f]+"),
}


def _never(stack: Stack, _: Settings) -> Iterator[Violation]:
    alarms, blind = stack.derived(Alarms), blind_alarms(stack)
    for alarm in stack.of(tokens.METRIC_ALARM):
        if alarm in blind:
            continue  # codedeploy-alarms-watch-service says what to watch instead
        for metric in alarms.watch(alarm).metrics:
            yield from wrong_unit(alarm, metric)
            yield from other_dimension(stack, alarm, metric)
            yield from in_no_region(stack, alarm, metric)
            yield from not_collected(stack, alarm, metric)
            yield from of_no_filter(stack, alarm, metric)
            yield from off_scale(alarm, metric)
            if metric.namespace not in (APPLICATION, NETWORK) or not isinstance(metric.name, str):
                continue
            reasons = [
                *_no_data(metric),
                *_of_another_balancer(stack, alarm, metric),
                *_no_crossing(alarm, metric),
                *_too_high(stack, alarm, metric),
            ]
            found = next(iter(reasons), None)
            if found is not None:
                problem, remedy = found
                yield Violation(
                    f'Alarm "{alarm.name}" {problem}.',
                    alarm,
                    (f'alarm "{alarm.name}"', f"metric {metric.describe()}"),
                    remedy,
                )
                break


def _no_data(metric: Metric) -> tuple[tuple[str, str], ...]:
    """Return why there is no such metric, with the remedy."""
    name, dimensions = str(metric.name), metric.dimensions
    if metric.namespace == APPLICATION:
        known = (*_OF_BALANCER, *_OF_BOTH, *HOSTS, _ALONE)
        meant = next((one for one in known if one.lower() == name.lower()), name)
        if name != meant:
            return (
                (
                    f"is on {name}, a metric that there is not: it never has data and never goes off",
                    f"set metric_name to {meant}; names are case-sensitive.",
                ),
            )
    if not isinstance(dimensions, dict) or UNKNOWN in dimensions:
        return ()
    return tuple(_misplaced(metric, name, dimensions))


def _misplaced(metric: Metric, name: str, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    balancer, target = given.get("LoadBalancer"), given.get("TargetGroup")
    for key, form in _SUFFIX.items():
        value = given.get(key)
        if isinstance(value, str) and value and form.fullmatch(value) is None:
            yield (
                f"is on {key} {show(value)}, by which there is no metric: it never has data",
                f"set the dimension {key} to the arn_suffix of the resource.",
            )
    if is_absent(balancer) and not is_absent(target) and name != _ALONE:
        yield (
            f"is on {name} by target group alone, by which ELB publishes nothing: it never has data",
            "add the dimension LoadBalancer, the load balancer's arn_suffix.",
        )
    if is_absent(target) and not is_absent(balancer) and name in HOSTS:
        yield (
            f"is on {name} by load balancer alone, by which ELB publishes nothing: it never has data",
            "add the dimension TargetGroup, the target group's arn_suffix.",
        )
    if not is_absent(target) and metric.namespace == APPLICATION and name in _OF_BALANCER:
        yield (
            (
                f"is on {name} by target group, which the load balancer answers itself: it never has "
                "data"
            ),
            (
                "remove the dimension TargetGroup, or set metric_name to HTTPCode_Target_5XX_Count, "
                "which the targets answer."
            ),
        )


def _of_another_balancer(
    stack: Stack, alarm: Resource, metric: Metric
) -> Iterator[tuple[str, str]]:
    """Yield that a metric is of a target group of this stack, and of a balancer that is not before it."""
    given = metric.dimensions if isinstance(metric.dimensions, dict) else {}
    written = given.get("LoadBalancer")
    if not isinstance(written, str) or _SUFFIX["LoadBalancer"].fullmatch(written) is None:
        return
    if written in {one.get("arnSuffix") for one in stack.of(tokens.LOAD_BALANCER)}:
        return
    found = stack.references(
        alarm, metric.prop, tokens.TARGET_GROUP, ("arnSuffix",), value=[given.get("TargetGroup")]
    )
    senders = [one for group in found.resources for one in stack.derived(Traffic).senders(group)]
    if senders:
        yield (
            (
                f'is on target group "{found.resources[0].name}" behind load balancer "{written}", which '
                "is not the one that it is behind: there is no such metric, and it never has data"
            ),
            f'set the dimension LoadBalancer to the arn_suffix of "{senders[0].name}".',
        )


def _below_none(alarm: Resource, name: str) -> tuple[tuple[str, str], ...]:
    """Return that a count of hosts, which is never below 0, is to fall below 0."""
    threshold, comparison = number(alarm.get("threshold")), alarm.get("comparisonOperator")
    least = {"LessThanThreshold": 0, "LessThanOrEqualToThreshold": -1}.get(str(comparison))
    if name not in HOSTS or least is None or threshold is None or threshold > least:
        return ()
    return (
        (
            f"waits for {name} to fall below none ({threshold:g}): it never goes off",
            "set threshold to the smallest number of hosts that is enough.",
        ),
    )


def _no_crossing(alarm: Resource, metric: Metric) -> Iterator[tuple[str, str]]:
    if not is_absent(alarm.get("metricQueries")):
        return
    comparison, name = str(alarm.get("comparisonOperator")), str(metric.name)
    statistic, threshold = alarm.get("statistic"), number(alarm.get("threshold"))
    above = comparison.startswith("Greater")
    yield from _below_none(alarm, name)
    averaged = statistic in ("Average", "Minimum", "Maximum") and COUNTED_ONCE.fullmatch(name)
    if averaged and above and threshold is not None:
        highest = 0.99 if comparison == "GreaterThanThreshold" else 1
        if threshold > highest:
            yield (
                (
                    f"compares the {show(statistic)} of {name}, which is 1 whenever there is any, with "
                    f"{threshold:g}: it never goes off"
                ),
                'set statistic to "Sum".',
            )
    if comparison.startswith("LessThan") and _BAD.fullmatch(name):
        yield (
            (
                f"goes off while {name} is low ({comparison} {show(alarm.get('threshold'))}): while "
                "all is well, and not when it is not"
            ),
            'set comparison_operator to "GreaterThanThreshold".',
        )
    if above and name == "HealthyHostCount":
        yield (
            (
                f"goes off while {name} is high ({comparison} {show(alarm.get('threshold'))}): while "
                "all is well, and not when it is not"
            ),
            'set comparison_operator to "LessThanThreshold".',
        )


def _largest(stack: Stack, alarm: Resource, metric: Metric) -> float | None:
    """Return how many targets the metric's target group has at most, `None` if that is not known."""
    found = stack.references(
        alarm, metric.prop, tokens.TARGET_GROUP, ("arnSuffix", "arn", "id", "name")
    ).resources
    if len(found) != 1:
        return None
    members = stack.derived(Targets).members(found[0])
    groups = [stack.derived(Fleets).of(one) for one in members.fleets]
    if not groups or not members.only_fleets:
        return None
    sizes = [number(one.resource.get("maxSize")) for one in groups]
    scheduled = [number(one.get("maxSize")) for group in groups for one in group.schedules]
    if None in sizes or None in scheduled:
        return None
    highest = max((one for one in scheduled if one is not None), default=0)
    return max(sum(one for one in sizes if one is not None), highest)


def _too_high(stack: Stack, alarm: Resource, metric: Metric) -> Iterator[tuple[str, str]]:
    """Yield that a threshold is above whatever the metric can be."""
    threshold, comparison = number(alarm.get("threshold")), str(alarm.get("comparisonOperator"))
    if threshold is None or not is_absent(alarm.get("metricQueries")):
        return
    if metric.name in HOSTS and alarm.get("statistic") == "SampleCount":
        yield (
            f"counts how often {metric.name} is reported, not how many hosts there are",
            'set statistic to "Maximum" for UnHealthyHostCount, "Minimum" for HealthyHostCount.',
        )
        return
    if comparison not in ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold"):
        return
    reached = comparison == "GreaterThanOrEqualToThreshold"
    if metric.name == "TargetResponseTime" and threshold > _LONGEST_ANSWER:
        yield (
            (
                f"waits for answers that take more than {threshold:g} s: TargetResponseTime is in "
                "seconds, and no answer takes that long"
            ),
            "set threshold in seconds, for example 0.5.",
        )
    if metric.name == "UnHealthyHostCount" and alarm.get("statistic") != "Sum":
        most = _largest(stack, alarm, metric)
        if most is not None and (threshold > most or (threshold == most and not reached)):
            yield (
                (
                    f"waits for {'' if reached else 'more than '}{threshold:g} unhealthy hosts, and "
                    f"the fleet has {most:g} at most: it never goes off"
                ),
                "set threshold to 0 with GreaterThanThreshold: one unhealthy host is told.",
            )


ALARM_GOES_OFF = StackRule(
    id="alarm-can-go-off",
    title="An alarm has data, and goes off when something is wrong",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL06-BP01", "OPS06-BP04")},
    url=_URL,
    remedy="set namespace, metric_name, dimensions and statistic as ELB publishes the metric.",
    steps=(
        "Take both dimensions from arn_suffix: LoadBalancer, and TargetGroup for one target group.",
        "Set statistic to Sum for counts of answers, GreaterThanThreshold for what is bad.",
    ),
    unknown="What the preview does not know is accepted: ids of what is still to be created.",
    check=_never,
)

RULES = (ALARM_GOES_OFF,)
