"""Targets: who is registered in a target group, and how it is addressed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from guardrails import tokens
from guardrails.architecture import launching
from guardrails.architecture.containers import Containers, ContainerService
from guardrails.architecture.fleets import GROUP_KEYS, Fleets
from guardrails.architecture.network import Network
from guardrails.architecture.permits import Party
from guardrails.architecture.routes import Subnet, address_range
from guardrails.architecture.traffic import (
    ARN_KEYS,
    TARGET_GROUP_KEYS,
    Traffic,
    is_network,
    target_type,
)
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number

_ID = ("id",)


@dataclass
class Members:
    """Who is, or may be, registered in a target group.

    Attributes:
        fleets: Auto Scaling groups.
        attached: Resources attached one by one: instances, functions, load balancers.
        services: Services of containers.
        others: How many more there are, or may be: addresses, what is not followed.
    """

    fleets: list[Resource] = field(default_factory=list[Resource])
    attached: list[Resource] = field(default_factory=list[Resource])
    services: list[ContainerService] = field(default_factory=list[ContainerService])
    others: int = 0

    @property
    def any(self) -> bool:
        """Whether there is anyone."""
        return bool(self.fleets or self.attached or self.services or self.others)

    @property
    def only_fleets(self) -> bool:
        """Whether there are only Auto Scaling groups."""
        return not (self.attached or self.services or self.others)


@dataclass(frozen=True)
class End:
    """Who gets the requests of a target group.

    Attributes:
        port: The port on which; `None` if that is not known.
        subnets: Where they are, as far as that is known.
    """

    resource: Resource
    party: Party
    port: float | None
    subnets: tuple[Subnet, ...]


class Targets:
    """The members of every target group of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Index members by target group."""
        self._stack = stack
        self._network = stack.derived(Network)
        self._fleets = stack.derived(Fleets)
        self._members = {target: Members() for target in stack.of(tokens.TARGET_GROUP)}
        self.untraced: list[Resource] = []
        """What registers in a target group that is not known."""
        for group in stack.of(tokens.AUTO_SCALING_GROUP):
            for target in self._fleets.of(group).target_groups:
                self._members[target].fleets.append(group)
            self._note_untraced(group)
        self._index_attachments()
        self._index_containers()
        self._index_pairs()

    def _note_untraced(self, group: Resource) -> None:
        for prop in ("targetGroupArns", "trafficSources"):
            value = group.get(prop)
            if prop == "trafficSources" and isinstance(value, list):
                value = [dig(one, "identifier") for one in value]
            if group.left_out(prop) or is_absent(value):
                continue
            found = self._stack.references(
                group, prop, tokens.TARGET_GROUP, TARGET_GROUP_KEYS, value=value
            )
            if found.untraced and not found.any:
                self.untraced.append(group)

    def _index_attachments(self) -> None:
        for attachment in self._stack.of(tokens.TARGET_GROUP_ATTACHMENT):
            targets = self._stack.references(
                attachment, "targetGroupArn", tokens.TARGET_GROUP, TARGET_GROUP_KEYS
            )
            if targets.untraced:
                self.untraced.append(attachment)
            own_port = not attachment.left_out("port")
            for target in targets.any:
                members = self._members[target]
                # What listens on a port of its own is not asked on the target group's.
                same = number(attachment.get("port")) == number(target.get("port")) is not None
                sources = [] if own_port and not same else self._registered(attachment)
                members.attached += sources
                members.others += not sources

    def _registered(self, attachment: Resource) -> list[Resource]:
        kinds = (*tokens.INSTANCE, *tokens.LOAD_BALANCER, "aws:lambda/function:Function")
        found = self._stack.references(attachment, "targetId", kinds, (*_ID, *ARN_KEYS))
        return list(found.resources)

    def _index_containers(self) -> None:
        for service in self._stack.derived(Containers).services:
            if service.targets.untraced:
                self.untraced.append(service.resource)
            for target in service.targets.any:
                self._members[target].services.append(service)

    def _index_pairs(self) -> None:
        """Index the pairs of target groups between which CodeDeploy moves containers."""
        prop = "loadBalancerInfo"
        for deployment in self._stack.of(tokens.DEPLOYMENT_GROUP):
            pair = items(deployment.get(prop, "targetGroupPairInfo", "targetGroups"))
            found = self._stack.references(
                deployment,
                prop,
                tokens.TARGET_GROUP,
                ("name",),
                value=[dig(one, "name") for one in pair] or None,
            )
            for target in found.any if pair else ():
                self._members[target].others += 1

    # --- questions --------------------------------------------------------------------------------

    def members(self, target: Resource) -> Members:
        """Return who is registered in a target group."""
        return self._members[target]

    @property
    def anybody(self) -> bool:
        """Whether anybody is registered in any target group."""
        return any(members.any for members in self._members.values())

    @property
    def without_fleet(self) -> bool:
        """Whether functions, containers or single instances serve instead of Auto Scaling groups."""
        others = any(target_type(target) in ("ip", "lambda") for target in self._members)
        return not self._stack.of(tokens.AUTO_SCALING_GROUP) and (others or self.anybody)

    def attached_fleets(self) -> list[Resource]:
        """Return the Auto Scaling groups behind a load balancer, of this stack or another."""
        return [group.resource for group in self._fleets.groups if group.attached]

    def stranded(self) -> list[Resource]:
        """Return the Auto Scaling groups that are only behind target groups that no action names."""
        named = set(self._stack.derived(Traffic).mentioned())
        return [
            group.resource
            for group in self._fleets.groups
            if group.target_groups and not named & set(group.target_groups)
        ]

    def vacant(self) -> list[Resource]:
        """Return the empty ones of the target groups that a listener names, or else of all."""
        named = self._stack.derived(Traffic).mentioned() or list(self._members)
        return [one for one in named if not self._members[one].any]

    def serving_fleets(self) -> list[Resource]:
        """Return the Auto Scaling groups that serve requests.

        A group of workers needs no load balancer. Where no group is attached and a target group is
        vacant, one of them has lost it: those that get deployments, or else any of them.
        """
        attached = self.attached_fleets()
        if attached:
            return attached
        if self._members and not self.vacant():
            return []
        deployed = {
            fleet
            for deployment in self._stack.of(tokens.DEPLOYMENT_GROUP)
            for fleet in self._stack.linked(
                deployment, "autoscalingGroups", tokens.AUTO_SCALING_GROUP, GROUP_KEYS
            )
        }
        groups = self._stack.of(tokens.AUTO_SCALING_GROUP)
        return [one for one in groups if one in deployed] or groups

    def may_fill_itself(self, target: Resource) -> bool:
        """Return whether targets may be registered by something that this stack does not show."""
        return target_type(target) == "ip" or bool(self.untraced)

    def fleet_party(self, fleet: Resource) -> Party:
        """Return the instances of an Auto Scaling group as one end of a connection."""
        return Party(
            f'the instances of Auto Scaling group "{fleet.name}"',
            self._fleet_security_groups(fleet),
            networks=self._networks(self._network.subnets(fleet, "vpcZoneIdentifiers")),
        )

    def instance_party(self, instance: Resource) -> Party:
        """Return a single instance as one end of a connection."""
        groups = self._groups(instance, "vpcSecurityGroupIds")
        return Party(
            f'instance "{instance.name}"',
            groups,
            networks=self._networks(self._network.subnets(instance, "subnetId")),
        )

    def balancer_party(self, balancer: Resource) -> Party:
        """Return a load balancer as one end of a connection to its targets."""
        return Party(
            f'load balancer "{balancer.name}"',
            self._groups(balancer, "securityGroups"),
            # A network load balancer without security groups passes on what comes.
            unfiltered=is_network(balancer) and balancer.left_out("securityGroups"),
            networks=self._networks(self.balancer_subnets(balancer)),
        )

    def balancer_subnets(self, balancer: Resource) -> tuple[Subnet, ...]:
        """Return the subnets of a load balancer."""
        prop = "subnets" if not balancer.left_out("subnets") else "subnetMappings"
        return () if balancer.left_out(prop) else self._network.subnets(balancer, prop)

    def public_address(self, fleet: Resource) -> bool | None:
        """Return what the launch template says about public addresses; None if it says nothing."""
        return launching.public_address(self._fleets.of(fleet).launching.templates)

    def _groups(self, resource: Resource, prop: str, value: Any = None) -> References:
        if resource.left_out(prop):
            return References()
        return self._stack.references(resource, prop, tokens.SECURITY_GROUP, _ID, value=value)

    def _fleet_security_groups(self, fleet: Resource) -> References:
        templates = self._fleets.of(fleet).launching.templates
        if templates:
            return _merge([self._template_groups(one) for one in templates])
        configurations = self._configurations(fleet)
        if configurations:
            return _merge([self._groups(one, "securityGroups") for one in configurations])
        return References(untraced=1)

    def _configurations(self, fleet: Resource) -> tuple[Resource, ...]:
        return self._stack.references(
            fleet, "launchConfiguration", tokens.LAUNCH_CONFIGURATION, ("name", "id")
        ).any

    def _template_groups(self, template: Resource) -> References:
        interfaces = template.get("networkInterfaces")
        if any(not is_absent(dig(one, "networkInterfaceId")) for one in items(interfaces)):
            return References(untraced=1)  # an interface that exists has its own groups
        listed = [
            group
            for interface in items(interfaces)
            for group in items(dig(interface, "securityGroups"))
        ]
        if listed:
            return self._groups(template, "networkInterfaces", listed)
        if any(dig(one, "securityGroups") is UNKNOWN for one in items(interfaces)):
            return self._groups(template, "networkInterfaces", UNKNOWN)
        named = template.get("securityGroupNames")
        if not is_absent(named) and not template.left_out("securityGroupNames"):
            return References(untraced=1)
        return self._groups(template, "vpcSecurityGroupIds")

    @staticmethod
    def _networks(subnets: tuple[Subnet, ...]) -> tuple[Any, ...]:
        return tuple(address_range(subnet) for subnet in subnets)

    def instances(self, target: Resource) -> Iterator[tuple[Resource, Party]]:
        """Yield the fleets and instances of a target group, each as one end of a connection."""
        members = self.members(target)
        for fleet in members.fleets:
            # What is launched from a template of another stack is not known here.
            if self._fleets.of(fleet).launching.templates or self._configurations(fleet):
                yield fleet, self.fleet_party(fleet)
        for one in members.attached:
            if one.type in tokens.INSTANCE:
                yield one, self.instance_party(one)

    def ends(self, target: Resource) -> Iterator[End]:
        """Yield who gets the requests of a target group, as far as its network is known here."""
        for resource, party in self.instances(target):
            prop = "subnetId" if resource.type in tokens.INSTANCE else "vpcZoneIdentifiers"
            subnets = self._network.subnets(resource, prop)
            yield End(resource, party, number(target.get("port")), subnets)
        for service in self.members(target).services:
            if service.own_addresses:
                party, port = self.container_party(service), service.port(target)
                yield End(service.resource, party, port, _all(service.subnets))

    def container_party(self, service: ContainerService) -> Party:
        """Return the tasks of a service, which have addresses of their own, as one end."""
        return Party(
            f'the tasks of service "{service.name}"',
            service.groups,
            networks=self._networks(_all(service.subnets)),
        )


def _all(subnets: References) -> tuple[Subnet, ...]:
    return (*subnets.any, *subnets.foreign)


def _merge(found: list[References]) -> References:
    """Return the groups of several templates, where each instance has those of one."""
    if len(found) == 1 or len({one.resources for one in found}) == 1:
        return found[0]
    return References(
        possible=tuple(dict.fromkeys(group for one in found for group in one.any)),
        foreign=tuple(name for one in found for name in one.foreign),
        untraced=sum(one.untraced for one in found),
    )
