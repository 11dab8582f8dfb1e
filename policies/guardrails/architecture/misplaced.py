"""Instances whose security groups are meant for another tier than theirs."""

from __future__ import annotations

from dataclasses import replace

from guardrails import tokens
from guardrails.architecture.answers import Answer, no
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.network import Network
from guardrails.architecture.permits import INGRESS, WORLD, Party
from guardrails.architecture.targets import End, Targets
from guardrails.architecture.traffic import Traffic
from guardrails.resources import References, Resource, Stack
from guardrails.values import number


def meant_for(stack: Stack, party: Party) -> Resource | None:
    """Return the target group without targets whose load balancer a party admits on its port.

    That it has none is the fault, which `tg-has-targets` reports; what follows from it is not one
    more.
    """
    targets, traffic, firewall = (
        stack.derived(Targets),
        stack.derived(Traffic),
        stack.derived(Firewall),
    )
    for target in targets.vacant():
        if targets.may_fill_itself(target):
            continue  # others may register in it
        port = number(target.get("port"))
        for balancer in traffic.senders(target) if port else ():
            source = targets.balancer_party(balancer)
            if firewall.connects(source, party, int(port or 0)).is_yes:
                return target
    return None


def group_for(stack: Stack, balancer: Resource, end: End) -> Resource | None:
    """Return the security group that admits a load balancer to a target's port, if one does.

    It is what the instances lack where they have another one: that of another service, or of the load
    balancer itself.
    """
    given = end.party.groups
    if end.port is None or given.possible or given.foreign or given.untraced:
        return None
    targets, firewall = stack.derived(Targets), stack.derived(Firewall)
    source, network = targets.balancer_party(balancer), stack.derived(Network)
    places = [*given.resources, *(one for one in end.subnets if isinstance(one, Resource))]
    vpc = network.vpc(places[0]) if places else None
    for group in stack.of(tokens.SECURITY_GROUP):
        if group in (*source.groups.any, *end.party.groups.any) or network.vpc(group) != vpc:
            continue
        within = replace(end.party, groups=References((group,)))
        if firewall.passes(INGRESS, within, source, int(end.port)).is_yes:
            return group
    return None


def with_group(stack: Stack, balancer: Resource, end: End, answer: Answer) -> Answer:
    """Return a no with the group that the target lacks, if there is one."""
    group = group_for(stack, balancer, end) if answer.is_no else None
    return answer if group is None else replace(answer, remedy=_give_group(end, group))


def _give_group(end: End, group: Resource) -> str:
    """Return what to do about a target that is not in the group that is meant for it."""
    holder = (
        f'the launch template of "{end.resource.name}" (vpc_security_group_ids)'
        if end.resource.type in tokens.AUTO_SCALING_GROUP
        else f'"{end.resource.name}"'
    )
    return (
        f'put security group "{group.name}", which admits the load balancer on {end.port:g}, into '
        f"{holder}{' in place of the one that is there' if end.party.groups.any else ''}."
    )


def lacks_group(stack: Stack, party: Party) -> bool:
    """Return whether instances have no group, or a load balancer's, instead of that meant for them.

    `elb-reaches-targets` reports it; what else they do not reach follows from it.
    """
    targets, traffic = stack.derived(Targets), stack.derived(Traffic)
    for balancer in traffic.balancers:
        source = targets.balancer_party(balancer)
        if party.groups.any and not set(party.groups.any) & set(source.groups.any):
            continue
        for _, share in traffic.forwards(balancer):
            for end in targets.ends(share.target):
                if end.party == party and group_for(stack, balancer, end) is not None:
                    return True
    return False


class Exchanged:
    """Load balancers and targets that have each other's security groups.

    That is one fault, which `elb-reaches-targets` reports; what follows from it on either side is not
    one more.
    """

    def __init__(self, stack: Stack) -> None:
        """Find them: all that does not pass would pass if the groups changed places."""
        self._firewall = stack.derived(Firewall)
        self._partners: dict[Resource, Resource] = {}
        targets, traffic = stack.derived(Targets), stack.derived(Traffic)
        for balancer in traffic.balancers:
            front = targets.balancer_party(balancer)
            for route, share in traffic.forwards(balancer):
                listened = number(route.listener.get("port"))
                for end in targets.ends(share.target):
                    if listened is not None and self._exchanged(front, int(listened), end):
                        self._partners[balancer] = end.resource
                        self._partners[end.resource] = balancer

    def partner(self, resource: Resource) -> Resource | None:
        """Return who has the groups of a load balancer, fleet or instance, and the other way round."""
        return self._partners.get(resource)

    def answer(self, balancer: Resource, end: End) -> Answer | None:
        """Return why requests do not arrive; None unless these two have each other's groups."""
        if self._partners.get(end.resource) is not balancer:
            return None
        other = end.resource.name
        return no(
            f'load balancer "{balancer.name}" and "{other}" have each other\'s security groups: it '
            "admits no visitors, and its requests are not admitted",
            f'"{other}"',
            remedy=(
                f'give load balancer "{balancer.name}" the security group of "{other}", and the other '
                "way round."
            ),
        )

    def _exchanged(self, front: Party, listened: int, end: End) -> bool:
        if end.port is None or set(front.groups.any) & set(end.party.groups.any):
            return False
        port, connects = int(end.port), self._firewall.connects
        if not connects(front, end.party, port).is_no:
            return False
        before = replace(front, groups=end.party.groups)
        behind = replace(end.party, groups=front.groups)
        visited = self._firewall.passes(INGRESS, before, WORLD, listened)
        return visited.is_yes and connects(before, behind, port).is_yes
