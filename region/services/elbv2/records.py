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


@dataclass
class LoadBalancerRecord(Record[FakeLoadBalancer]):
    """A load balancer and its process.

    Attributes:
        private_address: The address of its node; it listens on the loopback twin of it.
        subnet: The subnet that the private address was taken from.
        state_reason: Why it failed; None unless its state is `failed`.
        listener_changes: How often its listeners were created or changed.
    """

    private_address: str
    subnet: Subnet
    state_reason: str | None = None
    listener_changes: int = 0


@dataclass
class TargetGroupRecord(Record[FakeTargetGroup]):
    """A target group and its targets in the data plane.

    Attributes:
        health: The health that the data plane reported last, by target id; draining targets are
            in it until they are gone.
    """

    health: dict[str, TargetHealth] = field(default_factory=dict[str, TargetHealth])
