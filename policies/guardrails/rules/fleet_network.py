"""Rules about the network of the fleet: the load balancer's zones, the way out, the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from guardrails import tokens
from guardrails.answered import report_unconnected
from guardrails.architecture import zones
from guardrails.architecture.answers import Answer, all_of, any_of, yes
from guardrails.architecture.deployments import Deployments
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.fleets import Fleets, zones_of_group
from guardrails.architecture.misplaced import Exchanged, lacks_group
from guardrails.architecture.network import Network
from guardrails.architecture.permits import EGRESS, INGRESS, WORLD, WORLD_6, Party
from guardrails.architecture.place_names import is_zone_id, region_of_zone
from guardrails.architecture.proxies import Proxies
from guardrails.architecture.routes import RouteTables, address_range
from guardrails.architecture.store_network import (
    database_groups,
    database_port,
    database_subnets,
    in_own_vpc,
)
from guardrails.architecture.stray_proxies import StrayProxies
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic, is_network, target_step
from guardrails.architecture.vpc_ways import VpcWays
from guardrails.architecture.zones import Spread
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import References, Resource, Stack
from guardrails.values import is_absent, is_true

_WELL_ARCHITECTED = "Well-Architected"
APIS = replace(WORLD, name="the APIs of CodeDeploy and S3")


# --- zones ----------------------------------------------------------------------------------------


def _balancer_spread(stack: Stack, balancer: Resource, settings: Settings) -> Spread:
    return zones.spread(
        stack, balancer, ("subnets", "subnetMappings"), settings.mapping("subnetZones")
    )


def _comparable(*spreads: Spread) -> bool:
    """Return whether the zones of all are certain, and named in the same way."""
    named = [zone for spread in spreads for zone in spread.zones]
    same_form = any(all(map(form, named)) for form in (is_zone_id, region_of_zone))
    return same_form and all(one.known and one.zones for one in spreads)


def _covered(stack: Stack, settings: Settings) -> Iterator[Violation]:
    traffic, targets = stack.derived(Traffic), stack.derived(Targets)
    minimum = settings.integer("minimumZones")
    for balancer in traffic.balancers:
        enabled = _balancer_spread(stack, balancer, settings)
        if enabled.certain < minimum:
            continue  # elbv2-multi-az reports it
        found = {share.target: route for route, share in traffic.forwards(balancer)}
        fleets = {fleet: one for one in found for fleet in targets.members(one).fleets}
        for fleet, target in fleets.items():
            if fleet.left_out("vpcZoneIdentifiers"):
                continue  # zones by name are those of the default VPC
            used = zones_of_group(stack, fleet, settings.mapping("subnetZones"))
            missing = sorted(set(used.zones) - set(enabled.zones))
            if _comparable(enabled, used) and missing:
                yield Violation(
                    f'Auto Scaling group "{fleet.name}" launches instances in {", ".join(missing)}, '
                    f'which is not enabled for load balancer "{balancer.name}" '
                    f"({', '.join(enabled.zones)}): they get no requests.",
                    fleet,
                    (
                        f'load balancer "{balancer.name}": {", ".join(enabled.zones)}',
                        target_step(target),
                        f'Auto Scaling group "{fleet.name}": {", ".join(used.zones)}',
                    ),
                    f"give the load balancer a public subnet in {', '.join(missing)}, or keep "
                    f"the group's vpc_zone_identifiers to {', '.join(enabled.zones)}.",
                )


COVERS_FLEET = StackRule(
    id="elbv2-covers-fleet-zones",
    title="The load balancer is enabled in every zone of its instances",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL10-BP01",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-subnets.html",
    remedy="give the load balancer a subnet in each zone of the Auto Scaling group.",
    steps=(
        "List the zones of the Auto Scaling group's subnets.",
        "Pass one public subnet per zone to the load balancer's subnets.",
    ),
    unknown=(
        "Only zones that are certain are compared; a fleet or load balancer in unknown zones is "
        "reported by asg-multi-az and elbv2-multi-az."
    ),
    parameters=zones.PARAMETERS,
    check=_covered,
)


def _cross_zone(stack: Stack, settings: Settings) -> Iterator[Violation]:
    traffic, targets = stack.derived(Traffic), stack.derived(Targets)
    for balancer in traffic.balancers:
        enabled = _balancer_spread(stack, balancer, settings)
        for target in dict.fromkeys(share.target for _, share in traffic.forwards(balancer)):
            members = targets.members(target)
            if not _stays_in_zone(balancer, target) or not members.fleets:
                continue
            if not members.only_fleets:
                continue
            spreads = [
                zones_of_group(stack, fleet, settings.mapping("subnetZones"))
                for fleet in members.fleets
            ]
            used = {zone for one in spreads for zone in one.zones}
            empty = sorted(set(enabled.zones) - used)
            if _comparable(enabled, *spreads) and empty:
                yield Violation(
                    f'Target group "{target.name}" has no instances in {", ".join(empty)}, a zone of '
                    f'load balancer "{balancer.name}", and cross-zone load balancing is off: '
                    "visitors who reach the load balancer there are not served.",
                    target,
                    (
                        f'load balancer "{balancer.name}": {", ".join(enabled.zones)}',
                        target_step(target),
                        f"instances: {', '.join(sorted(used))}",
                    ),
                )


def _stays_in_zone(balancer: Resource, target: Resource) -> bool:
    """Return whether requests stay in the zone in which they reach the load balancer."""
    given = target.get("loadBalancingCrossZoneEnabled")
    if isinstance(given, str | bool) and str(given).lower() in ("true", "false"):
        return not is_true(given)
    return is_network(balancer) and not is_true(balancer.get("enableCrossZoneLoadBalancing"))


CROSS_ZONE = StackRule(
    id="elbv2-no-empty-zone",
    title="Without cross-zone load balancing every zone has instances",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL10-BP01",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html",
    remedy=(
        "launch instances in every zone of the load balancer, or set cross-zone load balancing on."
    ),
    steps=(
        "Give the Auto Scaling group a subnet in each zone of the load balancer.",
        (
            "Or set load_balancing_cross_zone_enabled of the target group, or "
            "enable_cross_zone_load_balancing of a network load balancer, to true."
        ),
    ),
    unknown="An unknown or absent switch is the documented default: on for ALB, off for NLB.",
    parameters=zones.PARAMETERS,
    check=_cross_zone,
)


# --- the way out ----------------------------------------------------------------------------------


def _way_out(stack: Stack, settings: Settings) -> Iterator[Violation]:
    targets, network, firewall = (
        stack.derived(Targets),
        stack.derived(Network),
        stack.derived(Firewall),
    )
    known = settings.texts("connectedSubnets")
    # A load balancer in a subnet that should be public is reported by elb-in-public-subnets.
    reported = {
        subnet
        for balancer in stack.of(tokens.LOAD_BALANCER)
        for subnet in targets.balancer_subnets(balancer)
        if not is_true(balancer.get("internal"))
    }
    servers = stack.derived(Deployments).servers
    deployed = [group for deployment in servers for group in deployment.groups.any]
    for fleet in dict.fromkeys(deployed):
        address, party = targets.public_address(fleet), targets.fleet_party(fleet)
        ways = [
            network.way_out(subnet, party, public_address=address, reported=reported)
            for subnet in network.subnets(fleet, "vpcZoneIdentifiers")
            if subnet not in known and not (subnet in reported and network.is_public(subnet).is_no)
        ]
        answer = all_of([*ways, *_let_out(firewall, party, ways)])
        if answer.is_undecided and "subnet" in answer.reason:
            answer = replace(
                answer,
                remedy=(
                    f"{str(answer.remedy).rstrip('.')}, or list its id in this rule's parameter "
                    "connectedSubnets."
                ),
            )
        yield from _no_way(stack, answer, fleet)


def _let_out(firewall: Firewall, party: Party, ways: list[Answer]) -> Iterator[Answer]:
    """Answer whether the security groups let HTTPS out, where these are known."""
    if party.groups.untraced:
        return
    inside = any("VPC endpoints" in step for way in ways for step in way.path)
    if inside or not any(way.is_yes for way in ways):
        yield firewall.opens(EGRESS, party, 443)
    else:
        yield firewall.passes(EGRESS, party, APIS, 443)


def _no_way(stack: Stack, answer: Answer, fleet: Resource) -> Iterator[Violation]:
    lost = answer.is_no and "no default route" in answer.reason
    if lost and stack.derived(RouteTables).misplaced:
        return  # vpc-parts-accepted reports what has gone elsewhere
    path = (f'Auto Scaling group "{fleet.name}"', *answer.path)
    if answer.is_no:
        yield Violation(
            f'Instances of "{fleet.name}" reach neither CodeDeploy nor S3, so they never get the '
            f"application: {answer.reason}.",
            fleet,
            path,
            answer.remedy,
        )
    elif answer.is_undecided:
        yield Violation(
            f'whether instances of "{fleet.name}" reach CodeDeploy and S3 is not known: '
            f"{answer.reason}.",
            fleet,
            path,
            answer.remedy,
            undecided=True,
        )


FLEET_WAY_OUT = StackRule(
    id="asg-reaches-codedeploy",
    title="Instances reach CodeDeploy and S3",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL08-BP05",)},
    url="https://docs.aws.amazon.com/codedeploy/latest/userguide/vpc-endpoints.html",
    remedy=(
        "route the subnets through a NAT gateway, or add VPC endpoints for s3 and "
        "codedeploy-commands-secure; let the security group out on port 443."
    ),
    steps=(
        "Give each private subnet's route table a route 0.0.0.0/0 to a NAT gateway of its zone.",
        "Or give instances in public subnets public addresses.",
        "Give the instances' security group an egress rule for tcp 443.",
    ),
    unknown=(
        "Unknown subnets, route tables and gateways are resolved through dependencies; the routes "
        "of another stack's subnet are not decidable unless connectedSubnets lists it."
    ),
    parameters={
        "connectedSubnets": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": (
                "Ids of subnets that this stack uses but does not create, and from which instances "
                "reach CodeDeploy and S3."
            ),
        }
    },
    check=_way_out,
)


# --- the database ---------------------------------------------------------------------------------

_OTHER_USERS = ("aws:ecs/", "aws:lambda/", "aws:eks/", "aws:rds/proxy:", "aws:apprunner/")


def _database(stack: Stack, _: Settings) -> Iterator[Violation]:
    firewall = stack.derived(Firewall)
    ways, proxies = stack.derived(VpcWays), stack.derived(Proxies)
    stray = stack.derived(StrayProxies)
    others = any(one.type.startswith(_OTHER_USERS) for one in stack.resources)
    parties = _parties(stack)
    for database in stack.of(tokens.DATABASE):
        port, groups = database_port(database), database_groups(stack, database)
        if database.left_out("vpcSecurityGroupIds"):
            if not in_own_vpc(stack, database_subnets(stack, database)):
                continue
            groups = References()  # the VPC's default group
        if port is None:
            continue
        if not is_absent(database.get("replicateSourceDb")):
            continue
        party = Party(f'database "{database.name}"', groups, networks=_networks(stack, database))
        before = stray.rightly_before(database)
        astray = not before and bool(proxies.before(database))
        users = {one: side for one, side in parties.items() if _uses(stack, one, database)}
        if not before and (astray or not parties) and not users:
            continue  # data-store-reachable reports a proxy that has the group of something else
        if firewall.passes(INGRESS, party, WORLD_6, port).is_yes:
            continue  # sg-open-only-to-authorized-ports says whom to admit instead of everybody
        sides = [*before, *(users or ({} if before else parties)).values()]
        # Then there is a way outside of the VPC.
        public = is_true(database.get("publiclyAccessible"))
        answers = [
            all_of(
                (
                    yes() if public else ways.connects(side, party),
                    firewall.connects(side, party, port),
                )
            )
            for side in sides
        ]
        answer = all_of(answers) if users or before else any_of(answers)
        if answer.is_undecided or users or before or not others:
            yield from report_unconnected(answer, database, f'database "{database.name}"', port)


def _parties(stack: Stack) -> dict[Resource, Party]:
    """Return the fleets and instances that may use a database, without those that other rules report."""
    targets, firewall = stack.derived(Targets), stack.derived(Firewall)
    found = {fleet: targets.fleet_party(fleet) for fleet in stack.of(tokens.AUTO_SCALING_GROUP)}
    found |= {one: targets.instance_party(one) for one in stack.of(tokens.INSTANCE)}
    served = {group for one in stack.derived(Deployments).servers for group in one.groups.any}
    return {
        one: side
        for one, side in found.items()
        if not side.groups.untraced
        # elb-reaches-targets reports that it has a load balancer's groups.
        and stack.derived(Exchanged).partner(one) is None
        and not lacks_group(stack, side)
        # What lets nothing out at all is reported by asg-reaches-codedeploy.
        and not (one in served and _lets_nothing_out(firewall, side))
    }


def _networks(stack: Stack, database: Resource) -> tuple[Any, ...]:
    """Return the address ranges of a database, as far as they are known."""
    return tuple(address_range(one) for one in database_subnets(stack, database))


def _lets_nothing_out(firewall: Firewall, party: Party) -> bool:
    groups = party.groups.resources
    return bool(groups) and not any(firewall.permits(group, EGRESS) for group in groups)


def _uses(stack: Stack, resource: Resource, database: Resource) -> bool:
    """Return whether the user data of a fleet or instance is made from the database."""
    templates = (
        stack.derived(Fleets).of(resource).launching.templates
        if resource.type in tokens.AUTO_SCALING_GROUP
        else []
    )
    return any(
        database in stack.sources(one, "userData", tokens.DATABASE)
        for one in (resource, *templates)
    )


REACHES_DATABASE = StackRule(
    id="database-reachable",
    title="The instances reach the database",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={_WELL_ARCHITECTED: ("SEC05-BP02",)},
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html",
    remedy=(
        "let the instances' security group out to the database's on its port, and that one in from "
        "it."
    ),
    steps=(
        "Give the instances' group an egress rule for the database's port.",
        "Give the database's group an ingress rule for it, from the instances' group.",
    ),
    unknown=(
        "Unknown groups are resolved through the groups they come from; a security group of "
        "another stack is not decidable. A database that no instance of the stack may use, beside "
        "functions or containers, is not judged."
    ),
    check=_database,
)

RULES = (COVERS_FLEET, CROSS_ZONE, FLEET_WAY_OUT, REACHES_DATABASE)
