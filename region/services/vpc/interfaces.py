"""The network interfaces of instances, load balancers and databases, with their security groups.

Call with the control plane's lock held; what is returned holds no moto object.
"""

from __future__ import annotations

from collections.abc import Iterator

from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance
from moto.elbv2.models import ELBv2Backend
from moto.rds.models import RDSBackend

from region.loopback.addresses import has_twin
from region.network.firewall import Firewall, Interface
from region.services.ec2 import instances as ec2
from region.services.ec2 import network_acls, security_groups
from region.services.elbv2.records import LoadBalancerRecord
from region.services.rds.records import DatabaseRecord


def firewall(ec2_backend: EC2Backend, elbv2: ELBv2Backend, rds: RDSBackend) -> Firewall:
    """Read every security group, and every interface that is a member of one."""
    return Firewall(
        interfaces=(*_instances(ec2_backend), *_load_balancers(elbv2), *_databases(rds)),
        groups=tuple(security_groups.read(ec2_backend).values()),
        acls=network_acls.read(ec2_backend),
    )


def running_instances(backend: EC2Backend) -> list[Instance]:
    """Return the instances that have, or are about to have, a machine."""
    up = {ec2.PENDING, ec2.RUNNING}
    return [instance for instance in backend.all_instances() if instance.state_code in up]


def groups_of(instance: Instance) -> tuple[str, ...]:
    """Return the ids of an instance's security groups, sorted."""
    found = {str(group.id) for nic in instance.nics.values() for group in nic.group_set}
    return tuple(sorted(found))


def _instances(backend: EC2Backend) -> Iterator[Interface]:
    for instance in running_instances(backend):
        if has_twin(str(instance.private_ip)):
            yield Interface(str(instance.private_ip), groups_of(instance))


def _load_balancers(backend: ELBv2Backend) -> Iterator[Interface]:
    for load_balancer in backend.load_balancers.values():
        groups = tuple(sorted(load_balancer.security_groups or ()))
        for place in LoadBalancerRecord.of(load_balancer).nodes.values():
            yield Interface(place.address, groups)


def _databases(backend: RDSBackend) -> Iterator[Interface]:
    for database in backend.databases.values():
        address = DatabaseRecord.of(database).address
        if address:
            yield Interface(address, tuple(sorted(database.vpc_security_group_ids)))


def public_databases(backend: RDSBackend) -> list[tuple[Interface, int]]:
    """Return the publicly accessible databases, each with its port: the internet reaches them too."""
    return [
        (Interface(record.address, tuple(sorted(database.vpc_security_group_ids))), int(port))
        for database in backend.databases.values()
        if database.publicly_accessible and (port := database.port)
        for record in [DatabaseRecord.of(database)]
        if record.listening and has_twin(record.address)
    ]
