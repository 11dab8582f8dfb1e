"""A rule about references: a name where AWS expects a name, an ARN where it expects an ARN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.architecture.managed_policies import proper_arn
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.refusals import every, label
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, items, show


@dataclass(frozen=True)
class _Place:
    """A property that takes names or ids, or one that takes ARNs.

    Attributes:
        output: The output of the referenced resource that belongs there.
    """

    types: tuple[str, ...]
    path: str
    output: str


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

# Deployment groups are missing here: what one names wrongly it does not reach, and the rules about
# deployments say so.
_NAMES = (
    _Place(_SCALED, "autoscalingGroupName", "name"),
    _Place(tokens.AUTO_SCALING_GROUP, "loadBalancers.*", "name"),
    _Place(tokens.AUTO_SCALING_GROUP, "launchConfiguration", "name"),
    _Place(tokens.AUTO_SCALING_GROUP, "launchTemplate.id", "id"),
    _Place(tokens.AUTO_SCALING_GROUP, "launchTemplate.name", "name"),
    _Place(tokens.AUTO_SCALING_GROUP, "vpcZoneIdentifiers.*", "id"),
    _Place(tokens.LAUNCH_TEMPLATE, "iamInstanceProfile.name", "name"),
    _Place(tokens.LAUNCH_TEMPLATE, "vpcSecurityGroupIds.*", "id"),
    _Place(tokens.INSTANCE, "iamInstanceProfile", "name"),
    _Place(tokens.INSTANCE, "vpcSecurityGroupIds.*", "id"),
    _Place(tokens.LOAD_BALANCER, "subnets.*", "id"),
    _Place(tokens.LOAD_BALANCER, "securityGroups.*", "id"),
    _Place(tokens.LOAD_BALANCER, "accessLogs.bucket", "bucket"),
    _Place(tokens.TARGET_GROUP, "vpcId", "id"),
    _Place(tokens.INSTANCE_PROFILE, "role", "name"),
    _Place((*tokens.ROLE_POLICY, *tokens.ROLE_POLICY_ATTACHMENT), "role", "name"),
    _Place(tokens.DATABASE, "dbSubnetGroupName", "name"),
    _Place(tokens.DATABASE, "parameterGroupName", "name"),
    _Place(tokens.DATABASE, "vpcSecurityGroupIds.*", "id"),
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
)


def _known(stack: Stack) -> Iterator[Violation]:
    for places, wanted in ((_NAMES, False), (_ARNS, True)):
        for place in places:
            for resource in stack.of(place.types):
                for value in every(resource, place.path):
                    if not isinstance(value, str) or not value:
                        continue
                    if value.startswith("arn:") is not wanted:
                        yield _wrong(resource, place, value)


def _wrong(resource: Resource, place: _Place, value: str) -> Violation:
    where = label(place.path).replace(".*", "[]")
    given = "an ARN" if value.startswith("arn:") else "no ARN"
    return Violation(
        f'AWS refuses "{resource.name}": {where} is {show(value)}, which is {given}.',
        resource,
        remedy=(
            f"use the output {place.output} of the resource that {where} refers to"
            f"{', not its arn' if place.output != 'arn' else ''}."
        ),
    )


def _hidden(stack: Stack) -> Iterator[Violation]:
    """Find target groups that a deployment names by an output that is not their name."""
    prop = "loadBalancerInfo"
    for deployment in stack.of(tokens.DEPLOYMENT_GROUP):
        names = [dig(one, "name") for one in items(deployment.get(prop, "targetGroupInfos"))]
        sources = stack.sources(deployment, prop, tokens.TARGET_GROUP)
        # A name that is known would be known here as well: this is another output.
        if (
            UNKNOWN in names
            and sources
            and all(isinstance(one.get("name"), str) for one in sources)
        ):
            listed = ", ".join(f'"{one.name}"' for one in sources)
            yield Violation(
                f'deployment group "{deployment.name}" names target group {listed} by a value that is '
                "not known, although its name is: if that is its ARN or id, CodeDeploy refuses it.",
                deployment,
                remedy="set load_balancer_info.target_group_infos[].name to the output name.",
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
        "An unknown reference is accepted. A target group that a deployment group names by an "
        "unknown value, although its name is known, is undecided."
    ),
    check=_check,
)

RULES = (NAMES_AND_ARNS,)
