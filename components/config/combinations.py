"""Checks across settings: values that are valid on their own but impossible together. Pure.

Every problem is one sentence with keys, values and remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from components.cidr import LARGEST_PREFIX, instance_addresses, parse_vpc_cidr
from components.config.constants import HTTPS_PORT, STOP_ALARM_PERIOD, STOP_ALARM_POINTS
from components.config.fields import certificate_region
from components.config.settings import Settings
from components.errors import ConfigurationError
from components.health_check import DEFAULT_TIMING
from components.instance_spec import architecture_of, is_burstable
from policies.availability import alarm_timing, target_groups, zones
from policies.availability.healthy_hosts import largest_possible

HALF_AT_A_TIME = "CodeDeployDefault.HalfAtATime"

Check = Callable[[Settings], Iterator[str]]


def problems(settings: Settings) -> list[str]:
    """List what cannot be built with these settings."""
    checks: tuple[Check, ...] = (_sizes, _healthy_hosts, _image_architecture)
    if settings.topology == "single":
        # Rejects every option of the HA stack; the other checks would only report the same again.
        checks += (_ha_only,)
    else:
        checks += (_alarms_in_time, _grace, _https, _instance_types, _spot, _address_space)
    return [problem for check in checks for problem in check(settings)]


def check_region(settings: Settings, region: str) -> None:
    """Reject a setting that belongs to another Region than the stack.

    Raises:
        ConfigurationError: The certificate is in another Region.
    """
    arn = settings.certificate_arn
    if arn is not None and certificate_region(arn) != region:
        raise ConfigurationError(
            f'haproof:certificateArn is "{arn}", but the stack is in {region} and a load balancer '
            f"can only use certificates of its own Region; set it to the ARN of one in {region}."
        )


def _sizes(settings: Settings) -> Iterator[str]:
    low, desired, high = settings.min_size, settings.desired_capacity, settings.max_size
    if settings.topology == "ha" and not low <= desired <= high:
        yield (
            f"haproof:minSize {low}, haproof:desiredCapacity {desired} and haproof:maxSize {high} "
            "are out of order; set them so that minSize <= desiredCapacity <= maxSize."
        )
    elif settings.topology == "ha":
        count = settings.availability_zone_count
        problem = zones.too_few_left(zones.left_after_loss(low, count))
        if problem is not None:
            yield (
                f"haproof:minSize is {low} in {count} zones: {problem}; set it to "
                f"{zones.smallest_size(count)} or more."
            )


def _healthy_hosts(settings: Settings) -> Iterator[str]:
    # Percentages of healthy hosts are rounded up: half of one is one, and a deployment that has to
    # keep every host fails at once (CodeDeploy user guide, "Instance health").
    minimum = settings.minimum_healthy_hosts
    if minimum is None:
        if settings.instance_count == 1 and settings.deployment_config == HALF_AT_A_TIME:
            yield (
                f'haproof:deploymentConfig is "{HALF_AT_A_TIME}", which has to keep half of the '
                "instances healthy, rounded up: with one instance none is left to deploy to, so "
                "every deployment would fail; use CodeDeployDefault.AllAtOnce instead."
            )
        return
    # The smallest group is the strictest: what it can keep, every larger one can.
    size = settings.min_size if settings.topology == "ha" else 1
    problem = minimum.deadlock(size)
    if problem is None:
        return
    count, percent = largest_possible(size)
    described = "one instance" if settings.topology == "single" else f"haproof:minSize {size}"
    yield (
        f'haproof:minimumHealthyHosts is "{minimum}": with {described}, {problem}; use at most '
        f"{count} or {percent}%."
    )


def _alarms_in_time(settings: Settings) -> Iterator[str]:
    """Check that a deployment watches its first zone until its alarms can stop it."""
    given = settings.zone_monitor
    if given is None:
        return  # How long the batches of a configuration take is not known here.
    needed = alarm_timing.needed(STOP_ALARM_POINTS, STOP_ALARM_PERIOD)
    count = settings.availability_zone_count
    problem = alarm_timing.too_late(needed, alarm_timing.watched(given, 0, count))
    if problem is not None:
        least = needed - alarm_timing.watched(0, 0, count)
        yield f"haproof:firstZoneMonitor is {given}: {problem}; set it to {least:g} or more."


def _image_architecture(settings: Settings) -> Iterator[str]:
    architecture = architecture_of(settings.instance_type)
    other = {"arm64": "x86_64", "x86_64": "arm64"}[architecture]
    if other in settings.machine_image:
        yield (
            f'haproof:machineImage is "{settings.machine_image}", an image for {other}, but '
            f"haproof:instanceType {settings.instance_type} is {architecture}; use the "
            f"{architecture} counterpart of the parameter or set haproof:machineImage to latest."
        )


def _grace(settings: Settings) -> Iterator[str]:
    given = settings.health_check_grace_period
    problem = target_groups.bad_grace(given, DEFAULT_TIMING.healthy_after)
    if problem is not None:
        yield (
            f"haproof:healthCheckGracePeriod is {given}: {problem}; set it to boot time plus first "
            "deployment, for example 600."
        )


def _ha_only(settings: Settings) -> Iterator[str]:
    no_balancer, no_group = "it has no load balancer", "it has no Auto Scaling group"
    direct = "visitors connect to its instance directly, which a private subnet prevents"
    configured = (
        ("network", "nat" if settings.network == "nat" else None, direct, "public"),
        ("domainName", settings.domain_name, no_balancer, "none"),
        ("certificateArn", settings.certificate_arn, no_balancer, "none"),
        ("hostedZoneId", settings.hosted_zone_id, no_balancer, "none"),
        ("accessLogs", "true" if settings.access_logs else None, no_balancer, "false"),
        ("instanceTypes", ", ".join(settings.instance_types) or None, no_group, "[]"),
        ("spotPercentage", settings.spot_percentage or None, no_group, "0"),
    )
    for key, value, why, remedy in configured:
        if value is not None:
            yield (
                f'haproof:{key} is "{value}", but haproof:topology is single and {why}; set '
                f"haproof:{key} to {remedy} or haproof:topology to ha."
            )


def _https(settings: Settings) -> Iterator[str]:
    domain, certificate = settings.domain_name, settings.certificate_arn
    zone = settings.hosted_zone_id
    if domain is None:
        for key, value in (("certificateArn", certificate), ("hostedZoneId", zone)):
            if value is not None:
                yield (
                    f'haproof:{key} is "{value}", but haproof:domainName is none, so it would have '
                    f"no effect; set haproof:domainName to a name that the certificate covers, or "
                    f"haproof:{key} to none."
                )
        return
    if certificate is None and zone is None:
        yield (
            f'haproof:domainName is "{domain}", but there is no certificate for it; set '
            "haproof:certificateArn to one in ACM, or haproof:hostedZoneId to the Route 53 zone in "
            "which a new one can be validated."
        )
    if settings.listener_port == HTTPS_PORT:
        yield (
            f"haproof:listenerPort is {HTTPS_PORT}, which HTTPS uses when haproof:domainName is "
            f'"{domain}"; set haproof:listenerPort to 80, which redirects visitors to HTTPS.'
        )


def _instance_types(settings: Settings) -> Iterator[str]:
    first = settings.instance_type
    for other in settings.instance_types:
        where = f'haproof:instanceTypes has "{other}"'
        if other == first:
            yield f"{where}, which is already haproof:instanceType; list only additional types."
        elif architecture_of(other) != architecture_of(first):
            yield (
                f"{where} ({architecture_of(other)}), but haproof:instanceType {first} is "
                f"{architecture_of(first)} and an Auto Scaling group has one machine image; use "
                "types of one architecture."
            )
        elif is_burstable(other) != is_burstable(first):
            # The launch template sets a credit mode, which EC2 rejects for other types.
            yield (
                f"{where}, but only one of it and haproof:instanceType {first} has CPU credits, "
                "and the launch template sets the credit mode for all; use types of one kind."
            )


def _spot(settings: Settings) -> Iterator[str]:
    if settings.spot_percentage and not settings.instance_types:
        yield (
            f"haproof:spotPercentage is {settings.spot_percentage}, but haproof:instanceTypes is "
            "empty: one type is one Spot pool in each zone, which EC2 can interrupt as a whole; add "
            "instance types or set haproof:spotPercentage to 0."
        )


def _address_space(settings: Settings) -> Iterator[str]:
    """Check that twice the largest group fits: maintenance may double it (its policy's 200 %)."""
    private = settings.network == "nat"
    zones = settings.availability_zone_count
    needed = -(-2 * settings.max_size // zones)
    prefix = parse_vpc_cidr(settings.vpc_cidr).prefixlen
    free = instance_addresses(prefix, private=private)
    if free >= needed:
        return
    fitting = next(
        (
            candidate
            for candidate in range(prefix - 1, LARGEST_PREFIX - 1, -1)
            if instance_addresses(candidate, private=private) >= needed
        ),
        None,
    )
    wider = f"use a prefix of /{fitting} or shorter, or " if fitting is not None else ""
    yield (
        f'haproof:vpcCidr "{settings.vpc_cidr}" is too small for haproof:network '
        f"{settings.network}: {free} instances fit into a zone, and haproof:maxSize "
        f"{settings.max_size}, doubled while instances are replaced, puts {needed} into each of "
        f"{zones} zones; {wider}lower haproof:maxSize."
    )
