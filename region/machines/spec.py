"""The specification that a machine is launched from."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from region.machines.errors import MachineError
from region.machines.instance_types import InstanceType, instance_type

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


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
        address: The loopback twin of `private_ip`: what the machine's processes bind to, and what
            its metadata service calls local-ipv4.
        role: The name in iam/security-credentials.
    """

    instance_id: str
    instance_type: str
    address: str
    private_ip: str
    region: str
    availability_zone: str
    user_data: bytes
    role: str = "instance-role"
    image_id: str = "ami-rehearsal"

    def __post_init__(self) -> None:
        """Reject values that could not be launched."""
        check_instance_id(self.instance_id)
        try:
            loopback = ipaddress.ip_address(self.address) in _LOOPBACK
        except ValueError:
            loopback = False
        if not loopback:
            raise MachineError(
                f"Address {self.address!r} of {self.instance_id} is not in {_LOOPBACK}; "
                "give the loopback twin of the private address."
            )
        instance_type(self.instance_type)

    @property
    def type(self) -> InstanceType:
        """The instance type's properties."""
        return instance_type(self.instance_type)

    @property
    def architecture(self) -> str:
        """The processor architecture of the instance type, as EC2 names it."""
        return "arm64" if self.instance_type.startswith("t4g.") else "x86_64"
