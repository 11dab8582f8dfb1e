"""Rules about the alarms that stop a deployment: they exist, watch the service, and are heeded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guardrails import tokens
from guardrails.architecture.alarms import ALARM_KEYS, HOST_COUNTS, Alarms, Subject
from guardrails.architecture.deployments import Deployment, Deployments
from guardrails.architecture.misplaced import meant_for
from guardrails.architecture.targets import Targets
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.property_rules import must_be, property_rule
from guardrails.published_metrics import may_know_balancer, of_no_such_resource
from guardrails.resources import Resource, Stack
from guardrails.rules.deployment_targets import near
from guardrails.values import number, show

_DOC = "https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html"
_API = "https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_AlarmConfiguration.html"
_SERVICE_ALARM = (
    "name an alarm on what visitors of this service notice: HTTPCode_Target_5XX_Count or "
    "TargetResponseTime of its own load balancer and target group"
)
_AT_MOST = 10
"""Alarms that a deployment group takes (CodeDeploy API reference, AlarmConfiguration)."""


def _watching(stack: Stack) -> Iterator[Deployment]:
    """Yield what watches alarms; codedeploy-rollback-and-alarms reports what does not."""
    for deployment in stack.derived(Deployments).serving:
        if deployment.watches:
            yield deployment


def _exist(stack: Stack, settings: Settings) -> Iterator[Violation]:
    elsewhere = settings.texts("otherAlarms")
    for deployment in _watching(stack):
        for name in deployment.alarms.foreign:
            if name not in elsewhere:
                yield _missing(stack, deployment, name)


def _missing(stack: Stack, deployment: Deployment, name: str) -> Violation:
    what = f'{deployment.label} watches alarm "{name}"'
    if name.startswith("arn:"):
        return Violation(f"{what}: that is an ARN, CodeDeploy takes the name.", deployment.resource)
    meant = _meant(stack, deployment, name)
    if meant is not None:
        return Violation(
            f'{what}, a name that no alarm has; this stack has alarm "{meant}".',
            deployment.resource,
        )
    return Violation(
        f"{what}, which is not in this stack: whether it exists is not known.",
        deployment.resource,
        remedy=(
            "create the alarm in this stack and pass its name output, or list the name in this "
            "rule's parameter otherAlarms."
        ),
        undecided=True,
    )


def _meant(stack: Stack, deployment: Deployment, name: str) -> str | None:
    """Return the alarm of this stack that was probably meant."""
    every = stack.of(tokens.ALARM)
    known = [
        named
        for alarm in every
        for named in (alarm.name, *(alarm.get(key) for key in ALARM_KEYS))
        if isinstance(named, str)
    ]
    similar = near(name, known)
    if similar is not None or deployment.alarms.any:
        return similar
    # It names none of this stack's, which has one on this very service.
    alarms = stack.derived(Alarms)
    own = (
        alarm.name
        for alarm in every
        if alarms.subject(alarm, deployment.service) is Subject.SERVICE
        and not alarms.counts_hosts(alarm)
    )
    return next(own, None)


EXIST = StackRule(
    id="codedeploy-alarms-exist",
    title="The alarms that stop a deployment exist",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP04",)},
    url=_DOC,
    remedy="pass the name output of each alarm to alarm_configuration.alarms.",
    steps=(
        "Write alarms=[alarm.name], not a name typed a second time.",
        "List alarms of another stack in this rule's parameter otherAlarms.",
    ),
    unknown=(
        "An unknown name is resolved through the alarm it comes from. A known name that is not in "
        "this stack is not decidable, unless it resembles the name of one of its alarms, or the "
        "deployment group names none of this stack's, which has one on the same service."
    ),
    parameters={
        "otherAlarms": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Names of alarms outside the stack that watch the service.",
        }
    },
    check=_exist,
)


def _at_most(stack: Stack, _: Settings) -> Iterator[Violation]:
    for deployment in stack.derived(Deployments).servers:
        count = deployment.alarm_count
        if count is not None and count > _AT_MOST:
            yield Violation(
                f"{deployment.label} names {count} alarms; CodeDeploy takes {_AT_MOST}.",
                deployment.resource,
            )


AT_MOST = StackRule(
    id="codedeploy-alarms-at-most-ten",
    title="A deployment group names at most ten alarms",
    question=Question.VALID,
    severity=Severity.LOW,
    url=_API,
    remedy=(
        "leave out the alarms that a rollback cannot resolve, or combine them in an "
        "aws.cloudwatch.CompositeAlarm."
    ),
    steps=(
        "Keep the alarms on requests; leave those on the database to their own actions.",
        "Combine further ones in one composite alarm and name that.",
    ),
    unknown="A list that is unknown as a whole is not counted.",
    check=_at_most,
)


def blind_alarms(stack: Stack) -> set[Resource]:
    """Return the alarms of deployment groups none of which watches the service.

    `codedeploy-alarms-watch-service` reports them: an alarm on the service takes their place.
    """
    found: set[Resource] = set()
    for violation in _watch_service(stack, Settings({}, {})):
        for deployment in _watching(stack):
            if deployment.resource is violation.resource and not violation.undecided:
                found.update(deployment.alarms.any)
    return found


def _watch_service(stack: Stack, _: Settings) -> Iterator[Violation]:
    alarms = stack.derived(Alarms)
    if stack.derived(Deployments).unreleased:
        return  # codedeploy-deployment-group reports what addresses another service
    for deployment in _watching(stack):
        found = deployment.alarms
        if not deployment.target_groups or found.foreign or not found.any:
            continue  # workers have no requests; codedeploy-alarms-exist reports other stacks' alarms
        parties = map(stack.derived(Targets).fleet_party, deployment.groups.any)
        if any(meant_for(stack, party) is not None for party in parties):
            continue  # the fleet is behind another target group than it should: tg-has-targets
        subjects = {one: alarms.subject(one, deployment.service) for one in found.any}
        if Subject.SERVICE in subjects.values():
            continue
        unknown = [one for one, about in subjects.items() if about is Subject.UNKNOWN]
        first = unknown[0] if unknown else found.any[0]
        path = (deployment.step, *alarms.path(first))
        if any(_misdirected(stack, one) for one in unknown):
            continue  # alarm-can-go-off names the dimension
        if unknown or found.untraced:
            yield Violation(
                f'what alarm "{first.name}" watches is not known in this preview, and '
                f"{deployment.step} has none that certainly watches its service.",
                deployment.resource,
                path,
                remedy=f"{_SERVICE_ALARM}, with dimensions that the program sets directly.",
                undecided=True,
            )
            continue
        names = ", ".join(f'"{one.name}"' for one in found.any)
        verb = "watch" if len(found.any) > 1 else "watches"
        about = sorted({one.value for one in subjects.values()})
        yield Violation(
            f"{deployment.label} has no alarm on its service's requests: {names} {verb} "
            f"{' and '.join(about)}. A revision that answers with errors would be kept.",
            deployment.resource,
            path,
        )


def _misdirected(stack: Stack, alarm: Resource) -> bool:
    """Return whether an alarm is on a dimension of something that is nothing of the kind."""
    metrics = stack.derived(Alarms).watch(alarm).metrics
    found = [of_no_such_resource(stack, alarm, metric) for metric in metrics]
    return any(one is not None and not may_know_balancer(*one) for one in found)


WATCH_SERVICE = StackRule(
    id="codedeploy-alarms-watch-service",
    title="An alarm that stops a deployment watches the service itself",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP04", "REL06-BP01")},
    url=_DOC,
    remedy=f"{_SERVICE_ALARM}.",
    steps=(
        "Create an aws.cloudwatch.MetricAlarm in namespace AWS/ApplicationELB.",
        "Set its dimensions LoadBalancer and TargetGroup to the arn_suffix outputs.",
        "Add its name to alarm_configuration.alarms.",
    ),
    unknown=(
        "Unknown dimensions are resolved through the load balancers and target groups they come "
        "from; metrics of a custom namespace count as the service's. What stays unknown is "
        "not decidable."
    ),
    check=_watch_service,
)


def _moved(deployment: Deployment, alarm: Resource) -> tuple[str, float, int] | None:
    """Return group, size and what stays of it, if a deployment itself sets off the alarm."""
    metric, threshold = alarm.get("metricName"), number(alarm.get("threshold"))
    comparison = str(alarm.get("comparisonOperator"))
    if metric not in HOST_COUNTS or threshold is None:
        return None
    for group, size, kept in deployment.sizes():
        value = kept if metric == "HealthyHostCount" else size - kept
        crossed = {
            "LessThanThreshold": value < threshold,
            "LessThanOrEqualToThreshold": value <= threshold,
            "GreaterThanThreshold": value > threshold,
            "GreaterThanOrEqualToThreshold": value >= threshold,
        }.get(comparison, False)
        rises = comparison.startswith("Greater")
        if kept and crossed and rises == (metric == "UnHealthyHostCount"):
            return group.name, size, kept
    return None


def _not_moved(stack: Stack, _: Settings) -> Iterator[Violation]:
    alarms = stack.derived(Alarms)
    for deployment in _watching(stack):
        if deployment.blue_green:
            continue
        for alarm in deployment.alarms.any:
            leaves = list(alarms.leaves(alarm))
            moved = [found for one in leaves if (found := _moved(deployment, one)) is not None]
            if len(moved) < len(leaves):
                continue
            group, size, kept = moved[0]
            yield Violation(
                f"{deployment.label} stops on what each deployment does: it keeps {kept} of "
                f'{size:g} instances in service, and alarm "{alarm.name}" goes off at '
                f"{alarm.get('metricName') or 'host counts'} {show(alarm.get('threshold'))}.",
                deployment.resource,
                (
                    deployment.step,
                    f'{kept} of {size:g} instances of Auto Scaling group "{group}"',
                    *alarms.path(alarm),
                ),
            )


NOT_MOVED = StackRule(
    id="codedeploy-alarms-not-moved",
    title="No deployment sets off the alarm that stops it",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP04",)},
    url="https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-elastic-load-balancing.html",
    remedy=(
        "take the alarm out of alarm_configuration, or set its threshold beyond what a deployment "
        f"leaves; {_SERVICE_ALARM}."
    ),
    steps=(
        "A deployment in place takes instances out of the target group: HealthyHostCount falls.",
        "Alarm on HTTPCode_Target_5XX_Count and TargetResponseTime instead.",
        "Keep the alarm on host counts for people: give it alarm_actions.",
    ),
    unknown=(
        "An unknown threshold is a violation of no rule: it is not compared. An unknown min_size "
        "is reported by codedeploy-healthy-hosts-possible."
    ),
    check=_not_moved,
)


def _has_alarms(deployment: Resource) -> bool:
    """Return whether alarms are configured; if not codedeploy-rollback-and-alarms reports it."""
    return isinstance(deployment.get("alarmConfiguration"), Mapping)


POLL_FAILURE = property_rule(
    must_be(
        "alarmConfiguration.ignorePollAlarmFailure",
        False,
        'Deployment group "{name}" goes on without its alarms where CloudWatch cannot be asked',
        default="false",
        applies=_has_alarms,
    ),
    tokens.DEPLOYMENT_GROUP,
    id="codedeploy-alarms-polled",
    title="A deployment does not continue when its alarms cannot be read",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    # CloudWatch can seldom not be asked, and some deployments are wanted all the more then.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP04",)},
    url=_API,
    remedy="set alarm_configuration.ignore_poll_alarm_failure to false or leave it out.",
    steps=(
        "Remove ignore_poll_alarm_failure or set it to false.",
        "Let the service role call cloudwatch:DescribeAlarms, else no deployment starts.",
    ),
)

RULES = (EXIST, AT_MOST, WATCH_SERVICE, NOT_MOVED, POLL_FAILURE)
