"""A rule about references: a name where AWS expects a name, an ARN where it expects an ARN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.architecture.managed_policies import proper_arn
from guardrails.architecture.outputs import passed_another
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.refusals import every, label
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, leaves, show


@dataclass(frozen=True)
class _Place:
    """A property that takes names or ids, or one that takes ARNs.

    Attributes:
        output: The output of the referenced resource that belongs there.
        prefix: How it begins: ids of EC2 have a form of their own, and names have not.
    """

    types: tuple[str, ...]
    path: str
    output: str
    prefix: str = ""


_SCALED = (
    *tokens.AUTO_SCALING_ATTACHMENT,
    *tokens.TRAFFIC_SOURCE_ATTACHMENT,
    *tokens.SCALING_POLICY,
    *tokens.SCHEDULE,
)
_BUCKET_PARTS = (
    *tokens.BUCKET_VERSIONING,
    *tokens.BUCKET_PUBLIC_ACCESS_BLOCK,
    *tokens.BUCKET_ENCRYPTION,
    *tokens.BUCKET_POLICY,
    *tokens.BUCKET_LIFECYCLE,
)

_GROUPED = (
    *tokens.LAUNCH_TEMPLATE,
    *tokens.INSTANCE,
    *tokens.DATABASE,
    *tokens.DATABASE_CLUSTER,
    *tokens.DATABASE_PROXY,
)

# Deployment groups are missing here: what one names wrongly it does not reach, and the rules about
# deployments say so.
_NAMES = (
    _Place(_SCALED, "autoscalingGroupName", "name"),
    _Place(tokens.AUTO_SCALING_GROUP, "loadBalancers.*", "name"),
    _Place(tokens.AUTO_SCALING_GROUP, "launchConfiguration", "name"),
    _Place(tokens.AUTO_SCALING_GROUP, "launchTemplate.id", "id", "lt-"),
    _Place(tokens.AUTO_SCALING_GROUP, "launchTemplate.name", "name"),
    _Place(tokens.AUTO_SCALING_GROUP, "vpcZoneIdentifiers.*", "id", "subnet-"),
    _Place(tokens.LAUNCH_TEMPLATE, "iamInstanceProfile.name", "name"),
    _Place(_GROUPED, "vpcSecurityGroupIds.*", "id", "sg-"),
    _Place(tokens.LAUNCH_TEMPLATE, "networkInterfaces.*.securityGroups.*", "id", "sg-"),
    _Place(tokens.INSTANCE, "iamInstanceProfile", "name"),
    _Place(tokens.INSTANCE, "subnetId", "id", "subnet-"),
    _Place(tokens.LOAD_BALANCER, "subnets.*", "id", "subnet-"),
    _Place(tokens.LOAD_BALANCER, "securityGroups.*", "id", "sg-"),
    _Place(tokens.LOAD_BALANCER, "accessLogs.bucket", "bucket"),
    _Place((*tokens.TARGET_GROUP, *tokens.SECURITY_GROUP, *tokens.SUBNET), "vpcId", "id", "vpc-"),
    _Place(tokens.INSTANCE_PROFILE, "role", "name"),
    _Place((*tokens.ROLE_POLICY, *tokens.ROLE_POLICY_ATTACHMENT), "role", "name"),
    _Place(tokens.DATABASE, "dbSubnetGroupName", "name"),
    _Place(tokens.DATABASE, "parameterGroupName", "name"),
    _Place(tokens.SUBNET_GROUP, "subnetIds.*", "id", "subnet-"),
    _Place(tokens.MOUNT_TARGET, "subnetId", "id", "subnet-"),
    _Place(tokens.MOUNT_TARGET, "securityGroups.*", "id", "sg-"),
    _Place(_BUCKET_PARTS, "bucket", "bucket"),
)

_ARNS = (
    _Place(tokens.LISTENER, "loadBalancerArn", "arn"),
    _Place(tokens.LISTENER, "certificateArn", "arn"),
    _Place(tokens.LISTENER, "defaultActions.*.targetGroupArn", "arn"),
    _Place(tokens.LISTENER, "defaultActions.*.forward.targetGroups.*.arn", "arn"),
    _Place(tokens.LISTENER_RULE, "listenerArn", "arn"),
    _Place(tokens.LISTENER_RULE, "actions.*.targetGroupArn", "arn"),
    _Place(tokens.LISTENER_RULE, "actions.*.forward.targetGroups.*.arn", "arn"),
    _Place(tokens.AUTO_SCALING_GROUP, "targetGroupArns.*", "arn"),
    _Place(tokens.AUTO_SCALING_ATTACHMENT, "lbTargetGroupArn", "arn"),
    _Place(tokens.ROLE_POLICY_ATTACHMENT, "policyArn", "arn"),
    _Place(tokens.LAUNCH_TEMPLATE, "iamInstanceProfile.arn", "arn"),
    _Place(tokens.METRIC_ALARM, "alarmActions.*", "arn"),
    _Place(tokens.METRIC_ALARM, "okActions.*", "arn"),
    _Place(tokens.DATABASE, "monitoringRoleArn", "arn"),
    _Place(tokens.DATABASE, "kmsKeyId", "arn"),
    _Place(tokens.CONTAINER_SERVICE, "loadBalancers.*.targetGroupArn", "arn"),
    _Place(tokens.TASK_DEFINITION, "executionRoleArn", "arn"),
    _Place(tokens.TASK_DEFINITION, "taskRoleArn", "arn"),
    _Place(tokens.LAMBDA_FUNCTION, "role", "arn"),
    _Place(tokens.DATABASE_PROXY, "roleArn", "arn"),
    _Place(tokens.BACKUP_SELECTION, "iamRoleArn", "arn"),
    _Place(tokens.EVENT_TARGET, "arn", "arn"),
    _Place(tokens.TOPIC_SUBSCRIPTION, "topic", "arn"),
    _Place(tokens.WEB_ACL_ASSOCIATION, "resourceArn", "arn"),
    _Place(tokens.WEB_ACL_ASSOCIATION, "webAclArn", "arn"),
)


@dataclass(frozen=True)
class _Passed:
    """A property that takes the name of another resource, which a preview knows.

    Attributes:
        prop: The top-level property, whose sources the engine knows.
        path: Where in it the names are.
        named: The types of what they name.
        output: The output that has the name.
        wrong: What it then is instead, and what comes of it; nothing where another output does as well.
    """

    types: tuple[str, ...]
    prop: str
    path: str
    named: tuple[str, ...]
    output: str
    wrong: str = ""


_PASSED = (
    _Passed(
        tokens.DEPLOYMENT_GROUP,
        "loadBalancerInfo",
        "targetGroupInfos.*.name",
        tokens.TARGET_GROUP,
        "name",
        "its id, ARN or arn_suffix, which CodeDeploy refuses",
    ),
    _Passed(
        tokens.DEPLOYMENT_GROUP,
        "loadBalancerInfo",
        "targetGroupPairInfo.targetGroups.*.name",
        tokens.TARGET_GROUP,
        "name",
        "its id, ARN or arn_suffix, which CodeDeploy refuses",
    ),
    _Passed(
        tokens.AUTO_SCALING_GROUP,
        "launchTemplate",
        "name",
        tokens.LAUNCH_TEMPLATE,
        "name",
        "its id or ARN, by which no template is called",
    ),
    _Passed(
        tokens.PROXY_TARGET,
        "dbInstanceIdentifier",
        "",
        tokens.DATABASE,
        "identifier",
        "its id, which is its resource id, or its ARN, and RDS finds no such instance",
    ),
    _Passed(tokens.DEPLOYMENT_GROUP, "alarmConfiguration", "alarms.*", tokens.ALARM, "name"),
)


def _known(stack: Stack) -> Iterator[Violation]:
    # Whatever an id looks like, also outside AWS: what a resource says about itself is right.
    ids = {str(one.get("id")) for one in stack.resources}
    for places, wanted in ((_NAMES, False), (_ARNS, True)):
        for place in places:
            for resource in stack.of(place.types):
                if resource.left_out(place.path.partition(".")[0]):
                    continue
                for value in every(resource, place.path):
                    if not isinstance(value, str) or not value:
                        continue
                    if value.startswith("arn:") is not wanted:
                        yield _wrong(resource, place, value)
                    elif not value.startswith(place.prefix) and value not in ids:
                        yield _nameless(resource, place, value)


def _where(path: str) -> str:
    return label(path).replace(".*", "[]")


def _wrong(resource: Resource, place: _Place, value: str) -> Violation:
    where = _where(place.path)
    given = "an ARN" if value.startswith("arn:") else "no ARN"
    return Violation(
        f'AWS refuses "{resource.name}": {where} is {show(value)}, which is {given}.',
        resource,
        remedy=(
            f"use the output {place.output} of the resource that {where} refers to"
            f"{', not its arn' if place.output != 'arn' else ''}."
        ),
    )


def _nameless(resource: Resource, place: _Place, value: str) -> Violation:
    """Report a name where an id belongs."""
    where = _where(place.path)
    return Violation(
        f'AWS refuses "{resource.name}": {where} is {show(value)}, and an id begins with '
        f'"{place.prefix}".',
        resource,
        remedy=f"use the output {place.output} of the resource that {where} refers to, not its name.",
    )


_BALANCING = (*tokens.LOAD_BALANCER, *tokens.TARGET_GROUP, *tokens.LISTENER)
_LEADS = (
    (tokens.AUTO_SCALING_GROUP, "targetGroupArns", tokens.TARGET_GROUP),
    (tokens.AUTO_SCALING_ATTACHMENT, "lbTargetGroupArn", tokens.TARGET_GROUP),
    (tokens.LISTENER, "loadBalancerArn", tokens.LOAD_BALANCER),
    (tokens.LISTENER_RULE, "listenerArn", tokens.LISTENER),
)
"""Properties that take the ARN of a part of load balancing, and of which."""
_LOOKED_UP = (
    (tokens.LISTENER_RULE, tokens.LOAD_BALANCER),
    (tokens.LISTENER, tokens.TARGET_GROUP),
    (tokens.LISTENER, tokens.LISTENER),
    (tokens.AUTO_SCALING_GROUP, tokens.LISTENER),
    (tokens.AUTO_SCALING_ATTACHMENT, tokens.LISTENER),
)
"""Who may have got the right ARN from what: by a lookup, or from an output that has others' ARNs."""


