"""Which resources an experiment acts on. Callers hold the control plane's lock."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from moto.ec2.models.instances import Instance

from region.api.server import ControlPlane
from region.services.ec2 import arns
from region.services.fis import catalogue


def resolve(plane: ControlPlane, target: Mapping[str, Any]) -> list[str]:
    """Return the ARNs of a target's resources, after its selection."""
    kind = str(target["resourceType"])
    wanted_arns = set(target.get("resourceArns") or [])
    wanted_tags = cast("dict[str, str]", target.get("resourceTags") or {})
    filters = cast("list[dict[str, Any]]", target.get("filters") or [])
    found = [
        arn
        for arn, tags, resource in _FINDERS[kind](plane)
        if (arn in wanted_arns if wanted_arns else wanted_tags.items() <= tags.items())
        and all(_passes(resource, one) for one in filters)
    ]
    return _selected(found, str(target["selectionMode"]))


def _selected(found: list[str], mode: str) -> list[str]:
    if mode == "ALL" or not found:
        return found
    number = int(mode.partition("(")[2].rstrip(")"))
    if mode.startswith("PERCENT"):
        number = math.floor(len(found) * number / 100)
    return random.sample(found, min(number, len(found)))


def _instances(plane: ControlPlane) -> Iterator[tuple[str, dict[str, str], object]]:
    for instance in plane.backend("ec2").all_instances():
        tags = {str(tag["key"]): str(tag["value"]) for tag in instance.get_tags()}
        if instance.state_code not in {32, 48}:  # Neither shutting down nor terminated.
            arn = arns.of_instance(plane.config.region, plane.config.account, instance.id)
            yield arn, tags, instance


def _databases(plane: ControlPlane) -> Iterator[tuple[str, dict[str, str], object]]:
    for database in plane.backend("rds").databases.values():
        tags = {str(tag["Key"]): str(tag["Value"]) for tag in database.tags}
        yield str(database.db_instance_arn), tags, database


def _subnets(plane: ControlPlane) -> Iterator[tuple[str, dict[str, str], object]]:
    prefix = f"arn:aws:ec2:{plane.config.region}:{plane.config.account}:subnet/"
    for subnet in plane.backend("ec2").describe_subnets():
        tags = {str(tag["key"]): str(tag["value"]) for tag in subnet.get_tags()}
        yield prefix + subnet.id, tags, subnet


def _groups(plane: ControlPlane) -> Iterator[tuple[str, dict[str, str], object]]:
    for group in plane.backend("autoscaling").autoscaling_groups.values():
        tags = {str(tag.get("key")): str(tag.get("value")) for tag in group.tags}
        yield str(group.arn), tags, group


_FINDERS: dict[str, Callable[[ControlPlane], Iterator[tuple[str, dict[str, str], object]]]] = {
    catalogue.INSTANCE: _instances,
    catalogue.DATABASE: _databases,
    catalogue.SUBNET: _subnets,
    catalogue.GROUP: _groups,
}
_PATHS: dict[str, Callable[[Instance], Sequence[str]]] = {
    "State.Name": lambda one: [one.instance_state.name],
    "Placement.AvailabilityZone": lambda one: [str(one.placement.zone)],
    "InstanceType": lambda one: [one.instance_type],
    "ImageId": lambda one: [one.image_id],
    "VpcId": lambda one: [str(one.vpc_id)],
    "SubnetId": lambda one: [str(one.subnet_id)],
    "SecurityGroups.GroupId": lambda one: [group.id for group in one.security_groups],
}


def _passes(resource: object, wanted: Mapping[str, Any]) -> bool:
    values = _PATHS[str(wanted["path"])](cast("Instance", resource))
    return bool(set(values) & {str(value) for value in wanted["values"]})
