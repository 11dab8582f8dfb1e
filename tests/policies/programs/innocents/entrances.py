"""Other entrances: names, certificates, firewalls, accelerators, load balancers in a row."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.fleets import entrance
from tests.policies.programs.innocents.routing import rule


def secured(certificate: pulumi.Input[str], **more: object) -> bricks.Service:
    """Create the web service behind HTTPS with this certificate, and the redirect to it."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 80, 443)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    listener = aws.lb.Listener(
        "https",
        load_balancer_arn=front.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy=bricks.TLS,
        certificate_arn=certificate,
        default_actions=[bricks.forward(behind)],
        **more,
    )
    bricks.http(front, bricks.TO_HTTPS)
    made_from = bricks.template(inside, bricks.profile())
    group = bricks.fleet(site.private_ids(), made_from, behind)
    topic, alarm = bricks.delivery(front, behind, group)
    return bricks.Service(front, behind, group, made_from, inside, topic, alarm, listener)


@innocent(engine=True)
def certificate_proved_by_dns() -> None:
    """The way of ACM's documentation: certificate, proof in Route 53, and the name of the site."""
    zone = aws.route53.get_zone(name="example.com")
    certificate = aws.acm.Certificate(
        "certificate", domain_name="www.example.com", validation_method="DNS"
    )
    proof = aws.route53.Record(
        "proof",
        zone_id=zone.zone_id,
        name=certificate.domain_validation_options[0].resource_record_name,
        type=certificate.domain_validation_options[0].resource_record_type,
        records=[certificate.domain_validation_options[0].resource_record_value],
        ttl=300,
    )
    proved = aws.acm.CertificateValidation(
        "proved", certificate_arn=certificate.arn, validation_record_fqdns=[proof.fqdn]
    )
    service = secured(proved.certificate_arn)
    for kind in ("A", "AAAA"):
        aws.route53.Record(
            f"www-{kind.lower()}",
            zone_id=zone.zone_id,
            name="www.example.com",
            type=kind,
            aliases=[
                {
                    "name": service.front.dns_name,
                    "zone_id": service.front.zone_id,
                    "evaluate_target_health": True,
                }
            ],
        )


@innocent()
def second_certificate_of_a_listener() -> None:
    """Another domain by SNI."""
    first = aws.acm.get_certificate(domain="www.example.com", statuses=["ISSUED"])
    second = aws.acm.get_certificate(domain="www.example.org", statuses=["ISSUED"])
    service = secured(first.arn)
    aws.lb.ListenerCertificate(
        "second", listener_arn=service.listener.arn, certificate_arn=second.arn
    )


@innocent()
def clients_with_certificates() -> None:
    """Mutual TLS: the load balancer checks the clients' certificates."""
    trusted = aws.lb.TrustStore(
        "trusted",
        ca_certificates_bundle_s3_bucket="company-authorities",
        ca_certificates_bundle_s3_key="bundle.pem",
    )
    secured(
        bricks.CERTIFICATE,
        mutual_authentication={"mode": "verify", "trust_store_arn": trusted.arn},
    )


def firewall(default: str, only: dict[str, Any]) -> None:
    """Create a web service behind a web ACL with one rule."""
    service = bricks.web(bricks.network())
    visible = {
        "cloudwatch_metrics_enabled": True,
        "metric_name": "site",
        "sampled_requests_enabled": True,
    }
    acl = aws.wafv2.WebAcl(
        "acl",
        scope="REGIONAL",
        default_action={default: {}},
        visibility_config=visible,
        rules=[{"priority": 1, "visibility_config": visible, **only}],
    )
    aws.wafv2.WebAclAssociation(
        "before-the-front", resource_arn=service.front.arn, web_acl_arn=acl.arn
    )


@innocent(engine=True)
def web_application_firewall() -> None:
    firewall(
        "allow",
        {
            "name": "common",
            "override_action": {"none": {}},
            "statement": {
                "managed_rule_group_statement": {
                    "vendor_name": "AWS",
                    "name": "AWSManagedRulesCommonRuleSet",
                }
            },
        },
    )


@innocent()
def firewall_that_admits_by_country() -> None:
    """Everything is refused but one country: that is what the contract says."""
    firewall(
        "block",
        {
            "name": "from-home",
            "action": {"allow": {}},
            "statement": {"geo_match_statement": {"country_codes": ["IE"]}},
        },
    )


@innocent()
def accelerator_in_front() -> None:
    """Global Accelerator gives the site two fixed addresses."""
    service = bricks.web(bricks.network())
    accelerator = aws.globalaccelerator.Accelerator("accelerator", ip_address_type="IPV4")
    listener = aws.globalaccelerator.Listener(
        "accelerated",
        accelerator_arn=accelerator.arn,
        protocol="TCP",
        port_ranges=[{"from_port": 80, "to_port": 80}],
    )
    aws.globalaccelerator.EndpointGroup(
        "endpoints",
        listener_arn=listener.arn,
        endpoint_configurations=[{"endpoint_id": service.front.arn, "weight": 100}],
    )


