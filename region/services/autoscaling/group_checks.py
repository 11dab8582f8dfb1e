"""What CreateAutoScalingGroup and UpdateAutoScalingGroup refuse.

AWS's own errors for what AWS refuses; `NotImplementedError`, which becomes the API's `NotImplemented`,
for what the local region cannot do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.iam.models import iam_backends

from region.api.parameters import Parameters
from region.services import roles
from region.services.autoscaling import launch_settings, periods, tag_patches, zonal_shift
from region.services.autoscaling.termination_policies import DEFAULT, POLICIES
from region.services.ec2 import root_volumes

MOST_TARGET_GROUPS: Final = 50
MOST_TYPES: Final = 40
HEALTH_CHECK_TYPES: Final = ("EC2", "EBS", "ELB", "VPC_LATTICE")
STRATEGIES: Final = ("balanced-only", "balanced-best-effort", "reservations-then-balanced")
PROTECTIONS: Final = ("none", "prevent-force-deletion", "prevent-all-deletion")
ON_DEMAND_STRATEGIES: Final = ("prioritized", "lowest-price")
SPOT_STRATEGIES: Final = (
    "lowest-price",
    "capacity-optimized",
    "capacity-optimized-prioritized",
    "price-capacity-optimized",
)
RESERVATIONS: Final = (
    "default",
    "none",
    "capacity-reservations-first",
    "capacity-reservations-only",
)
NOT_IMPLEMENTED: Final = {
    "AvailabilityZoneIds": "use VPCZoneIdentifier, which says where a group launches",
    "LoadBalancerNames": "there are no Classic Load Balancers: use TargetGroupARNs",
    "Operator": "leave it out",
    "PlacementGroup": "instances share this computer anyway: leave it out",
}
ONE_SOURCE: Final = (
    "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId "
    "or MixedInstancesPolicy parameter."
)
NO_LAUNCH_CONFIGURATIONS: Final = (
    "The Launch Configuration creation operation is not available in your account. Use launch "
    "templates to create configuration templates for your Auto Scaling groups."
)


def check(backend: AutoScalingBackend, given: Parameters) -> None:
    """Reject what a new group and a change of one may not say.

    Raises:
        ValidationError: For what AWS refuses.
        NotImplementedError: For what the local region cannot do.
    """
    for name, remedy in NOT_IMPLEMENTED.items():
        if given.get(name):
            raise NotImplementedError(f"{name}: {remedy}")
    tag_patches.check_tags(given.structures("Tags"))
    _check_source(backend, given)
    _check_places(backend, given)
    _check_numbers(given)
    _check_health_check_type(given.text("HealthCheckType"))
    check_termination_policies(given.texts("TerminationPolicies"))
    _check_maintenance_policy(given.get("InstanceMaintenancePolicy"))
    _check_structures(given)
    role = given.text("ServiceLinkedRoleARN")
    if role and not role.startswith("arn:"):
        raise ValidationError(f"ServiceLinkedRoleARN '{role}' is not a valid ARN.")
    one_of(given.text("DeletionProtection"), "deletionProtection", PROTECTIONS)
    kind = given.text("DesiredCapacityType")
    if kind not in {"", "units"}:
        message = (
            f"DesiredCapacityType {kind} requires InstanceRequirements in the MixedInstancesPolicy."
        )
        raise ValidationError(message)


def check_new(backend: AutoScalingBackend, given: Parameters) -> None:
    """Reject what only a new group may not say."""
    name = given.text("AutoScalingGroupName")
    if not name or ":" in name or len(name) > 255:
        message = f"AutoScalingGroupName {name!r} must have 1 to 255 characters and no colon."
        raise ValidationError(message)
    if not given.text("VPCZoneIdentifier") and not given.texts("AvailabilityZones"):
        raise ValidationError("At least one Availability Zone or VPC Subnet is required.")
    sources = [str(one["Identifier"]) for one in given.structures("TrafficSources")]
    check_traffic_sources(given.structures("TrafficSources"))
    check_target_groups(backend, [*given.texts("TargetGroupARNs"), *sources], MOST_TARGET_GROUPS)


def check_sizes(minimum: int, maximum: int, desired: int) -> None:
    """Reject sizes that contradict each other."""
    for name, value in (("MinSize", minimum), ("MaxSize", maximum), ("DesiredCapacity", desired)):
        if value < 0:
            raise ValidationError(f"{name} {value} must be greater than or equal to 0.")
    if minimum > maximum:
        message = f"Max bound, {maximum}, must be greater than or equal to min bound, {minimum}"
        raise ValidationError(message)
    if not minimum <= desired <= maximum:
        message = (
            f"Desired capacity:{desired} must be between the specified min size:{minimum} "
            f"and max size:{maximum}"
        )
        raise ValidationError(message)


def check_target_groups(backend: AutoScalingBackend, arns: Iterable[str], most: int) -> None:
    """Reject target groups that do not exist, and more than a call or a group may have."""
    wanted = list(arns)
    if len(wanted) > most:
        raise AutoscalingClientError(
            "ValidationError",
            f"{len(wanted)} target groups were given: at most {most} are possible.",
        )
    for arn in wanted:
        found = backend.elbv2_backend.target_groups.get(arn)
        if found is None:
            raise ValidationError(
                "Provided Target Groups may not be valid. Please ensure they exist and try again: "
                f"{arn}"
            )
        if str(vars(found).get("target_type") or "instance") != "instance":
            message = f"Target group {arn} has targets of another type than instance."
            raise ValidationError(message)


def check_traffic_sources(sources: Iterable[Mapping[str, Any]]) -> None:
    """Reject traffic sources of a kind that does not exist, or not here."""
    for source in sources:
        kind = str(source.get("Type") or "elbv2")
        one_of(kind, "type", ("elb", "elbv2", "vpc-lattice"))
        if kind != "elbv2":
            raise NotImplementedError(f"TrafficSources of type {kind}: use elbv2, a target group")


def check_termination_policies(policies: list[str]) -> None:
    """Reject policies that do not exist, twice the same, and `Default` before others."""
    for policy in policies:
        if policy.startswith("arn:"):
            raise NotImplementedError("TerminationPolicies with a Lambda function: use a policy")
        one_of(policy, "terminationPolicies", POLICIES)
    if DEFAULT in policies[:-1]:
        raise ValidationError("The Default termination policy must be the last one in the list.")
    if len(set(policies)) < len(policies):
        raise ValidationError("The list of termination policies contains duplicates.")


def one_of(value: str, name: str, values: Iterable[str]) -> None:
    """Reject a value that AWS does not list; an empty one was not given.

    Raises:
        ValidationError: With AWS's message.
    """
    known = list(values)
    if value and value not in known:
        message = (
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(known)}]"
        )
        raise ValidationError(message)


def _check_source(backend: AutoScalingBackend, given: Parameters) -> None:
    """Check what a group launches."""
    if given.text("LaunchConfigurationName") or given.text("InstanceId"):
        raise AutoscalingClientError("UnsupportedOperation", NO_LAUNCH_CONFIGURATIONS)
    template, mixed = given.structure("LaunchTemplate"), given.structure("MixedInstancesPolicy")
    if template and mixed:
        raise ValidationError(ONE_SOURCE)
    if template:
        _check_template(backend, template)
    if mixed:
        _check_mixed(backend, mixed)


def _check_places(backend: AutoScalingBackend, given: Parameters) -> None:
    """Reject subnets and Availability Zones that do not exist."""
    ec2 = backend.ec2_backend
    known = {str(name) for subnets in ec2.subnets.values() for name in subnets}
    for name in filter(None, given.text("VPCZoneIdentifier").split(",")):
        if name.strip() not in known:
            raise ValidationError(f"The subnet ID '{name.strip()}' does not exist")
    zones = {str(zone.name) for zone in ec2.describe_availability_zones()}
    if missing := [zone for zone in given.texts("AvailabilityZones") if zone not in zones]:
        raise ValidationError(f"Invalid availability zones: [{', '.join(missing)}]")


def _check_mixed(backend: AutoScalingBackend, mixed: Mapping[str, Any]) -> None:
    choice: Mapping[str, Any] = mixed.get("LaunchTemplate") or {}
    _check_template(backend, choice.get("LaunchTemplateSpecification") or {})
    overrides: list[Mapping[str, Any]] = choice.get("Overrides") or []
    if len(overrides) > MOST_TYPES:
        raise ValidationError(f"{len(overrides)} overrides were given: at most {MOST_TYPES}.")
    for override in overrides:
        for name in ("WeightedCapacity", "InstanceRequirements", "ImageId"):
            if override.get(name):
                raise NotImplementedError(f"Overrides.{name}: list types, each counts as one")
        if not override.get("InstanceType"):
            raise ValidationError("Each override must have an InstanceType.")
        if override.get("LaunchTemplateSpecification"):
            _check_template(backend, override["LaunchTemplateSpecification"])
    types = [override["InstanceType"] for override in overrides]
    if len(set(types)) < len(types):
        raise ValidationError("The overrides name an instance type twice.")
    distribution: Mapping[str, Any] = mixed.get("InstancesDistribution") or {}
    strategy = str(distribution.get("OnDemandAllocationStrategy") or "")
    one_of(strategy, "onDemandAllocationStrategy", ON_DEMAND_STRATEGIES)
    if strategy == "lowest-price" and len(types) > 1:
        message = "OnDemandAllocationStrategy lowest-price: use prioritized, in the order of prices"
        raise NotImplementedError(message)
    one_of(
        str(distribution.get("SpotAllocationStrategy") or ""),
        "spotAllocationStrategy",
        SPOT_STRATEGIES,
    )
    if distribution.get("DistributionSegments"):
        raise NotImplementedError("DistributionSegments: there are On-Demand Instances only")
    _check_on_demand(distribution.get("OnDemandPercentageAboveBaseCapacity"))


def _check_on_demand(share: Any) -> None:
    """Reject a share of Spot instances: there is no market here."""
    if share is None:
        return
    if not 0 <= int(share) <= 100:
        raise ValidationError(f"OnDemandPercentageAboveBaseCapacity {share} must be 0 to 100.")
    if int(share) != 100:
        message = (
            f"OnDemandPercentageAboveBaseCapacity {share} asks for Spot instances, which the local "
            "region does not have: use 100."
        )
        raise ValidationError(message)


def _check_template(backend: AutoScalingBackend, specification: Mapping[str, Any]) -> None:
    if bool(specification.get("LaunchTemplateId")) == bool(specification.get("LaunchTemplateName")):
        message = "Valid requests must contain either launchTemplateId or LaunchTemplateName"
        raise ValidationError(message)
    template = launch_settings.find(backend.ec2_backend, specification)
    identity = specification.get("LaunchTemplateId") or specification.get("LaunchTemplateName")
    if template is None:
        message = (
            "You must use a valid fully-formed launch template. The specified launch template "
            f"does not exist: {identity}"
        )
        raise ValidationError(message)
    number = str(specification.get("Version") or "$Default")
    if not _has_version(template, number):
        message = (
            "You must use a valid fully-formed launch template. Could not find launch template "
            f"version {number} of {identity}."
        )
        raise ValidationError(message)
    data = template.get_version(number).data
    lacking = next(_lacking(backend, data), None)
    if lacking is not None:
        raise ValidationError(f"You must use a valid fully-formed launch template. {lacking}")


def _lacking(backend: AutoScalingBackend, data: Mapping[str, Any]) -> Iterator[str]:
    """Yield what keeps a launch template from launching anything."""
    if not data.get("ImageId"):
        yield "The request must contain the parameter ImageId"
    wrong = root_volumes.refused(
        backend.ec2_backend, data.get("BlockDeviceMappings"), data.get("ImageId")
    )
    if wrong is not None:
        yield wrong[1]
    interfaces: list[Mapping[str, Any]] = data.get("NetworkInterfaces") or []
    named = [*(data.get("SecurityGroupIds") or []), *(interfaces[:1] and _groups(interfaces[0]))]
    for group in named:
        if backend.ec2_backend.get_security_group_from_id(str(group)) is None:
            yield f"The security group '{group}' does not exist"
    profile: Mapping[str, Any] = data.get("IamInstanceProfile") or {}
    name = str(profile.get("Name") or str(profile.get("Arn") or "").rpartition("/")[2])
    known = iam_backends[backend.account_id][roles.IAM].instance_profiles.values()
    if name and all(one.name != name for one in known):
        given = "name" if profile.get("Name") else "arn"
        yield (
            f"Value ({profile.get('Name') or profile.get('Arn')}) for parameter "
            f"iamInstanceProfile.{given} is invalid. Invalid IAM Instance Profile {given}"
        )


def _groups(interface: Mapping[str, Any]) -> list[str]:
    return list(interface.get("Groups") or [])


def _has_version(template: LaunchTemplate, number: str) -> bool:
    numbers = {str(version.number) for version in template.versions}
    return number in {"$Latest", "$Default"} | numbers


def _check_numbers(given: Parameters) -> None:
    lifetime = given.integer("MaxInstanceLifetime") or 0
    shortest = int(periods.SHORTEST_LIFETIME.seconds)
    if lifetime and not shortest <= lifetime <= 365 * 86_400:
        message = (
            f"MaxInstanceLifetime {lifetime} must be 0 or from {shortest} to 31536000 seconds."
        )
        raise ValidationError(message)
    warmup = given.integer("DefaultInstanceWarmup")
    if warmup is not None and not -1 <= warmup <= 3600:
        raise ValidationError(f"DefaultInstanceWarmup {warmup} must be from 0 to 3600, or -1.")
    for name in ("DefaultCooldown", "HealthCheckGracePeriod"):
        if (given.integer(name) or 0) < 0:
            raise ValidationError(f"{name} {given.integer(name)} must not be negative.")


def _check_health_check_type(text: str) -> None:
    for part in text.split(",") if text else []:
        one_of(part.strip(), "healthCheckType", HEALTH_CHECK_TYPES)


def _check_maintenance_policy(policy: Mapping[str, Any] | None) -> None:
    if not policy:
        return
    least, most = policy.get("MinHealthyPercentage"), policy.get("MaxHealthyPercentage")
    if least is None or most is None:
        message = "MinHealthyPercentage and MaxHealthyPercentage must both be specified."
        raise ValidationError(message)
    least, most = int(least), int(most)
    if least == most == -1:
        return
    if not 0 <= least <= 100:
        raise ValidationError(f"MinHealthyPercentage {least} must be from 0 to 100.")
    if not 100 <= most <= 200:
        raise ValidationError(f"MaxHealthyPercentage {most} must be from 100 to 200.")
    if most - least > 100:
        message = (
            f"The difference between MaxHealthyPercentage {most} and MinHealthyPercentage {least} "
            "cannot be greater than 100."
        )
        raise ValidationError(message)


def _check_structures(given: Parameters) -> None:
    strategy = given.structure("AvailabilityZoneDistribution").get("CapacityDistributionStrategy")
    one_of(str(strategy or ""), "capacityDistributionStrategy", STRATEGIES)
    impairment = given.structure("AvailabilityZoneImpairmentPolicy")
    behavior = impairment.get("ImpairedZoneHealthCheckBehavior")
    one_of(str(behavior or ""), "impairedZoneHealthCheckBehavior", zonal_shift.BEHAVIORS)
    zonal_shift.check_policy(impairment)
    triggers = given.structure("InstanceLifecyclePolicy").get("RetentionTriggers") or {}
    on_abandon = str(triggers.get("TerminateHookAbandon") or "")
    one_of(on_abandon, "terminateHookAbandon", ("retain", "terminate"))
    reservations = given.structure("CapacityReservationSpecification")
    preference = str(reservations.get("CapacityReservationPreference") or "")
    one_of(preference, "capacityReservationPreference", RESERVATIONS)
    if preference == RESERVATIONS[-1] or reservations.get("CapacityReservationTarget"):
        message = (
            "CapacityReservationSpecification: there are no Capacity Reservations to launch into"
        )
        raise NotImplementedError(message)
