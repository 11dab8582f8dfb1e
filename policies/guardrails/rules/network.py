"""Rules about what the internet can reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.permits import INGRESS, is_vast
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic
from guardrails.model import (
    Level,
    Question,
    ResourceRule,
    Scope,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, leaves, number, show

_RULE_TYPES = (*tokens.INGRESS_RULE, *tokens.SECURITY_GROUP_RULE, *tokens.SECURITY_GROUP)
_ALL_PROTOCOLS = ("-1", "all")
_PORT_PROTOCOLS = ("tcp", "udp", "6", "17")
_PORT_LIST = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 65535}}
_UNKNOWN = (
    "An unknown source address counts as the whole internet, an unknown port or protocol as all of "
    "them; another security group as the source never does."
)


@dataclass(frozen=True)
class Opening:
    """A range of ports that is open to the whole internet."""

    source: str
    first: int
    last: int

    def describe(self) -> str:
        """Describe the range and its source, for a message."""
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{'port' if self.first == self.last else 'ports'} {ports} to {self.source}"


def _world(*values: Any) -> str | None:
    """Return the first address range that is, or may be, the whole internet."""
    for address in (leaf for value in values for leaf in leaves(value)):
        if address is UNKNOWN:
            return "an address that is not known in this preview"
        if is_vast(address):
            return str(address)
    return None


def _opening(entry: Any, protocol: Any, *sources: Any) -> Opening | None:
    source = _world(*sources)
    if source is None:
        return None
    if protocol is not UNKNOWN and str(protocol).lower() in _PORT_PROTOCOLS:
        first, last = number(entry.get("fromPort")), number(entry.get("toPort"))
        return Opening(
            source, 0 if first is None else int(first), 65535 if last is None else int(last)
        )
    if protocol is UNKNOWN or protocol is None or str(protocol).lower() in _ALL_PROTOCOLS:
        return Opening(source, 0, 65535)
    return None  # protocols such as ICMP have no ports


def _entries(resource: Resource) -> Iterator[tuple[Any, str, tuple[str, str]]]:
    """Yield each ingress rule, with the names of its protocol and source properties."""
    if resource.type in tokens.INGRESS_RULE:
        yield resource.properties, "ipProtocol", ("cidrIpv4", "cidrIpv6")
    elif resource.type in tokens.SECURITY_GROUP_RULE:
        if resource.get("type") != "egress":
            yield resource.properties, "protocol", ("cidrBlocks", "ipv6CidrBlocks")
    else:
        for entry in items(resource.get("ingress")):
            whole = {"protocol": UNKNOWN, "cidrBlocks": UNKNOWN}
            yield whole if entry is UNKNOWN else entry, "protocol", ("cidrBlocks", "ipv6CidrBlocks")


def _openings(resource: Resource) -> Iterator[Opening]:
    for entry, protocol, sources in _entries(resource):
        opening = _opening(entry, entry.get(protocol), *(entry.get(name) for name in sources))
        if opening is not None:
            yield opening


def _remote_admin(resource: Resource, settings: Settings) -> Iterator[Violation]:
    ports = settings.integers("ports")
    # An unknown list among inputs is the program's; among outputs it is the provider's.
    if resource.get("ingress") is UNKNOWN:
        yield Violation(
            f'"{resource.name}" has inline ingress rules that are not known.',
            resource,
            remedy="write the inline rules as a list whose ports and sources the program knows.",
        )
    for opening in _openings(resource):
        open_ports = sorted(port for port in ports if opening.first <= port <= opening.last)
        if open_ports:
            yield Violation(
                f'"{resource.name}" opens {opening.describe()}, including remote administration '
                f"({', '.join(map(str, open_ports))}).",
                resource,
                remedy=_narrower(opening, open_ports),
            )


def _narrower(opening: Opening, admin: list[int]) -> str | None:
    """Return the remedy for a rule that opens more than remote administration."""
    if not is_vast(opening.source):
        return (
            "set the source to addresses that the program knows, or to a security group; "
            "administration needs no port at all: use Session Manager."
        )
    if opening.last - opening.first < len(admin):
        return None
    return (
        "narrow from_port and to_port of the rule to the ports that visitors use, such as 80 and "
        "443, one rule for each; administer instances through Session Manager."
    )


NO_REMOTE_ADMIN = ResourceRule(
    id="sg-no-remote-admin",
    title="Remote administration ports are not open to the internet",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "AWS Config": ("INCOMING_SSH_DISABLED",),
        "Security Hub": ("EC2.19",),
        "Control Tower": ("CT.EC2.PR.4",),
        "Well-Architected": ("SEC05-BP02", "SEC06-BP03"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/restricted-ssh.html",
    remedy=(
        "narrow from_port and to_port to the port that visitors need, or remove the rule if it is for "
        "administration only: Session Manager needs no open port."
    ),
    steps=(
        "Keep what serves visitors open: a listener's port on the load balancer's group (cidr_ipv4).",
        "Remove the rest; AWS Systems Manager Session Manager needs no open port.",
        "Give the instance role the Session Manager permissions.",
    ),
    unknown=_UNKNOWN,
    parameters={
        "ports": {
            **_PORT_LIST,
            "default": [22, 3389],
            "description": "Remote administration ports (SSH, RDP).",
        }
    },
    types=_RULE_TYPES,
    check=_remote_admin,
)


def _passed_through(stack: Stack) -> set[float | None]:
    """Return the target ports that visitors reach themselves.

    A network load balancer without a security group passes on their addresses: only an open port
    admits them.
    """
    traffic, targets = stack.derived(Traffic), stack.derived(Targets)
    return {
        number(share.target.get("port"))
        for balancer in traffic.balancers
        if targets.balancer_party(balancer).unfiltered
        for _, share in traffic.forwards(balancer)
    }


def _authorized(stack: Stack, settings: Settings) -> Iterator[Violation]:
    served = {number(listener.get("port")) for listener in stack.of(tokens.LISTENER)}
    served |= _passed_through(stack)
    allowed = settings.integers("ports") | {int(port) for port in served if port is not None}
    admin = settings.integers("reportedElsewhere")
    roles = stack.derived(Roles)
    for resource in stack.of(_RULE_TYPES):
        for opening in _openings(resource):
            ports = range(opening.first, opening.last + 1)
            if any(port in admin for port in ports):
                continue
            if not all(port in allowed for port in ports):
                listed = ", ".join(str(port) for port in sorted(allowed))
                yield Violation(
                    f'"{resource.name}" opens {opening.describe()}; only {listed} may be open, '
                    "including the ports of this stack's listeners.",
                    resource,
                    remedy=_instead(roles, resource, opening),
                )
    yield from _by_lists(stack, allowed)


def _by_lists(stack: Stack, allowed: set[int] | frozenset[int]) -> Iterator[Violation]:
    """Report what prefix lists open: which addresses they hold, no single rule says."""
    firewall = stack.derived(Firewall)
    seen: set[Resource] = set()
    for group in stack.of(tokens.SECURITY_GROUP):
        for permit in firewall.permits(group, INGRESS):
            for one, addresses in permit.listed.items():
                vast = next((address for address in addresses if is_vast(address)), None)
                first, last = permit.ports if isinstance(permit.ports, tuple) else (0, 65535)
                if vast is None or one in seen or all(p in allowed for p in range(first, last + 1)):
                    continue
                seen.add(one)
                yield Violation(
                    f'"{permit.origin.name}" opens {permit.describe()} to prefix list '
                    f'"{one.name}", in which there is {vast}.',
                    permit.origin,
                    (f'prefix list "{one.name}": {vast}', f'security group "{group.name}"'),
                    remedy=(
                        f"remove {vast} from the entries of the prefix list, or replace the list in "
                        "the rule by the security group of the load balancer."
                    ),
                )


class Roles:
    """Who has each security group, which decides to whom its ports may be open."""

    def __init__(self, stack: Stack) -> None:
        """Index load balancers, databases and instances by security group."""
        targets = stack.derived(Targets)
        self._stack = stack
        self._ports: dict[Resource, set[int]] = {}
        for balancer in stack.of(tokens.LOAD_BALANCER):
            ports = {
                int(port)
                for listener in stack.derived(Traffic).listeners(balancer)
                if (port := number(listener.get("port"))) is not None
            }
            for group in targets.balancer_party(balancer).groups.any:
                self._ports.setdefault(group, set()).update(ports)
        self.databases = {
            group
            for database in stack.of(tokens.DATABASE)
            for group in self._groups(database, "vpcSecurityGroupIds")
        }

    def _groups(self, resource: Resource, prop: str) -> tuple[Resource, ...]:
        return self._stack.references(resource, prop, tokens.SECURITY_GROUP, ("id",)).any

    def owners(self, rule: Resource) -> tuple[Resource, ...]:
        """Return the security groups to which a rule belongs, or the group itself."""
        if rule.type in tokens.SECURITY_GROUP:
            return (rule,)
        return self._groups(rule, "securityGroupId")

    def listener_ports(self, groups: Iterable[Resource]) -> set[int] | None:
        """Return the ports of the load balancers with these groups; None if there are none."""
        found = [self._ports[group] for group in groups if group in self._ports]
        return {port for ports in found for port in ports} if found else None


def _instead(roles: Roles, rule: Resource, opening: Opening) -> str | None:
    owners = roles.owners(rule)
    if not is_vast(opening.source):
        return "set the source to addresses that the program knows, or to a security group."
    if set(owners) & roles.databases:
        return (
            "open the database's port only to the security group of the instances that use it: set "
            "referenced_security_group_id instead of addresses."
        )
    ports = roles.listener_ports(owners)
    if ports is None:
        return None
    named = ", ".join(map(str, sorted(ports))) or "those of its listeners"
    return (
        f"set from_port and to_port of the rule to the ports of the load balancer's listeners "
        f"({named}), or add a listener on {opening.first}."
    )


OPEN_ONLY_AUTHORIZED = StackRule(
    id="sg-open-only-to-authorized-ports",
    title="Only the load balancer is open to the internet",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    # The baseline has no load balancer: its instance's application port is open on purpose.
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS",),
        "Security Hub": ("EC2.18",),
        "Control Tower": ("CT.EC2.PR.3",),
        "Well-Architected": ("SEC05-BP02",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/vpc-sg-open-only-to-authorized-ports.html",
    remedy="open the port only to the load balancer's security group.",
    steps=(
        "Instances: replace cidr_ipv4 by a referenced_security_group_id, the load balancer's.",
        "Database: likewise, by the security group of the instances that use it.",
        "Load balancer: set from_port and to_port to the ports of its listeners.",
        "If the port is really public, add it to this rule's parameter ports.",
    ),
    unknown=_UNKNOWN,
    parameters={
        "ports": {
            **_PORT_LIST,
            "default": [80, 443],
            "description": "Ports that may be open in addition to those of the stack's listeners.",
        },
        "reportedElsewhere": {
            **_PORT_LIST,
            "default": [22, 3389],
            "description": "Ports left to sg-no-remote-admin, so that each finding is reported once.",
        },
    },
    check=_authorized,
)


def _public_addresses(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Yield each switch that gives instances a public address, with its value."""
    if resource.type in tokens.SUBNET:
        yield "map_public_ip_on_launch", resource.get("mapPublicIpOnLaunch")
    elif resource.type in tokens.INSTANCE:
        yield "associate_public_ip_address", resource.get("associatePublicIpAddress")
    else:
        interfaces = resource.get("networkInterfaces")
        for interface in [UNKNOWN] if interfaces is UNKNOWN else items(interfaces):
            value = dig(interface, "associatePublicIpAddress")
            yield "network_interfaces.associate_public_ip_address", value


