"""What the region keeps about moto's load balancers and target groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from moto.ec2.models.subnets import Subnet
from moto.elbv2.models import FakeLoadBalancer, FakeTargetGroup

from region.api.records import Record


class TargetHealth(NamedTuple):
    """A target's health as `DescribeTargetHealth` returns it."""

    state: str
    reason: str | None = None
    description: str | None = None


class Place(NamedTuple):
    """A private address, and the subnet that it was taken from."""

    subnet: Subnet
    address: str


@dataclass
class LoadBalancerRecord(Record[FakeLoadBalancer]):
    """A load balancer and its process.

    Attributes:
        name: The address whose loopback twin its name stands for.
        nodes: The addresses of its nodes, by Availability Zone.
        state_reason: Why it failed; None unless its state is `failed`.
        listener_changes: How often its listeners were created or changed.
        away_from: The zones that a zonal shift moves traffic away from.
        certificates: The ARNs of listeners' certificates beside their default one, by their own ARN.
    """

    name: Place
    nodes: dict[str, Place] = field(default_factory=dict[str, Place])
    state_reason: str | None = None
    listener_changes: int = 0
    away_from: frozenset[str] = frozenset()
    certificates: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass
class TargetGroupRecord(Record[FakeTargetGroup]):
    """A target group and its targets in the data plane.

    Attributes:
        health: The health that the data plane reported last, by target id; draining targets are
            in it until they are gone.
        zones: The Availability Zone that targets were registered with, by target id.
    """

    health: dict[str, TargetHealth] = field(default_factory=dict[str, TargetHealth])
    zones: dict[str, str] = field(default_factory=dict[str, str])
