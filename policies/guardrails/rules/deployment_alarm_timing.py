"""Rules about when an alarm that stops a deployment goes off, and when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from availability import alarm_timing

from guardrails.architecture.alarms import Alarms, Subject
from guardrails.architecture.deployments import Deployments
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.refused.alarm_refusals import refuses_timing
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, show

_MISSING_DOC = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"
)
_EVALUATION_DOC = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html"
)

_WITHOUT_REQUESTS = ("TargetResponseTime", "Latency", "RejectedConnectionCount")
_EFFECTS = MappingProxyType(
    {
        "breaching": "it goes off when there is none, and no deployment can start",
        "ignore": (
            "after an incident it stays in ALARM until there is data again, and no deployment can "
            "start"
        ),
    }
)


def _sparse(alarm: Resource) -> str | None:
    """Return the metric's name if it has data only where something happened.

    "CloudWatch metrics for your Application Load Balancer": reported where the value is not zero.
    """
    name = alarm.get("metricName")
    if not isinstance(name, str):
        return None
    rare = name.startswith("HTTPCode_") or name.endswith("ErrorCount") or name in _WITHOUT_REQUESTS
    return name if rare else None


def _missing_data(stack: Stack, _: Settings) -> Iterator[Violation]:
    alarms = stack.derived(Alarms)
    reported: set[Resource] = set()
    for deployment in stack.derived(Deployments).serving:
        if not deployment.watches:
            continue
        for named in deployment.alarms.any:
            for alarm in alarms.leaves(named):
                metric, missing = _sparse(alarm), alarm.get("treatMissingData")
                if metric is None or missing not in ("breaching", "ignore", UNKNOWN):
                    continue
                if alarm in reported:
                    continue
                reported.add(alarm)
                effect = _EFFECTS.get(str(missing), "what it does without data is not known")
                yield Violation(
                    f'Alarm "{alarm.name}" stops {deployment.step}, and metric {metric} has data '
                    f"only while there is something to report; treat_missing_data is "
                    f"{show(missing)}: {effect}.",
                    alarm,
                    (deployment.step, *alarms.path(named)),
                )


MISSING_DATA = StackRule(
    id="codedeploy-alarms-missing-data",
    title="An alarm that stops deployments is silent while nothing happens",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS08-BP04",)},
    url=_MISSING_DOC,
    remedy="set the alarm's treat_missing_data to notBreaching.",
    steps=(
        'Set treat_missing_data="notBreaching" where no data means no errors or no requests.',
        "Keep breaching for metrics that always have data, such as HealthyHostCount.",
    ),
    unknown="An unknown treat_missing_data is a violation: it is a plain setting.",
    check=_missing_data,
)


_LONGEST = 900.0
"""Seconds for which no deployment is taken to go on by its batches alone: an alarm that needs more stops
none."""


def _in_time(stack: Stack, settings: Settings) -> Iterator[Violation]:
    alarms = stack.derived(Alarms)
    batch = settings.integer("batchSeconds")
    for deployment in stack.derived(Deployments).serving:
        # The old instances of a blue/green deployment stay for a while: alarms have more time.
        if not deployment.watches or deployment.blue_green:
            continue
        telling = [
            alarm
            for alarm in deployment.alarms.any
            if alarms.subject(alarm, deployment.service) in (Subject.SERVICE, Subject.UNKNOWN)
        ]
        if any(refuses_timing(leaf) for alarm in telling for leaf in alarms.leaves(alarm)):
            continue  # alarm-accepted reports it: there is no such alarm
        times = [alarms.seconds(alarm) for alarm in telling]
        known = [time for time in times if time is not None]
        left = deployment.goes_on(batch)
        if not known or len(known) < len(times) or deployment.alarms.foreign or left is None:
            continue
        fastest = min(known)
        problem = alarm_timing.too_late(fastest, left)
        if problem is None:
            continue
        first = telling[known.index(fastest)]
        # Without a wait that is written down, only how long the batches take gives alarms time.
        estimated = not deployment.watches_zones and fastest <= _LONGEST
        soonest = min(alarms.seconds(one, alarm_timing.at_least) or fastest for one in telling)
        by = f", if a batch of instances takes {batch} s" if estimated else ""
        yield Violation(
            f'{deployment.label} watches no alarm that goes off in time; "{first.name}" is the '
            f"fastest: {problem}{by}.",
            deployment.resource,
            (
                *alarms.path(first),
                f"(1 + datapoints_to_alarm) x period, and until the metric is there: {fastest:g} s",
                f"deployment configuration {deployment.minimum.name} goes on for {left:g} s",
                deployment.step,
            ),
            undecided=estimated or soonest <= left,
        )


IN_TIME = StackRule(
    id="codedeploy-alarms-in-time",
    title="An alarm goes off while the deployment can still be stopped",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP04", "REL06-BP04")},
    url=_EVALUATION_DOC,
    remedy=(
        "name an alarm on the service's errors with period 60 and datapoints_to_alarm 2 in "
        "alarm_configuration, and create an aws.codedeploy.DeploymentConfig whose "
        "zonal_config.first_zone_monitor_duration_in_seconds is 240, so that CodeDeploy watches the "
        "first zone before it goes on."
    ),
    steps=(
        (
            "An alarm needs up to (1 + datapoints_to_alarm) x period seconds of bad answers, as they may "
            "begin at the end of a period, and up to a minute more until the metric is there."
        ),
        (
            "CodeDeploy asks for alarms only until the deployment ends, and does not roll back what has "
            "ended."
        ),
        "No predefined configuration waits: set zonal_config in one of this stack.",
        "Raise this rule's parameter batchSeconds if a batch of your instances takes longer.",
    ),
    unknown=(
        "An unknown period, number of periods or zone, and a configuration of another stack, count as "
        "in time. Without a zonal_config it is an advisory, unless the alarm needs more than 900 s: how "
        "long your batches take is not known here."
    ),
    parameters={
        "batchSeconds": {
            "type": "integer",
            "minimum": 0,
            "default": int(alarm_timing.BATCH),
            "description": "Seconds that a deployment takes at least for one batch of instances.",
        }
    },
    check=_in_time,
)

RULES = (MISSING_DATA, IN_TIME)
