"""The desired state of a load balancer: the control plane's objects as values of the data plane.

Call with the control plane's lock held; what is returned holds no moto object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from moto.elbv2.models import ELBv2Backend, FakeListener, FakeLoadBalancer, FakeTargetGroup

from region.api.parameters import is_true
from region.config import RegionConfig
from region.loopback.addresses import has_twin, loopback_of
from region.network.internet import admits_internet
from region.services.ec2 import security_groups
from region.services.ec2.routes import is_public
from region.services.elbv2 import attributes, certificates, conversion, periods, target_groups
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.model import (
    HeaderModes,
    HealthCheck,
    Listener,
    LoadBalancer,
    Minimum,
    Node,
    Stickiness,
    Target,
    TargetGroup,
)
from region.services.elbv2.haproxy.rules import Rule
from region.services.elbv2.records import LoadBalancerRecord, Place

REACHABLE_STATES = {"running", "pending"}
Seconds = Callable[[float], float]
"""Converts a period of AWS to the region's clock."""


@dataclass(frozen=True, slots=True)
class DesiredLoadBalancer:
    """One load balancer as the control plane describes it.

    Attributes:
        targets: The registered targets by target group name.
        arns: The target groups' ARNs by name.
        listener_changes: The state of the listeners that this was read from.
        away_from: The zones that a zonal shift moves traffic away from.
    """

    arn: str
    name: str
    spec: LoadBalancer
    targets: dict[str, list[Target]] = field(default_factory=dict[str, list[Target]])
    arns: dict[str, str] = field(default_factory=dict[str, str])
    listener_changes: int = 0
    away_from: frozenset[str] = frozenset()


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
        for arn in sorted(target_groups.forwarded_to(load_balancer))
        if arn in backend.target_groups
    ]
    known = security_groups.read(backend.ec2_backend)
    admitted_by = load_balancer.security_groups or ()
    chosen = {**attributes.defaults(attributes.LOAD_BALANCER), **load_balancer.attrs}
    spec = LoadBalancer(
        name=load_balancer.name,
        address=loopback_of(record.name.address),
        nodes=tuple(
            Node(zone, place.address, public=_public(backend, load_balancer, place))
            for zone, place in sorted(record.nodes.items())
        ),
        network=network,
        listeners=tuple(
            replace(
                listener_of(backend, listener, config.seconds),
                tls=certificates.tls_of(
                    backend, load_balancer, listener, http2=_true(chosen, attributes.HTTP2)
                ),
                admitted=admits_internet(known, admitted_by, int(listener.port)),
            )
            for listener in load_balancer.listeners.values()
        ),
        target_groups=tuple(target_group(group, config.seconds) for group in groups),
        # A limit of a request, which takes its own time: not a period that AWS waits.
        idle_timeout=float(chosen[attributes.IDLE_TIMEOUT]),
        keep_alive=config.seconds(float(chosen[attributes.CLIENT_KEEP_ALIVE])),
        headers=HeaderModes(
            forwarded_for=str(chosen[attributes.FORWARDED_FOR]),
            client_port=_true(chosen, attributes.CLIENT_PORT),
            preserve_host=_true(chosen, attributes.PRESERVE_HOST),
            drop_invalid=_true(chosen, attributes.DROP_INVALID),
            tls=_true(chosen, attributes.TLS_HEADERS),
        ),
    )
    return DesiredLoadBalancer(
        load_balancer.arn,
        load_balancer.name,
        spec,
        {group.name: _targets(backend, group, record.nodes) for group in groups},
        {group.name: group.arn for group in groups},
        record.listener_changes,
        record.away_from,
    )


def _public(backend: ELBv2Backend, load_balancer: FakeLoadBalancer, place: Place) -> bool:
    """Return whether a node is where the internet finds it; an internal one is not meant to be."""
    return load_balancer.scheme == "internal" or is_public(backend.ec2_backend, place.subnet)


