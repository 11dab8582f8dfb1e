"""How AWS publishes the metrics that stacks are watched by: units, dimensions, and how often."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.alarms import Metric
from guardrails.architecture.outputs import passed_another
from guardrails.architecture.regions import GLOBAL, Regions
from guardrails.model import Violation
from guardrails.refusals import label
from guardrails.resources import Resource, Stack
from guardrails.service_models import faults, input_shape
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

APPLICATION, NETWORK = "AWS/ApplicationELB", "AWS/NetworkELB"
HOSTS = ("HealthyHostCount", "UnHealthyHostCount")
COUNTED_ONCE = re.compile(r"HTTPCode_\w+_Count|Target\w*ErrorCount|RejectedConnectionCount")
"""Metrics that report 1 for each event: their average, minimum and maximum are 1."""

_SUFFIXED = ("LoadBalancer", "TargetGroup")
"""Dimensions whose form alarm-can-go-off knows: an ARN's end."""
_UNITS = {
    "CPUUtilization": "Percent",
    "DatabaseConnections": "Count",
    "FreeStorageSpace": "Bytes",
    "FreeableMemory": "Bytes",
    "TargetResponseTime": "Seconds",
    "RequestCount": "Count",
    "RequestCountPerTarget": "Count",
    **dict.fromkeys(HOSTS, "Count"),
}
"""Units in which AWS publishes metrics; counts of answers are counts."""
_QUICK = (10, 20, 30)
"""Periods below a minute, in which most of AWS's metrics have no value. No other one is taken."""


def wrong_unit(alarm: Resource, metric: Metric) -> Iterator[Violation]:
    """Yield that an alarm asks for a metric in a unit, or so often, as AWS does not publish it."""
    if not str(metric.namespace).startswith("AWS/") or not is_absent(alarm.get("metricQueries")):
        return
    name, unit = str(metric.name), alarm.get("unit")
    published = _UNITS.get(name, "Count" if COUNTED_ONCE.fullmatch(name) else unit)
    path = (f'alarm "{alarm.name}"', f"metric {metric.describe()}")
    if isinstance(unit, str) and unit and unit != published and not _unheard_of(unit):
        yield Violation(
            f'Alarm "{alarm.name}" asks for {name} in {unit}, and AWS publishes it in {published}: it '
            "never has data and never goes off.",
            alarm,
            path,
            "leave unit of the alarm out, and set threshold in the unit in which the metric is published.",
        )
    some = alarm.get("datapointsToAlarm")
    many = (number(alarm.get("evaluationPeriods") if is_absent(some) else some) or 0) > 1
    if metric.period in _QUICK and many:
        yield Violation(
            f'Alarm "{alarm.name}" asks for {name} each {metric.period:g} s, and AWS publishes it once a '
            "minute: there are never two values in a row.",
            alarm,
            path,
            "set period to 60.",
        )


_OF_NO_REGION = ("AWS/CloudFront", "AWS/Route53", "AWS/Billing")
"""Namespaces of services that belong to no Region: AWS keeps their metrics in one."""


def in_no_region(stack: Stack, alarm: Resource, metric: Metric) -> Iterator[Violation]:
    """Yield that an alarm is not in the only Region that has the metrics of a service of no Region."""
    region = stack.derived(Regions).of(alarm)
    if metric.namespace not in _OF_NO_REGION or region in (None, GLOBAL):
        return
    yield Violation(
        f'Alarm "{alarm.name}" is in {region}, and AWS keeps the metrics of {metric.namespace} in '
        f"{GLOBAL} only: it never has data.",
        alarm,
        (f'alarm "{alarm.name}" in {region}', f"metric {metric.describe()} in {GLOBAL}"),
        f'set region of the alarm, and of the topic that it tells, to "{GLOBAL}".',
    )


_PUBLISHED_ON_DEMAND = re.compile(r"Group\w+")


def not_collected(stack: Stack, alarm: Resource, metric: Metric) -> Iterator[Violation]:
    """Yield that an alarm is on a metric that an Auto Scaling group does not publish by itself."""
    name = str(metric.name)
    if metric.namespace != "AWS/AutoScaling" or not _PUBLISHED_ON_DEMAND.fullmatch(name):
        return
    found = stack.references(
        alarm, metric.prop, tokens.AUTO_SCALING_GROUP, ("name", "id"), value=metric.dimensions
    )
    for group in found.resources:
        given = group.setting("enabledMetrics")
        if given is UNKNOWN or UNKNOWN in items(given) or name in items(given):
            continue
        yield Violation(
            f'Alarm "{alarm.name}" is on {name} of Auto Scaling group "{group.name}", which does not '
            f"publish it: enabled_metrics is {', '.join(map(str, items(given))) or 'not set'}.",
            alarm,
            (f'alarm "{alarm.name}"', f"metric {metric.describe()}", f'"{group.name}"'),
            f'add "{name}" to enabled_metrics of the Auto Scaling group.',
        )


