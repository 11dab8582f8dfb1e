"""What the region keeps about moto's EC2 objects."""

from __future__ import annotations

from dataclasses import dataclass

from moto.ec2.models.instances import Instance
from moto.ec2.models.subnets import Subnet

from region.api.records import Record


@dataclass
class InstanceRecord(Record[Instance]):
    """An instance and its machine.

    Attributes:
        impairment: Why the status checks fail; empty while they pass.
        console_output: What the machine printed during its boots.
        reboot_requested: `RebootInstances` was called and the machine has not rebooted yet.
        rebooting: The machine of an instance that counts as running boots again.
        terminated_at: When the machine had ended, in epoch seconds.
        cpu_credits: The credit option, `standard` or `unlimited`.
    """

    impairment: str = ""
    console_output: str = ""
    reboot_requested: bool = False
    rebooting: bool = False
    terminated_at: float = 0.0
    cpu_credits: str = "standard"


@dataclass
class SubnetRecord(Record[Subnet]):
    """A subnet's address book.

    Attributes:
        next_offset: Where the search for a free address starts, counted from the first usable one.
    """

    next_offset: int = 0
