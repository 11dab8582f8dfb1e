"""Can it serve? Not by this family, by this gateway, by this name."""

from __future__ import annotations

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.broken.serve import RULE, opening
from tests.policies.programs.cases import (
    CLOSED,
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
    rewritten,
)

EVERYBODY_6 = "::/0"
ROUTE = "aws:ec2/route:Route"


@broken("dual_stack", SERVE, engine=True)
def open_for_ipv6_only(edit: Edit) -> None:
    """Most visitors come by IPv4, and the DNS name has an A record."""
    edit.set("balancer", "ingress", opening(80, ipv6CidrBlocks=[EVERYBODY_6]))


@broken("plain_web_service", SERVE)
def open_for_a_family_that_it_does_not_speak(edit: Edit) -> None:
    edit.set("balancer", "ingress", opening(80, ipv6CidrBlocks=[EVERYBODY_6]))


@broken("dual_stack_by_separate_rules", SERVE)
def one_rule_of_two_families_forgotten(edit: Edit) -> None:
    edit.drop("from-cidr_ipv4")


@broken("plain_web_service", SERVE, engine=True)
def public_by_ipv6_only(edit: Edit) -> None:
    edit.set("public-out", "destinationCidrBlock", ...)
    edit.set("public-out", "destinationIpv6CidrBlock", EVERYBODY_6)


@broken("dual_stack", (SERVE, DEPLOY))
def instances_leave_by_ipv6_only(edit: Edit) -> None:
    """The subnets have no IPv6 addresses, and CodeDeploy's endpoint has none either."""
    for letter in "ab":
        route = {"ipv6CidrBlock": EVERYBODY_6, "egressOnlyGatewayId": Ref("outbound")}
        edit.set(f"inside-{letter}", "routes", [route])


@broken("plain_web_service", (SERVE, VALID), engine=True)
def gateway_attached_to_nothing(edit: Edit) -> None:
    edit.set("gateway", "vpcId", ...)


@broken("plain_web_service", (SERVE, VALID))
def gateway_of_another_vpc(edit: Edit) -> None:
    edit.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    edit.set("gateway", "vpcId", Ref("other-vpc"))


@broken("plain_web_service", (SERVE, DEPLOY, SURVIVE), engine=True)
def nat_gateways_for_private_traffic(edit: Edit) -> None:
    """A private NAT gateway translates towards other networks; the internet gateway drops it."""
    for letter in "ab":
        edit.set(f"nat-{letter}", "connectivityType", "private")
        edit.set(f"nat-{letter}", "allocationId", ...)


@broken("plain_web_service", (VALID, SERVE))
def nat_gateway_without_an_address(edit: Edit) -> None:
    edit.set("nat-a", "allocationId", ...)


@broken("plain_web_service", (SERVE, DEPLOY, SURVIVE, VALID))
def one_subnet_associated_twice(edit: Edit) -> None:
    """Copied and half changed: subnet b keeps the main table, which leads nowhere."""
    edit.set("private-way-b", "subnetId", Ref("private-a"))


@broken("plain_web_service", (SERVE, DEPLOY))
def way_out_to_private_addresses_only(edit: Edit) -> None:
    for letter in "ab":
        edit.set(f"private-out-{letter}", "destinationCidrBlock", "10.0.0.0/8")


@broken("plain_web_service", (SERVE, DEPLOY, VALID))
def instances_behind_the_internet_gateway(edit: Edit) -> None:
    """No NAT gateway and no public address: what leaves is dropped."""
    for letter in "ab":
        edit.set(f"private-out-{letter}", "natGatewayId", ...)
        edit.set(f"private-out-{letter}", "gatewayId", Ref("gateway"))


@broken("plain_web_service", SERVE)
def instances_admit_their_peers_only(edit: Edit) -> None:
    edit.set("app", "ingress", opening(8080, self=True))


@broken("plain_web_service", SERVE)
def groups_swapped(edit: Edit) -> None:
    """The launch template has the balancer's group, and the balancer the application's."""
    edit.set("template", "vpcSecurityGroupIds", [Ref("balancer")])
    edit.set("front", "securityGroups", [Ref("app")])


@broken("plain_web_service", SERVE, engine=True)
def checked_by_https_where_http_is_spoken(edit: Edit) -> None:
    """One port speaks one of them: every check fails, or every request does."""
    edit.set("web", "healthCheck.protocol", "HTTPS")


@broken("encrypted_up_to_the_instance", SERVE)
def checked_by_http_where_https_is_spoken(edit: Edit) -> None:
    edit.set("web", "healthCheck.protocol", "HTTP")


