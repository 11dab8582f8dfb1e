"""Targets: registration, and their health as the data plane reports it.

moto calls every target healthy at once. Here `region.services.elbv2.controller` reports what is true.
"""

from __future__ import annotations

from typing import Any, cast

from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup, elbv2_backends
from moto.elbv2.responses import ELBV2Response

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.loopback.addresses import has_twin
from region.services.elbv2 import attributes, limits
from region.services.elbv2.errors import invalid, unsupported
from region.services.elbv2.records import LoadBalancerRecord, TargetGroupRecord
from region.services.elbv2.target_groups import (
    EVERY_ZONE,
    REGISTERING,
    balancer_of,
    health_of,
    start_draining,
    zone_of,
    zone_of_address,
)

patches = Patches()


@patches.around(ELBV2Response, "describe_target_health")
def _describe_call(moto: Original, self: ELBV2Response) -> object:
    for name in Parameters(self).texts("Include"):
        if name not in {"AnomalyDetection", "All"}:
            raise invalid(f"Include '{name}' must be AnomalyDetection or All")
    return moto(self)


# API reference, RegisterTargets: an instance must be running when it is registered.
@patches.around(ELBV2Response, "register_targets")
def _register_call(moto: Original, self: ELBV2Response) -> object:
    given, backend = Parameters(self), self.elbv2_backend
    group = backend.target_groups.get(given.text("TargetGroupArn"))
    if group is not None and group.target_type == "instance":
        names = [str(target.get("Id")) for target in given.structures("Targets")]
        found = [backend.ec2_backend.get_instance_by_id(name) for name in names]
        resting = [one.id for one in found if one is not None and one.state != "running"]
        if resting:
            listed = ", ".join(f"'{name}'" for name in resting)
            raise invalid(
                f"The following targets are not in a running state and cannot be registered: {listed}",
                "InvalidTarget",
            )
    return moto(self)


@patches.around(ELBv2Backend, "register_targets")
def _register_targets(
    moto: Original, self: ELBv2Backend, target_group_arn: str, instances: list[dict[str, Any]]
) -> None:
    group = self.target_groups.get(target_group_arn)
    if group is None:
        raise TargetGroupNotFoundError
    if not instances:
        raise invalid("You must specify at least one target")
    for target in instances:
        _check_target(self, group, target)
    limits.check_targets(self, group, instances)
    known = set(group.targets)
    moto(self, target_group_arn, instances)
    record = TargetGroupRecord.of(group)
    for target in instances:
        name = str(target["Id"])
        zone = target.get("AvailabilityZone")
        if zone:
            record.zones[name] = str(zone)
        if name not in known:
            record.health[name] = REGISTERING


def _check_target(backend: ELBv2Backend, group: FakeTargetGroup, target: dict[str, Any]) -> None:
    name, port = str(target["Id"]), target.get("Port") or group.port
    if target.get("QuicServerId"):
        raise invalid("QuicServerId is for Network Load Balancers", "InvalidTarget")
    if not 1 <= int(port) <= 65535:
        raise invalid(f"Port '{port}' of target '{name}' must be between 1 and 65535")
    registered = group.targets.get(name)
    if registered is not None and int(registered["Port"]) != int(port):
        raise unsupported(
            f"target '{name}' on a second port (it has {registered['Port']})",
            "register it with a second target group, or deregister it first",
        )
    if group.target_type == "instance":
        instance = backend.ec2_backend.get_instance_by_id(name)
        if instance is None:
            raise invalid(
                f"The following targets are not valid instances: '{name}'", "InvalidTarget"
            )
        if instance.vpc_id != group.vpc_id:
            raise invalid(
                f"The following targets are not in the target group's VPC: '{name}'",
                "InvalidTarget",
            )
        return
    if not has_twin(name):
        raise invalid(
            f"IP address '{name}' cannot be a target in the local region: use one of its VPCs",
            "InvalidTarget",
        )
    inside = zone_of_address(backend, group.vpc_id, name)
    if not inside and target.get("AvailabilityZone") != EVERY_ZONE:
        raise invalid(
            f"IP address '{name}' is not in the target group's VPC: set 'AvailabilityZone' to 'all'",
            "InvalidTarget",
        )


@patches.around(ELBv2Backend, "deregister_targets")
def _deregister_targets(
    moto: Original, self: ELBv2Backend, target_group_arn: str, instances: list[dict[str, Any]]
) -> None:
    group = self.target_groups.get(target_group_arn)
    known = set(group.targets) if group is not None else set[str]()
    # ELB ignores targets that are not registered.
    leaving = [target for target in instances if target["Id"] in known]
    moto(self, target_group_arn, leaving)
    group = self.target_groups[target_group_arn]
    start_draining(self, group, [str(target["Id"]) for target in leaving])
    for target in leaving:
        TargetGroupRecord.of(group).zones.pop(str(target["Id"]), None)


@patches.method(ELBv2Backend)
def notify_terminate_instances(self: ELBv2Backend, instance_ids: list[str]) -> None:
    """Deregister instances that EC2 terminates."""
    for group in self.target_groups.values():
        leaving = [{"Id": name} for name in instance_ids if name in group.targets]
        if leaving:
            self.deregister_targets(group.arn, leaving)


@patches.around(ELBv2Backend, "describe_target_health")
def _describe_target_health(
    moto: Original, self: ELBv2Backend, target_group_arn: str, targets: list[dict[str, Any]]
) -> list[FakeHealthStatus]:
    group = self.target_groups.get(target_group_arn)
    if group is not None and not targets:
        targets = list(group.targets.values()) + [
            {"Id": name, "Port": group.port}
            for name, health in TargetGroupRecord.of(group).health.items()
            if health.state == "draining" and name not in group.targets
        ]
        if not targets:
            return []
    described: list[FakeHealthStatus] = moto(self, target_group_arn, targets)
    return described


@patches.method(FakeTargetGroup)
def health_for(
    self: FakeTargetGroup, target: dict[str, Any], ec2_backend: object
) -> FakeHealthStatus:
    """Describe a target's health as the data plane reported it."""
    del ec2_backend
    name = str(target["Id"])
    registered = self.targets.get(name, {})
    port = registered.get("Port") or target.get("Port") or self.port
    checked = self.health_check_port
    backend = elbv2_backends[self.account_id][self.region_name]
    status = FakeHealthStatus(
        name,
        port,
        str(port) if checked == "traffic-port" else checked,
        *health_of(backend, self, name),
    )
    extra = vars(status)
    if self.attributes.get(attributes.ALGORITHM) == "weighted_random":
        extra["anomaly_detection"] = {"Result": "normal", "MitigationInEffect": "no"}
    if override := _override(backend, self, name):
        extra["administrative_override"] = override
    return cast("FakeHealthStatus", status)  # moto types what its models' `__new__` makes loosely


def _override(backend: ELBv2Backend, group: FakeTargetGroup, name: str) -> dict[str, str] | None:
    balancer = balancer_of(backend, group)
    if balancer is None or str(balancer.attrs.get(attributes.ZONAL_SHIFT)) != "true":
        return None
    if zone_of(backend, group, name) in LoadBalancerRecord.of(balancer).away_from:
        return {
            "State": "zonal_shift_active",
            "Reason": "AdministrativeOverride.ZonalShiftActive",
            "Description": "A zonal shift is active for the target's Availability Zone",
        }
    return {
        "State": "no_override",
        "Reason": "AdministrativeOverride.NoOverride",
        "Description": "No override is currently active on target",
    }