@innocent()
def distribution_to_an_internal_balancer() -> None:
    """CloudFront reaches the internal load balancer by a VPC origin."""
    site = bricks.network()
    edge = aws.ec2.get_managed_prefix_list(name="com.amazonaws.global.cloudfront.origin-facing")
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[{"protocol": "tcp", "from_port": 80, "to_port": 80, "prefix_list_ids": [edge.id]}],
        egress=[bricks.ANY],
    )
    front = bricks.balancer(site.private_ids(), outside, internal=True)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    inside = bricks.app_group(site.vpc.id, outside)
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)
    aws.cloudfront.VpcOrigin(
        "origin",
        vpc_origin_endpoint_config={
            "name": "shop",
            "arn": front.arn,
            "http_port": 80,
            "https_port": 443,
            "origin_protocol_policy": "http-only",
            "origin_ssl_protocols": {"items": ["TLSv1.2"], "quantity": 1},
        },
    )


@innocent()
def gateway_with_a_link_to_an_internal_balancer() -> None:
    """An HTTP API hands requests to the internal load balancer through a VPC link."""
    site = bricks.network()
    link_group = aws.ec2.SecurityGroup("link", vpc_id=site.vpc.id, egress=[bricks.ANY])
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 80, "to_port": 80, "security_groups": [link_group.id]}
        ],
        egress=[bricks.ANY],
    )
    front = bricks.balancer(site.private_ids(), outside, internal=True)
    behind = bricks.targets(site.vpc.id)
    listener = bricks.http(front, bricks.forward(behind))
    inside = bricks.app_group(site.vpc.id, outside)
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)
    api = aws.apigatewayv2.Api("api", protocol_type="HTTP")
    link = aws.apigatewayv2.VpcLink(
        "to-the-balancer", subnet_ids=site.private_ids(), security_group_ids=[link_group.id]
    )
    integration = aws.apigatewayv2.Integration(
        "integration",
        api_id=api.id,
        integration_type="HTTP_PROXY",
        integration_method="ANY",
        integration_uri=listener.arn,
        connection_type="VPC_LINK",
        connection_id=link.id,
    )
    aws.apigatewayv2.Route(
        "everything",
        api_id=api.id,
        route_key="$default",
        target=pulumi.Output.concat("integrations/", integration.id),
    )
    aws.apigatewayv2.Stage("stage", api_id=api.id, name="$default", auto_deploy=True)


@innocent()
def checked_from_outside() -> None:
    """A health check of Route 53, and the page elsewhere while the site is down."""
    service = secured(bricks.CERTIFICATE)
    check = aws.route53.HealthCheck(
        "check",
        type="HTTPS",
        fqdn="www.example.com",
        port=443,
        resource_path="/health",
        failure_threshold=3,
        request_interval=30,
    )
    zone = aws.route53.get_zone(name="example.com")
    alias = {
        "name": service.front.dns_name,
        "zone_id": service.front.zone_id,
        "evaluate_target_health": True,
    }
    aws.route53.Record(
        "first",
        zone_id=zone.zone_id,
        name="www.example.com",
        type="A",
        set_identifier="first",
        failover_routing_policies=[{"type": "PRIMARY"}],
        health_check_id=check.id,
        aliases=[alias],
    )
    aws.route53.Record(
        "sorry",
        zone_id=zone.zone_id,
        name="www.example.com",
        type="A",
        set_identifier="sorry",
        failover_routing_policies=[{"type": "SECONDARY"}],
        aliases=[
            {
                "name": "sorry.example.com.s3-website-eu-west-1.amazonaws.com",
                "zone_id": "Z1BKCTXD74EZPE",
                "evaluate_target_health": False,
            }
        ],
    )


@innocent()
def port_of_a_fleet_by_two_target_groups() -> None:
    """The site and its administration: one fleet, two ports, two target groups."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    inside = aws.ec2.SecurityGroup(
        "app",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": port, "to_port": port, "security_groups": [outside.id]}
            for port in (8080, 9090)
        ],
        egress=[bricks.ANY],
    )
    web = bricks.targets(site.vpc.id)
    admin = bricks.targets(site.vpc.id, "admin", 9090)
    listener = bricks.http(front, bricks.forward(web))
    rule(listener, 10, bricks.forward(admin), "to-admin", host_header=["admin.example.com"])
    made_from = bricks.template(inside, bricks.profile())
    group = bricks.fleet(site.private_ids(), made_from, web, admin)
    topic, _ = bricks.delivery(
        front,
        web,
        group,
        load_balancer_info={"target_group_infos": [{"name": web.name}, {"name": admin.name}]},
    )
    bricks.unhealthy(front, admin, topic, "admin-unhealthy")


@innocent()
def alarms_per_zone() -> None:
    """Healthy hosts per zone, as for zonal shift; the deployment watches errors only."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    topic, _ = bricks.delivery(front, behind, group)
    for zone in site.zones:
        aws.cloudwatch.MetricAlarm(
            f"healthy-{zone[-1]}",
            namespace="AWS/ApplicationELB",
            metric_name="HealthyHostCount",
            dimensions={
                "LoadBalancer": front.arn_suffix,
                "TargetGroup": behind.arn_suffix,
                "AvailabilityZone": zone,
            },
            statistic="Minimum",
            comparison_operator="LessThanThreshold",
            threshold=1,
            period=60,
            evaluation_periods=3,
            treat_missing_data="breaching",
            alarm_actions=[topic.arn],
        )
