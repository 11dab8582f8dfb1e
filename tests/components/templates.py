"""The answers of the recording engine: computed outputs of resources, and results of lookups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi.runtime.mocks import MockResourceArgs

REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
IMAGE = "ami-0123456789abcdef0"


def _arn(service: str, path: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{path}"


def _load_balancer(args: MockResourceArgs) -> dict[str, Any]:
    suffix = f"app/{args.name}/50dc6c495c0c9188"
    return {
        "arn": _arn("elasticloadbalancing", f"loadbalancer/{suffix}"),
        "arnSuffix": suffix,
        "dnsName": f"{args.name}-123.{REGION}.elb.amazonaws.com",
        "zoneId": "ZWKZPGTI48KDX",
        "name": f"{args.name}-1234567",
    }


def _target_group(args: MockResourceArgs) -> dict[str, Any]:
    suffix = f"targetgroup/{args.name}-1234567/73e2d6bc24d8a067"
    return {
        "arn": _arn("elasticloadbalancing", suffix),
        "arnSuffix": suffix,
        "name": f"{args.name}-1234567",
    }


def _named(service: str) -> Callable[[MockResourceArgs], dict[str, Any]]:
    def outputs(args: MockResourceArgs) -> dict[str, Any]:
        return {"arn": _arn(service, args.name), "name": f"{args.name}-1234567"}

    return outputs


def _none(_: MockResourceArgs) -> dict[str, Any]:
    return {}


OUTPUTS: dict[str, Callable[[MockResourceArgs], dict[str, Any]]] = {
    "aws:ec2/vpc:Vpc": lambda _: {"ownerId": ACCOUNT},
    "aws:ec2/internetGateway:InternetGateway": _none,
    "aws:ec2/subnet:Subnet": _none,
    "aws:ec2/routeTable:RouteTable": _none,
    "aws:ec2/route:Route": _none,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _none,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _none,
    "aws:ec2/eip:Eip": lambda args: {"allocationId": f"{args.name}-allocation"},
    "aws:ec2/natGateway:NatGateway": _none,
    "aws:ec2/flowLog:FlowLog": _none,
    "aws:cloudwatch/logGroup:LogGroup": lambda args: {
        "arn": _arn("logs", f"log-group:{args.name}"),
        "name": args.name,
    },
    "aws:ec2/securityGroup:SecurityGroup": _none,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _none,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _none,
    "aws:iam/role:Role": _named("iam"),
    "aws:iam/rolePolicy:RolePolicy": _none,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _none,
    "aws:iam/instanceProfile:InstanceProfile": _named("iam"),
    "aws:s3/bucket:Bucket": lambda args: {"arn": f"arn:aws:s3:::{args.name}-1234567"},
    "aws:s3/bucketVersioning:BucketVersioning": _none,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _none,
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ): _none,
    "aws:s3/bucketPolicy:BucketPolicy": _none,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _none,
    "aws:s3/bucketObjectv2:BucketObjectv2": _none,
    "aws:ec2/instance:Instance": lambda _: {"publicIp": "203.0.113.10"},
    # As on the wire, where numbers are floats.
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _: {"latestVersion": 7.0},
    "aws:autoscaling/group:Group": _named("autoscaling"),
    "aws:autoscaling/policy:Policy": _none,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:lb/targetGroup:TargetGroup": _target_group,
    "aws:lb/listener:Listener": _named("elasticloadbalancing"),
    "aws:acm/certificate:Certificate": lambda args: {
        "arn": _arn("acm", "certificate/new"),
        "domainValidationOptions": [
            {
                "domainName": args.inputs["domainName"],
                "resourceRecordName": f"_proof.{args.inputs['domainName']}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_value.acm-validations.aws.",
            }
        ],
    },
    "aws:acm/certificateValidation:CertificateValidation": _none,
    "aws:route53/record:Record": lambda args: {"fqdn": args.inputs.get("name", "")},
    "aws:rds/subnetGroup:SubnetGroup": _named("rds"),
    "aws:rds/parameterGroup:ParameterGroup": _named("rds"),
    "aws:rds/instance:Instance": lambda args: {
        "address": f"{args.name}.abc.{REGION}.rds.amazonaws.com",
        "port": 5432.0,
        "masterUserSecrets": [
            {
                "secretArn": _arn("secretsmanager", "secret:rds!db-1-AbCdEf"),
                "secretStatus": "active",
            }
        ],
    },
    "aws:codedeploy/application:Application": _named("codedeploy"),
    "aws:codedeploy/deploymentGroup:DeploymentGroup": _none,
    "aws:codedeploy/deploymentConfig:DeploymentConfig": lambda args: {
        "deploymentConfigName": f"{args.name}-1234567"
    },
    "aws:cloudwatch/metricAlarm:MetricAlarm": _named("cloudwatch"),
    "aws:cloudwatch/dashboard:Dashboard": _none,
    "aws:kms/key:Key": lambda args: {"arn": _arn("kms", f"key/{args.name}")},
    "aws:sns/topic:Topic": lambda args: {
        "arn": _arn("sns", args.name),
        "name": f"{args.name}-1234567",
    },
    "aws:sns/topicPolicy:TopicPolicy": _none,
    "aws:sns/topicSubscription:TopicSubscription": _none,
    "aws:budgets/budget:Budget": _none,
}
"""Computed outputs by type; the keys are the types that the program may use."""

INVOKES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "aws:index/getRegion:getRegion": lambda _: {"id": REGION, "region": REGION, "name": REGION},
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {
        "id": ACCOUNT,
        "accountId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/test",
        "userId": "test",
    },
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "names": [f"{REGION}{letter}" for letter in "abcd"]
    },
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": lambda _: {
        # One zone does not offer the type, as in the real Region.
        "locations": [f"{REGION}{letter}" for letter in "dca"]
    },
    "aws:ssm/getParameter:getParameter": lambda args: {"name": args["name"], "value": IMAGE},
}
