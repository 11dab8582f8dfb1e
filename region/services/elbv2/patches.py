"""Elastic Load Balancing as AWS describes it: states and target health come from the data plane.

moto calls every target healthy at once and every load balancer active when it is described. Here
`region.services.elbv2.controller` reports both when they are true.
"""

from __future__ import annotations

from typing import Any, cast

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import (
    ELBv2Backend,
    FakeHealthStatus,
    FakeListener,
    FakeLoadBalancer,
    FakeTargetGroup,
    elbv2_backends,
)

from region.addresses import loopback_of
from region.api.patching import Original, Patches
from region.services.ec2 import placement
from region.services.elbv2.records import LoadBalancerRecord, TargetGroupRecord
from region.services.elbv2.target_groups import REGISTERING, health_of, start_draining

patches = Patches()


def install() -> None:
    """Patch moto's Elastic Load Balancing."""
    patches.install()


# Load balancers ------------------------------------------------------------------------------


@patches.around(ELBv2Backend, "create_load_balancer")
def _create_load_balancer(
    moto: Original, self: ELBv2Backend, name: str, *args: object, **kwargs: object
) -> FakeLoadBalancer:
    kind = kwargs.get("loadbalancer_type") or "application"
    if kind != "application":
        message = (
            f"Load balancer type '{kind}' is not supported in the local region: use 'application'."
        )
        raise ELBClientError("ValidationError", message)
    if any(known.name == name for known in self.load_balancers.values()):
        message = f"A load balancer with the same name '{name}' exists, but with different settings"
        raise ELBClientError("DuplicateLoadBalancerName", message)
    created: FakeLoadBalancer = moto(self, name, *args, **kwargs)
    subnet = created.subnets[0]
    try:
        address = placement.claim(subnet, created.arn)
    except placement.PlacementError as error:
        del self.load_balancers[created.arn]
        raise ELBClientError("InvalidSubnet", str(error)) from error
    LoadBalancerRecord(address, subnet).attach(created)
    # Its name stands for the public address, the loopback twin of the private one.
    created.dns_name = loopback_of(address)
    return created


@patches.around(ELBv2Backend, "delete_load_balancer")
def _delete_load_balancer(moto: Original, self: ELBv2Backend, arn: str) -> None:
    found = self.load_balancers.get(arn)
    if found is not None:
        if str(found.attrs.get("deletion_protection.enabled")).lower() == "true":
            message = (
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            )
            raise ELBClientError("OperationNotPermitted", message)
        record = LoadBalancerRecord.of(found)
        placement.release(record.subnet, record.private_address)
    moto(self, arn)


@patches.method(FakeLoadBalancer)
def activate(self: FakeLoadBalancer) -> None:
    """Leave the state as it is: the controller sets it when HAProxy listens."""
    del self


@patches.value(FakeLoadBalancer, "load_balancer_state")
def _load_balancer_state(self: FakeLoadBalancer) -> dict[str, str]:
    reason = LoadBalancerRecord.of(self).state_reason
    return {"Code": self.state, **({"Reason": reason} if reason else {})}


# Listeners: a changed one has to be bound before its load balancer is active again. AWS would
# reject a port in the call itself; here HAProxy finds out afterwards.


@patches.around(ELBv2Backend, "create_listener")
def _create_listener(
    moto: Original, self: ELBv2Backend, load_balancer_arn: str, *args: object, **kwargs: object
) -> FakeListener:
    created: FakeListener = moto(self, load_balancer_arn, *args, **kwargs)
    _reprovision(self.load_balancers[load_balancer_arn])
    return created


@patches.around(ELBv2Backend, "modify_listener")
def _modify_listener(
    moto: Original, self: ELBv2Backend, arn: str, *args: object, **kwargs: object
) -> FakeListener:
    modified: FakeListener = moto(self, arn, *args, **kwargs)
    _reprovision(self.load_balancers[modified.load_balancer_arn])
    return modified


def _reprovision(load_balancer: FakeLoadBalancer) -> None:
    record = LoadBalancerRecord.of(load_balancer)
    load_balancer.state, record.state_reason = "provisioning", None
    record.listener_changes += 1


# Targets -------------------------------------------------------------------------------------


@patches.around(FakeTargetGroup, "__init__")
def _new_target_group(
    moto: Original, self: FakeTargetGroup, *args: object, **kwargs: object
) -> None:
    TargetGroupRecord().attach(self)
    moto(self, *args, **kwargs)


@patches.around(ELBv2Backend, "register_targets")
def _register_targets(
    moto: Original, self: ELBv2Backend, target_group_arn: str, instances: list[dict[str, Any]]
) -> None:
    known = _registered(self, target_group_arn)
    moto(self, target_group_arn, instances)
    health = TargetGroupRecord.of(self.target_groups[target_group_arn]).health
    for target in instances:
        if target["Id"] not in known:
            health[target["Id"]] = REGISTERING


@patches.around(ELBv2Backend, "deregister_targets")
def _deregister_targets(
    moto: Original, self: ELBv2Backend, target_group_arn: str, instances: list[dict[str, Any]]
) -> None:
    known = _registered(self, target_group_arn)
    # ELB ignores targets that are not registered.
    leaving = [target for target in instances if target["Id"] in known]
    moto(self, target_group_arn, leaving)
    group = self.target_groups[target_group_arn]
    start_draining(self, group, [target["Id"] for target in leaving])


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
    registered = self.targets.get(target["Id"], {})
    port = registered.get("Port") or target.get("Port") or self.port
    backend = elbv2_backends[self.account_id][self.region_name]
    health = health_of(backend, self, target["Id"])
    status = FakeHealthStatus(target["Id"], port, self.health_check_port, *health)
    return cast("FakeHealthStatus", status)  # moto types what its models' `__new__` makes loosely


def _registered(backend: ELBv2Backend, target_group_arn: str) -> set[str]:
    group = backend.target_groups.get(target_group_arn)
    return set(group.targets) if group is not None else set()
