"""What Amazon EC2 and Auto Scaling refuse when they launch: parts of `asg-parts-accepted`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from zoneinfo import available_timezones

from guardrails import tokens
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.network import Network
from guardrails.refusals import JointRefusal, alone, among, between, known, label, matching
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

_API = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/"
_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/"
_GROUPS = tokens.AUTO_SCALING_GROUP
_ARM = re.compile(r"(?:a1|t4g|[a-z]{1,4}\d+g[a-z]*|hpc7g|im4gn|is4gen|x2gd|g5g)\.")
_TERMINATION = (
    "Default", "AllocationStrategy", "OldestLaunchTemplate", "OldestLaunchConfiguration",
    "ClosestToNextInstanceHour", "NewestInstance", "OldestInstance",
)  # fmt: skip


def architecture(kind: str) -> str:
    """Return the architecture of an instance type by its family (`m7g` is Arm)."""
    return "Arm" if _ARM.match(kind) else "x86"


def _architectures(stack: Stack, group: Resource) -> str | None:
    """Find instance types of two architectures that are launched with one image."""
    overrides = stack.derived(Fleets).of(group).launching.overrides
    own = [
        kind
        for one in overrides
        if is_absent(dig(one, "launchTemplateSpecification"))
        and isinstance(kind := dig(one, "instanceType"), str)
    ]
    found = {architecture(kind): kind for kind in own}
    if len(found) > 1:
        arm, intel = found["Arm"], found["x86"]
        return f"{arm} is Arm, {intel} is x86, and both are launched with one image"
    return None


_BY_PARAMETER = {"arm64": "Arm", "x86_64": "x86"}
"""What the names of Amazon's public parameters for images say."""


def _image_architecture(stack: Stack, group: Resource) -> Iterator[str]:
    """Find instance types for which the image that a parameter names is not made."""
    launching = stack.derived(Fleets).of(group).launching
    for template, image in launching.template_values("imageId"):
        if not isinstance(image, str) or not image.startswith("resolve:ssm:/aws/service/"):
            continue
        made_for = next((kind for word, kind in _BY_PARAMETER.items() if word in image), None)
        for kind in launching.types:
            if made_for is not None and architecture(kind) != made_for:
                yield (
                    f'{kind} is {architecture(kind)}, the image of launch template "{template.name}" '
                    f"{made_for}: {image.removeprefix('resolve:ssm:')}"
                )


def _interfaces(stack: Stack, group: Resource) -> Iterator[str]:
    for template in stack.derived(Fleets).of(group).launching.templates:
        for one in items(template.get("networkInterfaces")):
            for prop, name in (
                ("subnetId", "a subnet_id, beside the group's vpc_zone_identifiers"),
                ("privateIpAddress", "a private_ip_address, which one instance can have"),
                ("networkInterfaceId", "a network_interface_id, which one instance can have"),
            ):
                if isinstance(one, dict) and not is_absent(one.get(prop)):
                    yield f'a network interface of launch template "{template.name}" has {name}'


def _no_profile(stack: Stack, group: Resource) -> Iterator[str]:
    """Find a role where an instance profile belongs."""
    for template in stack.derived(Fleets).of(group).launching.templates:
        yield from role_as_profile(stack, template)


def role_as_profile(stack: Stack, template: Resource) -> Iterator[str]:
    """Yield a role of the stack that is named as the instance profile."""
    keys = ("name", "arn", "id")
    given = template.get("iamInstanceProfile")
    if is_absent(given):
        return
    profiles = stack.references(template, "iamInstanceProfile", tokens.INSTANCE_PROFILE, keys)
    roles = stack.references(template, "iamInstanceProfile", tokens.ROLE, keys)
    # A profile may have the role's name, where the program gives it one.
    named = {profile.get("name") for profile in stack.of(tokens.INSTANCE_PROFILE)}
    for role in roles.resources if not profiles.any else ():
        if role.get("name") is UNKNOWN or role.get("name") not in named:
            yield (
                f'iam_instance_profile of "{template.name}" is role "{role.name}", and a role is not a '
                "instance profile"
            )


def _termination(_: Stack, group: Resource) -> Iterator[str]:
    for name in items(group.get("terminationPolicies")):
        if known(name) and name not in _TERMINATION and not str(name).startswith("arn:"):
            yield f"termination_policies has {show(name)}, none of {', '.join(_TERMINATION)}"


def _refresh(_: Stack, group: Resource) -> str | None:
    preferences = group.get("instanceRefresh", "preferences")
    least = number(dig(preferences, "minHealthyPercentage"))
    most = number(dig(preferences, "maxHealthyPercentage"))
    if most is not None and most <= 100 and least == 100:
        return "an instance refresh with 100 % at least and at most can replace nothing"
    return None


