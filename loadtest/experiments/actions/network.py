"""Network faults: a lost zone, an unreachable database."""

from __future__ import annotations

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import fis
from loadtest.experiments.arguments import HowZone, Seconds
from loadtest.experiments.models import Target
from loadtest.experiments.session import Session, current
from loadtest.experiments.undo import WayBack
from loadtest.experiments.ways_back import TAG


def lose_zone(how: HowZone = "silent", zone: str = "", seconds: Seconds = 60) -> str:
    """Lose an Availability Zone.

    Args:
        how: `silent`: packets are lost, by AWS FIS; `refused`: the zone's instances are stopped, as by
            a loss of power.
        zone: Its name; by default one without the database's primary instance, whose failover is an
            experiment of its own.
        seconds: How long; what was stopped starts again afterwards, unless it was replaced.

    Raises:
        ExperimentError: There is no such way to lose it, or the stack has nothing in the zone.
    """
    session = current()
    zone = _zone(session, zone)
    if how == "silent":
        _cut(session, zone, seconds)
    elif how == "refused":
        _stop(session, zone, seconds)
    else:
        raise ExperimentError(f"a zone cannot be lost {how!r}: say silent or refused")
    return zone


def _zone(session: Session, wanted: str) -> str:
    zones = sorted({one.zone for one in session.stack.instances()})
    if not zones:
        raise ExperimentError("the stack has no instance in service, so no zone to lose")
    if wanted and wanted not in zones:
        raise ExperimentError(
            f"the stack has no instance in the zone {wanted!r}: choose of {', '.join(zones)}"
        )
    primary = session.stack.zones_of_databases() if not wanted else set[str]()
    return wanted or next((one for one in zones if one not in primary), zones[0])


def _cut(session: Session, zone: str, seconds: float) -> None:
    subnets = session.stack.subnets(zone)
    minutes = fis.minutes(seconds)
    what = f"lose zone {zone} for {minutes * 60} s: {len(subnets)} subnets without a network"
    targets = [Target(kind="subnet", id=one, zone=zone) for one in subnets]
    step = fis.new_step()
    back = fis.way_back(session, f"the subnets of {zone} have their network", step)
    with session.act(what, targets, back, costs=fis.costs(seconds)) as act:
        if act is not None:
            arns = fis.subnet_arns(session, subnets)
            scope = {"scope": "all"}
            fis.run(session, act, fis.DISRUPT, arns, step=step, parameters=scope, seconds=seconds)


def _stop(session: Session, zone: str, seconds: float) -> None:
    instances = session.stack.instances(zone)
    names = [one.id for one in instances]
    total = len(session.stack.instances())
    what = f"stop zone {zone} for {seconds:g} s: {len(names)} of {total} instances"
    back = WayBack("start-instances", {"instances": names}, f"{', '.join(names)} run")
    costs = "instances for as long as their replacements take to start"
    with session.act(what, [one.target for one in instances], back, costs=costs) as act:
        if act is not None:
            act.takes_effect()
            session.clients["ec2"].stop_instances(InstanceIds=names, Force=True)
            session.wait(seconds)
            act.put_back()


def cut_database(seconds: Seconds = 20) -> str:
    """Cut the network between fleet and database, connections that exist included.

    By a network ACL that lets nothing pass, on the database's subnets. Not by its security group: that
    would let connections that exist go on, and a rule that is authorized again is another one.
    """
    session = current()
    database = session.stack.database()
    before = session.stack.acls(database.subnets)
    back = WayBack(
        "network-acl",
        {"mark": session.mark, "subnets": before},
        f"the subnets of {database.id} have their network ACLs",
    )
    what = f"cut the database {database.id} off for {seconds:g} s"
    targets = [database.target, *(Target(kind="subnet", id=one) for one in database.subnets)]
    with session.act(what, targets, back) as act:
        if act is not None:
            ec2 = session.clients["ec2"]
            subnets = ec2.describe_subnets(SubnetIds=list(database.subnets))["Subnets"]
            closed = ec2.create_network_acl(
                VpcId=subnets[0]["VpcId"],
                TagSpecifications=[
                    {
                        "ResourceType": "network-acl",
                        "Tags": [{"Key": TAG, "Value": session.mark}],
                    }
                ],
            )["NetworkAcl"]["NetworkAclId"]
            act.takes_effect()
            _replace(session, before, closed)
            session.wait(seconds)
            act.put_back()
    return database.id


def _replace(session: Session, subnets: dict[str, str], acl: str) -> None:
    """Give subnets another network ACL."""
    ec2 = session.clients["ec2"]
    query = [{"Name": "association.subnet-id", "Values": sorted(subnets)}]
    for found in ec2.describe_network_acls(Filters=query)["NetworkAcls"]:
        for association in found["Associations"]:
            if association["SubnetId"] in subnets:
                ec2.replace_network_acl_association(
                    AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl
                )
