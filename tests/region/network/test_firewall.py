"""What security groups admit, as EC2 documents it, followed through the rules that are written."""

from __future__ import annotations

import pytest

from region.network.errors import FirewallError
from region.network.firewall import (
    API,
    GATEWAY,
    METADATA,
    Firewall,
    Interface,
    Permission,
    SecurityGroup,
)
from tests.region.network.packet_filter import Packet, Ruleset

ALL = Permission("-1", cidrs=("0.0.0.0/0",))
WEB, APP, DATA, ADMIN, SILENT = "10.20.0.4", "10.20.1.5", "10.20.2.6", "10.20.3.7", "10.20.4.8"
GROUPS = (
    SecurityGroup("sg-web", (Permission("tcp", 80, 80, cidrs=("0.0.0.0/0",)),), egress=(ALL,)),
    SecurityGroup(
        "sg-app",
        ingress=(
            Permission("tcp", 8080, 8081, groups=("sg-web",)),
            Permission("icmp", 8, -1, cidrs=("10.20.3.0/24",)),
            Permission("tcp", 22, 22, cidrs=("10.20.3.0/24", "10.20.3.0/25")),
        ),
        egress=(Permission("tcp", 5432, 5432, groups=("sg-data",)),),
    ),
    SecurityGroup("sg-data", (Permission("tcp", 5432, 5432, groups=("sg-app",)),)),
    SecurityGroup(
        "sg-admin",
        ingress=(
            Permission("-1", groups=("sg-admin",)),
            Permission("udp", cidrs=("10.20.1.5/32",)),
        ),
        egress=(ALL,),
    ),
    SecurityGroup("sg-public", (Permission("tcp", 443, 443, cidrs=("203.0.113.0/24",)),)),
    SecurityGroup("sg-private", (Permission("tcp", 9000, 9000, cidrs=("192.168.0.0/16",)),)),
    SecurityGroup("sg-six", (Permission("tcp", 7000, 7000, cidrs=("::/0",)),)),
)
INTERFACES = (
    Interface(WEB, ("sg-web",)),
    Interface(APP, ("sg-app", "sg-public", "sg-private", "sg-six", "sg-gone")),
    Interface(DATA, ("sg-data",)),
    Interface(ADMIN, ("sg-admin",)),
    Interface(SILENT, ("sg-public",)),
)
RULES = Ruleset(Firewall(INTERFACES, GROUPS).render())


def tcp(source: str, destination: str, port: int) -> Packet:
    return Packet(source=source, destination=destination, port=port)


@pytest.mark.parametrize(
    ("packet", "admitted"),
    [
        pytest.param(tcp(WEB, APP, 8080), True, id="a member of the source group"),
        pytest.param(tcp(WEB, APP, 8081), True, id="the last port of a range"),
        pytest.param(tcp(WEB, APP, 8082), False, id="a port beyond the range"),
        pytest.param(tcp(ADMIN, APP, 8080), False, id="not a member of the source group"),
        pytest.param(tcp(APP, WEB, 80), False, id="the source's egress does not permit it"),
        pytest.param(tcp(ADMIN, WEB, 80), True, id="both sides permit it"),
        pytest.param(tcp(ADMIN, DATA, 5432), False, id="default deny of ingress"),
        pytest.param(tcp(DATA, WEB, 80), False, id="a group without egress"),
        pytest.param(tcp(APP, DATA, 5432), True, id="egress to a group"),
        pytest.param(tcp(ADMIN, APP, 22), True, id="a CIDR block, given twice"),
        pytest.param(tcp(WEB, APP, 22), False, id="outside the CIDR block"),
        pytest.param(tcp(WEB, APP, 443), False, id="a public source is not another instance"),
        pytest.param(tcp(WEB, APP, 7000), False, id="an IPv6 block permits nothing"),
        pytest.param(tcp(WEB, "10.20.9.9", 80), False, id="nobody's address"),
        pytest.param(tcp("10.20.9.9", WEB, 80), False, id="from nobody's address"),
        pytest.param(tcp(WEB, SILENT, 80), False, id="no rule of its only group"),
        pytest.param(Packet(source=ADMIN, destination=APP, protocol="icmp"), True, id="ping"),
        pytest.param(
            Packet(source=ADMIN, destination=APP, protocol="icmp", type=13),
            False,
            id="another type",
        ),
        pytest.param(Packet(source=WEB, destination=APP, protocol="icmp"), False, id="ping denied"),
        pytest.param(
            Packet(source=WEB, destination=APP, protocol="udp", port=8080),
            False,
            id="other protocol",
        ),
        pytest.param(tcp(GATEWAY, WEB, 80), True, id="the internet, from 0.0.0.0/0"),
        pytest.param(tcp(GATEWAY, APP, 443), True, id="the internet, from a public block"),
        pytest.param(tcp(GATEWAY, APP, 22), False, id="the internet is not a private block"),
        pytest.param(tcp(GATEWAY, APP, 9000), False, id="nor another private block"),
        pytest.param(tcp(GATEWAY, APP, 8080), False, id="nor a member of a group"),
        pytest.param(tcp(SILENT, METADATA, 80), True, id="metadata"),
        pytest.param(tcp(SILENT, API, 4566), True, id="the APIs"),
        pytest.param(tcp(SILENT, API, 8), True, id="the machine's commands"),
        pytest.param(tcp(WEB, API, 22), False, id="nothing else of the region"),
        pytest.param(tcp(WEB, METADATA, 4566), False, id="a service only at its address"),
        pytest.param(
            Packet(source=APP, destination=WEB, port=40000, state="established"),
            True,
            id="an answer",
        ),
        pytest.param(
            Packet(source=APP, destination=WEB, protocol="icmp", type=3, state="related"),
            True,
            id="an error of a connection",
        ),
        pytest.param(
            Packet(source=WEB, destination=APP, port=8080, state="invalid"),
            False,
            id="no connection",
        ),
    ],
)
@pytest.mark.parametrize("hook", ["input", "forward", "output"])
def test_a_packet_needs_permission_on_both_sides(hook: str, packet: Packet, admitted: bool) -> None:
    assert RULES.admits(packet, hook) is admitted


