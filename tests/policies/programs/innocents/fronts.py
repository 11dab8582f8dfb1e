"""What stands before the service, soundly: names, edges, sign-in, clients' certificates, accelerators."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    addresses,
    balancers,
    entrances,
    plain,
    routing,
    workloads,
)
from tests.policies.switches import nightly_call, stop_at_the_budget

WEB = "plain_web_service"
HTTPS = "https_with_redirect"
RECORD = "aws:route53/record:Record"
ZONE = "Z0123456789ABC"


def alias(balancer: str = "front") -> dict[str, Any]:
    return {
        "name": Ref(balancer, "dnsName"),
        "zoneId": Ref(balancer, "zoneId"),
        "evaluateTargetHealth": True,
    }


def named(edit: Edit, name: str, handle: str = "www", **more: object) -> None:
    properties = {"zoneId": ZONE, "name": name, "type": "A", "aliases": [alias()], **more}
    edit.add(handle, RECORD, properties)


def distribution(edit: Edit, *, ask: str = "https-only", port: int = 443, **more: Any) -> None:
    """Put a distribution before the load balancer."""
    properties: dict[str, Any] = {
        "enabled": True,
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "origins": [
            {
                "originId": "shop",
                "domainName": Ref("front", "dnsName"),
                "customOriginConfig": {
                    "httpPort": 80,
                    "httpsPort": port,
                    "originProtocolPolicy": ask,
                    "originSslProtocols": ["TLSv1.2"],
                },
            }
        ],
        "defaultCacheBehavior": behaviour(),
        "viewerCertificate": certificate(),
        **more,
    }
    edit.add("edge", "aws:cloudfront/distribution:Distribution", properties)


def limited(edit: Edit, rate: dict[str, Any]) -> None:
    """Add a web ACL before the load balancer that blocks who exceeds a rate."""
    seen = {"cloudwatchMetricsEnabled": True, "metricName": "web", "sampledRequestsEnabled": True}
    rule = {
        "name": "too-much",
        "priority": 1,
        "action": {"block": {}},
        "statement": {"rateBasedStatement": rate},
        "visibilityConfig": seen,
    }
    edit.add(
        "acl",
        "aws:wafv2/webAcl:WebAcl",
        {
            "scope": "REGIONAL",
            "defaultAction": {"allow": {}},
            "rules": [rule],
            "visibilityConfig": seen,
        },
    )
    edit.add(
        "acl-association",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        {"resourceArn": Ref("front", "arn"), "webAclArn": Ref("acl", "arn")},
    )


READING = ("GET", "HEAD")
EVERY_METHOD = (*READING, "OPTIONS", "PUT", "POST", "PATCH", "DELETE")


def behaviour(
    viewer: str = "redirect-to-https", methods: tuple[str, ...] = EVERY_METHOD
) -> dict[str, Any]:
    return {
        "targetOriginId": "shop",
        "viewerProtocolPolicy": viewer,
        "allowedMethods": list(methods),
        "cachedMethods": ["GET", "HEAD"],
        "cachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    }


def certificate(lowest: str = "TLSv1.2_2021", region: str = "us-east-1") -> dict[str, Any]:
    return {
        "acmCertificateArn": f"arn:aws:acm:{region}:123456789012:certificate/" + "4" * 36,
        "minimumProtocolVersion": lowest,
        "sslSupportMethod": "sni-only",
    }


@also_sound("hosts_of_two_services")
def name_that_a_rule_is_for(edit: Edit) -> None:
    named(edit, "shop.example.com")


@also_sound("paths_of_two_services")
def name_where_no_rule_asks_for_a_host(edit: Edit) -> None:
    named(edit, "anything.example.net")


@also_sound("other_names_redirect")
def name_that_is_redirected(edit: Edit) -> None:
    named(edit, "example.com")


@also_sound(WEB, engine=True)
def all_weights_zero_in_dns(edit: Edit) -> None:
    """Route 53 then answers with all of them alike (its developer guide, "Weighted routing")."""
    for number, colour in enumerate(("blue", "green")):
        weights = [{"weight": 0}]
        named(
            edit,
            "www.example.com",
            f"www-{number}",
            setIdentifier=colour,
            weightedRoutingPolicies=weights,
        )


@also_sound("checked_from_outside")
def failover_by_the_health_of_the_alias(edit: Edit) -> None:
    """No health check: the alias asks the load balancer."""
    edit.set("first", "healthCheckId", ...)


@also_sound("checked_from_outside")
def check_of_another_name(edit: Edit) -> None:
    """The check asks a page of its own, on a port of its own, elsewhere."""
    edit.set("check", "fqdn", "status.example.net")
    edit.set("check", "port", 8443)


@also_sound(HTTPS, engine=True)
def cloudfront_by_https(edit: Edit) -> None:
    distribution(edit)


@also_sound(HTTPS)
def cloudfront_as_visitors_ask(edit: Edit) -> None:
    distribution(edit, ask="match-viewer")


@also_sound(WEB)
def cloudfront_by_http_inside(edit: Edit) -> None:
    """TLS ends at CloudFront; the load balancer speaks HTTP only."""
    distribution(edit, ask="http-only")


@also_sound(HTTPS)
def cloudfront_with_its_own_certificate(edit: Edit) -> None:
    """Without a name of one's own; TLSv1 is then what CloudFront writes down, and all it can."""
    own = {"cloudfrontDefaultCertificate": True, "minimumProtocolVersion": "TLSv1"}
    distribution(edit, viewerCertificate=own)