def _astray(stack: Stack) -> Iterator[Violation]:
    """Find the ARN of another part of load balancing than the one that is meant."""
    for types, prop, wanted in _LEADS:
        for resource in stack.of(types):
            if UNKNOWN not in leaves(resource.get(prop)) or resource.left_out(prop):
                continue
            sources = stack.sources(resource, prop, _BALANCING)
            if not sources or any(one.type in wanted for one in sources):
                continue
            first, where = sources[0], label(prop)
            noun = label(wanted[0].rpartition(":")[2]).replace("_", " ")
            maybe = any(
                resource.type in takers and first.type in givers for takers, givers in _LOOKED_UP
            )
            remedy = f"set {where} to the output arn of a {noun}."
            what = f'{where} comes from "{first.name}", which is not a {noun}'
            if maybe:
                yield Violation(
                    f'whether "{resource.name}" leads to a {noun} is not known: {what}, and only a lookup '
                    "may have made one of it.",
                    resource,
                    remedy=remedy,
                    undecided=True,
                )
            else:
                yield Violation(f'AWS refuses "{resource.name}": {what}.', resource, remedy=remedy)


def _hidden(stack: Stack) -> Iterator[Violation]:
    """Find names that a preview does not know, although it knows the name of what they come from."""
    for one in _PASSED:
        for resource in stack.of(one.types):
            path = f"{one.prop}.{one.path}".rstrip(".")
            if UNKNOWN not in every(resource, path):
                continue
            sources = passed_another(stack, resource, one.prop, one.named, one.output)
            if sources:
                yield _another(resource, one, _where(path), sources)