@broken("plain_web_service", (VALID, SERVE))
def path_without_a_slash(edit: Edit) -> None:
    edit.set("web", "healthCheck.path", "health")


@broken("tls_ends_at_a_network_balancer", SERVE)
def visitors_with_their_own_addresses(edit: Edit) -> None:
    """Client addresses pass through by default, and the instances admit the VPC only."""
    edit.set("web", "preserveClientIp", ...)


@broken("names_by_udp", SERVE)
def names_admitted_by_tcp(edit: Edit) -> None:
    edit.set("app", "ingress.0.protocol", "tcp")


@broken("names_by_udp", (SERVE, SURVIVE))
def check_of_the_names_closed(edit: Edit) -> None:
    edit.set("web", "healthCheck.port", "8054")


@broken("names_by_udp", VALID)
def udp_listener_before_tcp_targets(edit: Edit) -> None:
    edit.set("web", "protocol", "TCP")


@broken("tls_ends_at_a_network_balancer", VALID)
def tls_without_a_certificate(edit: Edit) -> None:
    edit.set("tls", "certificateArn", ...)


@broken("tls_ends_at_a_network_balancer", CLOSED)
def old_tls_at_a_network_balancer(edit: Edit) -> None:
    edit.set("tls", "sslPolicy", "ELBSecurityPolicy-2016-08")


@broken("fixed_addresses_before_the_balancer", (SERVE, VALID))
def fixed_addresses_to_a_port_without_listener(edit: Edit) -> None:
    """Targets of type alb are asked on the port of a listener of that load balancer."""
    edit.set("to-balancer", "port", 8080)
    edit.set("balancer-attachment", "port", 8080)


@broken("plain_web_service", SERVE, engine=True)
def firewall_that_blocks_everything(edit: Edit) -> None:
    """The default action was turned to block for a test; no rule allows anything."""
    visible = {
        "cloudwatchMetricsEnabled": True,
        "metricName": "site",
        "sampledRequestsEnabled": True,
    }
    edit.add(
        "acl",
        "aws:wafv2/webAcl:WebAcl",
        {"scope": "REGIONAL", "defaultAction": {"block": {}}, "visibilityConfig": visible},
    )
    edit.add(
        "before-the-front",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        {"resourceArn": Ref("front", "arn"), "webAclArn": Ref("acl", "arn")},
    )


@broken("web_application_firewall", VALID)
def firewall_of_cloudfront_before_the_balancer(edit: Edit) -> None:
    edit.set("acl", "scope", "CLOUDFRONT")


@broken("https_only", VALID, engine=True)
def certificate_of_another_region(edit: Edit) -> None:
    edit.set(
        "https",
        "certificateArn",
        "arn:aws:acm:us-east-1:123456789012:certificate/" + "3" * 36,
    )


@rewritten("certificate_proved_by_dns", (VALID, SERVE))
def certificate_that_nobody_proves() -> None:
    """No record, no validation: the listener's creation fails on a certificate that is pending."""
    from tests.policies.programs.innocents.entrances import secured

    certificate = aws.acm.Certificate(
        "certificate", domain_name="www.example.com", validation_method="DNS"
    )
    secured(certificate.arn)


@broken("signed_in_first", (VALID, SERVE))
def signed_in_and_then_nothing(edit: Edit) -> None:
    """An authenticating action has to be followed by one that answers."""
    action = {
        "type": "authenticate-cognito",
        "order": 1,
        "authenticateCognito": {
            "userPoolArn": Ref("people", "arn"),
            "userPoolClientId": Ref("site"),
            "userPoolDomain": "shop-people",
        },
    }
    edit.set("https", "defaultActions", [action])


@broken("signed_in_first", VALID)
def signed_in_over_plain_http(edit: Edit) -> None:
    edit.set("https", "protocol", "HTTP")
    edit.set("https", "port", 443)
    edit.set("https", "certificateArn", ...)
    edit.set("https", "sslPolicy", ...)


@broken("paths_of_two_services", VALID)
def rule_with_priority_zero(edit: Edit) -> None:
    edit.set("to-api", "priority", 0)


@broken("plain_web_service", VALID)
def rule_without_conditions(edit: Edit) -> None:
    edit.add(
        "always",
        RULE,
        {
            "listenerArn": Ref("http", "arn"),
            "priority": 1,
            "conditions": [],
            "actions": [{"type": "forward", "targetGroupArn": Ref("web", "arn")}],
        },
    )


