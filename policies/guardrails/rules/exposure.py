"""Rules about ways around: past the load balancer to the instances, and into the database's subnets."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.answered import report_unconnected
from guardrails.architecture.answers import all_of, any_of
from guardrails.architecture.data_stores import DataStore
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.misplaced import Exchanged
from guardrails.architecture.network import Network
from guardrails.architecture.permits import Party, Permit
from guardrails.architecture.proxies import Proxies
from guardrails.architecture.routes import address_range
from guardrails.architecture.store_network import (
    database_subnets,
    in_default_group,
    network_groups,
    port_of,
)
from guardrails.architecture.stores import DataStores
from guardrails.architecture.stray_proxies import StrayProxies, fleet_users
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic, is_network
from guardrails.architecture.vpc_ways import VpcWays
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import References, Resource, Stack
from guardrails.values import is_absent, number

# --- past the load balancer -----------------------------------------------------------------------

_PUBLIC_PORTS = frozenset({80, 443})
"""What may be open by sg-open-only-to-authorized-ports, which reports every other port."""


def _guards(balancer: Resource) -> bool:
    """Return whether instances need to admit nobody but the load balancer.

    Behind a Network Load Balancer without a security group they have to admit its clients.
    """
    return not is_network(balancer) or not balancer.left_out("securityGroups")


def _bypassed(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic, targets, firewall = (
        stack.derived(Traffic),
        stack.derived(Targets),
        stack.derived(Firewall),
    )
    served = {number(listener.get("port")) for listener in stack.of(tokens.LISTENER)}
    allowed = _PUBLIC_PORTS | {int(port) for port in served if port is not None}
    seen: set[tuple[Resource, Resource]] = set()
    for target in stack.of(tokens.TARGET_GROUP):
        senders = traffic.senders(target)
        if not senders or not all(_guards(one) for one in senders):
            continue
        for end in targets.ends(target):
            resource = end.resource
            if stack.derived(Exchanged).partner(resource) is not None:
                continue  # elb-reaches-targets reports that
            admitted = end.port is None or any(
                firewall.connects(targets.balancer_party(one), end.party, int(end.port)).is_yes
                for one in senders
            )
            shared = {group for one in senders for group in targets.balancer_party(one).groups.any}
            for group in end.party.groups.resources:
                if group in shared and not admitted:
                    continue  # it has the balancer's group: elb-reaches-targets reports it
                permit = _open(firewall, group, allowed)
                if permit is None or (resource, group) in seen:
                    continue
                seen.add((resource, group))
                yield Violation(
                    f'"{resource.name}" can be reached past load balancer "{senders[0].name}": '
                    f'security group "{group.name}" admits the whole internet on {permit.describe()}.',
                    permit.origin,
                    ("the internet", f'security group "{group.name}"', f'"{resource.name}"'),
                )


def _open(firewall: Firewall, group: Resource, allowed: frozenset[int]) -> Permit | None:
    """Return a rule that opens the group to the internet on ports that only the balancer needs."""
    for permit in firewall.world_ports(group):
        if isinstance(permit.ports, tuple):
            first, last = permit.ports
            if all(port in allowed for port in range(first, last + 1)):
                return permit
    return None


NOT_BYPASSED = StackRule(
    id="elb-not-bypassed",
    title="Nothing bypasses the load balancer to reach the instances",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("SEC05-BP01", "SEC05-BP02")},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html",
    remedy="remove the rule: instances need to admit the load balancer's security group only.",
    steps=(
        "Give the instances a security group of their own.",
        "Let it admit the application's port from the load balancer's security group.",
    ),
    unknown=(
        "An unknown source address counts as the whole internet. Behind a Network Load Balancer "
        "without security groups, instances may admit its clients."
    ),
    check=_bypassed,
)


# --- the database's subnets -----------------------------------------------------------------------


def _public_subnets(stack: Stack, _: Settings) -> Iterator[Violation]:
    network = stack.derived(Network)
    for group in stack.of(tokens.SUBNET_GROUP):
        answers = [network.is_public(one) for one in network.subnets(group, "subnetIds")]
        public = next((one for one in answers if one.is_yes), None)
        unclear = next((one for one in answers if one.is_undecided), None)
        if public is not None:
            yield Violation(
                f'Subnet group "{group.name}" puts databases into a subnet with a route to the '
                "internet.",
                group,
                public.path,
            )
        elif unclear is not None:
            yield Violation(
                f'whether subnet group "{group.name}" is private is not known: {unclear.reason}.',
                group,
                unclear.path,
                remedy=unclear.remedy,
                undecided=True,
            )


PRIVATE_SUBNETS = StackRule(
    id="rds-private-subnets",
    title="Databases are in subnets without a route to the internet",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    level=Level.ADVISORY,  # without a public address, the route leads nowhere
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("RDS_INSTANCE_SUBNET_IGW_CHECK",),
        "Well-Architected": ("SEC05-BP01",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/rds-instance-subnet-igw-check.html",
    remedy=(
        "remove the route to the internet gateway, or set subnet_ids of the subnet group to subnets "
        "without one."
    ),
    steps=(
        "Create a subnet per zone with a route table without a default route.",
        "Pass their ids to the aws.rds.SubnetGroup.",
    ),
    unknown="The routes of a subnet of another stack are not decidable.",
    check=_public_subnets,
)


# --- the way to a store ---------------------------------------------------------------------------

_OTHER_USERS = ("aws:ecs/", "aws:lambda/", "aws:eks/", "aws:apprunner/")


def _reachable(stack: Stack, _: Settings) -> Iterator[Violation]:
    others = any(one.type.startswith(_OTHER_USERS) for one in stack.resources)
    users = [] if others else list(fleet_users(stack))
    firewall, proxies = stack.derived(Firewall), stack.derived(Proxies)
    ways, stray = stack.derived(VpcWays), stack.derived(StrayProxies)
    for store in stack.derived(DataStores).stores:
        if store.resource.type in tokens.DATABASE_PROXY and proxies.is_aimless(store.resource):
            yield Violation(
                f'Proxy "{store.resource.name}" speaks to no database: this stack has no target for it.',
                store.resource,
                (f'proxy "{store.resource.name}"', "no target"),
                "create an aws.rds.ProxyTarget with its db_proxy_name and the database's identifier.",
            )
            continue
        lacking = None if others else stray.group_for(store.resource)
        if lacking is not None:
            yield _has_another_group(store, lacking)
            continue
        port = port_of(store)
        alone = ((holder, References()) for holder in in_default_group(store))
        for holder, groups in (*network_groups(store), *alone):
            if port is None:
                continue
            before = stray.rightly_before(store.resource)
            if not before and proxies.before(store.resource):
                continue  # its proxy has the group of something else
            ranges = [address_range(one) for one in database_subnets(stack, store.resource)]
            party = Party(store.label, groups, networks=tuple(ranges))
            answers = [
                all_of((ways.connects(one, party), firewall.connects(one, party, port)))
                for one in before or users
            ]
            if answers:
                # Whoever comes through a proxy needs every one; else one user is enough.
                answer = all_of(answers) if before else any_of(answers)
                yield from report_unconnected(answer, holder, store.label, port)


def _has_another_group(store: DataStore, group: Resource) -> Violation:
    return Violation(
        f"No connection goes through {store.label}: its security group neither admits the instances nor "
        f'is admitted by its database, and "{group.name}" does both.',
        store.resource,
        (store.label, f'security group "{group.name}"'),
        f'set vpc_security_group_ids of "{store.resource.name}" to security group "{group.name}".',
    )


REACHABLE = StackRule(
    id="data-store-reachable",
    title="The instances reach every cluster, proxy, cache and file system",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC05-BP02",)},
    url="https://docs.aws.amazon.com/efs/latest/ug/network-access.html",
    remedy="let the store's security group admit the instances' security group on its port.",
    steps=(
        "Add an aws.vpc.SecurityGroupIngressRule for its port (NFS: 2049) to the store's group.",
        "Add an aws.vpc.SecurityGroupEgressRule for it to the instances' group.",
    ),
    unknown=(
        "Unknown groups are resolved through the groups they come from; a security group of "
        "another stack is not decidable. Beside functions or containers only proxies are judged, in "
        "their way to the database."
    ),
    check=_reachable,
)

# --- default security groups ------------------------------------------------------------------------


def _default_open(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.of(tokens.DEFAULT_SECURITY_GROUP):
        for direction in ("ingress", "egress"):
            rules = group.setting(direction)
            if not is_absent(rules):
                yield Violation(
                    f'Default security group "{group.name}" has {direction} rules: whatever has no '
                    "group of its own gets them.",
                    group,
                )
                break


DEFAULT_CLOSED = StackRule(
    id="vpc-default-sg-closed",
    title="A default security group that the stack manages admits nothing",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("VPC_DEFAULT_SECURITY_GROUP_CLOSED",),
        "Security Hub": ("EC2.2",),
        "Checkov": ("CKV2_AWS_12",),
        "Prowler": ("ec2_securitygroup_default_restrict_traffic",),
        "Well-Architected": ("SEC05-BP02",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/vpc-default-security-group-closed.html",
    remedy="remove the rules of the aws.ec2.DefaultSecurityGroup, and give what uses it a group.",
    steps=(
        "Create a security group per tier and pass it to what runs there.",
        "Leave ingress and egress of the aws.ec2.DefaultSecurityGroup out.",
    ),
    unknown="Unknown rules count as rules.",
    check=_default_open,
)

RULES = (NOT_BYPASSED, PRIVATE_SUBNETS, REACHABLE, DEFAULT_CLOSED)