def _another(
    resource: Resource, one: _Passed, where: str, sources: tuple[Resource, ...]
) -> Violation:
    names = ", ".join(f'"{each.name}"' for each in sources)
    output = label(one.output)
    remedy = f"set {where} to the output {output} of {names}."
    if one.wrong:
        return Violation(
            f'AWS refuses "{resource.name}": {where} takes another output of {names} than {output}. '
            f"It is {one.wrong}.",
            resource,
            remedy=remedy,
        )
    return Violation(
        f'whether "{resource.name}" finds {names} is not known: {where} takes an output that the preview '
        f"does not know, although it knows {output}. By an ARN it finds nothing.",
        resource,
        remedy=remedy,
        undecided=True,
    )


def _paths(stack: Stack) -> Iterator[Violation]:
    """Find AWS managed policies whose ARN lacks its path, or has one that is not theirs."""
    for attachment in stack.of((*tokens.ROLE_POLICY_ATTACHMENT, *tokens.POLICY_ATTACHMENT)):
        given = attachment.get("policyArn")
        wanted = proper_arn(given) if isinstance(given, str) else None
        if wanted is not None:
            yield Violation(
                f'AWS refuses "{attachment.name}": there is no policy {given}.',
                attachment,
                remedy=f"set policy_arn to {wanted}.",
            )


def _check(stack: Stack, _: Settings) -> Iterator[Violation]:
    yield from _paths(stack)
    yield from _known(stack)
    yield from _hidden(stack)
    yield from _astray(stack)


NAMES_AND_ARNS = StackRule(
    id="names-and-arns",
    title="References are names where AWS expects names, and ARNs where it expects ARNs",
    question=Question.VALID,
    severity=Severity.HIGH,
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html",
    remedy="use the output that the property expects.",
    steps=(
        "Where a property is called …_arn, pass the output arn; otherwise name or id.",
        "The id of a target group, load balancer or listener is its ARN.",
    ),
    unknown=(
        "An unknown reference is accepted, unless the preview knows the name that belongs there: then "
        "it is another output. Where the output id is the name too, that is undecided. Which of two "
        "outputs that are both unknown is meant (arn and arn_suffix) shows in the update."
    ),
    check=_check,
)

RULES = (NAMES_AND_ARNS,)