def _public_ip(resource: Resource, _: Settings) -> Iterator[Violation]:
    for name, value in _public_addresses(resource):
        # Launch templates write booleans as strings.
        if not is_absent(value) and value not in (False, "false"):
            yield Violation(
                f'"{resource.name}" gives instances public addresses: {name} is {show(value)}.',
                resource,
            )


NO_PUBLIC_IP = ResourceRule(
    id="no-public-ip",
    title="Instances have no public address",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    # Public subnets save the NAT gateways, the largest item on a small bill; the security group
    # admits only the load balancer.
    level=Level.ADVISORY,
    controls={
        "AWS Config": (
            "EC2_INSTANCE_NO_PUBLIC_IP",
            "EC2_LAUNCH_TEMPLATE_PUBLIC_IP_DISABLED",
            "SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED",
        ),
        "Security Hub": ("EC2.9", "EC2.25", "EC2.15"),
        "Control Tower": ("CT.EC2.PR.8", "CT.EC2.PR.9", "CT.EC2.PR.11"),
        "Checkov": ("CKV_AWS_88", "CKV_AWS_130"),
        "Well-Architected": ("SEC05-BP01",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/ec2-instance-no-public-ip.html",
    remedy=(
        "run instances in private subnets behind a NAT gateway or VPC endpoints, or accept it "
        "with an exception."
    ),
    steps=(
        "Set associate_public_ip_address and map_public_ip_on_launch to false.",
        (
            "Give the private subnets a route through a NAT gateway, or endpoints for S3, Systems "
            "Manager and CodeDeploy."
        ),
    ),
    unknown="An unknown switch counts as on; an absent one leaves it to the subnet, where it is off.",
    types=(*tokens.SUBNET, *tokens.INSTANCE, *tokens.LAUNCH_TEMPLATE),
    check=_public_ip,
)

RULES = (NO_REMOTE_ADMIN, OPEN_ONLY_AUTHORIZED, NO_PUBLIC_IP)
