"""The rule about network ACLs: what the service needs passes them, there and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.answered import report
from guardrails.architecture.access_lists import AccessList, AccessLists
from guardrails.architecture.answers import Answer
from guardrails.architecture.deployments import Deployments
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.network import Network
from guardrails.architecture.permits import INGRESS, WORLD, Party
from guardrails.architecture.routes import Way
from guardrails.architecture.store_network import (
    database_groups,
    database_port,
    database_subnets,
)
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import (
    Traffic,
    is_internal,
    is_network,
    listener_step,
    protocol_of,
    target_step,
)
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import number

_Said = Iterator[tuple[AccessList, Answer]]


@dataclass(frozen=True)
class _Connection:
    """A connection that the service needs, as far as it has come."""

    what: str
    steps: tuple[str, ...]


class _Needs:
    """The connections that the service of one stack needs, and what network ACLs say about them."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lists = stack.derived(AccessLists)
        self._traffic = stack.derived(Traffic)
        self._targets = stack.derived(Targets)
        self._network = stack.derived(Network)
        self._firewall = stack.derived(Firewall)

    def all(self) -> Iterator[tuple[_Connection, _Said]]:
        """Yield them all."""
        yield from self._visitors()
        yield from self._requests()
        yield from self._releases()
        yield from self._queries()

    def _visitors(self) -> Iterator[tuple[_Connection, _Said]]:
        for balancer in self._traffic.balancers:
            party = self._targets.balancer_party(balancer)
            for listener in self._traffic.listeners(balancer):
                port, protocol = int(number(listener.get("port")) or 0), protocol_of(listener)
                open_ = self._firewall.passes(INGRESS, party, WORLD, port, protocol)
                if is_internal(balancer) or not port or not open_.is_yes:
                    continue  # it is not for everybody
                need = _Connection(
                    f'Visitors of load balancer "{balancer.name}" get no answer on port {port}',
                    ("the internet", listener_step(listener)),
                )
                for subnet in self._targets.balancer_subnets(balancer):
                    yield need, self._lists.admits_visitors(subnet, port, protocol)

    def _requests(self) -> Iterator[tuple[_Connection, _Said]]:
        for balancer in self._traffic.balancers:
            if is_network(balancer):
                continue  # it may pass on the addresses of its clients, or its own
            sources = self._targets.balancer_subnets(balancer)
            for target in dict.fromkeys(one.target for _, one in self._traffic.forwards(balancer)):
                for end in self._targets.ends(target):
                    need = _Connection(
                        f'Load balancer "{balancer.name}" does not reach target group '
                        f'"{target.name}"',
                        (f'load balancer "{balancer.name}"', target_step(target)),
                    )
                    if end.port is None:
                        continue
                    for source in sources:
                        for one in end.subnets:
                            yield need, self._lists.connects(source, one, int(end.port))

    def _releases(self) -> Iterator[tuple[_Connection, _Said]]:
        servers = self._stack.derived(Deployments).servers
        deployed = [group for deployment in servers for group in deployment.groups.any]
        for fleet in dict.fromkeys(deployed):
            need = _Connection(
                f'Instances of "{fleet.name}" reach neither CodeDeploy nor S3',
                (f'Auto Scaling group "{fleet.name}"',),
            )
            for subnet in self._network.subnets(fleet, "vpcZoneIdentifiers"):
                routes = self._network.routes(subnet)
                for found in routes.exits if routes is not None else ():
                    yield need, self._lists.leads_out(subnet)
                    if found.way is not Way.NAT_GATEWAY or found.gateway is None:
                        continue
                    for nat in self._network.subnets(found.gateway, "subnetId"):
                        yield need, self._lists.leads_out(nat)
                        yield need, self._lists.connects(subnet, nat, 443)

    def _queries(self) -> Iterator[tuple[_Connection, _Said]]:
        for database in self._stack.of(tokens.DATABASE):
            port = database_port(database)
            places = database_subnets(self._stack, database)
            party = Party(f'database "{database.name}"', database_groups(self._stack, database))
            for fleet in self._targets.attached_fleets() if port else ():
                source = self._targets.fleet_party(fleet)
                if not self._firewall.connects(source, party, port or 0).is_yes:
                    continue  # it is not meant to, or database-reachable reports it
                need = _Connection(
                    f'Instances of "{fleet.name}" do not reach database "{database.name}"',
                    (f'Auto Scaling group "{fleet.name}"', f'database "{database.name}"'),
                )
                for subnet in self._network.subnets(fleet, "vpcZoneIdentifiers"):
                    for one in places:
                        yield need, self._lists.connects(subnet, one, port or 0)


def _passes(stack: Stack, _: Settings) -> Iterator[Violation]:
    if not stack.derived(AccessLists).any:
        return
    worst: dict[Resource, tuple[_Connection, Answer]] = {}
    for need, said in _Needs(stack).all():
        for acl, answer in said:
            known = worst.get(acl.owner)
            if answer.is_no and (known is None or not known[1].is_no):
                worst[acl.owner] = (need, answer)
            elif answer.is_undecided:
                worst.setdefault(acl.owner, (need, answer))
    for owner, (need, answer) in worst.items():
        yield from report(answer, owner, *need.steps, problem=need.what)


ACLS_PASS = StackRule(
    id="network-acl-passes-traffic",
    title="Network ACLs allow the service's connections in both directions",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("SEC05-BP02", "REL02-BP01")},
    url="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
    remedy="add rules to the network ACL for the connection and for its replies.",
    steps=(
        "A network ACL does not remember connections: replies need rules for ports 1024-65535.",
        "Let the listener's port in from 0.0.0.0/0 to the load balancer's subnets.",
        "Let the target group's port through between them and the instances' subnets.",
        "Let tcp 443 out of the instances' subnets, and the database's port to its subnets.",
        "Rules are tried by number, the first that fits decides; what none fits is denied.",
    ),
    unknown=(
        "A subnet without a network ACL of this stack lets everything pass. A rule that the preview "
        "does not know is not decidable. Of the replies, ports 32768-60999 have to pass."
    ),
    check=_passes,
)

RULES = (ACLS_PASS,)