_FILTER = ("aws:cloudwatch/logMetricFilter:LogMetricFilter",)


def of_no_filter(stack: Stack, alarm: Resource, metric: Metric) -> Iterator[Violation]:
    """Yield that an alarm is on a metric that the stack's log filters write under another name."""
    written = {
        (dig(given, "namespace"), dig(given, "name"))
        for one in stack.of(_FILTER)
        for given in (one.get("metricTransformation"),)
    }
    own = (metric.namespace, metric.name)
    if UNKNOWN in own or own in written or not all(isinstance(part, str) for part in own):
        return
    lower = tuple(str(part).lower() for part in own)
    for namespace, name in written:
        if (str(namespace).lower(), str(name).lower()) == lower:
            yield Violation(
                f'Alarm "{alarm.name}" is on {metric.describe()}, and the stack\'s log filter writes '
                f"{namespace} {name}: names are case-sensitive, and it never has data.",
                alarm,
                (f'alarm "{alarm.name}"', f"metric {metric.describe()}"),
                f"set namespace to {namespace} and metric_name to {name}.",
            )


def _unheard_of(unit: str) -> bool:
    """Return whether there is no such unit: values-accepted reports that."""
    shapes, parameters = input_shape("cloudwatch", "PutMetricAlarm")
    return any(faults(shapes, parameters, {"unit": unit}, "alarm"))


_KEYS = {
    "AWS/RDS": ("DBInstanceIdentifier", "DBClusterIdentifier"),
    "AWS/EC2": ("InstanceId", "AutoScalingGroupName"),
    "AWS/AutoScaling": ("AutoScalingGroupName",),
    "AWS/SQS": ("QueueName",),
    "AWS/Lambda": ("FunctionName",),
    "AWS/ElastiCache": ("ReplicationGroupId", "CacheClusterId", "clusterId"),
    APPLICATION: ("LoadBalancer", "TargetGroup"),
    NETWORK: ("LoadBalancer", "TargetGroup"),
}
"""By what AWS publishes the metrics that stacks are watched by; one of these is always given."""
_NAMED = {
    "DBInstanceIdentifier": (*tokens.DATABASE, *tokens.CLUSTER_INSTANCE),
    "DBClusterIdentifier": tokens.DATABASE_CLUSTER,
    "InstanceId": tokens.INSTANCE,
    "AutoScalingGroupName": tokens.AUTO_SCALING_GROUP,
    "QueueName": tokens.QUEUE,
    "FunctionName": tokens.LAMBDA_FUNCTION,
    "ReplicationGroupId": tokens.CACHE_GROUP,
    "CacheClusterId": (*tokens.CACHE_CLUSTER, *tokens.CACHE_GROUP),
    "LoadBalancer": tokens.LOAD_BALANCER,
    "TargetGroup": tokens.TARGET_GROUP,
}
"""What each dimension is the name of."""
_NAMED_TYPES = frozenset(kind for types in _NAMED.values() for kind in types)
_OUTPUTS = {
    "DBInstanceIdentifier": (tokens.DATABASE, "identifier", "id, which is its resource id,"),
    "QueueName": (tokens.QUEUE, "name", "id, which is its URL,"),
    "AutoScalingGroupName": (tokens.AUTO_SCALING_GROUP, "name", None),
    "FunctionName": (tokens.LAMBDA_FUNCTION, "name", None),
    "DBClusterIdentifier": (tokens.DATABASE_CLUSTER, "clusterIdentifier", None),
}
"""Per dimension what it is the name of, the output that has it, and what `id` is instead.

Where `id` is the name too, a value that is not known may be that.
"""


