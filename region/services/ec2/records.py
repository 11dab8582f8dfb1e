"""What the region keeps about moto's EC2 objects."""

from __future__ import annotations

from dataclasses import dataclass

from moto.ec2.models.instances import Instance
from moto.ec2.models.subnets import Subnet

from region.api.records import Record
from region.services.ec2.credits import Credits


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
        credits: Its account of CPU credits; None until it has one.
        credits_kept_since: When it stopped and earned no more, in epoch seconds; 0 while it does.
        checks_end_initializing_at: When the status checks can first pass, in epoch seconds.
    """

    impairment: str = ""
    console_output: str = ""
    reboot_requested: bool = False
    rebooting: bool = False
    terminated_at: float = 0.0
    cpu_credits: str = "standard"
    credits: Credits | None = None
    credits_kept_since: float = 0.0
    checks_end_initializing_at: float = 0.0


@dataclass
class SubnetRecord(Record[Subnet]):
    """A subnet's address book.

    Attributes:
        next_offset: Where the search for a free address starts, counted from the first usable one.
    """

    next_offset: int = 0
