"""What the region keeps about moto's DB instances.

Read and changed with the control plane's lock held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from moto.ec2.models.subnets import Subnet
from moto.rds.models import DBInstance

from region.api.records import Record

InstanceStatus = Literal[
    "creating",
    "available",
    "modifying",
    "rebooting",
    "stopping",
    "stopped",
    "starting",
    "failed",
    "deleting",
]


@dataclass(frozen=True)
class DeletionOptions:
    """What DeleteDBInstance was called with, by moto's names."""

    final_db_snapshot_identifier: str | None
    skip_final_snapshot: bool
    delete_automated_backups: bool


@dataclass
class DatabaseRecord(Record[DBInstance]):
    """The PostgreSQL cluster behind a DB instance.

    Attributes:
        address: The loopback address that its endpoint has or will have.
        subnet: The subnet that the address belongs to.
        listening: Whether the endpoint exists; once it does, it stays.
        applied_password: The master password that the cluster has now.
        failure: Why it failed; empty if it did not.
        deletion: How to delete the instance when its cluster is gone.
    """

    address: str = ""
    subnet: Subnet | None = None
    listening: bool = False
    applied_password: str | None = None
    failure: str = ""
    deletion: DeletionOptions | None = None
