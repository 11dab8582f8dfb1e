"""Other ways to build, or to find, the network."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent

ZONES_OF_OTHERS = "The subnets are not of this stack, so their zones are not in the preview."


@innocent()
def inline_routes() -> None:
    """Routes in the table itself, zones from a lookup: the way of most examples."""
    zones = aws.get_availability_zones(state="available").names[:2]
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.1.0.0/16")
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    outside = aws.ec2.RouteTable(
        "outside", vpc_id=vpc.id, routes=[{"cidr_block": bricks.WORLD, "gateway_id": gateway.id}]
    )
    site = bricks.Site(vpc, tuple(zones))
    for number, zone in enumerate(zones):
        public = aws.ec2.Subnet(
            f"public-{number}",
            vpc_id=vpc.id,
            cidr_block=f"10.1.{number}.0/24",
            availability_zone=zone,
        )
        private = aws.ec2.Subnet(
            f"private-{number}",
            vpc_id=vpc.id,
            cidr_block=f"10.1.{number + 100}.0/24",
            availability_zone=zone,
        )
        nat = aws.ec2.NatGateway(
            f"nat-{number}",
            subnet_id=public.id,
            allocation_id=aws.ec2.Eip(f"address-{number}", domain="vpc").allocation_id,
        )
        inside = aws.ec2.RouteTable(
            f"inside-{number}",
            vpc_id=vpc.id,
            routes=[{"cidr_block": bricks.WORLD, "nat_gateway_id": nat.id}],
        )
        aws.ec2.RouteTableAssociation(
            f"outside-way-{number}", subnet_id=public.id, route_table_id=outside.id
        )
        aws.ec2.RouteTableAssociation(
            f"inside-way-{number}", subnet_id=private.id, route_table_id=inside.id
        )
        site.public.append(public)
        site.private.append(private)
    bricks.web(site)


@innocent()
def main_route_table() -> None:
    """The public subnets use the VPC's main table, which the program adopts."""
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    aws.ec2.DefaultRouteTable(
        "main",
        default_route_table_id=vpc.default_route_table_id,
        routes=[{"cidr_block": bricks.WORLD, "gateway_id": gateway.id}],
    )
    site = bricks.Site(vpc, bricks.ZONES[:2])
    for number, zone in enumerate(site.zones):
        site.public.append(
            aws.ec2.Subnet(
                f"public-{number}",
                vpc_id=vpc.id,
                cidr_block=f"10.0.{number}.0/24",
                availability_zone=zone,
                map_public_ip_on_launch=True,
            )
        )
    # Instances with public addresses, closed by their security group: no NAT gateway to pay.
    site.private = site.public
    bricks.web(site)


@innocent()
def main_route_table_association() -> None:
    """Private subnets without an association of their own use what the program made the main table."""
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    main = aws.ec2.RouteTable("main", vpc_id=vpc.id)
    aws.ec2.Route(
        "out", route_table_id=main.id, destination_cidr_block=bricks.WORLD, gateway_id=gateway.id
    )
    aws.ec2.MainRouteTableAssociation("main-way", vpc_id=vpc.id, route_table_id=main.id)
    site = bricks.Site(vpc, bricks.ZONES[:2])
    for number, zone in enumerate(site.zones):
        site.public.append(
            aws.ec2.Subnet(
                f"public-{number}",
                vpc_id=vpc.id,
                cidr_block=f"10.0.{number}.0/24",
                availability_zone=zone,
                map_public_ip_on_launch=True,
            )
        )
    site.private = site.public
    bricks.web(site)


SERVICES = ("ssm", "ssmmessages", "ec2messages", "codedeploy", "codedeploy-commands-secure", "logs")


@innocent(engine=True)
def endpoints_instead_of_nat() -> None:
    """Private subnets without any way to the internet.

    CodeDeploy's agent works through its endpoints if it signs its requests (CodeDeploy user guide,
    "Use CodeDeploy with Amazon Virtual Private Cloud"); packages come from S3.
    """
    site = bricks.network(nat=False)
    service = bricks.web(site)
    # Amazon Linux 2023 keeps its packages in S3.
    aws.ec2.VpcEndpoint(
        "s3",
        vpc_id=site.vpc.id,
        service_name="com.amazonaws.eu-west-1.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=[one.id for one in site.tables],
    )
    guard = aws.ec2.SecurityGroup(
        "endpoints",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
                "security_groups": [service.group.id],
            }
        ],
    )
    for name in SERVICES:
        aws.ec2.VpcEndpoint(
            f"endpoint-{name}",
            vpc_id=site.vpc.id,
            service_name=f"com.amazonaws.eu-west-1.{name}",
            vpc_endpoint_type="Interface",
            subnet_ids=site.private_ids(),
            security_group_ids=[guard.id],
            private_dns_enabled=True,
        )


@innocent()
def gateway_endpoint_by_association() -> None:
    site = bricks.network()
    endpoint = aws.ec2.VpcEndpoint(
        "s3", vpc_id=site.vpc.id, service_name="com.amazonaws.eu-west-1.s3"
    )
    for letter, table in zip("ab", site.tables, strict=True):
        aws.ec2.VpcEndpointRouteTableAssociation(
            f"s3-{letter}", route_table_id=table.id, vpc_endpoint_id=endpoint.id
        )
    bricks.web(site)


