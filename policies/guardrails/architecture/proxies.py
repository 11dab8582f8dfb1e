"""Proxies before databases: which proxy speaks to which database."""

from __future__ import annotations

from guardrails import tokens
from guardrails.architecture.permits import Party
from guardrails.resources import References, Resource, Stack

_PROXY_KEYS = ("name", "id")
_TARGETS = (
    ("dbInstanceIdentifier", tokens.DATABASE, ("identifier", "id")),
    ("dbClusterIdentifier", tokens.DATABASE_CLUSTER, ("clusterIdentifier", "id")),
)


class Proxies:
    """The proxies of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Index proxies by the database that they are before."""
        self._stack = stack
        self._before: dict[Resource, list[Resource]] = {}
        self._aimed: set[Resource] = set()
        self._untraced = False
        for target in stack.of(tokens.PROXY_TARGET):
            proxies = stack.references(target, "dbProxyName", tokens.DATABASE_PROXY, _PROXY_KEYS)
            self._aimed.update(proxies.any)
            self._untraced |= not proxies.any
            for prop, types, keys in _TARGETS:
                if target.left_out(prop):
                    continue
                for database in stack.references(target, prop, types, keys).resources:
                    self._before.setdefault(database, []).extend(proxies.resources)

    def is_aimless(self, proxy: Resource) -> bool:
        """Return whether a proxy certainly speaks to no database: no target of this stack is its own."""
        return proxy not in self._aimed and not self._untraced

    def before(self, database: Resource) -> list[Party]:
        """Return the proxies before a database, each as one end of a connection."""
        return [party for _, party in self.pairs(database)]

    def pairs(self, database: Resource) -> list[tuple[Resource, Party]]:
        """Return the proxies before a database, each with itself as one end of a connection."""
        return [
            (proxy, Party(f'proxy "{proxy.name}"', self._groups(proxy)))
            for proxy in self._before.get(database, ())
            if not proxy.left_out("vpcSecurityGroupIds")
        ]

    def _groups(self, proxy: Resource) -> References:
        prop = "vpcSecurityGroupIds"
        return self._stack.references(proxy, prop, tokens.SECURITY_GROUP, ("id",))