def other_dimension(stack: Stack, alarm: Resource, metric: Metric) -> Iterator[Violation]:
    """Yield that an alarm is on a dimension that there is not, or on one of something else."""
    given, keys = metric.dimensions, _KEYS.get(str(metric.namespace))
    if keys is None or not isinstance(given, dict) or not given or not isinstance(metric.name, str):
        return
    path = (f'alarm "{alarm.name}"', f"metric {metric.describe()}")
    lower = {one.lower(): one for one in keys}
    for name in given:
        meant = lower.get(name.lower())
        if meant is not None and meant != name:
            yield Violation(
                f'Alarm "{alarm.name}" is on the dimension {name}, by which there is no metric: it never '
                "has data.",
                alarm,
                path,
                f"write the dimension {meant}: names are case-sensitive.",
            )
            return
    if not any(name in keys for name in given) and metric.namespace == "AWS/RDS":
        yield Violation(
            f'Alarm "{alarm.name}" is on {", ".join(given)}, by which {metric.namespace} publishes '
            "nothing: it never has data.",
            alarm,
            path,
            f"set dimensions to {keys[0]}, or {' or '.join(keys[1:])}.",
        )
        return
    yield from _of_another(stack, alarm, metric, path)


def _of_another(
    stack: Stack, alarm: Resource, metric: Metric, path: tuple[str, ...]
) -> Iterator[Violation]:
    """Yield that a dimension takes its value from a resource of another kind, or from another output."""
    known = {name: value for name, value in metric.dimensions.items() if name in _NAMED}
    for name, value in known.items():
        if isinstance(value, str) and value.startswith("arn:") and name not in _SUFFIXED:
            yield Violation(
                f'Alarm "{alarm.name}" is on {name} {show(value)}, an ARN, by which there is no metric: '
                "it never has data.",
                alarm,
                path,
                f"set the dimension {name} to the name or identifier of the resource.",
            )
            return
    found = of_no_such_resource(stack, alarm, metric)
    if found is not None:
        name, sources = found
        names = ", ".join(f'"{one.name}"' for one in sources)
        output = "arn_suffix" if name in _SUFFIXED else "name or identifier"
        remedy = (
            f"set the dimension {name} to the {output} of the resource that the alarm is about."
        )
        if may_know_balancer(name, sources):
            yield Violation(
                f'whether alarm "{alarm.name}" ever has data is not known: {name} comes from {names}, '
                "whose load_balancer_arns may tell it, and nothing else.",
                alarm,
                path,
                remedy,
                undecided=True,
            )
            return
        yield Violation(
            f'Alarm "{alarm.name}" is on {name} of {names}, which is nothing of the kind: it '
            "never has data.",
            alarm,
            path,
            remedy,
        )
        return
    yield from _of_another_output(stack, alarm, metric, path)


def of_no_such_resource(
    stack: Stack, alarm: Resource, metric: Metric
) -> tuple[str, list[Resource]] | None:
    """Return a dimension that is not known yet and comes from nothing that it could be the name of.

    With it the resources from which the dimensions came. What a lookup passes on is not known.
    """
    if not isinstance(metric.dimensions, dict):
        return None
    sources = stack.origins(alarm, metric.prop)
    plain = all(one.type in _NAMED_TYPES for one in sources)
    if not sources or not (plain or set(metric.dimensions) <= set(_NAMED)):
        return None
    for name, value in metric.dimensions.items():
        fitting = _NAMED.get(name)
        if fitting and name in _SUFFIXED and not stack.of(fitting):
            continue  # that the stack has none, their own rules say
        if value is UNKNOWN and fitting and not any(one.type in fitting for one in sources):
            return name, sources
    return None


def may_know_balancer(dimension: str, sources: list[Resource]) -> bool:
    """Return whether a dimension may be made of the ARNs of its load balancers that a target group has."""
    return dimension == "LoadBalancer" and any(one.type in tokens.TARGET_GROUP for one in sources)


def _of_another_output(
    stack: Stack, alarm: Resource, metric: Metric, path: tuple[str, ...]
) -> Iterator[Violation]:
    for name, (types, output, identity) in _OUTPUTS.items():
        if metric.dimensions.get(name) is not UNKNOWN:
            continue
        sources = passed_another(stack, alarm, metric.prop, types, output)
        if not sources:
            continue
        said = label(output)
        names = ", ".join(f'"{one.name}"' for one in sources)
        remedy = f"set the dimension {name} to the output {said} of {names}."
        if identity is None:
            yield Violation(
                f'whether alarm "{alarm.name}" ever has data is not known: it is on {name} of {names} by '
                f"an output that the preview does not know, although it knows {said}. By an ARN there is "
                "no metric.",
                alarm,
                path,
                remedy,
                undecided=True,
            )
        else:
            yield Violation(
                f'Alarm "{alarm.name}" is on {name} of {names} by another output than {said}: by '
                f"{identity} or arn there is no metric, so it never has data.",
                alarm,
                path,
                remedy,
            )
        return
