"""What Amazon EC2 and Auto Scaling refuse about groups, policies, schedules and templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.launching import from_base64
from guardrails.refusals import (
    JointRefusal,
    Refusal,
    alone,
    among,
    between,
    both,
    every,
    joint_refusal_rule,
    known,
    matching,
    refusal_rule,
    sets,
)
from guardrails.refused import launch_refusals, machine_refusals, volume_refusals
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_API = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/"
_CREATE = f"{_API}API_CreateAutoScalingGroup.html"
_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
_TEMPLATE = f"{_EC2}API_RequestLaunchTemplateData.html"
_EBS = f"{_EC2}API_EbsBlockDevice.html"
_GROUPS = tokens.AUTO_SCALING_GROUP
_TEMPLATES = tokens.LAUNCH_TEMPLATE
_SCHEDULES = tokens.SCHEDULE
_POLICIES = tokens.SCALING_POLICY


# --- groups ---------------------------------------------------------------------------------------


def _health_check_type(group: Resource) -> str | None:
    given = group.get("healthCheckType")
    wrong = [
        one for one in str(given).split(",") if one not in ("EC2", "EBS", "ELB", "VPC_LATTICE")
    ]
    return f"health_check_type is {show(given)}" if known(given) and wrong else None


def _on_demand(group: Resource) -> Iterator[str]:
    distribution = group.get("mixedInstancesPolicy", "instancesDistribution")
    share = number(dig(distribution, "onDemandPercentageAboveBaseCapacity"))
    base = number(dig(distribution, "onDemandBaseCapacity"))
    if share is not None and not 0 <= share <= 100:
        yield f"on_demand_percentage_above_base_capacity is {share:g}"
    if base is not None and base < 0:
        yield f"on_demand_base_capacity is {base:g}"


def _nothing_changes(schedule: Resource) -> str | None:
    names = ("minSize", "maxSize", "desiredCapacity")
    if all(schedule.get(name) in (None, -1) for name in names):
        return "it sets no size"
    return None


def _recurrence(schedule: Resource) -> str | None:
    given = schedule.get("recurrence")
    if isinstance(given, str) and given and len(given.split()) != 5:
        return f"recurrence {show(given)} has {len(given.split())} fields"
    return None


def _policy(policy: Resource) -> Iterator[str]:
    kind = policy.get("policyType") or "SimpleScaling"
    needed = {
        "SimpleScaling": ("scalingAdjustment",),
        "StepScaling": ("stepAdjustments",),
        "TargetTrackingScaling": ("targetTrackingConfiguration",),
        "PredictiveScaling": ("predictiveScalingConfiguration",),
    }.get(str(kind), ())
    for name in needed:
        if is_absent(policy.get(name)):
            yield f"policy_type is {show(kind)}, {name} is not set"


# --- launch templates -----------------------------------------------------------------------------


def _user_data(template: Resource) -> Iterator[str]:
    text = template.get("userData")
    if not isinstance(text, str) or not text:
        return
    content = from_base64(text)
    if content is None:
        yield "user_data is not Base64"
    elif len(content) > 16384:
        yield f"user_data has {len(content)} bytes"


def _key_without_encryption(template: Resource) -> Iterator[str]:
    for device in items(template.get("blockDeviceMappings")):
        ebs = dig(device, "ebs")
        if known(dig(ebs, "kmsKeyId")) and str(dig(ebs, "encrypted")).lower() == "false":
            yield f"device {show(dig(device, 'deviceName'))} has kms_key_id, encrypted is false"


def _groups_twice(template: Resource) -> str | None:
    interfaces = items(template.get("networkInterfaces"))
    for name in ("vpcSecurityGroupIds", "securityGroupNames"):
        if interfaces and sets(template, name):
            return "both network_interfaces and security groups of the instance are set"
    return None


_IMAGE = r"ami-[0-9a-f]+|resolve:ssm:.+"

_TEMPLATE_TABLE = (
    *machine_refusals.TEMPLATES,
    *volume_refusals.TABLE,
    Refusal(
        types=_TEMPLATES,
        says="InvalidUserData.Malformed: Invalid BASE64 encoding of user data; 16 KB at most.",
        source=_TEMPLATE,
        remedy="encode user_data with base64.b64encode, and load long scripts from Amazon S3.",
        find=_user_data,
    ),
    Refusal(
        types=_TEMPLATES,
        says=(
            "InvalidParameterCombination: Network interfaces and an instance-level security groups "
            "may not be specified on the same request."
        ),
        source=_TEMPLATE,
        remedy="move the security groups to network_interfaces[].security_groups.",
        find=_groups_twice,
    ),
    Refusal(
        types=_TEMPLATES,
        says="If you specify InstanceRequirements, you can't specify InstanceType.",
        source=_TEMPLATE,
        remedy="keep instance_type or instance_requirements.",
        find=both("instanceType", "instanceRequirements"),
    ),
    Refusal(
        types=_TEMPLATES,
        says=(
            "InvalidParameterCombination: The parameter KmsKeyId requires the parameter Encrypted "
            "to be set."
        ),
        source=_EBS,
        remedy="set ebs.encrypted to true.",
        find=_key_without_encryption,
    ),
    Refusal(
        types=_TEMPLATES,
        says="InvalidAMIID.Malformed: an image is named ami-…, or by resolve:ssm: and a parameter.",
        source=_TEMPLATE,
        remedy="set image_id to the image's id.",
        find=matching("imageId", _IMAGE),
    ),
    Refusal(
        types=_TEMPLATES,
        says="HttpPutResponseHopLimit: 1 to 64.",
        source=f"{_EC2}API_LaunchTemplateInstanceMetadataOptionsRequest.html",
        remedy="set metadata_options.http_put_response_hop_limit to 1.",
        find=between("metadataOptions.httpPutResponseHopLimit", 1, 64),
    ),
    Refusal(
        types=_TEMPLATES,
        says="CpuCredits: standard or unlimited.",
        source=f"{_EC2}API_CreditSpecificationRequest.html",
        remedy="set credit_specification.cpu_credits to standard or unlimited.",
        find=among("creditSpecification.cpuCredits", "standard", "unlimited"),
    ),
    Refusal(
        types=_TEMPLATES,
        says="A template's name has 3 to 128 letters, digits and ( ) . - / _ characters.",
        source=f"{_EC2}API_CreateLaunchTemplate.html",
        remedy="rename the launch template, or leave the name to Pulumi.",
        find=matching("name", r"[A-Za-z0-9().\-/_]{3,}", 128),
    ),
)

TEMPLATE = refusal_rule(
    _TEMPLATE_TABLE,
    id="launch-template-accepted",
    title="Amazon EC2 accepts every launch template and volume",
    url=_TEMPLATE,
    remedy="correct the launch template or the volume as the message says.",
)


# --- groups and what they use ---------------------------------------------------------------------


def _templates(stack: Stack, group: Resource) -> list[Resource]:
    """Return the templates of the stack from which the group certainly launches."""
    found: list[Resource] = []
    for prop, path in (
        ("launchTemplate", ()),
        ("mixedInstancesPolicy", ("launchTemplate", "launchTemplateSpecification")),
    ):
        specification = group.get(prop, *path)
        names = [
            dig(specification, one)
            for one in ("id", "name", "launchTemplateId", "launchTemplateName")
        ]
        references = stack.references(
            group, prop, _TEMPLATES, ("id", "name"), value=[one for one in names if one is not None]
        )
        found += references.resources
    return list(dict.fromkeys(found))


def _no_image(stack: Stack, group: Resource) -> Iterator[str]:
    overrides = items(group.get("mixedInstancesPolicy", "launchTemplate", "overrides"))
    pinned = dig(group.get("launchTemplate"), "version")
    for template in _templates(stack, group):
        if isinstance(pinned, str) and pinned.isdigit():
            continue  # an older version, which the stack does not show
        if is_absent(template.get("imageId")):
            yield f'launch template "{template.name}" has no image_id'
        types = ("instanceType", "instanceRequirements")
        if all(is_absent(template.get(name)) for name in types) and not overrides:
            yield f'launch template "{template.name}" has neither instance_type nor instance_requirements'


def _tags(_: Stack, group: Resource) -> str | None:
    flags = [one for one in every(group, "tags.*.propagateAtLaunch") if one is not UNKNOWN]
    tags: list[Any] = items(group.get("tags"))
    if any(isinstance(one, dict) and "propagateAtLaunch" not in one for one in tags):
        return "a tag does not say propagate_at_launch"
    return (
        None
        if all(flag in (True, False) for flag in flags)
        else "propagate_at_launch is not a boolean"
    )


def _target_type(stack: Stack, group: Resource) -> Iterator[str]:
    for target in stack.derived(Fleets).of(group).target_groups:
        kind = target.setting("targetType")
        if known(kind) and kind != "instance":
            yield f'it registers instances, target group "{target.name}" has target_type {show(kind)}'


def _weights(_: Stack, group: Resource) -> str | None:
    overrides = items(group.get("mixedInstancesPolicy", "launchTemplate", "overrides"))
    weighted = [one for one in overrides if not is_absent(dig(one, "weightedCapacity"))]
    if weighted and len(weighted) != len(overrides):
        return f"{len(weighted)} of {len(overrides)} overrides have a weighted_capacity"
    return None


_JOINT_TABLE = (
    *machine_refusals.GROUPS,
    JointRefusal(
        types=_GROUPS,
        says=(
            "ValidationError: You must use a valid fully-formed launch template. The request must "
            "contain the parameter ImageId (InstanceType)."
        ),
        source=f"{_GUIDE}create-launch-template.html",
        remedy="set image_id and instance_type of the launch template.",
        find=_no_image,
    ),
    JointRefusal(
        types=_GROUPS,
        says=(
            "ValidationError: Provided Target Group has invalid target type. Please ensure all "
            "provided Target Groups have target type of instance."
        ),
        source=f"{_GUIDE}attach-load-balancer-asg.html",
        remedy='set target_type of the target group to "instance", the default.',
        find=_target_type,
    ),
    JointRefusal(
        types=_GROUPS,
        says="Each tag of a group says whether it propagates to instances.",
        source=f"{_API}API_Tag.html",
        remedy="set key, value and propagate_at_launch of each tag.",
        find=_tags,
    ),
    JointRefusal(
        types=_GROUPS,
        says="If you specify a WeightedCapacity for one override, you must specify it for all.",
        source=f"{_API}API_LaunchTemplateOverrides.html",
        remedy="set weighted_capacity of every override, or of none.",
        find=_weights,
    ),
    JointRefusal(
        types=_GROUPS,
        says="Sizes are whole numbers from 0.",
        source=_CREATE,
        remedy="set min_size, desired_capacity and max_size to 0 or more.",
        find=lambda _, group: (
            f"{name} is {show(group.get(name))}"
            for name in ("minSize", "maxSize", "desiredCapacity")
            if (number(group.get(name)) or 0) < 0
        ),
    ),
    JointRefusal(
        types=_GROUPS,
        says="HealthCheckGracePeriod: a number of seconds from 0.",
        source=_CREATE,
        remedy="set health_check_grace_period to boot time plus first deployment.",
        find=alone(between("healthCheckGracePeriod", 0, 2**31)),
    ),
    JointRefusal(
        types=_GROUPS,
        says="HealthCheckType: EC2, EBS, ELB, VPC_LATTICE.",
        source=_CREATE,
        remedy='set health_check_type to "ELB".',
        find=alone(_health_check_type),
    ),
    JointRefusal(
        types=_GROUPS,
        says="OnDemandPercentageAboveBaseCapacity: 0 to 100; OnDemandBaseCapacity: 0 or more.",
        source=f"{_API}API_InstancesDistribution.html",
        remedy="set on_demand_percentage_above_base_capacity to 0 to 100.",
        find=alone(_on_demand),
    ),
    JointRefusal(
        types=_GROUPS,
        says="MetricsGranularity: the only valid value is 1Minute.",
        source=f"{_API}API_EnableMetricsCollection.html",
        remedy="remove metrics_granularity.",
        find=alone(among("metricsGranularity", "1Minute")),
    ),
    JointRefusal(
        types=_SCHEDULES,
        says="You must specify at least one of MaxSize, MinSize and DesiredCapacity.",
        source=f"{_API}API_PutScheduledUpdateGroupAction.html",
        remedy="set min_size, max_size or desired_capacity of the schedule.",
        find=alone(_nothing_changes),
    ),
    JointRefusal(
        types=_SCHEDULES,
        says="Recurrence: the format consists of five fields separated by white spaces.",
        source=f"{_API}API_PutScheduledUpdateGroupAction.html",
        remedy='set recurrence to five fields, for example "0 6 * * *".',
        find=alone(_recurrence),
    ),
    JointRefusal(
        types=_POLICIES,
        says="PolicyType: SimpleScaling, StepScaling, TargetTrackingScaling, PredictiveScaling.",
        source=f"{_API}API_PutScalingPolicy.html",
        remedy='set policy_type to "TargetTrackingScaling".',
        find=alone(
            among(
                "policyType",
                "SimpleScaling",
                "StepScaling",
                "TargetTrackingScaling",
                "PredictiveScaling",
            )
        ),
    ),
    JointRefusal(
        types=_POLICIES,
        says="A policy needs what its type asks for: an adjustment, or a configuration.",
        source=f"{_API}API_PutScalingPolicy.html",
        remedy="set what the policy's type needs.",
        find=alone(_policy),
    ),
)

PARTS = joint_refusal_rule(
    (*_JOINT_TABLE, *launch_refusals.TABLE),
    id="asg-parts-accepted",
    title="Auto Scaling accepts what every group launches, its target groups, schedules and policies",
    url=f"{_GUIDE}create-launch-template.html",
    remedy="correct the launch template or the target group as the message says.",
)

RULES = (TEMPLATE, PARTS)