@pytest.mark.parametrize(
    ("permission", "packet"),
    [
        (Permission("tcp", groups=("sg-x",)), {"port": 1}),
        (Permission("tcp", 0, 65535, groups=("sg-x",)), {"port": 65535}),
        (Permission("udp", 53, 53, groups=("sg-x",)), {"protocol": "udp", "port": 53}),
        (Permission("icmp", -1, -1, groups=("sg-x",)), {"protocol": "icmp", "type": 0}),
        (Permission("icmp", 3, 4, groups=("sg-x",)), {"protocol": "icmp", "type": 3, "code": 4}),
        (Permission("-1", -1, -1, groups=("sg-x",)), {"protocol": "sctp", "port": 9}),
        (Permission("tcp", 0, 65535, cidrs=("0.0.0.0/1", "128.0.0.0/1")), {"port": 9}),
        (Permission("-1", cidrs=("10.20.0.1/24",)), {"protocol": "gre"}),
    ],
)
def test_every_form_of_a_permission(permission: Permission, packet: dict[str, object]) -> None:
    group = SecurityGroup("sg-x", (permission,), (permission,))
    firewall = Firewall(
        (Interface("10.20.0.4", ("sg-x",)), Interface("10.20.0.5", ("sg-x",))), (group,)
    )
    there = Packet(source="10.20.0.4", destination="10.20.0.5", **packet)  # type: ignore[arg-type]
    stranger = Packet(source="10.20.0.9", destination="10.20.0.5", **packet)  # type: ignore[arg-type]
    assert Ruleset(firewall.render()).admits(there)
    assert not Ruleset(firewall.render()).admits(stranger)


def test_groups_of_an_interface_add_up_on_either_side() -> None:
    a = SecurityGroup("sg-a", (Permission("tcp", 1, 1, cidrs=("10.0.0.0/8",)),), (ALL,))
    b = SecurityGroup("sg-b", (Permission("tcp", 2, 2, cidrs=("10.0.0.0/8",)),))
    rules = Ruleset(
        Firewall(
            (Interface("10.20.0.4", ("sg-b", "sg-a")), Interface("10.20.0.5", ("sg-a", "sg-b"))),
            (a, b),
        ).render()
    )
    assert [rules.admits(tcp("10.20.0.4", "10.20.0.5", port)) for port in (1, 2, 3)] == [
        True,
        True,
        False,
    ]


def test_the_kernels_own_notices_pass_in_one_direction() -> None:
    notice = Packet(source=METADATA, destination=WEB, protocol="icmp", type=3)
    assert RULES.admits(notice, "output")
    assert not RULES.admits(Packet(source=WEB, destination=APP, protocol="icmp", type=3))


def test_no_groups_at_all_deny_everything() -> None:
    rules = Ruleset(Firewall().render())
    assert not rules.admits(tcp(GATEWAY, WEB, 80), "output")
    assert rules.admits(tcp(WEB, METADATA, 80), "input")


def test_every_name_that_is_used_is_defined_once() -> None:
    assert len(RULES.defined) == len(set(RULES.defined))
    text = Firewall(INTERFACES, GROUPS).render()
    assert "sg-gone;" not in text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Permission("gre"), "'gre'"),
        (lambda: Permission("tcp", 0, 65536), "65536"),
        (lambda: Permission("icmp", 256), "256"),
        (lambda: Permission("tcp", 9003, 9002), "9003 to 9002"),
        (lambda: Permission("udp", cidrs=("10.0.0.0/33",)), "CIDR"),
        (lambda: SecurityGroup("sg a; flush ruleset"), "flush ruleset"),
        (lambda: Firewall((Interface("10.20.0.300", ()),)).render(), "10.20.0.300"),
        (lambda: Firewall((Interface("::1", ()),)).render(), "no IPv6"),
        (lambda: Firewall((Interface(WEB, ()), Interface(WEB, ()))).render(), "two interfaces"),
        (lambda: Firewall((Interface(WEB, ("a b",)),)).render(), "'a b'"),
        (
            lambda: Firewall(
                groups=(SecurityGroup("s", (Permission("tcp", cidrs=("x",)),)),)
            ).render(),
            "CIDR",
        ),
    ],
)
def test_what_cannot_be_a_rule_is_named(make, message: str) -> None:
    with pytest.raises(FirewallError, match=message):
        make()
