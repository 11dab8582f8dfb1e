"""What the machines of a pool share: control groups, network, endpoints, images, the computer's speed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from region.credentials import Credential
from region.machines.cgroups import Limits
from region.machines.container.runtime import Runtime
from region.machines.images import Image


class Network(Protocol):
    """The region's network, as a machine uses it; region.network has the real one."""

    def attach(self, instance_id: str, pid: int, address: str, subnet: str) -> None:
        """Connect the network namespace of process `pid`."""
        ...

    def detach(self, instance_id: str) -> None:
        """Remove what `attach` made."""
        ...


@dataclass(frozen=True)
class MachineContext:
    """What a machine needs from its pool.

    Attributes:
        agent_endpoint: The URL of the region's API, as this process reaches it for the agents.
        aws_endpoint: The same, as machines reach it.
        cpu_factor: CPU seconds of this computer that do what one of the instance types' vCPUs does.
        image: Returns the root file system that an AMI id stands for.
        boot_timeout: How long user data may run, in seconds.
        volumes: Whether each machine has a root volume of its own, and not this computer's disk.
    """

    limits: Limits
    runtime: Runtime
    network: Network
    region_id: str
    instances: Path
    agent_endpoint: str
    aws_endpoint: str
    credential: Credential
    account_id: str
    image: Callable[[str], Image]
    boot_timeout: float
    volumes: bool
    cpu_factor: float = 1.0
