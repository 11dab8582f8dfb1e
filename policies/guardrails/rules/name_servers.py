"""The rule about name servers: not one server answers every name that a network asks for."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, items

_AMAZON = "AmazonProvidedDNS"
_RESOLVER = frozenset({_AMAZON, "169.254.169.253", "fd00:ec2::253"})


def _own_resolver(vpc: Resource) -> str | None:
    """Return the address of the resolver in the VPC: its base and two."""
    block = vpc.get("cidrBlock")
    try:
        return str(ipaddress.ip_network(block)[2]) if isinstance(block, str) else None
    except ValueError:
        return None


def _one(stack: Stack, _: Settings) -> Iterator[Violation]:
    for association in stack.of(tokens.DHCP_OPTIONS_ASSOCIATION):
        vpcs = stack.references(association, "vpcId", tokens.VPC, ("id",)).resources
        found = stack.references(association, "dhcpOptionsId", tokens.DHCP_OPTIONS, ("id",))
        for options in found.resources:
            servers = items(options.get("domainNameServers"))
            known = [one for one in servers if one is not UNKNOWN and not is_absent(one)]
            resolvers = _RESOLVER | {one for vpc in vpcs if (one := _own_resolver(vpc))}
            if len(known) == len(servers) == 1 and known[0] not in resolvers:
                network = vpcs[0].name if vpcs else "the network"
                yield Violation(
                    f'One server, {known[0]}, answers every name that VPC "{network}" asks for: '
                    "without it no instance finds the database, S3 or CodeDeploy.",
                    options,
                    (
                        f'VPC "{network}"',
                        f'DHCP options "{options.name}"',
                        f"name server {known[0]}",
                    ),
                )


SEVERAL = StackRule(
    id="vpc-name-servers",
    title="A network does not depend on one name server",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01", "REL10-BP01")},
    url="https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html",
    remedy=(
        f'set domain_name_servers to ["{_AMAZON}"], which is in every zone (an aws.route53.ResolverRule '
        "forwards single domains), or name a second server in another zone."
    ),
    steps=(
        f'Set domain_name_servers=["{_AMAZON}"], or leave the DHCP options out.',
        "Forward the names of the company by an aws.route53.ResolverEndpoint in two zones.",
    ),
    unknown="Servers that are not known yet are not counted, and several count as independent.",
    check=_one,
)

RULES = (SEVERAL,)
