"""Rules about Elastic Beanstalk: several instances, in several zones, and releases batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.model import Level, Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, items, number, show

_GUIDE = "https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/"
_GROUP = "aws:autoscaling:asg"
_ENVIRONMENT = "aws:elasticbeanstalk:environment"
_COMMAND = "aws:elasticbeanstalk:command"
_NETWORK = "aws:ec2:vpc"
_LEAST = 2


def _is_web(environment: Resource) -> bool:
    return environment.get("tier") in (None, "", "WebServer")


def _option(environment: Resource, namespace: str, name: str) -> Any:
    """Return the value of an option, `None` if the program leaves it out."""
    given = environment.get("settings")
    if given is UNKNOWN or UNKNOWN in items(given):
        return UNKNOWN
    values = [
        dig(one, "value")
        for one in items(given)
        if dig(one, "namespace") == namespace and dig(one, "name") == name
    ]
    return values[-1] if values else None


def _environments(stack: Stack) -> Iterator[Resource]:
    """Yield what serves visitors, unless a saved configuration holds the options."""
    for one in stack.of(tokens.BEANSTALK_ENVIRONMENT):
        if _is_web(one) and one.left_out("templateName"):
            yield one


def _subnets(environment: Resource) -> str | None:
    """Return what says that an environment is in one zone, `None` if nothing does."""
    zones = _option(environment, _GROUP, "Availability Zones")
    if zones in ("Any 1", "Any1"):
        return f"Availability Zones is {show(zones)}"
    subnets = _option(environment, _NETWORK, "Subnets")
    if isinstance(subnets, str) and subnets and "," not in subnets:
        return f"Subnets is {show(subnets)}, one subnet"
    return None


def _survives(stack: Stack, _: Settings) -> Iterator[Violation]:
    for environment in _environments(stack):
        path = (f'environment "{environment.name}"',)
        label = f'Elastic Beanstalk environment "{environment.name}"'
        kind = _option(environment, _ENVIRONMENT, "EnvironmentType")
        least = _option(environment, _GROUP, "MinSize")
        size = 1.0 if least is None else number(least)
        one_zone = _subnets(environment)
        if kind == "SingleInstance":
            yield Violation(
                f'{label} has one instance, without a load balancer: EnvironmentType is "{kind}".',
                environment,
                (*path, f"EnvironmentType {kind}"),
                'set EnvironmentType to "LoadBalanced", and MinSize to "2" or more.',
            )
        elif one_zone is not None:
            yield Violation(
                f"{label} is in one Availability Zone: {one_zone}.",
                environment,
                (*path, one_zone),
                'remove "Availability Zones", and list subnets of two zones or more in Subnets.',
            )
        elif size is not None and size < _LEAST:
            given = "not set, and the default is 1" if least is None else f"{size:g}"
            yield Violation(
                f"{label} may have {size:g} instance{'' if size == 1 else 's'}: MinSize is {given}.",
                environment,
                (*path, f"MinSize {size:g}", "after the loss of its zone 0"),
            )


SURVIVES = StackRule(
    id="beanstalk-survives-zone-loss",
    title="An Elastic Beanstalk environment keeps instances in several zones",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL10-BP01", "REL11-BP02")},
    url=f"{_GUIDE}command-options-general.html",
    remedy='set MinSize in the namespace aws:autoscaling:asg to "2" or more.',
    steps=(
        'Set EnvironmentType to "LoadBalanced" in aws:elasticbeanstalk:environment.',
        'Set MinSize to "2" or more in aws:autoscaling:asg, without "Availability Zones".',
        "List subnets of two zones or more in Subnets of aws:ec2:vpc.",
    ),
    unknown=(
        "A value that the preview does not know, and a saved configuration, are not judged, nor are "
        "environments of workers."
    ),
    check=_survives,
)


def _deploys(stack: Stack, _: Settings) -> Iterator[Violation]:
    for environment in _environments(stack):
        policy = _option(environment, _COMMAND, "DeploymentPolicy")
        size, kind = (
            _option(environment, _COMMAND, name) for name in ("BatchSize", "BatchSizeType")
        )
        label = f'environment "{environment.name}"'
        alone = _option(environment, _ENVIRONMENT, "EnvironmentType") == "SingleInstance"
        if policy is UNKNOWN or alone:
            continue  # of a single instance, beanstalk-survives-zone-loss reports what matters
        if policy in (None, "", "AllAtOnce"):
            given = "not set, and the default is AllAtOnce" if not policy else show(policy)
            yield Violation(
                f"Each release takes all instances of {label} out of service at once: DeploymentPolicy is "
                f"{given}.",
                environment,
                (label, "DeploymentPolicy AllAtOnce", "0 instances serve meanwhile"),
            )
        elif (
            policy == "Rolling"
            and kind in (None, "", "Percentage")
            and (
                # Without a size Elastic Beanstalk takes all of them.
                (number(size) if size is not None else 100.0) == 100.0
            )
        ):
            yield Violation(
                f"Each release takes all instances of {label} out of service at once: DeploymentPolicy is "
                f"{show(policy)}, and a batch is 100 % of them.",
                environment,
                (label, f"DeploymentPolicy {policy}", "BatchSize 100 %"),
                'set BatchSize in aws:elasticbeanstalk:command to "30", or DeploymentPolicy to '
                '"RollingWithAdditionalBatch".',
            )


DEPLOYS = StackRule(
    id="beanstalk-deploys-in-batches",
    title="Elastic Beanstalk deploys to a part of the instances at a time",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    level=Level.ADVISORY,  # some accept a minute without service for a simpler release
    production=Level.MANDATORY,
    controls={"Well-Architected": ("OPS06-BP03", "REL08-BP04")},
    url=f"{_GUIDE}using-features.rolling-version-deploy.html",
    remedy=(
        "set DeploymentPolicy in the namespace aws:elasticbeanstalk:command to "
        '"RollingWithAdditionalBatch" or "Immutable".'
    ),
    steps=(
        'Set DeploymentPolicy to "RollingWithAdditionalBatch": capacity stays what it was.',
        'Or to "Immutable": new instances serve beside the old ones before these go.',
    ),
    unknown="A value that the preview does not know, and a saved configuration, are not judged.",
    check=_deploys,
)

_LAUNCH = "aws:autoscaling:launchconfiguration"
_USUAL_PROFILE = "aws-elasticbeanstalk-ec2-role"


def _profiles(stack: Stack, _: Settings) -> Iterator[Violation]:
    for environment in stack.of(tokens.BEANSTALK_ENVIRONMENT):
        given = _option(environment, _LAUNCH, "IamInstanceProfile")
        if environment.left_out("templateName") and given in (None, ""):
            yield Violation(
                f'Elastic Beanstalk environment "{environment.name}" names no instance profile: it is '
                f'created only where the account has "{_USUAL_PROFILE}", which AWS makes no more.',
                environment,
                (f'environment "{environment.name}"', "IamInstanceProfile not set"),
            )


PROFILE = StackRule(
    id="beanstalk-instance-profile",
    title="An Elastic Beanstalk environment names its instance profile",
    question=Question.VALID,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # older accounts have the default one
    controls={"Well-Architected": ("SEC03-BP02",)},
    url=f"{_GUIDE}iam-instanceprofile.html",
    remedy=(
        "set IamInstanceProfile in settings (aws:autoscaling:launchconfiguration) to the name of an "
        "aws.iam.InstanceProfile whose role has AWSElasticBeanstalkWebTier."
    ),
    steps=(
        "Create an aws.iam.Role that ec2.amazonaws.com may assume, with AWSElasticBeanstalkWebTier.",
        "Name its aws.iam.InstanceProfile in IamInstanceProfile.",
    ),
    unknown="Options that the preview does not know, and a saved configuration, are not judged.",
    check=_profiles,
)

RULES = (SURVIVES, DEPLOYS, PROFILE)
