"""Values that AWS, or the local region, cannot take."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from region.provider.values import UNKNOWN, Archive, Asset

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
TARGETS = "aws:lb/targetGroup:TargetGroup"
CERTIFICATE = "aws:acm/certificate:Certificate"
LISTENER = "aws:lb/listener:Listener"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
GROUP = "aws:autoscaling/group:Group"
POLICY = "aws:autoscaling/policy:Policy"
DATABASE = "aws:rds/instance:Instance"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
DEPLOYMENT = "aws:codedeploy/deploymentGroup:DeploymentGroup"

EIP = "aws:ec2/eip:Eip"
NAT = "aws:ec2/natGateway:NatGateway"
ROUTE = "aws:ec2/route:Route"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

WAY = {"routeTableId": "r", "destinationCidrBlock": "0.0.0.0/0"}
IDLE = {"id": "x", "status": "Enabled"}
TYPES = {
    "launchTemplateSpecification": {"launchTemplateId": "x"},
    "overrides": [{"instanceType": "t4g.nano"}],
}
CHOICE = {
    "minSize": 1,
    "maxSize": 2,
    "vpcZoneIdentifiers": ["s"],
    "mixedInstancesPolicy": {"launchTemplate": TYPES},
}
HTTP = {"port": 80, "protocol": "HTTP", "vpcId": UNKNOWN}
SIZES = {"minSize": 1, "maxSize": 2, "vpcZoneIdentifiers": UNKNOWN, "launchTemplate": {"id": "x"}}
POSTGRES = {
    "engine": "postgres",
    "instanceClass": "db.t4g.micro",
    "allocatedStorage": 20,
    "username": "u",
    "manageMasterUserPassword": True,
}
PEER = {"securityGroupId": UNKNOWN, "ipProtocol": "tcp", "cidrIpv4": "0.0.0.0/0"}
PORTS = {"fromPort": 80, "toPort": 80}
FORWARD = {"type": "forward", "targetGroupArn": UNKNOWN}
LISTENING = {"loadBalancerArn": UNKNOWN, "port": 80, "defaultActions": [FORWARD]}
MACHINE = {"ami": UNKNOWN, "instanceType": UNKNOWN}
SERVER = {"appName": "a", "deploymentGroupName": "g", "serviceRoleArn": "r"}
IN_PLACE = "IN_PLACE"
TRAFFIC = {"deploymentType": IN_PLACE, "deploymentOption": "WITH_TRAFFIC_CONTROL"}
TRACKING = {
    "targetValue": 1.0,
    "predefinedMetricSpecification": {"predefinedMetricType": "ALBRequestCountPerTarget"},
}
LABELLED = {"predefinedMetricType": "ALBRequestCountPerTarget", "resourceLabel": "app/x"}


def spot(on_demand: int) -> dict[str, Any]:
    distribution = {"onDemandPercentageAboveBaseCapacity": on_demand}
    policy = {"launchTemplate": TYPES, "instancesDistribution": distribution}
    return {**CHOICE, "mixedInstancesPolicy": policy}


def health(**settings: Any) -> dict[str, Any]:
    return {**HTTP, "healthCheck": settings}


@pytest.mark.parametrize(
    ("type_", "inputs", "path", "reason"),
    [
        (VPC, {}, "cidrBlock", "needs 'cidrBlock'"),
        (EIP, {"domain": "standard"}, "domain", "the local region supports 'vpc'"),
        (NAT, {"allocationId": "e"}, "subnetId", "needs 'subnetId'"),
        (NAT, {"subnetId": "s"}, "allocationId", "needs 'allocationId'"),
        (
            NAT,
            {"subnetId": "s", "allocationId": "e", "connectivityType": "private"},
            "connectivityType",
            "supports 'public'",
        ),
        (ROUTE, {**WAY, "gatewayId": "g", "natGatewayId": "n"}, "gatewayId", "exactly one of"),
        (ROUTE, WAY, "gatewayId", "exactly one of gatewayId, natGatewayId must be set"),
        (LIFECYCLE, {"bucket": "b"}, "rules", "at least one rule"),
        (LIFECYCLE, {"bucket": "b", "rules": [IDLE]}, "rules", "the rule 'x' does nothing"),
        (
            LIFECYCLE,
            {"bucket": "b", "rules": [{**IDLE, "expiration": {"days": 1}}] * 2},
            "rules.id",
            "several rules are named x",
        ),
        (
            LISTENER,
            {**LISTENING, "protocol": "HTTPS", "certificateArn": "arn"},
            "certificateArn",
            "the local region has no certificate 'arn': import one",
        ),
        (LISTENER, {**LISTENING, "protocol": "HTTPS"}, "certificateArn", "needs 'certificateArn'"),
        (LISTENER, {**LISTENING, "sslPolicy": "x"}, "sslPolicy", "is for HTTPS"),
        (CERTIFICATE, {"domainName": "www.example.com"}, "domainName", "import a certificate"),
        (BALANCER, {"accessLogs": {"bucket": "b"}}, "accessLogs", "remove it for the rehearsal"),
        (GROUP, {**CHOICE, "launchTemplate": {"id": "x"}}, "launchTemplate", "exactly one of"),
        (
            GROUP,
            {**CHOICE, "capacityRebalance": True},
            "capacityRebalance",
            "no Spot market",
        ),
        (
            GROUP,
            spot(50),
            "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity",
            "no Spot market",
        ),
        (VPC, {"cidrBlock": "10.0.0.0/33"}, "cidrBlock", "'10.0.0.0/33' is not an IPv4 CIDR block"),
        (VPC, {"cidrBlock": "10.0.0.1/16"}, "cidrBlock", "has host bits set"),
        (VPC, {"cidrBlock": "10.0.0.0/8"}, "cidrBlock", "not between /16 and /28"),
        (VPC, {"cidrBlock": "172.31.0.0/16"}, "cidrBlock", "overlaps 172.31.0.0/16 of vpc-"),
        (VPC, {"cidrBlock": "10.1.0.0/16", "region": "us-east-1"}, "region", "'ap-northeast-2'"),
        (SUBNET, {"vpcId": UNKNOWN, "cidrBlock": "x"}, "cidrBlock", "not an IPv4 CIDR block"),
        (
            SUBNET,
            {"vpcId": UNKNOWN, "cidrBlock": UNKNOWN, "availabilityZone": "mars-1a"},
            "availabilityZone",
            "use one of ap-northeast-2a",
        ),
        (
            SUBNET,
            {"vpcId": "vpc-12345678", "cidrBlock": "10.1.0.0/24"},
            "vpcId",
            "'vpc-12345678' does not exist",
        ),
        (RULE, {**PEER, "fromPort": 81, "toPort": 80}, "fromPort", "swap them"),
        (RULE, {**PEER, "fromPort": -2, "toPort": 80}, "fromPort", "must be 0 to 65535"),
        (RULE, {**PEER, **PORTS, "prefixListId": "pl-1"}, "cidrIpv4", "exactly one of"),
        (RULE, {**PEER, **PORTS, "ipProtocol": "-1"}, "fromPort", "has no meaning"),
        (RULE, {**PEER, **PORTS, "toPort": 70000}, "toPort", "must be 0 to 65535"),
        (RULE, {**PEER, "ipProtocol": "icmp"}, "fromPort", "needs 'fromPort'"),
        (RULE, {**PEER, **PORTS, "fromPort": 300, "ipProtocol": "icmp"}, "fromPort", "-1 to 255"),
        (RULE, {**PEER, **PORTS, "toPort": 300, "ipProtocol": "icmpv6"}, "toPort", "-1 to 255"),
        (RULE, {**PEER, "fromPort": -1, "toPort": 4, "ipProtocol": "icmp"}, "toPort", "must be -1"),
        (RULE, {**PEER, **PORTS, "cidrIpv4": "10.0.0.0/33"}, "cidrIpv4", "IPv4 CIDR"),
        (RULE, {**PEER, **PORTS, "cidrIpv4": "10.0.0.1/8"}, "cidrIpv4", "IPv4 CIDR"),
        (RULE, {**PEER, **PORTS, "cidrIpv4": "::/0"}, "cidrIpv4", "IPv4 CIDR"),
        (RULE, {**PEER, **PORTS, "ipProtocol": "xyz"}, "ipProtocol", "'xyz'"),
        (TARGETS, {**HTTP, "port": 70000}, "port", "is 70000 and must be 1 to 65535"),
        (TARGETS, {**HTTP, "protocol": "TLS"}, "protocol", "supports 'HTTP'"),
        (TARGETS, health(interval=5, timeout=5), "healthCheck.timeout", "below its interval"),
        (TARGETS, health(timeout=30), "healthCheck.timeout", "below its interval of 30 s"),
        (TARGETS, health(interval=4), "healthCheck.interval", "must be 5 to 300 seconds"),
        (TARGETS, health(path="health"), "healthCheck.path", "must start with '/'"),
        (TARGETS, health(matcher="ok"), "healthCheck.matcher", "not a list of HTTP codes"),
        (TARGETS, health(port="0"), "healthCheck.port", "'traffic-port' or 1 to 65535"),
        (TARGETS, {**HTTP, "deregistrationDelay": 9999}, "deregistrationDelay", "0 to 3600"),
        (LISTENER, {**LISTENING, "protocol": "TLS"}, "protocol", "supports 'HTTP' or 'HTTPS'"),
        (
            LISTENER,
            {**LISTENING, "defaultActions": [{"type": "authenticate-oidc"}]},
            "defaultActions.type",
            "supports 'forward'",
        ),
        (
            LISTENER,
            {**LISTENING, "defaultActions": [{"type": "forward"}]},
            "defaultActions.targetGroupArn",
            "set it",
        ),
        (BALANCER, {}, "subnets", "needs 'subnets'"),
        (BALANCER, {"subnets": [UNKNOWN]}, "subnets", "2 Availability Zones"),
        (BALANCER, {"subnets": UNKNOWN, "name": "x" * 33}, "name", "33 characters"),
        (GROUP, {**SIZES, "minSize": 3}, "minSize", "'minSize' 3 must be 0 to 'maxSize' 2"),
        (GROUP, {**SIZES, "desiredCapacity": 5}, "desiredCapacity", "must be 1 to 2"),
        (GROUP, {**SIZES, "healthCheckType": "HTTP"}, "healthCheckType", "'EC2' or 'ELB'"),
        (GROUP, {**SIZES, "waitForCapacityTimeout": "soon"}, "waitForCapacityTimeout", "10m"),
        (GROUP, {**SIZES, "launchTemplate": {}}, "launchTemplate", "what it launches"),
        (POLICY, {"autoscalingGroupName": "a"}, "adjustmentType", "SimpleScaling policy needs"),
        (
            POLICY,
            {"autoscalingGroupName": "a", "policyType": "PredictiveScaling"},
            "policyType",
            "'TargetTrackingScaling'",
        ),
        (
            POLICY,
            {
                "autoscalingGroupName": "a",
                "policyType": "StepScaling",
                "adjustmentType": "ExactCapacity",
                "stepAdjustments": [{"scalingAdjustment": 1}],
                "cooldown": 60,
            },
            "cooldown",
            "remove it",
        ),
        (
            POLICY,
            {
                "autoscalingGroupName": "a",
                "policyType": "TargetTrackingScaling",
                "targetTrackingConfiguration": TRACKING,
            },
            "targetTrackingConfiguration.predefinedMetricSpecification.resourceLabel",
            "arnSuffix",
        ),
        (
            POLICY,
            {
                "autoscalingGroupName": "a",
                "policyType": "TargetTrackingScaling",
                "targetTrackingConfiguration": {
                    "targetValue": 1,
                    "predefinedMetricSpecification": LABELLED,
                },
            },
            "targetTrackingConfiguration.predefinedMetricSpecification.resourceLabel",
            "is not a resource label",
        ),
        (DATABASE, {**POSTGRES, "engine": "mysql"}, "engine", "'mysql'"),
        (DATABASE, {**POSTGRES, "instanceClass": "t4g.micro"}, "instanceClass", "db.t4g.micro"),
        (DATABASE, {**POSTGRES, "password": "x"}, "manageMasterUserPassword", "exactly one of"),
        (DATABASE, {**POSTGRES, "allocatedStorage": 5}, "allocatedStorage", "20 to 65536 GiB"),
        (DATABASE, {**POSTGRES, "maxAllocatedStorage": 10}, "maxAllocatedStorage", "raise it"),
        ("aws:rds/subnetGroup:SubnetGroup", {"subnetIds": [UNKNOWN]}, "subnetIds", "add a subnet"),
        ("aws:rds/parameterGroup:ParameterGroup", {"family": "mysql8"}, "family", "PostgreSQL"),
        (TEMPLATE, {"instanceType": "t9.nano"}, "instanceType", "not an EC2 instance type"),
        (TEMPLATE, {"userData": "#!/bin/sh"}, "userData", "must be base64"),
        (TEMPLATE, {"metadataOptions": {"httpTokens": "x"}}, "metadataOptions.httpTokens", "'x'"),
        (INSTANCE, {**MACHINE, "instanceType": "t9.nano"}, "instanceType", "such as t4g.nano"),
        (INSTANCE, {**MACHINE, "userData": "x" * 16385}, "userData", "16385 bytes"),
        (OBJECT, {"bucket": "b", "key": "k"}, "source", "exactly one of"),
        (OBJECT, {"bucket": "b", "key": "k", "source": Archive(hash="x")}, "source", "archive"),
        (OBJECT, {"bucket": "b", "source": Asset(text="x")}, "key", "needs 'key'"),
        ("aws:s3/bucket:Bucket", {"bucket": "No_Bucket"}, "bucket", "lower-case letters"),
        ("aws:iam/role:Role", {"assumeRolePolicy": "x"}, "assumeRolePolicy", "not a JSON"),
        (DEPLOYMENT, {**SERVER, "deploymentStyle": TRAFFIC}, "loadBalancerInfo", "target group"),
        (
            DEPLOYMENT,
            {**SERVER, "deploymentStyle": {"deploymentType": "CANARY"}},
            "deploymentStyle.deploymentType",
            "'IN_PLACE'",
        ),
        (
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            {"vpcId": "v", "serviceName": "com.amazonaws.ap-northeast-2.ssm"},
            "serviceName",
            "ap-northeast-2.s3",
        ),
    ],
)
def test_refused(harness: Any, type_: str, inputs: dict[str, Any], path: str, reason: str) -> None:
    failures = harness.failures(type_, inputs)
    assert reason in failures.get(path, ""), failures


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        (VPC, {"cidrBlock": UNKNOWN}),
        (SUBNET, {"vpcId": UNKNOWN, "cidrBlock": "10.1.0.0/24"}),
        (BALANCER, {"subnets": [UNKNOWN, UNKNOWN], "securityGroups": UNKNOWN}),
        (GROUP, {**SIZES, "desiredCapacity": UNKNOWN, "launchTemplate": {"id": UNKNOWN}}),
        (TARGETS, {**HTTP, "port": UNKNOWN, "healthCheck": {"interval": UNKNOWN}}),
        (INSTANCE, {**MACHINE, "userData": UNKNOWN, "vpcSecurityGroupIds": [UNKNOWN]}),
        (OBJECT, {"bucket": UNKNOWN, "key": UNKNOWN, "source": UNKNOWN}),
        (DATABASE, {**POSTGRES, "dbSubnetGroupName": UNKNOWN, "vpcSecurityGroupIds": UNKNOWN}),
    ],
)
def test_what_is_unknown_in_a_preview_is_not_judged(
    harness: Any, type_: str, inputs: dict[str, Any]
) -> None:
    assert harness.failures(type_, inputs) == {}


def test_a_subnet_outside_its_vpc_is_refused(harness: Any, world: Any) -> None:
    failures = harness.failures(SUBNET, {"vpcId": world.vpc, "cidrBlock": "10.31.0.0/24"})
    assert f"10.31.0.0/24 is not inside 10.30.0.0/16 of {world.vpc}" in failures["cidrBlock"]


def test_vpcs_that_overlap_are_refused(harness: Any, world: Any) -> None:
    vpc = world.vpc
    failures = harness.failures(VPC, {"cidrBlock": "10.30.128.0/17"})
    assert f"overlaps 10.30.0.0/16 of {vpc}" in failures["cidrBlock"]


def test_a_vpc_like_one_that_is_there_is_refused_when_it_is_created(harness: Any) -> None:
    """It might be the same one, created by an `up` that was interrupted: only the creation can tell."""
    inputs = {"cidrBlock": "10.41.0.0/16", "tags": {"Name": "net"}}
    harness.create(VPC, **inputs)
    assert not harness.failures(VPC, inputs)
    with pytest.raises(ClientError, match="overlaps"):
        harness.create(VPC, **inputs)


def test_a_vpc_does_not_overlap_itself(harness: Any) -> None:
    inputs = {"cidrBlock": "10.40.0.0/16"}
    vpc = harness.create(VPC, **inputs)
    assert not harness.diff(vpc, **inputs).changes


def test_two_subnets_of_one_zone_are_no_two_zones(harness: Any, world: Any) -> None:
    twin = harness.create(
        SUBNET,
        vpcId=world.vpc,
        cidrBlock="10.30.7.0/24",
        availabilityZone="ap-northeast-2a",
    )
    failures = harness.failures(BALANCER, {"subnets": [world.subnet("a"), twin.id]})
    assert "all in ap-northeast-2a" in failures["subnets"]
    failures = harness.failures(BALANCER, {"subnets": [world.subnet("a"), "subnet-12345678"]})
    assert "not all of the subnets" in failures["subnets"]


def test_a_capacity_left_to_scaling_does_not_block_new_limits(harness: Any) -> None:
    old = {**SIZES, "desiredCapacity": 2}
    _, failures = harness.check(GROUP, {**old, "minSize": 3, "maxSize": 9}, old)
    assert not failures
    _, failures = harness.check(GROUP, {**old, "desiredCapacity": 10}, old)
    assert failures
