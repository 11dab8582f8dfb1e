"""The specification that a machine is launched from."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from region.machines.errors import MachineError
from region.machines.instance_types import InstanceType, instance_type
from region.machines.metadata import Metadata

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def check_instance_id(instance_id: str) -> None:
    """Reject an id that cannot name a directory and a control group.

    Raises:
        MachineError: If it cannot.
    """
    if not _NAME.fullmatch(instance_id):
        raise MachineError(f"Instance id {instance_id!r} is invalid; use letters, digits, - and _.")


@dataclass(frozen=True)
class MachineSpec:
    """An instance as EC2 describes it.

    Attributes:
        private_ip: Its address in its VPC.
        subnet: The CIDR block of its subnet.
        public_ip: The address that reaches it from outside the VPC, empty without one.
        volume_gibibytes: The size of its root volume.
        role: The name in iam/security-credentials.
        metadata: Asks EC2 for what it describes of the instance now.
    """

    instance_id: str
    instance_type: str
    private_ip: str
    subnet: str
    region: str
    availability_zone: str
    user_data: bytes
    public_ip: str = ""
    volume_gibibytes: int = 8
    role: str = "instance-role"
    image_id: str = "ami-rehearsal"
    metadata: Callable[[], Metadata] = field(default=Metadata, compare=False)

    def __post_init__(self) -> None:
        """Reject values that could not be launched."""
        check_instance_id(self.instance_id)
        try:
            inside = ipaddress.ip_address(self.private_ip) in ipaddress.ip_network(self.subnet)
        except ValueError:
            inside = False
        if not inside:
            raise MachineError(
                f"Address {self.private_ip!r} of {self.instance_id} is not in its subnet "
                f"{self.subnet!r}; give an IPv4 address and the CIDR block that contains it."
            )
        instance_type(self.instance_type)

    @property
    def type(self) -> InstanceType:
        """The instance type's properties."""
        return instance_type(self.instance_type)

    @property
    def hostname(self) -> str:
        """The host name that EC2 gives by default: ip-10-20-1-4."""
        return f"ip-{self.private_ip.replace('.', '-')}"

    @property
    def architecture(self) -> str:
        """The processor architecture of the instance type, as EC2 names it."""
        return self.type.architecture
