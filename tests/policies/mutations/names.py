"""What breaks the rules about DNS."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

RECORD = "aws:route53/record:Record"
ALIAS = {
    "name": Ref("load-balancer", "dnsName"),
    "zoneId": Ref("load-balancer", "zoneId"),
    "evaluateTargetHealth": True,
}


def failover(stack, **primary):
    """Add a primary record to the load balancer, and a secondary one to another site."""
    stack.add(
        "first",
        RECORD,
        {
            "zoneId": "Z0123456789ABC",
            "name": "www.example.com",
            "type": "A",
            "setIdentifier": "first",
            "failoverRoutingPolicies": [{"type": "PRIMARY"}],
            "aliases": [ALIAS],
            **primary,
        },
    )
    sorry = {"name": "sorry.example.net", "zoneId": "Z2", "evaluateTargetHealth": False}
    stack.add(
        "second",
        RECORD,
        {
            "zoneId": "Z0123456789ABC",
            "name": "www.example.com",
            "type": "A",
            "setIdentifier": "second",
            "failoverRoutingPolicies": [{"type": "SECONDARY"}],
            "aliases": [sorry],
        },
    )


def _checked(stack, **check):
    stack.add(
        "check",
        "aws:route53/healthCheck:HealthCheck",
        {"type": "HTTPS", "fqdn": "www.example.com", "port": 443, **check},
    )
    failover(stack, healthCheckId=Ref("check"))


@breaks("dns-fails-over")
def failover_that_nothing_starts(stack):
    failover(stack, aliases=[{**ALIAS, "evaluateTargetHealth": False}])


@breaks("dns-fails-over")
def failover_by_a_check_that_is_off(stack):
    _checked(stack, disabled=True)


def _page_by_default(stack, host):
    page = {"contentType": "text/plain", "statusCode": "404"}
    stack.set("https", "defaultActions", [{"type": "fixed-response", "fixedResponse": page}])
    stack.add(
        "for-host",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref("https", "arn"),
            "priority": 10,
            "conditions": [{"hostHeader": {"values": [host]}}],
            "actions": [{"type": "forward", "targetGroupArn": Ref("target-group", "arn")}],
        },
    )
    stack.add(
        "www",
        RECORD,
        {
            "zoneId": "Z0123456789ABC",
            "name": "www.example.com",
            "type": "A",
            "aliases": [ALIAS],
        },
    )


@breaks("dns-name-served")
def rule_for_another_host(stack):
    _page_by_default(stack, "shop.example.com")


@breaks("dns-accepted")
def alias_in_the_zone_of_the_domain(stack):
    failover(stack, aliases=[{**ALIAS, "zoneId": "Z0123456789ABC"}])


decides("dns-fails-over", "check", "disabled", absent=KEEPS, unknown=KEEPS, given=_checked)
decides("dns-name-served", "www", "name", absent=KEEPS, unknown=KEEPS,
        given=lambda stack: _page_by_default(stack, "www.example.com"))  # fmt: skip
decides("dns-accepted", "first", "setIdentifier", absent=BREAKS, unknown=KEEPS, given=failover)


def kept(stack, seconds):
    """Add records that fail over by addresses, and keep the answer of the first for so long."""
    _checked(stack)
    stack.set("first", "aliases", ...)
    stack.set("first", "records", ["203.0.113.10"])
    stack.set("first", "ttl", seconds)


@breaks("dns-ttl-short")
def answers_kept_for_a_day(stack):
    kept(stack, 86400)


decides(
    "dns-ttl-short",
    "first",
    "ttl",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: kept(stack, 60),
)


ZONE = "aws:route53/zone:Zone"


def _named(stack, *zones, **answer):
    """Add the zones of a domain, public and private, and the site's name in the last one."""
    for zone in zones:
        vpcs = {"vpcs": [{"vpcId": Ref("vpc")}]} if zone == "private" else {}
        stack.add(zone, ZONE, {"name": "example.com", **vpcs})
    properties = {"zoneId": Ref(zones[-1]), "name": "www.example.com", "type": "A", **answer}
    stack.add("site", RECORD, properties)


@breaks("dns-name-served")
def name_in_a_private_zone(stack):
    _named(stack, "public", "private", aliases=[ALIAS])


def _by_an_address(stack, **answer):
    stack.add("address", "aws:ec2/eip:Eip", {"domain": "vpc"})
    _named(stack, "public", ttl=60, records=[Ref("address", "publicIp")], **answer)


@breaks("dns-several-servers")
def name_of_one_address(stack):
    _by_an_address(stack)


def _of_a_server(stack):
    """Give the address a name that no visitor asks for."""
    _by_an_address(stack, name="bastion.example.com")


decides("dns-several-servers", "site", "name", absent=KEEPS, unknown=KEEPS, given=_of_a_server)
