"""Lookups in AWS that come before any resource: zones, image, Region, account."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pulumi_aws as aws

from components.config.settings import Settings
from components.errors import ConfigurationError


def select_zones(
    *, region: str, available: Iterable[str], offering: Iterable[str], settings: Settings
) -> tuple[str, ...]:
    """Select the first zones, by name, that are available and offer the instance type. Pure.

    Local Zones and Wavelength Zones are not fault domains of the Region and are left out.

    Raises:
        ConfigurationError: There are fewer zones than the stack needs.
    """
    ordinary = re.compile(re.escape(region) + "[a-z]")
    zones = sorted(
        zone for zone in set(available) & set(offering) if ordinary.fullmatch(zone) is not None
    )
    wanted = settings.availability_zone_count
    if len(zones) < wanted:
        found = ", ".join(zones) or "none"
        raise ConfigurationError(
            f"haproof:availabilityZoneCount is {wanted}, but {region} offers "
            f"{settings.instance_type} in {len(zones)} zone(s) ({found}); lower the count, or "
            "change haproof:instanceType or aws:region."
        )
    return tuple(zones[:wanted])


def current_region() -> str:
    """Return the provider's Region."""
    return aws.get_region().region


def current_account() -> str:
    """Return the id of the account that the provider's credentials belong to."""
    return aws.get_caller_identity().account_id


def find_zones(settings: Settings, region: str) -> tuple[str, ...]:
    """Look up the zones to use: not every zone offers every instance type."""
    offerings = aws.ec2.get_instance_type_offerings(
        location_type="availability-zone",
        filters=[
            aws.ec2.GetInstanceTypeOfferingsFilterArgs(
                name="instance-type", values=[settings.instance_type]
            )
        ],
    )
    available = aws.get_availability_zones(state="available")
    return select_zones(
        region=region,
        available=available.names,
        offering=offerings.locations,
        settings=settings,
    )


def find_image(settings: Settings) -> str:
    """Look up the id of the AMI to launch."""
    parameter = settings.image_parameter
    return aws.ssm.get_parameter(name=parameter).value if parameter else settings.machine_image
