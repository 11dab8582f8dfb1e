"""Subnets that are cut off from the network, with their DB instances. Hold the control plane's lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from moto.rds.models import DBInstance, RDSBackend

from region.services.rds.records import DatabaseRecord
from region.services.rds.validation import subnets_of


def begin(backend: RDSBackend, subnet_ids: Collection[str]) -> list[str]:
    """Cut off the primaries in these subnets, and return the names of those that stay cut off.

    One with a standby elsewhere fails over to it, as RDS does by itself when it loses a primary.
    Another one cannot be reached until `end`.
    """
    stay: list[str] = []
    for name, database in backend.databases.items():
        record = DatabaseRecord.of(database)
        lost = _zones(database, subnet_ids)
        if database.availability_zone not in lost or database.status != "available":
            continue
        if database.multi_az and record.second_zone and record.second_zone not in lost:
            fail_over(database)
        else:
            record.cut_off = True
            stay.append(name)
    return stay


def end(backend: RDSBackend, names: Iterable[str]) -> None:
    """Let DB instances be reached again."""
    for name in names:
        if name in backend.databases:
            DatabaseRecord.of(backend.databases[name]).cut_off = False


def fail_over(database: DBInstance) -> None:
    """Begin a failover that no call asked for: it may also follow shortly after another."""
    record = DatabaseRecord.of(database)
    record.failing_over, record.failed_over_at = True, 0.0
    database.status = "rebooting"


def _zones(database: DBInstance, subnet_ids: Collection[str]) -> set[str]:
    """Return the zones in which the DB instance has a subnet that is cut off."""
    found = subnets_of(database.db_subnet_group)
    return {str(subnet.availability_zone) for subnet in found if subnet.id in subnet_ids}
