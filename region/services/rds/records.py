"""What the region keeps about moto's DB instances and DB snapshots.

Read and changed with the control plane's lock held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from moto.ec2.models.subnets import Subnet
from moto.rds.models import DBInstance, DBSnapshot

from region.api.records import Record

InstanceStatus = Literal[
    "creating",
    "backing-up",
    "available",
    "modifying",
    "resetting-master-credentials",
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
    """The PostgreSQL cluster behind a DB instance. Times are in epoch seconds.

    Attributes:
        address: The address that its endpoint has or will have.
        subnet: The subnet that the address belongs to.
        listening: Whether the endpoint exists; once it does, it stays.
        applied_password: The master password that the cluster has now.
        failure: Why it failed; empty if it did not.
        deletion: How to delete the instance when its cluster is gone.
        directory: Where the cluster keeps its files; empty until it has been created.
        restore_from: The data of the DB snapshot that it is created from; empty without one.
        restore_password: The master password in that data.
        second_zone: The zone of the standby; empty without one.
        failing_over: The reboot under way is a failover.
        resume_at: When the outage or conversion under way ends, in seconds of `time.monotonic()`, which
            nobody sets; 0 if there is none.
        failed_over_at: When the last failover ended.
        stopped_at: When it was stopped.
        rotate_at: When the managed password is to be rotated; 0 if it is not.
        cut_off: Its zone is cut off from the network, and it has no standby in another one.
        storage_changed_at: When its storage was last changed.
        optimizing: Its storage was changed, and cannot be changed again for some hours.
        backed_up_at: When the latest automated backup began.
        group: The DB parameter group in force since the last start.
        parameters: The values of its parameters that are in force; None before the first start.
        pending: Changes that wait for the maintenance window, by moto's names.
        applying: Changes that are being applied, by moto's names.
    """

    address: str = ""
    subnet: Subnet | None = None
    listening: bool = False
    applied_password: str | None = None
    failure: str = ""
    deletion: DeletionOptions | None = None
    directory: str = ""
    restore_from: str = ""
    restore_password: str | None = None
    second_zone: str = ""
    failing_over: bool = False
    resume_at: float = 0.0
    failed_over_at: float = 0.0
    stopped_at: float = 0.0
    rotate_at: float = 0.0
    cut_off: bool = False
    storage_changed_at: float = 0.0
    optimizing: bool = False
    backed_up_at: float = 0.0
    group: str = ""
    parameters: dict[str, str] | None = None
    pending: dict[str, Any] = field(default_factory=dict[str, Any])
    applying: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class SnapshotRecord(Record[DBSnapshot]):
    """The data of a DB snapshot; copies of a snapshot share it.

    Attributes:
        data: The name of its directory.
        password: The master password in it.
    """

    data: str = ""
    password: str | None = None