@also_sound(HTTPS)
def cloudfront_that_takes_https_only(edit: Edit) -> None:
    distribution(
        edit, defaultCacheBehavior=behaviour("https-only"), viewerCertificate=certificate()
    )


@also_sound(HTTPS, may_ask="Nothing tells whether visitors send anything.")
def cloudfront_before_what_is_only_read(edit: Edit) -> None:
    distribution(edit, defaultCacheBehavior=behaviour(methods=READING))


@also_sound(HTTPS)
def forms_by_a_behaviour_of_their_own(edit: Edit) -> None:
    """Pages are only read, what they send goes to another path."""
    forms = {**behaviour(), "pathPattern": "/send/*"}
    distribution(
        edit, defaultCacheBehavior=behaviour(methods=READING), orderedCacheBehaviors=[forms]
    )


@innocent(engine=True)
def client_secret_of_the_configuration() -> None:
    """OpenID Connect at the balancer; the client's secret is a secret of the stack's configuration."""
    secret = pulumi.Config("programs").require_secret("partnerKey")
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 80, 443)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.TO_HTTPS)
    aws.lb.Listener(
        "https",
        load_balancer_arn=front.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy=bricks.TLS,
        certificate_arn=bricks.CERTIFICATE,
        default_actions=[
            {
                "type": "authenticate-oidc",
                "order": 1,
                "authenticate_oidc": {
                    "issuer": "https://id.example.com",
                    "authorization_endpoint": "https://id.example.com/authorize",
                    "token_endpoint": "https://id.example.com/token",
                    "user_info_endpoint": "https://id.example.com/userinfo",
                    "client_id": "shop",
                    "client_secret": secret,
                },
            },
            {**bricks.forward(behind), "order": 2},
        ],
    )
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent(engine=True)
def attached_to_a_transit_gateway() -> None:
    """The way out is the company's transit gateway, attached in every zone."""
    site = bricks.network(nat=False)
    attachment = aws.ec2transitgateway.VpcAttachment(
        "attachment",
        transit_gateway_id="tgw-0123456789abcdef0",
        vpc_id=site.vpc.id,
        subnet_ids=site.private_ids(),
    )
    for letter, table in zip("ab", site.tables, strict=True):
        aws.ec2.Route(
            f"out-{letter}",
            route_table_id=table.id,
            destination_cidr_block=bricks.WORLD,
            transit_gateway_id="tgw-0123456789abcdef0",
            opts=pulumi.ResourceOptions(depends_on=[attachment]),
        )
    bricks.web(site)


# --- switches -------------------------------------------------------------------------------------


def called_at_night(edit: Edit, call: str, given: dict[str, object]) -> None:
    edit.add("night", "aws:scheduler/schedule:Schedule", nightly_call(call, given))


@also_sound(WEB)
def another_database_stopped_at_night(edit: Edit) -> None:
    """The stack looks after the staging database of another one."""
    called_at_night(edit, "rds:stopDBInstance", {"DbInstanceIdentifier": "staging"})


@also_sound(WEB)
def snapshot_every_night(edit: Edit) -> None:
    edit.set("database", "identifier", "shop")
    given = {"DbInstanceIdentifier": "shop", "DbSnapshotIdentifier": "nightly"}
    called_at_night(edit, "rds:createDBSnapshot", given)


@also_sound(WEB)
def larger_in_the_morning_by_another_service(edit: Edit) -> None:
    edit.set("fleet", "name", "shop-fleet")
    edit.set("deployment", "autoscalingGroups", ["shop-fleet"])
    sizes = {"AutoScalingGroupName": "shop-fleet", "MinSize": 4, "DesiredCapacity": 4}
    called_at_night(edit, "autoscaling:updateAutoScalingGroup", sizes)


@also_sound(WEB)
def budget_that_asks_first(edit: Edit) -> None:
    action = stop_at_the_budget("MANUAL", "eu-west-1")
    edit.add("spent", "aws:budgets/budgetAction:BudgetAction", action)
