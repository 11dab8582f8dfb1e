"""Rules about whether visitors reach the load balancer, and the load balancer its targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from guardrails import tokens
from guardrails.answered import report
from guardrails.architecture.answers import Answer, all_of, any_of, yes
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.misplaced import Exchanged, meant_for, with_group
from guardrails.architecture.network import Network
from guardrails.architecture.permits import INGRESS, WORLD, WORLD_6, Party
from guardrails.architecture.targets import End, Targets
from guardrails.architecture.traffic import (
    LAYER_4,
    Traffic,
    asks_another_port,
    asks_same_port,
    health_check_port,
    is_internal,
    is_network,
    listener_step,
    protocol_of,
    target_step,
    target_type,
)
from guardrails.model import Parameters, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, number

_WELL_ARCHITECTED = "Well-Architected"
_PORTS = {80, 443}


def _visitors(balancer: Resource) -> Party:
    """Return from where visitors come: a load balancer has IPv4 addresses unless it does without."""
    without = balancer.get("ipAddressType") == "dualstack-without-public-ipv4"
    return WORLD_6 if without else WORLD


# --- visitors to load balancer --------------------------------------------------------------------


def _open(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic, targets, firewall = (
        stack.derived(Traffic),
        stack.derived(Targets),
        stack.derived(Firewall),
    )
    for balancer in traffic.balancers:
        if stack.derived(Exchanged).partner(balancer) is not None:
            continue  # elb-reaches-targets reports that
        party = targets.balancer_party(balancer)
        listeners = [
            (one, int(port))
            for one in traffic.listeners(balancer)
            if (port := number(one.get("port"))) is not None
        ]
        if _open_elsewhere(firewall, party, {port for _, port in listeners}):
            continue  # sg-open-only-to-authorized-ports or sg-no-remote-admin names the port
        ends = [
            end
            for target in dict.fromkeys(one.target for _, one in traffic.forwards(balancer))
            for end in targets.ends(target)
        ]
        if ends and all(meant_for(stack, end.party) is not None for end in ends):
            continue  # what is behind it belongs to another one: tg-has-targets reports that
        public = {
            one: firewall.passes(INGRESS, party, _visitors(balancer), port, protocol_of(one))
            for one, port in listeners
        }
        served = is_internal(balancer) or any(
            answer.is_yes and any(route.targets for route in traffic.live_routes(one))
            for one, answer in public.items()
        )
        for listener, port in listeners:
            # A listener for tests or colleagues need not be public beside one that is.
            answer = (
                firewall.opens(INGRESS, party, port, protocol_of(listener))
                if served
                else public[listener]
            )
            yield from report(answer, balancer, listener_step(listener))


def _open_elsewhere(firewall: Firewall, party: Party, ports: set[int]) -> bool:
    """Return whether a group is open to the internet on ports that no listener has."""
    for group in party.groups.resources:
        for permit in firewall.world_ports(group):
            if not isinstance(permit.ports, tuple):
                continue
            first, last = permit.ports
            if first == last and first not in ports | _PORTS:
                return True
    return False


OPEN_ON_LISTENERS = StackRule(
    id="elb-open-on-listener-ports",
    title="The load balancer's security group admits visitors on the port of each listener",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html",
    remedy="add an ingress rule for the listener's port to the load balancer's security group.",
    steps=(
        "Give the load balancer's security group one ingress rule per listener port.",
        "The source is 0.0.0.0/0, or the addresses or prefix list from which visitors come.",
    ),
    unknown=(
        "Unknown groups are resolved through the groups they come from; a security group of "
        "another stack is not decidable. A listener with an unknown port is not judged."
    ),
    check=_open,
)


# --- load balancer to targets ---------------------------------------------------------------------


def _reaches(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic, targets, firewall = (
        stack.derived(Traffic),
        stack.derived(Targets),
        stack.derived(Firewall),
    )
    seen: set[tuple[Resource, Resource]] = set()
    for balancer in traffic.balancers:
        source = targets.balancer_party(balancer)
        for route, share in traffic.forwards(balancer):
            target = share.target
            if (balancer, target) in seen or target_type(target) not in ("instance", "ip"):
                continue
            seen.add((balancer, target))
            steps = (listener_step(route.listener), route.step, target_step(target))
            for end in targets.ends(target):
                answer = stack.derived(Exchanged).answer(balancer, end)
                if answer is None:
                    answer = _reach(firewall, balancer, (source, end), target)
                if answer.is_no and meant_for(stack, end.party) is not None:
                    continue  # tg-has-targets reports where it is missing
                if answer.is_no and _incompatible(stack, target):
                    continue  # elbv2-accepted reports the protocol
                if not answer.is_yes and source.grouped:
                    told = with_group(stack, balancer, end, answer)
                    yield from report(told, target, *steps)
                    break
            yield from _launched_elsewhere(stack, target, steps)


def _launched_elsewhere(
    stack: Stack, target: Resource, steps: tuple[str, ...]
) -> Iterator[Violation]:
    """Say of instances from a launch template of another stack that their groups are not known."""
    for fleet in stack.derived(Targets).members(target).fleets:
        launching = stack.derived(Fleets).of(fleet).launching
        if launching.given and not launching.templates:
            yield Violation(
                f'whether load balancers reach the instances of Auto Scaling group "{fleet.name}" is '
                "not known: its launch template is not part of this stack, and so neither are their "
                "security groups, role and metadata options.",
                target,
                (*steps, f'Auto Scaling group "{fleet.name}"'),
                "create the launch template in this program, or hold the stack that does to this pack.",
                undecided=True,
            )


def _reach(
    firewall: Firewall, balancer: Resource, ends: tuple[Party, End], target: Resource
) -> Answer:
    """Answer for requests and, where these ask another port beside a protocol, health checks."""
    source, end = ends
    port, party = end.port, end.party
    if port is None:
        return yes()
    # tg-health-check-port reports a check of another port that could ask the same.
    asked = (
        port if asks_same_port(target) or asks_another_port(target) else health_check_port(target)
    )
    hidden = str(target.get("preserveClientIp")).lower() == "false"
    connection = (int(port), protocol_of(target))
    answer = _connect(firewall, balancer, (source, party), connection, hidden=hidden)
    if answer.is_no:
        admitted = firewall.ports_for(party, source)
        if len(admitted) == 1 and admitted[0] != port and port == number(target.get("port")):
            either = (
                f"set the target group's port to {admitted[0]} if the application listens there"
            )
            return replace(answer, remedy=f"{either}, or {answer.remedy}")
        return answer
    layer_4 = str(target.get("protocol")).upper() in LAYER_4
    if asked is None or asked == port or not layer_4:
        return answer
    return all_of((answer, firewall.connects(source, party, int(asked))))


def _incompatible(stack: Stack, target: Resource) -> bool:
    """Return whether a listener speaks another transport protocol: elbv2-accepted reports it."""
    return any(
        share.target is target
        and is_network(balancer)
        and isinstance(route.listener.get("protocol"), str)
        and protocol_of(route.listener) != protocol_of(target)
        and route.listener.get("protocol") != "TCP_UDP"
        for balancer in stack.derived(Traffic).balancers
        for route, share in stack.derived(Traffic).forwards(balancer)
    )


def _connect(
    firewall: Firewall,
    balancer: Resource,
    parties: tuple[Party, Party],
    port: tuple[int, str],
    *,
    hidden: bool,
) -> Answer:
    """Answer whether requests arrive.

    A network load balancer passes on visitors' addresses, unless these are `hidden`.
    """
    (source, party), (number_, protocol) = parties, port
    direct = firewall.connects(source, party, number_, protocol)
    if not is_network(balancer) or hidden:
        return direct
    visitors = firewall.passes(INGRESS, party, WORLD, number_, protocol)
    if not source.unfiltered:
        return any_of((direct, visitors))
    if is_internal(balancer):
        return firewall.opens(INGRESS, party, number_, protocol)
    return visitors


REACHES_TARGETS = StackRule(
    id="elb-reaches-targets",
    title="The load balancer reaches its targets on the port that it sends requests to",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("SEC05-BP02",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html#target-security-groups",
    remedy=(
        "let the load balancer's security group out to the instances' on the target group's port, "
        "and that one in from it."
    ),
    steps=(
        "Give the load balancer's group an egress rule for the target group's port.",
        "Give the instances' group an ingress rule for it, from the load balancer's group.",
        "Ask the same port in the health check.",
    ),
    unknown=(
        "Unknown groups are resolved through the groups they come from; a security group of "
        "another stack, or a prefix list, is not decidable."
    ),
    check=_reaches,
)


# --- internet-facing ------------------------------------------------------------------------------

_PUBLIC_SUBNETS: Parameters = {
    "publicSubnets": {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "description": (
            "Ids of subnets that this stack uses but does not create, and whose default route is an "
            "internet gateway."
        ),
    }
}


def _facing(stack: Stack, settings: Settings) -> Iterator[Violation]:
    traffic, targets, network = (
        stack.derived(Traffic),
        stack.derived(Targets),
        stack.derived(Network),
    )
    known = settings.texts("publicSubnets")
    for balancer in traffic.balancers:
        if is_internal(balancer) or balancer.get("loadBalancerType") == "gateway":
            continue
        if balancer.get("internal") is UNKNOWN and not balancer.left_out("internal"):
            continue
        answers = [
            network.is_public(subnet, _visitors(balancer).family)
            for subnet in targets.balancer_subnets(balancer)
            if subnet not in known
        ]
        answer = all_of(answers)
        if answer.is_undecided:
            answer = replace(
                answer,
                remedy=(
                    "associate the subnet with a route table of this program, or list its id in "
                    "this rule's parameter publicSubnets."
                ),
            )
        yield from report(answer, balancer, f'load balancer "{balancer.name}"')


IN_PUBLIC_SUBNETS = StackRule(
    id="elb-in-public-subnets",
    title="An internet-facing load balancer is in subnets that the internet reaches",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
    remedy="place the load balancer in subnets whose default route is an internet gateway.",
    steps=(
        "Create one public subnet per zone, with an aws.ec2.Route 0.0.0.0/0 to the internet gateway.",
        "Pass these subnets to the load balancer, the private ones to the instances.",
    ),
    unknown=(
        "Unknown subnets, route tables and gateways are resolved through dependencies; the routes "
        "of another stack's subnet are not decidable unless publicSubnets lists it."
    ),
    parameters=_PUBLIC_SUBNETS,
    check=_facing,
)


def _internal(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic, targets, firewall, network = (
        stack.derived(Traffic),
        stack.derived(Targets),
        stack.derived(Firewall),
        stack.derived(Network),
    )
    balancers = traffic.balancers
    if any(not is_internal(one) for one in balancers) or stack.of(tokens.BALANCER_FRONT):
        return  # something else faces the internet
    for balancer in balancers:
        party = targets.balancer_party(balancer)
        world = [
            one
            for one in traffic.listeners(balancer)
            if (port := number(one.get("port"))) is not None
            and not party.unfiltered
            and firewall.passes(INGRESS, party, WORLD, int(port), protocol_of(one)).is_yes
        ]
        subnets = targets.balancer_subnets(balancer)
        public = bool(subnets) and all(network.is_public(one).is_yes for one in subnets)
        claimed = bool(stack.of((tokens.HIGHLY_AVAILABLE_SERVICE,)))
        if not world:
            continue
        steps = (
            f'load balancer "{balancer.name}": internal',
            *(listener_step(one) for one in world),
        )
        if public or claimed:
            yield Violation(
                f'Load balancer "{balancer.name}" is internal, although '
                f"{'it is in public subnets and ' if public else ''}its security group admits the "
                "internet: no visitor from outside reaches it.",
                balancer,
                steps,
            )
        else:
            yield Violation(
                f'whether load balancer "{balancer.name}", which is internal, should be reached from '
                "outside is not known: its security group admits the internet.",
                balancer,
                steps,
                "set internal to false in public subnets, or admit only private addresses.",
                undecided=True,
            )


INTERNET_FACING = StackRule(
    id="elb-internet-facing",
    title="A load balancer that should serve the internet is not internal",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#load-balancer-scheme",
    remedy="set internal to false, or leave it out.",
    steps=(
        "Set internal=False; the load balancer is replaced and gets another DNS name.",
        "For a service that only the VPC uses, admit only private addresses, in private subnets.",
    ),
    unknown=(
        "An unknown or absent switch is the documented default, internet-facing. Behind an API "
        "Gateway link, CloudFront or another front an internal load balancer is right."
    ),
    check=_internal,
)

RULES = (OPEN_ON_LISTENERS, REACHES_TARGETS, IN_PUBLIC_SUBNETS, INTERNET_FACING)