@innocent()
def regional_nat_gateway() -> None:
    """One NAT gateway that AWS itself spreads over the zones (VPC user guide, "Regional NAT gateways")."""
    site = bricks.network(nat=False)
    nat = aws.ec2.NatGateway(
        "nat", vpc_id=site.vpc.id, availability_mode="regional", connectivity_type="public"
    )
    for letter, table in zip("ab", site.tables, strict=True):
        aws.ec2.Route(
            f"out-{letter}",
            route_table_id=table.id,
            destination_cidr_block=bricks.WORLD,
            nat_gateway_id=nat.id,
        )
    bricks.web(site)


@innocent(may_ask="What is behind the transit gateway is not in the stack.")
def central_egress() -> None:
    """The company's transit gateway leads to the internet; it is in another account."""
    site = bricks.network(nat=False)
    for letter, table in zip("ab", site.tables, strict=True):
        aws.ec2.Route(
            f"out-{letter}",
            route_table_id=table.id,
            destination_cidr_block=bricks.WORLD,
            transit_gateway_id="tgw-0123456789abcdef0",
        )
    bricks.web(site)


def _in(vpc: str, public: list[str], private: list[str]) -> None:
    outside = bricks.balancer_group(vpc)
    inside = bricks.app_group(vpc, outside)
    front = bricks.balancer(public, outside)
    behind = bricks.targets(vpc)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(private, bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent(undecided=ZONES_OF_OTHERS, engine=True)
def looked_up_subnets() -> None:
    """The network is another team's: VPC and subnets are looked up by tags."""
    vpc = aws.ec2.get_vpc(tags={"Name": "shared"})
    public = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc.id]}])
    private = aws.ec2.get_subnets(tags={"Tier": "private"})
    _in(vpc.id, public.ids, private.ids)


@innocent(undecided=ZONES_OF_OTHERS)
def subnets_from_the_configuration() -> None:
    _in("vpc-0123456789abcdef0", ["subnet-1111", "subnet-2222"], ["subnet-3333", "subnet-4444"])


@innocent(undecided=ZONES_OF_OTHERS)
def subnets_of_another_stack() -> None:
    """A stack reference: all that it gives is known only to Pulumi's backend."""
    other = pulumi.StackReference("organization/network/production")
    _in(
        other.require_output("vpcId"),
        other.require_output("publicSubnetIds"),
        other.require_output("privateSubnetIds"),
    )


@innocent(undecided="The lookup waits for the VPC, so the preview has no subnet at all.")
def subnets_looked_up_in_a_new_vpc() -> None:
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    found = aws.ec2.get_subnets_output(filters=[{"name": "vpc-id", "values": [vpc.id]}]).ids
    _in(vpc.id, found, found)


LIST_AS_A_WHOLE = "One output holds the whole list: a preview does not show how many there are."


@innocent(undecided=LIST_AS_A_WHOLE, engine=True)
def lists_as_one_output() -> None:
    """As awsx hands out a VPC's subnets: one output with the whole list."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(pulumi.Output.all(*site.public_ids()), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(
        pulumi.Output.all(*site.private_ids()), bricks.template(inside, bricks.profile()), behind
    )
    bricks.delivery(front, behind, group)


def default_site() -> bricks.Site:
    vpc = aws.ec2.DefaultVpc("vpc")
    site = bricks.Site(vpc, bricks.ZONES[:2])
    for zone in site.zones:
        site.public.append(aws.ec2.DefaultSubnet(f"default-{zone[-1]}", availability_zone=zone))
    site.private = site.public
    return site


@innocent(may_ask="The routes of the default VPC are not in the stack.")
def default_vpc() -> None:
    """Every default subnet is public (VPC user guide, "Default VPCs")."""
    bricks.web(default_site())


@innocent(may_ask="The routes of the default VPC are not in the stack.", engine=True)
def zones_by_name() -> None:
    """`availability_zones`: the group takes the default VPC's subnets in them."""
    site = default_site()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(
        None,
        bricks.template(inside, bricks.profile()),
        behind,
        availability_zones=list(site.zones),
    )
    bricks.delivery(front, behind, group)


@innocent()
def zone_ids() -> None:
    """Zones by their id, which means the same zone in every account."""
    site = bricks.network()
    for index, name in enumerate(("euw1-az1", "euw1-az2")):
        subnet = aws.ec2.Subnet(
            f"fleet-{index}",
            vpc_id=site.vpc.id,
            cidr_block=f"10.0.{index + 50}.0/24",
            availability_zone_id=name,
        )
        aws.ec2.RouteTableAssociation(
            f"fleet-way-{index}", subnet_id=subnet.id, route_table_id=site.tables[index].id
        )
        site.private[index] = subnet
    bricks.web(site)


@innocent()
def flow_logs_and_closed_default_group() -> None:
    site = bricks.network()
    aws.ec2.DefaultSecurityGroup("nobody", vpc_id=site.vpc.id)
    logs = aws.cloudwatch.LogGroup("flows", retention_in_days=30)
    role = aws.iam.Role(
        "flows-role",
        assume_role_policy=bricks.trust("vpc-flow-logs.amazonaws.com"),
    )
    aws.iam.RolePolicy(
        "flows-policy",
        role=role.id,
        policy=logs.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                            "Resource": f"{arn}:*",
                        }
                    ],
                }
            )
        ),
    )
    aws.ec2.FlowLog(
        "flows-log",
        vpc_id=site.vpc.id,
        traffic_type="ALL",
        log_destination=logs.arn,
        iam_role_arn=role.arn,
    )
    bricks.web(site)