def _addresses(stack: Stack, group: Resource) -> Iterator[str]:
    network = stack.derived(Network)
    subnets = network.subnets(group, "vpcZoneIdentifiers")
    plain = [
        one.name
        for one in subnets
        if isinstance(one, Resource) and one.left_out("ipv6CidrBlock") and not _native(one)
    ]
    for target in stack.derived(Fleets).of(group).target_groups:
        if target.setting("ipAddressType") == "ipv6" and plain:
            yield (
                f'target group "{target.name}" registers IPv6 addresses, which subnet "{plain[0]}" '
                "does not give"
            )


def _native(subnet: Resource) -> bool:
    return is_true(subnet.get("ipv6Native")) or is_true(subnet.get("assignIpv6AddressOnCreation"))


def _time_zone(_: Stack, schedule: Resource) -> str | None:
    given = schedule.get("timeZone")
    if isinstance(given, str) and given and given not in available_timezones():
        return f"time_zone is {show(given)}"
    return None


def _gaps(_: Stack, policy: Resource) -> str | None:
    """Find steps that leave a part of the range out, or overlap."""
    steps = items(policy.get("stepAdjustments"))
    bounds: list[tuple[float, float]] = []
    for step in steps:
        low, high = dig(step, "metricIntervalLowerBound"), dig(step, "metricIntervalUpperBound")
        if UNKNOWN in (step, low, high):
            return None
        first = -math.inf if is_absent(low) else number(low)
        last = math.inf if is_absent(high) else number(high)
        if first is None or last is None:
            return None
        bounds.append((first, last))
    for one, (first, last) in enumerate(sorted(bounds)):
        if first >= last:
            return f"a step begins at {first:g} and ends at {last:g}"
        before = sorted(bounds)[one - 1][1] if one else first
        if first != before:
            how = "nothing is between" if first > before else "steps overlap between"
            return f"{how} {min(before, first):g} and {max(before, first):g}"
    return None


def _contradicts(stack: Stack, group: Resource) -> Iterator[str]:
    """Find requirements of an instance of which the least is above the most."""
    overrides = items(group.get("mixedInstancesPolicy", "launchTemplate", "overrides"))
    templates = stack.derived(Fleets).of(group).launching.templates
    asked = [dig(one, "instanceRequirements") for one in overrides]
    asked += [one.get("instanceRequirements") for one in templates]
    for requirements in asked:
        for name, span in requirements.items() if isinstance(requirements, dict) else ():
            least, most = number(dig(span, "min")), number(dig(span, "max"))
            if least is not None and most is not None and least > most:
                yield f"{label(str(name))} of instance_requirements is {least:g} to {most:g}"


_DURATION = r"0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+"
"""A duration as Go writes it: the provider reads it."""


def _waits(_: Stack, group: Resource) -> Iterator[str]:
    started = number(group.setting("desiredCapacity"))
    started = number(group.get("minSize")) if started is None else started
    for prop, name in (
        ("waitForElbCapacity", "wait_for_elb_capacity"),
        ("minElbCapacity", "min_elb_capacity"),
    ):
        awaited = number(group.get(prop))
        if awaited is not None and started is not None and awaited > started:
            yield f"{name} is {awaited:g}, and the group starts {started:g} instances"


def _hibernates(stack: Stack, group: Resource) -> Iterator[str]:
    if group.get("warmPool", "poolState") != "Hibernated":
        return
    for template in stack.derived(Fleets).of(group).launching.templates:
        if dig(template.get("hibernationOptions"), "configured") in (None, False):
            yield (
                f'its warm pool is Hibernated, and launch template "{template.name}" does not '
                "configure hibernation"
            )


def _pools(group: Resource) -> str | None:
    given = group.get("mixedInstancesPolicy", "instancesDistribution")
    strategy = dig(given, "spotAllocationStrategy")
    if number(dig(given, "spotInstancePools")) and known(strategy) and strategy != "lowest-price":
        return f"spot_instance_pools is set beside spot_allocation_strategy {show(strategy)}"
    return None


