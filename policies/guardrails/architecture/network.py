"""Networks: what the internet reaches, and what reaches the services that it needs."""

from __future__ import annotations

from collections.abc import Collection

from guardrails import tokens
from guardrails.architecture.answers import Answer, Verdict, all_of, no, undecided, yes
from guardrails.architecture.endpoints import Endpoints
from guardrails.architecture.permits import Party
from guardrails.architecture.routes import Exit, Routes, RouteTables, Subnet, Way
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true

_ID = ("id",)

ENDPOINTS = ("s3", "codedeploy-commands-secure")
"""What the CodeDeploy agent needs without a route to the internet (CodeDeploy guide, "Use CodeDeploy
with Amazon Virtual Private Cloud")."""


class Network:
    """The VPCs, subnets and routes of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Build on the route tables."""
        self._stack = stack
        self._tables = stack.derived(RouteTables)
        self._endpoints = stack.derived(Endpoints)
        self.vpc = self._tables.vpc
        self.routes = self._tables.routes

    def _elsewhere_routed(self, subnet: Subnet) -> Answer:
        name = subnet_name(subnet)
        if isinstance(subnet, Resource) and self.vpc(subnet) is None:
            return yes(name)  # what is not known to be in a VPC of another stack is not judged
        return undecided(
            f"the route table of {name} is not part of this stack",
            name,
            remedy="associate the subnet with a route table of this program.",
        )

    def is_public(self, subnet: Subnet, family: int = 4) -> Answer:
        """Answer whether the internet reaches what has a public address in a subnet."""
        name = subnet_name(subnet)
        routes = self.routes(subnet, family)
        if routes is None:
            return self._elsewhere_routed(subnet)
        for found in routes.exits:
            if found.way is Way.INTERNET_GATEWAY:
                return yes(name, routes.table, found.describe())
        if not routes.complete:
            return undecided(
                f"{routes.table} has routes that the preview does not know",
                name,
                routes.table,
                remedy="write its routes with values that the program knows.",
            )
        others = ", ".join(found.describe() for found in routes.exits) or "nowhere"
        return no(
            f"the default route of {name} leads to {others}, not to an internet gateway"
            if routes.exits
            else f"{name} has no route to an internet gateway",
            name,
            routes.table,
            remedy="add an aws.ec2.Route 0.0.0.0/0 to an internet gateway to the subnet's route table.",
        )

    def way_out(
        self,
        subnet: Subnet,
        party: Party,
        *,
        public_address: bool | None,
        reported: Collection[Subnet] = (),
        services: tuple[str, ...] = ENDPOINTS,
    ) -> Answer:
        """Answer whether instances in a subnet reach services of AWS: those of CodeDeploy and S3.

        `party` are the instances. `public_address` is what the launch template says; None leaves it
        to the subnet. That a subnet in `reported` is not public is reported elsewhere.
        """
        unnamed = self._unnamed(subnet)
        if unnamed is not None:
            return unnamed
        routes = self.routes(subnet)
        if routes is None:
            return self._elsewhere_routed(subnet)
        answers = [
            self._leads_out(subnet, routes, one, public_address, reported) for one in routes.exits
        ]
        for verdict in (Verdict.YES, Verdict.UNDECIDED):
            for answer in answers:
                if answer.verdict is verdict:
                    captured = self._captured(subnet, party, services)
                    return answer if captured.is_yes else captured
        by_endpoints = self._by_endpoints(subnet, routes, party, services)
        if not by_endpoints.is_no or not answers:
            return by_endpoints
        return answers[0]

    def _unnamed(self, subnet: Subnet) -> Answer | None:
        """Return that nothing in a subnet resolves names, `None` where it does."""
        vpc = self.vpc(subnet) if isinstance(subnet, Resource) else None
        if not isinstance(vpc, Resource) or vpc.get("enableDnsSupport") is not False:
            return None
        if any(
            is_true(one.get("privateDnsEnabled")) for one in self._stack.of(tokens.VPC_ENDPOINT)
        ):
            return None  # vpc-accepted reports it
        return no(
            f'nothing in VPC "{vpc.name}" resolves names: enable_dns_support is false',
            subnet_name(subnet),
            f'VPC "{vpc.name}"',
            remedy="set enable_dns_support of the VPC to true, the default, or leave it out.",
        )

    def _leads_out(
        self,
        subnet: Subnet,
        routes: Routes,
        found: Exit,
        public_address: bool | None,
        reported: Collection[Subnet],
    ) -> Answer:
        steps = (subnet_name(subnet), routes.table, found.describe())
        if found.way is Way.NAT_GATEWAY and found.gateway is not None:
            return self._nat_leads_out(found.gateway, reported).after(*steps)
        if found.way is Way.PEERING:
            return no(
                f"the default route of {steps[0]} leads to a {found.describe()}, which passes nothing "
                "on to the internet",
                *steps,
                remedy=(
                    "set nat_gateway_id of the route 0.0.0.0/0 to a NAT gateway, and send only the "
                    "range of the other network to vpc_peering_connection_id."
                ),
            )
        if found.way is not Way.INTERNET_GATEWAY:
            machine = found.way is Way.MACHINE
            answer = self._machine_leads_out(found.gateway) if machine else yes()
            return answer.after(*steps)
        value = UNKNOWN if isinstance(subnet, str) else subnet.get("mapPublicIpOnLaunch")
        inherited = True if is_true(value) else (None if value is UNKNOWN else False)
        addressed = inherited if public_address is None else public_address
        if isinstance(subnet, Resource) and subnet.type.endswith("DefaultSubnet"):
            addressed = public_address is not False
        if addressed:
            return yes(*steps)
        if addressed is None:
            return undecided(
                f"whether instances in {steps[0]} get a public address is not known",
                *steps,
                remedy=(
                    "set associate_public_ip_address in the launch template's network_interfaces."
                ),
            )
        return no(
            f"{steps[0]} leads out through an {found.describe()}, but its instances have no public "
            "address, and a gateway passes on nothing without one",
            *steps,
            remedy=(
                "set the group's vpc_zone_identifiers to subnets that are routed through a NAT "
                "gateway, or set map_public_ip_on_launch of these."
            ),
        )

    def _machine_leads_out(self, machine: Resource | None) -> Answer:
        """Answer for a route to an instance or its network interface."""
        if machine is None:
            return undecided(
                "the instance or network interface to which the default route leads is not part of this "
                "stack, nor is what it passes on",
                remedy="set nat_gateway_id of the route 0.0.0.0/0 to a NAT gateway of this program.",
            )
        if machine.type in tokens.NETWORK_INTERFACE and not self._is_attached(machine):
            return no(
                f'network interface "{machine.name}" belongs to no instance, and passes nothing on',
                remedy="set nat_gateway_id of the route 0.0.0.0/0 to a NAT gateway.",
            )
        checks = machine.setting("sourceDestCheck")
        if checks is UNKNOWN or checks is False:
            return yes()
        return no(
            f'"{machine.name}" drops what is not for itself: source_dest_check is not false',
            remedy=(
                f'set source_dest_check of "{machine.name}" to false, or nat_gateway_id of the route '
                "0.0.0.0/0 to a NAT gateway."
            ),
        )

    def _is_attached(self, interface: Resource) -> bool:
        """Return whether something in this stack attaches an interface to an instance, or may.

        An instance may attach it when it starts: its launch template then knows its id.
        """
        if not is_absent(interface.setting("attachments")):
            return True
        routes = (*tokens.ROUTE, *tokens.ROUTE_TABLE, *tokens.ELASTIC_IP)
        return any(one.type not in routes for one in self._stack.users(interface))

    def _nat_leads_out(self, nat: Resource, reported: Collection[Subnet]) -> Answer:
        if nat.get("connectivityType") == "private":
            return self._private_nat_leads_out(nat)
        (subnet,) = self.subnets(nat, "subnetId")[:1] or (None,)
        public = yes() if subnet is None or subnet in reported else self.is_public(subnet)
        if not public.is_no:
            return yes()
        return no(
            f'NAT gateway "{nat.name}" is itself in a private subnet: {public.reason}',
            *public.path,
            remedy=(
                "set subnet_id of the NAT gateway to a subnet whose default route is an internet "
                "gateway."
            ),
        )

    def _private_nat_leads_out(self, nat: Resource) -> Answer:
        """Answer for a NAT gateway towards other networks: an internet gateway drops its traffic."""
        found = [self.routes(one) for one in self.subnets(nat, "subnetId")]
        exits = [one for routes in found if routes is not None for one in routes.exits]
        known = all(routes is not None and routes.complete for routes in found)
        if not known or any(one.way in (Way.ELSEWHERE, Way.MACHINE) for one in exits):
            return yes()
        return no(
            f'NAT gateway "{nat.name}" is private: it translates towards other networks, not to the '
            "internet",
            remedy=(
                "remove connectivity_type of the NAT gateway, or set it to public, and set "
                "allocation_id to an aws.ec2.Eip."
            ),
        )

    def _by_endpoints(
        self, subnet: Subnet, routes: Routes, party: Party, services: tuple[str, ...]
    ) -> Answer:
        """Answer for a subnet that has no default route."""
        name = subnet_name(subnet)
        vpc = self.vpc(subnet) if isinstance(subnet, Resource) else None
        unknown = self._endpoints.unknown(vpc)
        if unknown is not None:
            return undecided(
                f'the service of VPC endpoint "{unknown.name}" is not known',
                name,
                remedy="write the endpoint's service_name as a text that the program knows.",
            )
        given = {
            service: self._endpoints.reached(service, vpc, routes, party) for service in services
        }
        missing = [service for service, answer in given.items() if answer is None]
        reached = all_of(answer for answer in given.values() if answer is not None)
        if not missing:
            if reached.is_yes:
                return yes(name, f"VPC endpoints {', '.join(services)}")
            return reached.after(name, routes.table)
        if not routes.complete:
            return undecided(
                f"{routes.table} has routes that the preview does not know",
                name,
                remedy="write its routes with values that the program knows.",
            )
        return no(
            f"{name} has no default route, and no VPC endpoint for {' and '.join(missing)}",
            name,
            routes.table,
            remedy=(
                "add an aws.ec2.Route 0.0.0.0/0 to a NAT gateway to the subnet's route table, or "
                f"add VPC endpoints for {' and '.join(missing)}."
            ),
        )

    def _captured(self, subnet: Subnet, party: Party, services: tuple[str, ...]) -> Answer:
        """Answer whether endpoints to which names lead let the party in."""
        vpc = self.vpc(subnet) if isinstance(subnet, Resource) else None
        found = (self._endpoints.captured(service, vpc, party) for service in services)
        return all_of(one for one in found if one is not None).after(subnet_name(subnet))

    def subnets(self, resource: Resource, prop: str) -> tuple[Subnet, ...]:
        """Return the subnets in a property: resources of this stack, ids of others."""
        value = resource.get(prop)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = [dig(one, "subnetId") for one in value]
        found = self._stack.references(resource, prop, tokens.SUBNET, _ID, value=value)
        return (*found.any, *found.foreign)


def subnet_name(subnet: Subnet) -> str:
    """Name a subnet as a step of a path."""
    return f"subnet {subnet}" if isinstance(subnet, str) else f'subnet "{subnet.name}"'
