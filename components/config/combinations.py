"""Settings that are fine each by itself and impossible together. Pure.

Every problem is one sentence with keys, values and remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from components.cidr import LARGEST_PREFIX, instance_addresses, parse_vpc_cidr
from components.instance_spec import architecture_of, is_burstable

if TYPE_CHECKING:
    from components.config.settings import Settings

HTTPS_PORT = 443


def problems(settings: Settings) -> list[str]:
    """What cannot be built of these settings."""
    checks: tuple[Callable[[Settings], Iterator[str]], ...]
    # Of the baseline only that it has none of the fleet's parts: the rest would repeat it.
    checks = (_fleet_only,) if settings.topology == "single" else (_https, _types, _spot, _room)
    return [problem for check in checks for problem in check(settings)]


def _fleet_only(settings: Settings) -> Iterator[str]:
    balancer, fleet = "it has no load balancer", "it has no fleet"
    reached = "its visitors reach the instance directly, which a private subnet forbids"
    given = (
        ("network", "nat" if settings.network == "nat" else None, reached, "public"),
        ("domainName", settings.domain_name, balancer, "none"),
        ("certificateArn", settings.certificate_arn, balancer, "none"),
        ("hostedZoneId", settings.hosted_zone_id, balancer, "none"),
        ("accessLogs", "true" if settings.access_logs else None, balancer, "false"),
        ("instanceTypes", ", ".join(settings.instance_types) or None, fleet, "[]"),
        ("spotPercentage", settings.spot_percentage or None, fleet, "0"),
    )
    for key, value, why, remedy in given:
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
                    f'haproof:{key} is "{value}", but haproof:domainName is none, so nobody could '
                    f"use it; set haproof:domainName to a name that the certificate covers, or "
                    f"haproof:{key} to none."
                )
        return
    if certificate is None and zone is None:
        yield (
            f'haproof:domainName is "{domain}", but there is no certificate for it; set '
            "haproof:certificateArn to one in ACM, or haproof:hostedZoneId to the Route 53 zone in "
            "which a new one may be proven."
        )
    if settings.listener_port == HTTPS_PORT:
        yield (
            f"haproof:listenerPort is {HTTPS_PORT}, which HTTPS takes when haproof:domainName is "
            f'"{domain}"; set haproof:listenerPort to 80, from which visitors are redirected.'
        )


def _types(settings: Settings) -> Iterator[str]:
    first = settings.instance_type
    for other in settings.instance_types:
        where = f'haproof:instanceTypes has "{other}"'
        if other == first:
            yield f"{where}, which haproof:instanceType is already; name only further types there."
        elif architecture_of(other) != architecture_of(first):
            yield (
                f"{where} ({architecture_of(other)}), but haproof:instanceType {first} is "
                f"{architecture_of(first)} and a fleet has one machine image; use types of one "
                "architecture."
            )
        elif is_burstable(other) != is_burstable(first):
            # The launch template names a credit mode, which EC2 refuses for other types.
            yield (
                f"{where}, but only one of it and haproof:instanceType {first} has CPU credits, "
                "and the launch template sets the credit mode for all; use types of one kind."
            )


def _spot(settings: Settings) -> Iterator[str]:
    if settings.spot_percentage and not settings.instance_types:
        yield (
            f"haproof:spotPercentage is {settings.spot_percentage}, but haproof:instanceTypes is "
            "empty: one type is one Spot pool in each zone, which EC2 takes back as a whole; name "
            "further types or set haproof:spotPercentage to 0."
        )


def _room(settings: Settings) -> Iterator[str]:
    """Whether the largest fleet fits, twice: maintenance may double it (its policy's 200 %)."""
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
