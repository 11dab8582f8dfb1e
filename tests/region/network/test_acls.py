"""Network ACLs as rules for nftables."""

from __future__ import annotations

import pytest

from region.network.acls import AclRule, NetworkAcl, chains
from region.network.errors import FirewallError
from region.network.services import Permission

ALL = Permission("-1", cidrs=("0.0.0.0/0",))
OPEN = (AclRule(100, allow=True, permission=ALL),)


def rendered(*acls: NetworkAcl) -> list[str]:
    return [line.strip() for line in chains(acls)]


def test_an_open_acl_and_one_without_subnets_need_no_rules() -> None:
    one = NetworkAcl("acl-1", ("10.1.0.0/24",), ingress=OPEN, egress=OPEN)
    two = NetworkAcl("acl-2", ())
    assert rendered(one, two) == ["chain acls {", "}"]


def test_rules_decide_in_their_order_and_the_rest_is_dropped() -> None:
    acl = NetworkAcl(
        "acl-1",
        ("10.1.0.0/24",),
        ingress=(
            AclRule(200, allow=True, permission=ALL),
            AclRule(100, allow=False, permission=Permission("tcp", 80, 80, cidrs=("10.2.0.0/16",))),
        ),
        egress=OPEN,
    )
    assert rendered(acl) == [
        "chain acls {",
        "ip saddr 10.1.0.0/24 ip daddr != 10.1.0.0/24 jump leaving-acl-1",
        "ip daddr 10.1.0.0/24 ip saddr != 10.1.0.0/24 jump entering-acl-1",
        "}",
        "chain leaving-acl-1 {",
        "return",
        "drop",
        "}",
        "chain entering-acl-1 {",
        "ip saddr 10.2.0.0/16 tcp dport 80 drop",
        "return",
        "drop",
        "}",
    ]


def test_an_acl_without_rules_lets_nothing_pass() -> None:
    assert rendered(NetworkAcl("acl-1", ("10.1.0.0/24",)))[-3:] == [
        "chain entering-acl-1 {",
        "drop",
        "}",
    ]


def test_a_malformed_block_is_named() -> None:
    with pytest.raises(FirewallError, match=r"nonsense.*10\.0\.1\.0/24"):
        rendered(NetworkAcl("acl-1", ("nonsense",)))
