"""IPv6, address ranges that were added later, and ways out through something of one's own."""

from __future__ import annotations

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent

EVERYBODY_6 = "::/0"


def dual_stack_site() -> bricks.Site:
    """Create a network with both families: IPv6 leaves the private subnets one way only."""
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", assign_generated_ipv6_cidr_block=True)
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    outbound = aws.ec2.EgressOnlyInternetGateway("outbound", vpc_id=vpc.id)
    outside = aws.ec2.RouteTable(
        "outside",
        vpc_id=vpc.id,
        routes=[
            {"cidr_block": bricks.WORLD, "gateway_id": gateway.id},
            {"ipv6_cidr_block": EVERYBODY_6, "gateway_id": gateway.id},
        ],
    )
    site = bricks.Site(vpc, bricks.ZONES[:2])
    for number, zone in enumerate(site.zones):
        letter = zone[-1]
        block = vpc.ipv6_cidr_block.apply(
            lambda whole, number=number: whole.replace("00::/56", f"0{number}::/64")
        )
        public = aws.ec2.Subnet(
            f"public-{letter}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{number}.0/24",
            ipv6_cidr_block=block,
            availability_zone=zone,
        )
        private = aws.ec2.Subnet(
            f"private-{letter}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{number + 10}.0/24",
            availability_zone=zone,
        )
        nat = aws.ec2.NatGateway(
            f"nat-{letter}",
            allocation_id=aws.ec2.Eip(f"address-{letter}", domain="vpc").id,
            subnet_id=public.id,
        )
        inside = aws.ec2.RouteTable(
            f"inside-{letter}",
            vpc_id=vpc.id,
            routes=[
                {"cidr_block": bricks.WORLD, "nat_gateway_id": nat.id},
                {"ipv6_cidr_block": EVERYBODY_6, "egress_only_gateway_id": outbound.id},
            ],
        )
        aws.ec2.RouteTableAssociation(
            f"outside-way-{letter}", subnet_id=public.id, route_table_id=outside.id
        )
        aws.ec2.RouteTableAssociation(
            f"inside-way-{letter}", subnet_id=private.id, route_table_id=inside.id
        )
        site.public.append(public)
        site.private.append(private)
    return site


@innocent(engine=True)
def dual_stack() -> None:
    """Visitors come by IPv4 or IPv6; the instances speak IPv4 with the load balancer."""
    site = dual_stack_site()
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 80,
                "to_port": 80,
                "cidr_blocks": [bricks.WORLD],
                "ipv6_cidr_blocks": [EVERYBODY_6],
            }
        ],
        egress=[{**bricks.ANY, "ipv6_cidr_blocks": [EVERYBODY_6]}],
    )
    front = bricks.balancer(site.public_ids(), outside, ip_address_type="dualstack")
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    inside = bricks.app_group(site.vpc.id, outside)
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def visitors_by_ipv6_only() -> None:
    """No public IPv4 address at all, which AWS bills: a distribution in front has the visitors."""
    site = dual_stack_site()
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 80, "to_port": 80, "ipv6_cidr_blocks": [EVERYBODY_6]}
        ],
        egress=[bricks.ANY],
    )
    front = bricks.balancer(
        site.public_ids(), outside, ip_address_type="dualstack-without-public-ipv4"
    )
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    inside = bricks.app_group(site.vpc.id, outside)
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def dual_stack_by_separate_rules() -> None:
    """One rule per family, as the newer rule resources want it."""
    site = dual_stack_site()
    outside = aws.ec2.SecurityGroup("balancer", vpc_id=site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    for family, block in (("cidr_ipv4", bricks.WORLD), ("cidr_ipv6", EVERYBODY_6)):
        aws.vpc.SecurityGroupIngressRule(
            f"from-{family}",
            security_group_id=outside.id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            **{family: block},
        )
    aws.vpc.SecurityGroupEgressRule(
        "to-app",
        security_group_id=outside.id,
        ip_protocol="tcp",
        from_port=8080,
        to_port=8080,
        referenced_security_group_id=inside.id,
    )
    front = bricks.balancer(site.public_ids(), outside, ip_address_type="dualstack")
    behind = bricks.targets(site.vpc.id)
    bricks.https(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def fleet_in_a_second_range() -> None:
    """The VPC ran out of addresses; the instances live in a range that was added."""
    site = bricks.network()
    added = aws.ec2.VpcIpv4CidrBlockAssociation(
        "added", vpc_id=site.vpc.id, cidr_block="100.64.0.0/16"
    )
    for number, letter in enumerate("ab"):
        subnet = aws.ec2.Subnet(
            f"wide-{letter}",
            vpc_id=added.vpc_id,
            cidr_block=f"100.64.{number * 16}.0/20",
            availability_zone=site.zones[number],
        )
        aws.ec2.RouteTableAssociation(
            f"wide-way-{letter}", subnet_id=subnet.id, route_table_id=site.tables[number].id
        )
        site.private[number] = subnet
    bricks.web(site)


@innocent(may_ask="What a firewall endpoint lets through is in its rules, not in the routes.")
def firewall_on_the_way_out() -> None:
    """AWS Network Firewall inspects what leaves, with an endpoint per zone."""
    site = bricks.network(nat=False)
    policy = aws.networkfirewall.FirewallPolicy(
        "policy",
        firewall_policy={
            "stateless_default_actions": ["aws:pass"],
            "stateless_fragment_default_actions": ["aws:pass"],
        },
    )
    firewall = aws.networkfirewall.Firewall(
        "firewall",
        vpc_id=site.vpc.id,
        firewall_policy_arn=policy.arn,
        subnet_mappings=[{"subnet_id": one} for one in site.public_ids()],
    )
    for number, table in enumerate(site.tables):
        aws.ec2.Route(
            f"out-{number}",
            route_table_id=table.id,
            destination_cidr_block=bricks.WORLD,
            vpc_endpoint_id=firewall.firewall_statuses.apply(
                lambda statuses, number=number: (
                    statuses[0].sync_states[number].attachments[0].endpoint_id
                )
            ),
        )
    bricks.web(site)


@innocent()
def named_addresses_by_a_prefix_list() -> None:
    """The company's offices are in a prefix list; the site is for them."""
    site = bricks.network()
    offices = aws.ec2.ManagedPrefixList(
        "offices",
        address_family="IPv4",
        max_entries=5,
        entries=[{"cidr": "198.51.100.0/24"}, {"cidr": "203.0.113.0/24"}],
    )
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 80, "to_port": 80, "prefix_list_ids": [offices.id]}
        ],
        egress=[bricks.ANY],
    )
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def more_routes_than_the_default() -> None:
    """Private tables also lead to the office by a peering, and the public one by IPv6."""
    site = bricks.network()
    peering = aws.ec2.VpcPeeringConnection(
        "office", vpc_id=site.vpc.id, peer_vpc_id="vpc-0office00000000", auto_accept=False
    )
    for letter, table in zip("ab", site.tables, strict=True):
        aws.ec2.Route(
            f"office-{letter}",
            route_table_id=table.id,
            destination_cidr_block="172.16.0.0/12",
            vpc_peering_connection_id=peering.id,
        )
    bricks.web(site)