def target_group(group: FakeTargetGroup, seconds: Seconds) -> TargetGroup:
    """Convert a target group of moto; periods run on the region's clock.

    Raises:
        LoadBalancerError: If it uses another protocol than HTTP.
    """
    if group.protocol != "HTTP" or group.health_check_protocol != "HTTP":
        raise LoadBalancerError(
            f"Target group {group.name} uses {group.protocol} with {group.health_check_protocol} "
            "health checks: the local region supports HTTP for both."
        )
    interval = seconds(float(group.health_check_interval_seconds))
    port = str(group.health_check_port or "traffic-port")
    chosen = {**attributes.defaults(attributes.TARGET_GROUP), **group.attributes}
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
        deregistration_delay=seconds(target_groups.deregistration_delay(group)),
        algorithm=str(chosen[attributes.ALGORITHM]),
        slow_start=seconds(float(chosen[attributes.SLOW_START])),
        stickiness=_stickiness(chosen, seconds),
        cross_zone=str(chosen[attributes.CROSS_ZONE]) != "false",
        routing=_minimum(chosen, attributes.ROUTING_COUNT, attributes.ROUTING_PERCENTAGE),
        dns=_minimum(chosen, attributes.DNS_COUNT, attributes.DNS_PERCENTAGE),
        propagation=seconds(periods.DEREGISTRATION_PROPAGATION.seconds),
    )


def listener_of(backend: ELBv2Backend, listener: FakeListener, seconds: Seconds) -> Listener:
    """Convert a listener of moto with its rules.

    Raises:
        LoadBalancerError: If it asks for something that the data plane cannot do.
    """
    if listener.protocol not in {"HTTP", certificates.HTTPS}:
        raise LoadBalancerError(
            f"Listener {listener.port} uses {listener.protocol}: the local region supports HTTP and "
            "HTTPS."
        )

    def group_name(arn: str) -> str:
        group = backend.target_groups.get(arn)
        if group is None:
            raise LoadBalancerError(f"Target group '{arn}' not found")
        return group.name

    rules = [rule for rule in listener.rules.values() if not rule.is_default]
    return Listener(
        int(listener.port),
        conversion.action(
            [action.data for action in listener.default_actions], group_name, seconds
        ),
        rules=tuple(
            Rule(
                str(rule.priority),
                conversion.conditions(rule.conditions),
                conversion.action([action.data for action in rule.actions], group_name, seconds),
            )
            for rule in sorted(rules, key=lambda rule: int(rule.priority))
        ),
    )


def _true(chosen: Mapping[str, object], key: str) -> bool:
    return is_true(chosen[key])


def _stickiness(chosen: Mapping[str, object], seconds: Seconds) -> Stickiness | None:
    if not _true(chosen, attributes.STICKY):
        return None
    if chosen[attributes.STICKINESS_TYPE] == "app_cookie":
        duration = float(str(chosen[attributes.APP_COOKIE_DURATION]))
        return Stickiness(seconds(duration), str(chosen[attributes.APP_COOKIE]))
    return Stickiness(seconds(float(str(chosen[attributes.COOKIE_DURATION]))))


def _minimum(chosen: Mapping[str, object], count: str, percentage: str) -> Minimum:
    def number(key: str) -> int:
        return 0 if chosen[key] == "off" else int(str(chosen[key]))

    return Minimum(number(count), number(percentage))


def _targets(
    backend: ELBv2Backend, group: FakeTargetGroup, nodes: Mapping[str, object]
) -> list[Target]:
    found: list[Target] = []
    for name, entry in group.targets.items():
        address = _address(backend, group, name)
        zone = target_groups.zone_of(backend, group, name)
        everywhere = zone == target_groups.EVERY_ZONE
        if address is not None and (everywhere or zone in nodes):
            found.append(Target(name, address, int(entry["Port"]), "" if everywhere else zone))
    return found


def _address(backend: ELBv2Backend, group: FakeTargetGroup, name: str) -> str | None:
    if group.target_type == "instance":
        instance = backend.ec2_backend.get_instance_by_id(name)
        if instance is None or instance.state not in REACHABLE_STATES:
            return None
        name = instance.private_ip or ""
    return name if has_twin(name) else None
