"""Filters that moto passes over or fails at: done here, or refused by their name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.models.instance_types import InstanceTypeBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.models.tags import TagBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.utils import generic_filter

from region.api.patching import Original, Patches
from region.services.ec2 import lookup_patches
from region.services.ec2.wildcards import fits

patches = Patches()

_Found = TypeVar("_Found")
_Values = Callable[[Any], str]
_OPT_IN: Final = "opt-in-not-required"
_TYPES: Final = frozenset(
    {
        "dedicated-hosts-supported",
        "ebs-info.attachment-limit-type",
        "ebs-info.maximum-ebs-attachments",
        "instance-storage-info.disk.count",
        "instance-storage-info.disk.size-in-gb",
        "instance-storage-info.disk.type",
        "network-info.bandwidth-weightings",
        "network-info.flexible-ena-queues-support",
        "nitro-enclaves-support",
        "nitro-tpm-support",
        "nitro-tpm-info.supported-versions",
        "processor-info.supported-features",
        "reboot-migration-support",
    }
)
"""Filters of instance types that moto does not know or fails at."""


def _check(instance: Instance, name: str) -> str:
    """Return a value of a status check: `instance_status.Status`, or that of its reachability."""
    kind, _, member = name.partition(".")
    found = getattr(instance, kind)
    if member == "status":
        return str(found["Status"])
    return "".join(detail["Status"] for detail in found.get("Details", ()))


_OF_STATUS: Final[Mapping[str, _Values]] = {
    "availability-zone": lambda one: str(one.placement["AvailabilityZone"]),
    "instance-status.reachability": lambda one: _check(one, "instance_status.reachability"),
    "instance-status.status": lambda one: _check(one, "instance_status.status"),
    "system-status.reachability": lambda one: _check(one, "system_status.reachability"),
    "system-status.status": lambda one: _check(one, "system_status.status"),
}
_STATES: Final = ("instance-state-code", "instance-state-name")
_OF_ZONES: Final[Mapping[str, _Values]] = {
    "group-name": lambda one: str(one.group_name),
    "opt-in-status": lambda _: _OPT_IN,
}
_OF_TAGS: Final[Mapping[str, str]] = {
    "key": "key",
    "resource-id": "resource_id",
    "resource-type": "resource_type",
    "value": "value",
}
_BY_MOTO: Final = ("region-name", "state", "zone-id", "zone-name", "zone-type")


def apply(
    found: Iterable[_Found], filters: Mapping[str, list[str]], known: Mapping[str, _Values]
) -> list[_Found]:
    """Return what all filters let through.

    Raises:
        NotImplementedError: A filter is none of the known ones.
    """
    left = list(found)
    for name, values in filters.items():
        if name not in known:
            raise NotImplementedError(f"the filter {name}")
        read = known[name]
        left = [one for one in left if fits([read(one)], values)]
    return left


def _as_mapping(filters: Any) -> dict[str, list[str]]:
    """Return filters by their names, whichever of moto's forms they have."""
    if isinstance(filters, Mapping):
        return {str(name): list(values) for name, values in filters.items()}
    return {str(one["name"]): list(one["values"]) for one in filters or ()}


@patches.around(InstanceBackend, "describe_instance_status")
def _describe_instance_status(
    moto: Original,
    self: EC2Backend,
    instance_ids: list[str],
    include_all_instances: bool,
    filters: Any,
) -> list[Instance]:
    wanted = _as_mapping(filters)
    states = [{"name": name, "values": wanted.pop(name)} for name in _STATES if name in wanted]
    found = moto(self, instance_ids, include_all_instances, states)
    return apply(found, wanted, _OF_STATUS)


@patches.around(RegionsAndZonesBackend, "describe_availability_zones")
def _describe_availability_zones(
    moto: Original,
    self: EC2Backend,
    filters: Any = None,
    zone_names: list[str] | None = None,
    zone_ids: list[str] | None = None,
) -> list[Any]:
    lookup_patches.require_zones(self, zone_names, zone_ids)
    wanted = _as_mapping(filters)
    theirs = {name: wanted.pop(name) for name in _BY_MOTO if name in wanted}
    return apply(moto(self, theirs, zone_names, zone_ids), wanted, _OF_ZONES)


@patches.value(Zone, "opt_in_status")
def _opt_in_status(self: Zone) -> str:
    """Return what every Availability Zone of the region has; moto tells it of none."""
    del self
    return _OPT_IN


@patches.value(Zone, "group_name")
@patches.value(Zone, "network_border_group")
def _border_group(self: Zone) -> str:
    return str(self.region_name)


@patches.around(NatGatewayBackend, "describe_nat_gateways")
def _describe_nat_gateways(
    moto: Original, self: EC2Backend, filters: Any, nat_gateway_ids: list[str] | None
) -> list[NatGateway]:
    lookup_patches.require_gateways(self, nat_gateway_ids)
    tags = {name: values for name, values in (filters or {}).items() if name.startswith("tag")}
    return generic_filter(tags, moto(self, filters, nat_gateway_ids))


@patches.around(TagBackend, "describe_tags")
def _describe_tags(
    moto: Original, self: EC2Backend, filters: dict[str, list[str]] | None = None
) -> list[dict[str, str]]:
    """Describe tags; `tag:<key>` stands for the key and its values together.

    moto takes brackets for wildcards, has none for the type of a resource, fails at a resource of a kind
    that it does not know, and passes over a filter that there is not.
    """
    found: list[dict[str, str]] = moto(self, None)
    for name, values in (filters or {}).items():
        key = name.removeprefix("tag:")
        if name in _OF_TAGS:
            member = _OF_TAGS[name]
            found = [tag for tag in found if fits([tag[member]], values)]
        elif key != name:
            found = [tag for tag in found if tag["key"] == key and fits([tag["value"]], values)]
        else:
            raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return found


@patches.around(InstanceTypeBackend, "describe_instance_types")
def _describe_instance_types(
    moto: Original, self: EC2Backend, instance_types: list[str] | None = None, filters: Any = None
) -> list[Any]:
    for name in filters or ():
        if name in _TYPES:
            raise NotImplementedError(f"the filter {name}")
    return moto(self, instance_types, filters)


@patches.method(VPCBackend, "_filter_endpoint_services")
def _filter_endpoint_services(
    self: EC2Backend,
    service_names_filters: list[str],
    filters: list[dict[str, Any]],
    services: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Filter services by name and kind; moto reads the values under another name."""
    del self
    found = [
        one
        for one in services
        if not service_names_filters or one["ServiceName"] in service_names_filters
    ]
    for condition in filters:
        name, values = condition["Name"], condition.get("Values") or condition.get("Value") or []
        if name == "service-name":
            found = [one for one in found if one["ServiceName"] in values]
        elif name == "service-type":
            found = [
                one
                for one in found
                if {kind["ServiceType"] for kind in one["ServiceType"]} & {*values}
            ]
        else:
            raise NotImplementedError(f"the filter {name}")
    return found