@innocent()
def lists_that_admit_everybody_to_the_network() -> None:
    """Network ACLs of one's own that do no more than the default one."""
    site = bricks.network()
    entry = {
        "rule_no": 100,
        "action": "allow",
        "protocol": "-1",
        "from_port": 0,
        "to_port": 0,
        "cidr_block": bricks.WORLD,
    }
    aws.ec2.NetworkAcl(
        "list",
        vpc_id=site.vpc.id,
        subnet_ids=[*site.public_ids(), *site.private_ids()],
        ingress=[entry],
        egress=[entry],
    )
    bricks.web(site)


@innocent()
def subnets_by_a_loop_over_zones_of_the_region() -> None:
    """Zones by lookup, blocks by arithmetic, one NAT gateway each; names by index."""
    import ipaddress

    vpc = aws.ec2.Vpc("vpc", cidr_block="10.20.0.0/16")
    blocks = list(ipaddress.ip_network("10.20.0.0/16").subnets(new_prefix=20))
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    names = aws.get_availability_zones_output(state="available").names
    site = bricks.Site(vpc, ())
    for number in range(2):
        zone = names[number]
        public = aws.ec2.Subnet(
            f"public-{number}",
            vpc_id=vpc.id,
            cidr_block=str(blocks[number]),
            availability_zone=zone,
        )
        private = aws.ec2.Subnet(
            f"private-{number}",
            vpc_id=vpc.id,
            cidr_block=str(blocks[number + 4]),
            availability_zone=zone,
        )
        outside = aws.ec2.RouteTable(f"outside-{number}", vpc_id=vpc.id)
        aws.ec2.Route(
            f"outside-default-{number}",
            route_table_id=outside.id,
            destination_cidr_block=bricks.WORLD,
            gateway_id=gateway.id,
        )
        nat = aws.ec2.NatGateway(
            f"nat-{number}",
            allocation_id=aws.ec2.Eip(f"address-{number}").allocation_id,
            subnet_id=public.id,
        )
        inside = aws.ec2.RouteTable(f"inside-{number}", vpc_id=vpc.id)
        aws.ec2.Route(
            f"inside-default-{number}",
            route_table_id=inside.id,
            destination_cidr_block=bricks.WORLD,
            nat_gateway_id=nat.id,
        )
        for kind, subnet, table in (("out", public, outside), ("in", private, inside)):
            aws.ec2.RouteTableAssociation(
                f"{kind}-way-{number}", subnet_id=subnet.id, route_table_id=table.id
            )
        site.public.append(public)
        site.private.append(private)
    bricks.web(site)