@broken("plain_web_service", (VALID, SERVE))
def balancer_over_two_networks(edit: Edit) -> None:
    edit.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    edit.set("public-b", "vpcId", Ref("other-vpc"))
    edit.set("public-b", "cidrBlock", "10.9.1.0/24")


@broken("plain_web_service", (VALID, SERVE))
def instances_in_a_group_of_another_vpc(edit: Edit) -> None:
    edit.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    edit.set("app", "vpcId", Ref("other-vpc"))


@broken("plain_web_service", (VALID, SERVE))
def database_in_a_group_of_another_vpc(edit: Edit) -> None:
    edit.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    edit.set("database-guard", "vpcId", Ref("other-vpc"))


@broken("plain_web_service", (VALID, SERVE))
def targets_that_speak_ipv6(edit: Edit) -> None:
    """Instances of an IPv4 subnet have no IPv6 address to be registered by."""
    edit.set("web", "ipAddressType", "ipv6")


@broken("plain_web_service", (SERVE, DEPLOY), advisory=True)
def rules_inline_and_apart(edit: Edit) -> None:
    """The next update removes the separate rule: the inline list is the whole list."""
    edit.set("app", "ingress", opening(9999, securityGroups=[Ref("balancer")]))
    edit.add(
        "from-balancer",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": Ref("app"),
            "ipProtocol": "tcp",
            "fromPort": 8080,
            "toPort": 8080,
            "referencedSecurityGroupId": Ref("balancer"),
        },
    )


@broken("inline_routes", (SERVE, DEPLOY, SURVIVE), advisory=True)
def routes_inline_and_apart(edit: Edit) -> None:
    edit.set("inside-0", "routes", [{"cidrBlock": "172.16.0.0/12", "gatewayId": Ref("gateway")}])
    edit.add(
        "apart",
        ROUTE,
        {
            "routeTableId": Ref("inside-0"),
            "destinationCidrBlock": bricks.WORLD,
            "natGatewayId": Ref("nat-0"),
        },
    )


@rewritten("plain_web_service", (SURVIVE, SERVE), engine=True)
def one_instance_behind_the_balancer() -> None:
    """No group at all: one server, attached by hand."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    server = aws.ec2.Instance(
        "server",
        ami=bricks.IMAGE,
        instance_type="m7g.large",
        subnet_id=site.private[0].id,
        vpc_security_group_ids=[inside.id],
        iam_instance_profile=bricks.profile().name,
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
        root_block_device={"encrypted": True},
    )
    aws.lb.TargetGroupAttachment(
        "attached", target_group_arn=behind.arn, target_id=server.id, port=8080
    )


@rewritten("plain_web_service", (SURVIVE, SERVE))
def two_instances_that_nobody_replaces() -> None:
    """In two zones, but a dead one stays dead."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    who = bricks.profile().name
    for letter, subnet in zip("ab", site.private, strict=True):
        server = aws.ec2.Instance(
            f"server-{letter}",
            ami=bricks.IMAGE,
            instance_type="m7g.large",
            subnet_id=subnet.id,
            vpc_security_group_ids=[inside.id],
            iam_instance_profile=who,
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
            root_block_device={"encrypted": True},
        )
        aws.lb.TargetGroupAttachment(
            f"attached-{letter}", target_group_arn=behind.arn, target_id=server.id
        )


@rewritten("plain_web_service", SURVIVE, engine=True)
def one_nat_instance_for_all_zones() -> None:
    """A NAT instance costs less than a gateway; this one is the only way out of both zones."""
    site = bricks.network(nat=False)
    through = aws.ec2.SecurityGroup(
        "through",
        vpc_id=site.vpc.id,
        ingress=[{**bricks.ANY, "cidr_blocks": ["10.0.0.0/16"]}],
        egress=[bricks.ANY],
    )
    nat = aws.ec2.Instance(
        "nat",
        ami=bricks.IMAGE,
        instance_type="t4g.nano",
        subnet_id=site.public[0].id,
        associate_public_ip_address=True,
        source_dest_check=False,
        vpc_security_group_ids=[through.id],
        iam_instance_profile=bricks.profile("nat").name,
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
        root_block_device={"encrypted": True},
    )
    for number, table in enumerate(site.tables):
        aws.ec2.Route(
            f"out-{number}",
            route_table_id=table.id,
            destination_cidr_block=bricks.WORLD,
            network_interface_id=nat.primary_network_interface_id,
        )
    bricks.web(site)
