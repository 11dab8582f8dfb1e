"""VPCs, subnets, routes and security groups."""

from __future__ import annotations

from tests.region.provider.lifecycles.case import Case

RULE = {"ipProtocol": "tcp", "fromPort": 80, "toPort": 80}


CASES = [
    Case(
        "aws:ec2/vpc:Vpc",
        lambda _: {"cidrBlock": "10.40.0.0/16", "enableDnsHostnames": True, "tags": {"a": "1"}},
        lambda _: {"enableDnsHostnames": False, "tags": {"b": "2"}},
        lambda _: {"cidrBlock": "10.41.0.0/16"},
        ("arn", "mainRouteTableId", "defaultSecurityGroupId", "defaultNetworkAclId", "ownerId"),
    ),
    Case(
        "aws:ec2/internetGateway:InternetGateway",
        lambda w: {"vpcId": w.vpc, "tags": {"a": "1"}},
        lambda _: {"tags": {}},
        outputs=("arn", "ownerId"),
    ),
    Case(
        "aws:ec2/subnet:Subnet",
        lambda w: {
            "vpcId": w.vpc,
            "cidrBlock": "10.30.9.0/24",
            "availabilityZone": "ap-northeast-2b",
            "mapPublicIpOnLaunch": True,
        },
        lambda _: {"mapPublicIpOnLaunch": False, "tags": {"a": "1"}},
        lambda _: {"cidrBlock": "10.30.8.0/24"},
        ("arn", "availabilityZoneId"),
    ),
    Case(
        "aws:ec2/networkAcl:NetworkAcl",
        lambda w: {
            "vpcId": w.vpc,
            "subnetIds": [w.subnets[0]],
            "ingress": [
                {
                    "ruleNo": 100,
                    "action": "deny",
                    "protocol": "tcp",
                    "cidrBlock": "10.0.0.0/8",
                    "fromPort": 80,
                    "toPort": 80,
                    "icmpType": 0,
                    "icmpCode": 0,
                }
            ],
        },
        lambda w: {"subnetIds": [w.subnets[1]], "ingress": [], "tags": {"a": "1"}},
        outputs=("arn",),
    ),
    Case(
        "aws:ec2/routeTable:RouteTable",
        lambda w: {"vpcId": w.vpc},
        lambda _: {"tags": {"a": "1"}},
        outputs=("arn",),
    ),
    Case(
        "aws:ec2/route:Route",
        lambda w: {
            "routeTableId": w.table(),
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": w.gateway,
        },
        replace=lambda _: {"destinationCidrBlock": "192.0.2.0/24"},
        outputs=("state", "origin"),
    ),
    Case(
        "aws:ec2/route:Route",
        lambda w: {
            "routeTableId": w.table(),
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": w.nat_gateway("a"),
        },
        lambda w: {"natGatewayId": w.nat_gateway("b")},
        id="RouteToNatGateway",
    ),
    Case(
        "aws:ec2/eip:Eip",
        lambda _: {"domain": "vpc", "tags": {"a": "1"}},
        lambda _: {"tags": {"b": "2"}},
        outputs=("allocationId", "publicIp", "arn"),
    ),
    Case(
        "aws:ec2/natGateway:NatGateway",
        lambda w: {
            "subnetId": w.subnet("a"),
            "allocationId": w.address("a"),
            "tags": {"a": "1"},
        },
        lambda _: {"tags": {"b": "2"}},
        lambda w: {"subnetId": w.subnet("b")},
        ("publicIp", "privateIp", "networkInterfaceId"),
    ),
    Case(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        lambda w: {"subnetId": w.subnet("a"), "routeTableId": w.table()},
        lambda w: {"routeTableId": w.table("2")},
        lambda w: {"subnetId": w.subnet("b")},
    ),
    Case(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        lambda w: {
            "vpcId": w.vpc,
            "serviceName": "com.amazonaws.ap-northeast-2.s3",
            "routeTableIds": [w.table()],
            "tags": {"a": "1"},
        },
        lambda w: {"routeTableIds": [w.table("2")], "tags": {"a": "2"}},
        lambda _: {"serviceName": "com.amazonaws.ap-northeast-2.dynamodb"},
        ("arn", "state"),
    ),
    Case(
        "aws:ec2/securityGroup:SecurityGroup",
        lambda w: {"vpcId": w.vpc, "description": "web", "tags": {"a": "1"}},
        lambda _: {"tags": {"a": "2"}},
        lambda _: {"description": "other"},
        ("arn", "name", "ownerId"),
    ),
    Case(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        lambda w: {"securityGroupId": w.group, "cidrIpv4": "0.0.0.0/0", "description": "x", **RULE},
        lambda _: {"toPort": 81},
        lambda w: {"securityGroupId": w.other_group},
        ("arn", "securityGroupRuleId"),
    ),
    Case(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        lambda w: {
            "securityGroupId": w.group,
            "referencedSecurityGroupId": w.other_group,
            "tags": {"a": "1"},
            **RULE,
        },
        lambda _: {"description": "to there"},
        lambda w: {"securityGroupId": w.other_group},
    ),
    Case(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        lambda w: {"securityGroupId": w.group, "cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"},
        id="EgressRuleOfAllProtocols",
    ),
]
