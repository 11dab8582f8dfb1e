"""The desired state of a load balancer: the control plane's objects as values of the data plane.

Call with the control plane's lock held; what is returned holds no moto object.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from moto.elbv2.models import ELBv2Backend, FakeListener, FakeLoadBalancer, FakeTargetGroup

from region.addresses import has_twin, loopback_of
from region.config import RegionConfig
from region.network.internet import admits_internet
from region.services.ec2 import security_groups
from region.services.elbv2 import target_groups
from region.services.elbv2.haproxy.model import (
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    LoadBalancerError,
    Target,
    TargetGroup,
)
from region.services.elbv2.records import LoadBalancerRecord

IDLE_TIMEOUT = 60.0
REACHABLE_STATES = {"running", "pending"}


@dataclass(frozen=True, slots=True)
class DesiredLoadBalancer:
    """One load balancer as the control plane describes it.

    Attributes:
        targets: The registered targets by target group name.
        arns: The target groups' ARNs by name.
        listener_changes: The state of the listeners that this was read from.
    """

    arn: str
    name: str
    spec: LoadBalancer
    targets: dict[str, list[Target]] = field(default_factory=dict[str, list[Target]])
    arns: dict[str, str] = field(default_factory=dict[str, str])
    listener_changes: int = 0


def read(
    backend: ELBv2Backend, load_balancer: FakeLoadBalancer, config: RegionConfig, network: str
) -> DesiredLoadBalancer:
    """Read what `load_balancer` should do; `network` is the region's network namespace.

    Raises:
        LoadBalancerError: If it asks for something that the data plane cannot do.
    """
    record = LoadBalancerRecord.of(load_balancer)
    groups = [
        backend.target_groups[arn]
        for arn in sorted(target_groups.forwarded_to(backend, load_balancer))
        if arn in backend.target_groups
    ]
    known = security_groups.read(backend.ec2_backend)
    spec = LoadBalancer(
        name=load_balancer.name,
        address=loopback_of(record.private_address),
        node=record.private_address,
        network=network,
        listeners=tuple(
            replace(
                _listener(backend, listener),
                admitted=admits_internet(
                    known, load_balancer.security_groups or (), int(listener.port)
                ),
            )
            for listener in load_balancer.listeners.values()
        ),
        target_groups=tuple(target_group(group, config) for group in groups),
        idle_timeout=float(load_balancer.attrs.get("idle_timeout.timeout_seconds", IDLE_TIMEOUT)),
    )
    return DesiredLoadBalancer(
        load_balancer.arn,
        load_balancer.name,
        spec,
        {group.name: _targets(backend, group) for group in groups},
        {group.name: group.arn for group in groups},
        record.listener_changes,
    )


def target_group(group: FakeTargetGroup, config: RegionConfig) -> TargetGroup:
    """Convert a target group of moto; periods run on the region's clock.

    Raises:
        LoadBalancerError: If it uses another protocol than HTTP.
    """
    if group.protocol != "HTTP" or group.health_check_protocol != "HTTP":
        raise LoadBalancerError(
            f"Target group {group.name} uses {group.protocol} with {group.health_check_protocol} "
            "health checks: the local region supports HTTP for both."
        )
    interval = config.seconds(float(group.health_check_interval_seconds))
    port = str(group.health_check_port or "traffic-port")
    attributes = group.attributes
    check = HealthCheck(
        path=group.health_check_path or "/",
        interval=interval,
        timeout=min(interval, float(group.health_check_timeout_seconds)),
        healthy_threshold=int(group.healthy_threshold_count),
        unhealthy_threshold=int(group.unhealthy_threshold_count),
        matcher=str((group.matcher or {}).get("HttpCode", "200")),
        port=None if port == "traffic-port" else int(port),
    )
    return TargetGroup(
        name=group.name,
        check=check,
        deregistration_delay=config.seconds(target_groups.deregistration_delay(group)),
        algorithm=str(attributes.get("load_balancing.algorithm.type", "round_robin")),
        slow_start=config.seconds(float(attributes.get("slow_start.duration_seconds", 0))),
    )


def _listener(backend: ELBv2Backend, listener: FakeListener) -> Listener:
    if listener.protocol != "HTTP":
        raise LoadBalancerError(
            f"Listener {listener.port} uses {listener.protocol}: the local region supports HTTP."
        )
    if len(listener.rules) > 1:
        raise LoadBalancerError(
            f"Listener {listener.port} has rules besides its default action: "
            "the local region supports the default action only."
        )
    action = listener.default_actions[-1]
    if action.type == "forward":
        arns = target_groups.action_targets(backend, action.data)
        if len(arns) == 1 and arns[0] in backend.target_groups:
            return Listener(int(listener.port), Forward(backend.target_groups[arns[0]].name))
    elif action.type == "fixed-response":
        fixed = action.data["FixedResponseConfig"]
        return Listener(
            int(listener.port),
            FixedResponse(
                int(fixed["StatusCode"]),
                fixed.get("ContentType") or "text/plain",
                fixed.get("MessageBody") or "",
            ),
        )
    raise LoadBalancerError(
        f"Default action {action.type} of listener {listener.port} is not supported in the local "
        "region: use `forward` to one target group, or `fixed-response`."
    )


def _targets(backend: ELBv2Backend, group: FakeTargetGroup) -> list[Target]:
    found = [
        (name, _address(backend, group, name), int(entry["Port"]))
        for name, entry in group.targets.items()
    ]
    return [Target(name, address, port) for name, address, port in found if address is not None]


def _address(backend: ELBv2Backend, group: FakeTargetGroup, name: str) -> str | None:
    if group.target_type == "instance":
        instance = backend.ec2_backend.get_instance_by_id(name)
        if instance is None or instance.state not in REACHABLE_STATES:
            return None
        name = instance.private_ip or ""
    return name if has_twin(name) else None