TABLE = (
    JointRefusal(
        types=tokens.SCHEDULE,
        says="ValidationError: the time zone is one of the IANA database, such as Europe/Dublin.",
        source=f"{_API}API_PutScheduledUpdateGroupAction.html",
        remedy="set time_zone to a name of the IANA database, or leave it out for UTC.",
        find=_time_zone,
    ),
    JointRefusal(
        types=_GROUPS,
        says="InstanceWarmup: a number of seconds.",
        source=f"{_API}API_RefreshPreferences.html",
        remedy='set instance_refresh.preferences.instance_warmup to seconds, for example "60".',
        find=alone(matching("instanceRefresh.preferences.instanceWarmup", r"\d+")),
    ),
    JointRefusal(
        types=_GROUPS,
        says="the provider cannot parse the duration: missing unit, or unknown unit.",
        source="https://www.pulumi.com/registry/packages/aws/api-docs/autoscaling/group/",
        remedy='set wait_for_capacity_timeout with a unit, for example "10m".',
        find=alone(matching("waitForCapacityTimeout", _DURATION)),
    ),
    JointRefusal(
        types=_GROUPS,
        says="Pulumi waits until so many instances are healthy, and then the update fails.",
        source="https://www.pulumi.com/registry/packages/aws/api-docs/autoscaling/group/",
        remedy="set wait_for_elb_capacity to what the group starts at most, or leave it out.",
        find=_waits,
    ),
    JointRefusal(
        types=_GROUPS,
        says="Instances of a warm pool hibernate only if the launch template has hibernation on.",
        source=f"{_GUIDE}warm-pool-instance-lifecycle.html",
        remedy=(
            "set hibernation_options.configured of the launch template to true, or pool_state to "
            '"Stopped".'
        ),
        find=_hibernates,
    ),
    JointRefusal(
        types=_GROUPS,
        says="Unsupported: the architecture of the instance type does not match that of the image.",
        source=f"{_GUIDE}ec2-auto-scaling-mixed-instances-groups-launch-template-overrides.html",
        remedy=(
            "keep instance types of one architecture in overrides, or give those of the other a "
            "launch_template_specification with an image that fits."
        ),
        find=_architectures,
    ),
    JointRefusal(
        types=_GROUPS,
        says="Unsupported: the architecture of the instance type does not match that of the image.",
        source=f"{_EC2}ami-types.html",
        remedy=(
            "set image_id to the parameter of the instance type's architecture, or instance_type to "
            "one of the image's."
        ),
        find=_image_architecture,
    ),
    JointRefusal(
        types=_GROUPS,
        says=(
            "Don't specify subnets, interfaces or private addresses in a launch template for Auto "
            "Scaling: each instance needs its own, in the zone that is chosen for it."
        ),
        source=f"{_GUIDE}create-launch-template.html",
        remedy="remove it from network_interfaces; vpc_zone_identifiers of the group decides.",
        find=_interfaces,
    ),
    JointRefusal(
        types=_GROUPS,
        says="Invalid IAM Instance Profile name: an instance profile holds a role, and is named here.",
        source=f"{_EC2}iam-roles-for-amazon-ec2.html",
        remedy=(
            "create an aws.iam.InstanceProfile with the role, and set iam_instance_profile to its "
            "name."
        ),
        find=_no_profile,
    ),
    JointRefusal(
        types=_GROUPS,
        says="ValidationError: the termination policy is not valid.",
        source=f"{_GUIDE}ec2-auto-scaling-termination-policies.html",
        remedy="set termination_policies to names that there are, or leave it out.",
        find=_termination,
    ),
    JointRefusal(
        types=_GROUPS,
        says="MaxHealthyPercentage: a value above 100, up to 200, beside a minimum of 100.",
        source=f"{_API}API_RefreshPreferences.html",
        remedy="set instance_refresh.preferences.max_healthy_percentage above 100, up to 200.",
        find=_refresh,
    ),
    JointRefusal(
        types=_GROUPS,
        says="ValidationError: SpotInstancePools is only for the SpotAllocationStrategy lowest-price.",
        source=f"{_API}API_InstancesDistribution.html",
        remedy="remove spot_instance_pools: price-capacity-optimized chooses by itself.",
        find=alone(_pools),
    ),
    JointRefusal(
        types=_GROUPS,
        says="IPv6 target groups need instances with a primary IPv6 address.",
        source=(
            "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
            "load-balancer-target-groups.html"
        ),
        remedy="set ip_address_type of the target group to ipv4, the default.",
        find=_addresses,
    ),
    JointRefusal(
        types=tokens.LIFECYCLE_HOOK,
        says="HeartbeatTimeout: 30 to 7200 seconds.",
        source=f"{_API}API_PutLifecycleHook.html",
        remedy="set heartbeat_timeout to 30 to 7200.",
        find=alone(between("heartbeatTimeout", 30, 7200)),
    ),
    JointRefusal(
        types=tokens.LIFECYCLE_HOOK,
        says="LifecycleTransition: autoscaling:EC2_INSTANCE_LAUNCHING or _TERMINATING.",
        source=f"{_API}API_PutLifecycleHook.html",
        remedy='set lifecycle_transition to "autoscaling:EC2_INSTANCE_TERMINATING" or _LAUNCHING.',
        find=alone(
            among(
                "lifecycleTransition",
                "autoscaling:EC2_INSTANCE_LAUNCHING",
                "autoscaling:EC2_INSTANCE_TERMINATING",
            )
        ),
    ),
    JointRefusal(
        types=tokens.SCALING_POLICY,
        says="ValidationError: StepAdjustment intervals can't have gaps between them, nor overlap.",
        source=f"{_GUIDE}as-scaling-simple-step.html",
        remedy=(
            "set metric_interval_lower_bound of each step of step_adjustments to the upper bound of the "
            "one before, and leave the first lower or the last upper bound out."
        ),
        find=_gaps,
    ),
    JointRefusal(
        types=tokens.AUTO_SCALING_GROUP,
        says="ValidationError: the minimum of an instance requirement is not above its maximum.",
        source=f"{_API}API_InstanceRequirements.html",
        remedy="set min of the instance_requirements to at most max.",
        find=_contradicts,
    ),
)
"""Appended to the table of `asg-parts-accepted`."""
