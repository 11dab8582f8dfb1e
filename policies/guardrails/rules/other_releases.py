"""Rules about what is released without CodeDeploy: images, containers and functions."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.alarms import ALARM_KEYS, Alarms, Subject, service_behind
from guardrails.architecture.containers import Containers, ContainerService
from guardrails.architecture.deployments import Deployments
from guardrails.architecture.serving import Serving
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show


def _refresh(stack: Stack, _: Settings) -> Iterator[Violation]:
    if stack.derived(Deployments).servers:
        return  # CodeDeploy releases, and codedeploy-auto-rollback asks
    for group in stack.derived(Serving).groups:
        refresh = group.given("instanceRefresh")
        back = dig(refresh, "preferences", "autoRollback")
        if refresh is None or refresh is UNKNOWN or is_true(back):
            continue
        yield Violation(
            f'Auto Scaling group "{group.name}" releases by instance refresh and does not go back '
            f"when that fails: auto_rollback is {show(back)}. What it launches from then on is what "
            "failed.",
            group.resource,
        )


REFRESH_ROLLS_BACK = StackRule(
    id="asg-refresh-rolls-back",
    title="An instance refresh that releases rolls back when it fails",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP04", "REL08-BP05")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html",
    remedy=(
        "set instance_refresh.preferences.auto_rollback to true, and the version of the launch "
        "template to template.latest_version, a number, which can be gone back from."
    ),
    steps=(
        "Set auto_rollback, and name the template's latest_version, which can be rolled back to.",
        "Set alarm_specification to alarms on the service's errors and response time.",
    ),
    unknown="An unknown switch is a violation: it is a plain setting.",
    check=_refresh,
)


def _completes(stack: Stack, settings: Settings) -> Iterator[Violation]:
    for group in stack.derived(Serving).groups:
        preferences = dig(group.given("instanceRefresh"), "preferences")
        points = items(dig(preferences, "checkpointPercentages"))
        last = number(points[-1]) if points else None
        if last is not None and last < 100:
            yield Violation(
                f'An instance refresh of Auto Scaling group "{group.name}" ends with {last:g} % of its '
                "instances replaced, and leaves the others as they are: that is the last of "
                "checkpoint_percentages.",
                group.resource,
                (f'Auto Scaling group "{group.name}"', f"checkpoint at {last:g} %", "end"),
            )
        alarms = dig(preferences, "alarmSpecification", "alarms")
        named = stack.references(
            group.resource, "instanceRefresh", tokens.ALARM, ALARM_KEYS, value=alarms
        )
        for name in named.foreign:
            if not is_absent(alarms) and name not in settings.texts("otherAlarms"):
                yield Violation(
                    f'an instance refresh of Auto Scaling group "{group.name}" watches alarm "{name}", '
                    "which is not in this stack: whether it exists is not known.",
                    group.resource,
                    remedy=(
                        "create the alarm in this stack and pass its name output, or list the name in "
                        "this rule's parameter otherAlarms."
                    ),
                    undecided=True,
                )


REFRESH_COMPLETES = StackRule(
    id="asg-refresh-completes",
    title="An instance refresh replaces every instance, and stops on alarms that exist",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP03", "REL08-BP05")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-adding-checkpoints-instance-refresh.html",
    remedy="end checkpoint_percentages with 100, or leave it out.",
    steps=(
        "Write checkpoint_percentages=[50, 100], with checkpoint_delay for the time to look at it.",
        "Write alarms=[alarm.name] in alarm_specification, not a name typed a second time.",
    ),
    unknown=(
        "A percentage that is not known is not judged; an unknown name is resolved through the alarm "
        "it comes from."
    ),
    parameters={
        "otherAlarms": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Names of alarms outside the stack that watch the service.",
        }
    },
    check=_completes,
)

_CONTROLLERS = ("CODE_DEPLOY", "EXTERNAL")


def _containers(stack: Stack, _: Settings) -> Iterator[Violation]:
    for service in stack.of(tokens.CONTAINER_SERVICE):
        if service.get("deploymentController", "type") in _CONTROLLERS:
            continue  # whoever deploys rolls back
        breaker, alarms = service.get("deploymentCircuitBreaker"), service.get("alarms")
        goes_back = any(
            is_true(dig(one, "enable")) and is_true(dig(one, "rollback"))
            for one in (breaker, alarms)
        )
        if not goes_back:
            yield Violation(
                f'Service "{service.name}" does not go back when a deployment fails: '
                f"{_breaker(service)}.",
                service,
            )
    for service in stack.derived(Containers).services:
        watching = is_true(dig(service.resource.get("alarms"), "enable"))
        strange = _strange(stack, service) if watching else []
        if strange:
            names = ", ".join(f'"{one.name}"' for one in strange)
            yield Violation(
                f'Deployments of service "{service.name}" are stopped by alarms of something else: '
                f"{names}. One that answers with errors stays.",
                service.resource,
                (f'service "{service.name}"', *stack.derived(Alarms).path(strange[0])),
                "name alarms on the service's own target group in alarm_names of alarms.",
            )


def _breaker(service: Resource) -> str:
    name = "deploymentCircuitBreaker"
    if not isinstance(service.get(name), dict):
        return f"deployment_circuit_breaker is {service.shown(name)}"
    switches = ("enable", "rollback")
    off = next((one for one in switches if not is_true(service.get(name, one))), "rollback")
    return f"{off} of deployment_circuit_breaker is {service.shown(name, off)}"


def _strange(stack: Stack, service: ContainerService) -> list[Resource]:
    """Return the alarms of a service if every one of them certainly watches something else."""
    targets = service.targets.resources
    found = stack.references(
        service.resource,
        "alarms",
        tokens.ALARM,
        ALARM_KEYS,
        value=service.resource.get("alarms", "alarmNames"),
    )
    if not targets or not found.resources or not found.complete:
        return []
    own = service_behind(stack, targets)
    subjects = [stack.derived(Alarms).subject(one, own) for one in found.resources]
    elsewhere = all(one is Subject.ELSEWHERE for one in subjects)
    return list(found.resources) if elsewhere else []


CONTAINERS_ROLL_BACK = StackRule(
    id="ecs-service-rolls-back",
    title="A failed ECS deployment is rolled back",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    # The old tasks go on serving; what is lost is the attempt.
    level=Level.ADVISORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP04", "REL08-BP05")},
    url="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html",
    remedy="set deployment_circuit_breaker with enable and rollback true.",
    steps=(
        "Set deployment_circuit_breaker=dict(enable=True, rollback=True).",
        "Or set alarms with enable and rollback true, and name alarms on the service's errors.",
    ),
    unknown=(
        "An unknown circuit breaker is a violation: it is a plain setting. An alarm of which it is not "
        "known what it watches counts as one on the service."
    ),
    check=_containers,
)

_LIMITS = ("sourceArn", "sourceAccount", "principalOrgId", "eventSourceToken")


def _functions(stack: Stack, _: Settings) -> Iterator[Violation]:
    for address in stack.of(tokens.FUNCTION_URL):
        if address.get("authorizationType") == "NONE":
            yield Violation(
                f'Function URL "{address.name}" lets everybody call its function: authorization_type '
                'is "NONE".',
                address,
                remedy='set authorization_type to "AWS_IAM", or call it through the load balancer.',
            )
    for permission in stack.of(tokens.LAMBDA_PERMISSION):
        limited = any(not is_absent(permission.get(name)) for name in _LIMITS)
        if permission.get("principal") == "*" and not limited:
            yield Violation(
                f'Permission "{permission.name}" lets everybody call its function: principal is '
                '"*" without source_arn or source_account.',
                permission,
            )


FUNCTION_NOT_PUBLIC = StackRule(
    id="lambda-not-public",
    title="No function can be called by everyone",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    # A function URL for the public needs it.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED",),
        "Security Hub": ("Lambda.1",),
        "Control Tower": ("CT.LAMBDA.PR.2",),
        "Checkov": ("CKV_AWS_301",),
        "Well-Architected": ("SEC03-BP07",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/lambda-function-public-access-prohibited.html",
    remedy=(
        "set principal to the service that calls it, for example elasticloadbalancing.amazonaws.com, "
        "and source_arn to the resource."
    ),
    steps=(
        "Set the permission's principal to the calling service or account.",
        "Set source_arn, for a load balancer the ARN of the target group.",
    ),
    unknown="An unknown source counts as one that limits who may call.",
    check=_functions,
)

RULES = (REFRESH_ROLLS_BACK, REFRESH_COMPLETES, CONTAINERS_ROLL_BACK, FUNCTION_NOT_PUBLIC)
