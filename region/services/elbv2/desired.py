"""Reads load balancers, listeners and target groups of the control plane for the data plane.

Call with the control plane's lock held; what is returned holds no moto object.
"""

from dataclasses import dataclass, field
from typing import Any

from region.addresses import has_twin, loopback_of
from region.config import RegionConfig
from region.services.elbv2 import patches
from region.services.elbv2.haproxy.model import (
    BalancerError,
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    Target,
    TargetGroup,
)

IDLE_TIMEOUT = 60.0
PERMANENT_STATES = {"running", "pending"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One load balancer as the control plane wants it. `arns` maps group names to ARNs.

    `changes` tells which state of the listeners this is.
    """

    arn: str
    name: str
    spec: LoadBalancer
    targets: dict[str, list[Target]] = field(default_factory=dict[str, list[Target]])
    arns: dict[str, str] = field(default_factory=dict[str, str])
    changes: int = 0


def read(backend: Any, load_balancer: Any, config: RegionConfig) -> Wanted:
    """What `load_balancer` should do. Raises BalancerError for what the data plane cannot."""
    groups = [
        backend.target_groups[arn]
        for arn in sorted(patches.forwarded_to(backend, load_balancer))
        if arn in backend.target_groups
    ]
    spec = LoadBalancer(
        name=load_balancer.name,
        address=patches.address_of(load_balancer),
        listeners=tuple(
            _listener(backend, listener) for listener in load_balancer.listeners.values()
        ),
        target_groups=tuple(target_group(group, config) for group in groups),
        idle_timeout=float(load_balancer.attrs.get("idle_timeout.timeout_seconds", IDLE_TIMEOUT)),
    )
    return Wanted(
        load_balancer.arn,
        load_balancer.name,
        spec,
        {group.name: _targets(backend, group) for group in groups},
        {group.name: group.arn for group in groups},
        patches.changes_of(load_balancer),
    )


def target_group(group: Any, config: RegionConfig) -> TargetGroup:
    """A target group of moto as the data plane's value; periods on the region's clock."""
    if group.protocol != "HTTP" or group.health_check_protocol != "HTTP":
        raise BalancerError(
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
        deregistration_delay=config.seconds(
            float(attributes.get("deregistration_delay.timeout_seconds", 300))
        ),
        algorithm=str(attributes.get("load_balancing.algorithm.type", "round_robin")),
        slow_start=config.seconds(float(attributes.get("slow_start.duration_seconds", 0))),
    )


def _listener(backend: Any, listener: Any) -> Listener:
    if listener.protocol != "HTTP":
        raise BalancerError(
            f"Listener {listener.port} uses {listener.protocol}: the local region supports HTTP."
        )
    if len(listener.rules) > 1:
        raise BalancerError(
            f"Listener {listener.port} has rules beside its default action: "
            "the local region supports the default action only."
        )
    action = listener.default_actions[-1]
    if action.type == "forward":
        arns = backend._get_target_group_arns_from(action_data=action.data)  # noqa: SLF001
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
    raise BalancerError(
        f"Default action {action.type} of listener {listener.port} is not supported in the local "
        "region: use `forward` to one target group, or `fixed-response`."
    )


def _targets(backend: Any, group: Any) -> list[Target]:
    found = [
        (name, _address(backend, group, name), int(entry["Port"]))
        for name, entry in group.targets.items()
    ]
    return [Target(name, address, port) for name, address, port in found if address is not None]


def _address(backend: Any, group: Any, name: str) -> str | None:
    if group.target_type == "instance":
        instance = backend.ec2_backend.get_instance_by_id(name)
        if instance is None or instance.state not in PERMANENT_STATES:
            return None
        name = instance.private_ip
    return loopback_of(name) if has_twin(name) else None
