"""Proxies with a security group that is made for something else, where another one fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from guardrails import tokens
from guardrails.architecture.answers import any_of
from guardrails.architecture.data_stores import Proxy
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.network import Network
from guardrails.architecture.permits import Party
from guardrails.architecture.proxies import Proxies
from guardrails.architecture.routes import address_range
from guardrails.architecture.store_network import (
    database_groups,
    database_port,
    database_subnets,
    port_of,
)
from guardrails.architecture.targets import Targets
from guardrails.resources import References, Resource, Stack


class StrayProxies:
    """The proxies that neither admit the instances nor are admitted by their database.

    That is one fault, which `data-store-reachable` reports of the proxy: its security group.
    """

    def __init__(self, stack: Stack) -> None:
        """Find them, each with the group that it lacks."""
        self._stack = stack
        self._proxies = stack.derived(Proxies)
        self._firewall = stack.derived(Firewall)
        self._lacking: dict[Resource, Resource] = {}
        users = list(fleet_users(stack))
        for database in stack.of((*tokens.DATABASE, *tokens.DATABASE_CLUSTER)):
            port, groups = database_port(database), database_groups(stack, database)
            if port is None or not groups.complete or not users:
                continue
            ranges = tuple(address_range(one) for one in database_subnets(stack, database))
            target = Party(f'database "{database.name}"', groups, networks=ranges)
            for proxy, party in self._proxies.pairs(database):
                group = self._fitting(proxy, party, target, port, users)
                if group is not None:
                    self._lacking[proxy] = group

    def group_for(self, proxy: Resource) -> Resource | None:
        """Return the security group that a proxy should have in place of its own."""
        return self._lacking.get(proxy)

    def rightly_before(self, database: Resource) -> list[Party]:
        """Return the proxies before a database, but for those with the group of something else."""
        return [
            party for proxy, party in self._proxies.pairs(database) if proxy not in self._lacking
        ]

    def _fitting(
        self, proxy: Resource, party: Party, target: Party, port: int, users: list[Party]
    ) -> Resource | None:
        asked = port_of(Proxy(self._stack, proxy, party.name))
        if asked is None or not party.groups.complete or not party.groups.resources:
            return None

        def serves(within: Party) -> tuple[bool, bool]:
            visited = any_of(self._firewall.connects(one, within, asked) for one in users)
            return visited.is_yes, self._firewall.connects(within, target, port).is_yes

        if any(serves(party)):
            return None
        network = self._stack.derived(Network)
        vpc = network.vpc(party.groups.resources[0])
        others = (
            one
            for one in self._stack.of(tokens.SECURITY_GROUP)
            if one not in party.groups.resources and network.vpc(one) == vpc
        )
        return next(
            (one for one in others if all(serves(replace(party, groups=References((one,)))))), None
        )


def fleet_users(stack: Stack) -> Iterator[Party]:
    """Yield the fleets and instances of a stack as users of its stores, where their groups are known."""
    targets = stack.derived(Targets)
    parties = [targets.fleet_party(one) for one in stack.of(tokens.AUTO_SCALING_GROUP)]
    parties += [targets.instance_party(one) for one in stack.of(tokens.INSTANCE)]
    yield from (one for one in parties if not one.groups.untraced)
