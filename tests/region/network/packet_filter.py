"""Follows a packet of a new connection through rules for nftables, without a kernel.

Knows exactly the subset that `region.network.firewall` writes; anything else is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network


@dataclass(frozen=True, kw_only=True)
class Packet:
    source: str
    destination: str
    protocol: str = "tcp"
    port: int = 0
    type: int = 8
    code: int = 0
    state: str = "new"
    source_port: int = 40000


def _among(address: str, elements: str) -> bool:
    return any(ip_address(address) in ip_network(e) for e in map(str.strip, elements.split(",")))


class Ruleset:
    def __init__(self, text: str) -> None:
        self.sets: dict[str, str] = {}
        self.chains: dict[str, list[str]] = {}
        chain: list[str] | None = None
        for line in map(str.strip, text.splitlines()):
            if found := re.fullmatch(
                r"set (\S+) \{ type ipv4_addr;(?: elements = \{(.*)\};)? \}", line
            ):
                self.sets[found[1]] = found[2] or ""
            elif found := re.fullmatch(r"chain (\S+) \{(.*)\}", line):
                self.chains[found[1]] = [r.strip() for r in found[2].split(";") if r.strip()]
            elif found := re.fullmatch(r"chain (\S+) \{", line):
                chain = self.chains[found[1]] = []
            elif chain is not None and line != "}":
                chain.append(line)
        self.defined = [*self.sets, *self.chains]

    def admits(self, packet: Packet, hook: str = "forward") -> bool:
        kind, policy, *rest = self.chains[hook]
        assert kind == f"type filter hook {hook} priority 0", kind
        assert policy == "policy drop", policy
        return self._run(rest, packet) is True

    def _run(self, rules: list[str], packet: Packet) -> bool | None:
        for rule in rules:
            verdict = self._match(rule, packet)
            if verdict in {"accept", "drop"}:
                return verdict == "accept"
            if verdict:
                how, name = verdict.split()
                decided = self._run(self.chains[name], packet)
                if decided is not None or how == "goto":
                    return decided
        return None

    def _match(self, rule: str, packet: Packet) -> str | None:
        """Return the verdict of a rule that matches."""
        side = {"saddr": packet.source, "daddr": packet.destination}
        ports = {"dport": packet.port, "sport": packet.source_port}
        pairs = {f"{side[s]} . {ports[p]}" for s, p in (("saddr", "sport"), ("daddr", "dport"))}
        tests: list[tuple[str, Callable[..., bool | str]]] = [
            (
                r"ip [sd]addr \. tcp [sd]port \{ (.*?) \}",
                lambda e: packet.protocol == "tcp" and bool(pairs & set(e.split(", "))),
            ),
            (
                r"ip ([sd]addr) @(\S+)",
                lambda s, n: bool(self.sets[n]) and _among(side[s], self.sets[n]),
            ),
            (r"ip ([sd]addr) vmap \{ (.*?) \}", lambda s, e: _lookup(side[s], e)),
            (r"ct state vmap \{ (.*?) \}", lambda e: _lookup(packet.state, e)),
            (r"ct state established", lambda: packet.state == "established"),
            (r"ip ([sd]addr) \{ (.*?) \}", lambda s, e: _among(side[s], e)),
            (r"ip version 4", lambda: True),
            (r"meta l4proto (\S+)", lambda p: packet.protocol == p),
            (
                r"(tcp|udp) dport (\d+)(?:-(\d+))?",
                lambda p, a, b: packet.protocol == p and int(a) <= packet.port <= int(b or a),
            ),
            (r"icmp type (\d+)", lambda t: packet.protocol == "icmp" and packet.type == int(t)),
            (r"icmp code (\d+)", lambda c: packet.code == int(c)),
            (r"icmp type \{ destination-unreachable, .*? \}", lambda: packet.type in {3, 11, 12}),
        ]
        while rule and not re.fullmatch(r"accept|drop|(?:goto|jump) \S+", rule):
            for pattern, test in tests:
                if found := re.match(rf"{pattern}(?: |$)", rule):
                    outcome = test(*found.groups())
                    if isinstance(outcome, str):
                        return outcome
                    if not outcome:
                        return None
                    rule = rule[found.end() :]
                    break
            else:
                raise AssertionError(f"unknown rule {rule!r}")
        return rule or None


def _lookup(key: str, elements: str) -> bool | str:
    return dict(e.split(" : ") for e in elements.split(", ")).get(key, False)
