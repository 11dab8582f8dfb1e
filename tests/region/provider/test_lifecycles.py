"""Every resource type from creation to deletion against a real control plane (moto)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from region.provider.resources import all_handlers
from region.provider.values import Asset, plain


def trust(service: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
            }
        ],
    }


TRUST, OTHER_TRUST = trust("ec2.amazonaws.com"), trust("codedeploy.amazonaws.com")
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
OTHER_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}],
}
BUCKET_POLICY, OTHER_BUCKET_POLICY = (
    {**policy, "Statement": [{**policy["Statement"][0], "Principal": "*"}]}
    for policy in (POLICY, OTHER_POLICY)
)
TRACKING = {
    "targetValue": 100.0,
    "predefinedMetricSpecification": {"predefinedMetricType": "ASGAverageCPUUtilization"},
}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@dataclass
class Case:
    """Inputs (functions of the world), what to change in place and what replaces."""

    type: str
    inputs: Callable[[Any], dict[str, Any]]
    change: Callable[[Any], dict[str, Any]] = field(default=lambda _: {})
    replace: Callable[[Any], dict[str, Any]] = field(default=lambda _: {})
    outputs: tuple[str, ...] = ()
    id: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or self.type.rsplit(":", 1)[1]


def notification(kind: str, threshold: float, world: Any) -> dict[str, Any]:
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": kind,
        "threshold": threshold,
        "thresholdType": "PERCENTAGE",
        "subscriberSnsTopicArns": [world.topic],
    }


def metric(name: str) -> dict[str, Any]:
    return {
        "namespace": "AWS/ApplicationELB",
        "metricName": name,
        "dimensions": {"LoadBalancer": "app/a/1"},
        "period": 60,
        "stat": "Sum",
    }


RULE = {"ipProtocol": "tcp", "fromPort": 80, "toPort": 80}


def mixed(world: Any, *types: str) -> dict[str, Any]:
    return {
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": world.template.id, "version": "1"},
            "overrides": [{"instanceType": name} for name in types],
        },
        "instancesDistribution": {
            "onDemandAllocationStrategy": "prioritized",
            "onDemandBaseCapacity": 2,
            "onDemandPercentageAboveBaseCapacity": 100,
            "spotAllocationStrategy": "price-capacity-optimized",
        },
    }


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
    Case(
        "aws:iam/role:Role",
        lambda _: {"assumeRolePolicy": json.dumps(TRUST), "tags": {"a": "1"}},
        lambda _: {
            "assumeRolePolicy": json.dumps(OTHER_TRUST),
            "maxSessionDuration": 7200,
            "tags": {"b": "1"},
        },
        lambda _: {"path": "/x/"},
        ("arn", "uniqueId", "createDate"),
    ),
    Case(
        "aws:iam/rolePolicy:RolePolicy",
        lambda w: {"role": w.role(), "policy": json.dumps(POLICY)},
        lambda _: {"policy": json.dumps(OTHER_POLICY)},
        lambda w: {"role": w.role("2")},
        ("name",),
    ),
    Case(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        lambda w: {
            "role": w.role(),
            "policyArn": w.harness.context.aws.iam.create_policy(
                PolicyName="own", PolicyDocument=json.dumps(POLICY)
            )["Policy"]["Arn"],
        },
        replace=lambda w: {"role": w.role("2")},
    ),
    Case(
        "aws:iam/instanceProfile:InstanceProfile",
        lambda w: {"role": w.role(), "tags": {"a": "1"}},
        lambda w: {"role": w.role("2"), "tags": {"a": "2"}},
        lambda _: {"name": "given"},
        ("arn", "uniqueId"),
    ),
    Case(
        "aws:s3/bucket:Bucket",
        lambda _: {"forceDestroy": True, "tags": {"a": "1"}},
        lambda _: {"tags": {"b": "2"}},
        lambda _: {"bucket": "another-one"},
        ("arn", "bucketDomainName", "bucketRegionalDomainName", "bucketRegion", "hostedZoneId"),
    ),
    Case(
        "aws:s3/bucketVersioning:BucketVersioning",
        lambda w: {"bucket": w.bucket, "versioningConfiguration": {"status": "Enabled"}},
        lambda _: {"versioningConfiguration": {"status": "Suspended"}},
        lambda _: {"bucket": "another-one"},
    ),
    Case(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        lambda w: {"bucket": w.bucket, "blockPublicAcls": True},
        lambda _: {"blockPublicPolicy": True},
    ),
    Case(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        lambda w: {
            "bucket": w.bucket,
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
        },
        lambda _: {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]},
    ),
    Case(
        "aws:s3/bucketPolicy:BucketPolicy",
        lambda w: {"bucket": w.bucket, "policy": json.dumps(BUCKET_POLICY)},
        lambda _: {"policy": json.dumps(OTHER_BUCKET_POLICY)},
    ),
    Case(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        lambda w: {
            "bucket": w.bucket,
            "rules": [
                {
                    "id": "uploads",
                    "status": "Enabled",
                    "filter": {"prefix": "a/"},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
        lambda _: {
            "rules": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": "b/"},
                    "expiration": {"days": 90},
                    "noncurrentVersionExpiration": {"noncurrentDays": 1},
                }
            ]
        },
        lambda _: {"bucket": "another-one"},
    ),
    Case(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        lambda w: {
            "bucket": w.bucket,
            "key": "a/b.txt",
            "source": Asset(hash="", text="one"),
            "contentType": "text/plain",
            "tags": {"a": "1"},
        },
        lambda _: {"source": Asset(hash="2", text="two")},
        lambda _: {"key": "c"},
        ("arn", "etag", "versionId"),
    ),
    Case(
        "aws:ec2/instance:Instance",
        lambda w: {
            "ami": w.image,
            "instanceType": "t4g.nano",
            "subnetId": w.subnet("a"),
            "vpcSecurityGroupIds": [w.group],
            "iamInstanceProfile": w.profile,
            "associatePublicIpAddress": True,
            "userData": "#cloud-config\n",
            "creditSpecification": {"cpuCredits": "standard"},
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
            "rootBlockDevice": {"encrypted": True, "volumeSize": 8, "tags": {"a": "1"}},
            "tags": {"Name": "it"},
        },
        lambda _: {"instanceType": "t4g.micro", "tags": {"Name": "that"}},
        lambda w: {"subnetId": w.subnet("b")},
        ("arn", "privateIp", "publicIp", "availabilityZone", "primaryNetworkInterfaceId"),
    ),
    Case(
        "aws:ec2/launchTemplate:LaunchTemplate",
        lambda w: {
            "imageId": w.image,
            "instanceType": "t4g.nano",
            "userData": encoded("#cloud-config\n"),
            "vpcSecurityGroupIds": [w.group],
            "iamInstanceProfile": {"name": w.profile},
            "updateDefaultVersion": True,
            "metadataOptions": {"httpTokens": "required"},
            "creditSpecification": {"cpuCredits": "standard"},
            "blockDeviceMappings": [
                {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 8, "encrypted": "true"}}
            ],
            "tagSpecifications": [{"resourceType": "instance", "tags": {"a": "1"}}],
            "tags": {"a": "1"},
        },
        lambda _: {"instanceType": "t4g.micro", "tags": {"a": "2"}},
        lambda _: {"name": "given"},
        ("arn", "latestVersion", "defaultVersion"),
    ),
    Case(
        "aws:autoscaling/group:Group",
        lambda w: {
            "minSize": 2,
            "maxSize": 4,
            "desiredCapacity": 2,
            "vpcZoneIdentifiers": w.subnets,
            "launchTemplate": {"id": w.template.id, "version": 1},
            "targetGroupArns": [w.targets()["arn"]],
            "healthCheckType": "ELB",
            "forceDelete": True,
            "tags": [{"key": "a", "value": "1", "propagateAtLaunch": True}],
        },
        lambda w: {
            "maxSize": 5,
            "desiredCapacity": 3,
            "healthCheckGracePeriod": 60,
            "targetGroupArns": [w.targets("2")["arn"]],
            "tags": [{"key": "b", "value": "2", "propagateAtLaunch": False}],
            "suspendedProcesses": ["AZRebalance"],
            "enabledMetrics": ["GroupInServiceInstances", "GroupMaxSize"],
            "metricsGranularity": "1Minute",
        },
        lambda _: {"name": "given"},
        ("arn", "availabilityZones"),
    ),
    Case(
        "aws:autoscaling/group:Group",
        lambda w: {
            "minSize": 1,
            "maxSize": 4,
            "vpcZoneIdentifiers": w.subnets,
            "mixedInstancesPolicy": mixed(w, "t4g.nano", "t4g.micro"),
            "forceDelete": True,
        },
        lambda w: {"mixedInstancesPolicy": mixed(w, "t4g.micro", "t4g.small")},
        lambda _: {"name": "given"},
        id="GroupOfMixedInstances",
    ),
    Case(
        "aws:autoscaling/policy:Policy",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "policyType": "TargetTrackingScaling",
            "targetTrackingConfiguration": TRACKING,
        },
        lambda _: {"targetTrackingConfiguration": {**TRACKING, "targetValue": 50.5}},
        lambda _: {"name": "given"},
        ("arn",),
    ),
    Case(
        "aws:autoscaling/policy:Policy",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "policyType": "StepScaling",
            "adjustmentType": "ChangeInCapacity",
            "metricAggregationType": "Average",
            "stepAdjustments": [
                {"scalingAdjustment": 1, "metricIntervalLowerBound": "0"},
                {"scalingAdjustment": -1, "metricIntervalUpperBound": "0"},
            ],
        },
        lambda _: {
            "estimatedInstanceWarmup": 60,
            "stepAdjustments": [{"scalingAdjustment": 2, "metricIntervalLowerBound": "0"}],
        },
        lambda _: {"name": "given"},
        ("arn",),
        id="StepPolicy",
    ),
    Case(
        "aws:autoscaling/policy:Policy",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "adjustmentType": "PercentChangeInCapacity",
            "scalingAdjustment": 10,
            "cooldown": 60,
            "minAdjustmentMagnitude": 2,
        },
        lambda _: {"scalingAdjustment": -10},
        outputs=("arn",),
        id="SimplePolicy",
    ),
    Case(
        "aws:autoscaling/policy:Policy",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "policyType": "TargetTrackingScaling",
            "targetTrackingConfiguration": {
                "targetValue": 5.5,
                "disableScaleIn": True,
                "customizedMetricSpecification": {
                    "metrics": [
                        {
                            "id": "m1",
                            "returnData": False,
                            "metricStat": {
                                "metric": {
                                    "metricName": "m",
                                    "namespace": "n",
                                    "dimensions": [{"name": "a", "value": "b"}],
                                },
                                "stat": "Sum",
                                "period": 30,
                            },
                        },
                        {"id": "e1", "expression": "m1 / 2", "label": "half", "returnData": True},
                    ]
                },
            },
        },
        lambda _: {
            "targetTrackingConfiguration": {
                "targetValue": 5.5,
                "disableScaleIn": True,
                "customizedMetricSpecification": {
                    "metricName": "m",
                    "namespace": "n",
                    "statistic": "Sum",
                    "metricDimensions": [{"name": "a", "value": "b"}],
                },
            }
        },
        outputs=("arn",),
        id="PolicyOfOwnMetric",
    ),
    Case(
        "aws:autoscaling/schedule:Schedule",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "scheduledActionName": "morning",
            "recurrence": "0 9 * * MON-FRI",
            "timeZone": "Asia/Seoul",
            "minSize": 1,
            "maxSize": -1,
            "desiredCapacity": 2,
        },
        lambda _: {"desiredCapacity": -1},
        lambda _: {"scheduledActionName": "evening"},
        ("arn", "startTime"),
    ),
    Case(
        "aws:autoscaling/notification:Notification",
        lambda w: {
            "groupNames": [w.fleet],
            "notifications": ["autoscaling:EC2_INSTANCE_LAUNCH"],
            "topicArn": w.topic,
        },
        lambda _: {
            "notifications": [
                "autoscaling:EC2_INSTANCE_LAUNCH",
                "autoscaling:EC2_INSTANCE_TERMINATE",
            ]
        },
    ),
    Case(
        "aws:autoscaling/tag:Tag",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "tag": {"key": "a", "value": "1", "propagateAtLaunch": True},
        },
        lambda _: {"tag": {"key": "a", "value": "2", "propagateAtLaunch": False}},
    ),
    Case(
        "aws:lb/loadBalancer:LoadBalancer",
        lambda w: {"subnets": w.subnets, "securityGroups": [w.group], "tags": {"a": "1"}},
        lambda w: {
            "idleTimeout": 30,
            "dropInvalidHeaderFields": True,
            "xffHeaderProcessingMode": "preserve",
            "enableZonalShift": True,
            "securityGroups": [w.other_group],
            "subnets": [w.subnet("a"), w.subnet("c")],
            "tags": {"b": "2"},
        },
        lambda _: {"internal": True},
        ("arn", "arnSuffix", "dnsName", "zoneId", "vpcId"),
    ),
    Case(
        "aws:lb/targetGroup:TargetGroup",
        lambda w: {
            "port": 8080,
            "protocol": "HTTP",
            "vpcId": w.vpc,
            "deregistrationDelay": 10,
            "loadBalancingAlgorithmType": "least_outstanding_requests",
            "healthCheck": {
                "path": "/health",
                "interval": 5,
                "timeout": 2,
                "healthyThreshold": 2,
                "unhealthyThreshold": 2,
                "matcher": "200",
                "port": "traffic-port",
                "protocol": "HTTP",
            },
            "tags": {"a": "1"},
        },
        lambda _: {
            "healthCheck": {"path": "/other", "interval": 10},
            "deregistrationDelay": 20,
            "loadBalancingAlgorithmType": "weighted_random",
            "stickiness": {"type": "app_cookie", "cookieName": "session", "cookieDuration": 60},
            "targetGroupHealth": {
                "unhealthyStateRouting": {"minimumHealthyTargetsPercentage": "50"}
            },
        },
        lambda _: {"port": 8081},
        ("arn", "arnSuffix", "loadBalancerArns"),
    ),
    Case(
        "aws:lb/listener:Listener",
        lambda w: {
            "loadBalancerArn": w.balancer.id,
            "port": 80,
            "defaultActions": [{"type": "forward", "targetGroupArn": w.targets()["arn"]}],
            "tags": {"a": "1"},
        },
        lambda w: {
            "port": 81,
            "defaultActions": [{"type": "forward", "targetGroupArn": w.targets("2")["arn"]}],
        },
        outputs=("arn",),
    ),
    Case(
        "aws:lb/listenerRule:ListenerRule",
        lambda w: {
            "listenerArn": w.listener(),
            "priority": 5,
            "actions": [{"type": "forward", "targetGroupArn": w.targets("2")["arn"]}],
            "conditions": [{"pathPattern": {"values": ["/a/*"]}}],
            "tags": {"a": "1"},
        },
        lambda w: {
            "priority": 6,
            "actions": [
                {
                    "type": "redirect",
                    "redirect": {"statusCode": "HTTP_301", "host": "example.com"},
                }
            ],
            "conditions": [
                {"httpHeader": {"httpHeaderName": "X-Kind", "values": ["beta"]}},
                {"queryStrings": [{"key": "v", "value": "2"}]},
            ],
        },
        outputs=("arn",),
    ),
    Case(
        "aws:rds/subnetGroup:SubnetGroup",
        lambda w: {"subnetIds": w.subnets, "tags": {"a": "1"}},
        lambda w: {"subnetIds": [w.subnet("b"), w.subnet("c")], "tags": {"a": "2"}},
        lambda _: {"name": "given"},
        ("arn", "vpcId"),
    ),
    Case(
        "aws:rds/parameterGroup:ParameterGroup",
        lambda _: {
            "family": "postgres18",
            "parameters": [{"name": "rds.force_ssl", "value": "1"}],
            "tags": {"a": "1"},
        },
        lambda _: {"parameters": [{"name": "rds.force_ssl", "value": "0"}], "tags": {"b": "1"}},
        lambda _: {"family": "postgres17"},
        ("arn", "name"),
    ),
    Case(
        "aws:rds/instance:Instance",
        lambda w: {
            "engine": "postgres",
            "engineVersion": "18",
            "instanceClass": "db.t4g.micro",
            "allocatedStorage": 20,
            "storageEncrypted": True,
            "dbName": "app",
            "username": "owner",
            "manageMasterUserPassword": True,
            "dbSubnetGroupName": w.database_subnets,
            "vpcSecurityGroupIds": [w.group],
            "backupRetentionPeriod": 7,
            "enabledCloudwatchLogsExports": ["postgresql"],
            "iamDatabaseAuthenticationEnabled": True,
            "skipFinalSnapshot": True,
            "tags": {"a": "1"},
        },
        lambda _: {
            "backupRetentionPeriod": 3,
            "enabledCloudwatchLogsExports": ["upgrade"],
            "iamDatabaseAuthenticationEnabled": False,
            "applyImmediately": True,
            "tags": {"b": "2"},
        },
        lambda _: {"dbName": "other"},
        ("arn", "address", "endpoint", "port", "masterUserSecrets", "resourceId", "status"),
    ),
    Case(
        "aws:codedeploy/application:Application",
        lambda _: {"tags": {"a": "1"}},
        lambda _: {"name": "given", "tags": {"a": "1", "b": "1"}},
        outputs=("arn", "applicationId"),
    ),
    Case(
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        lambda w: {
            "appName": w.application["name"],
            "deploymentGroupName": "group",
            "serviceRoleArn": w.role_arn(),
            "deploymentConfigName": "CodeDeployDefault.HalfAtATime",
            "autoscalingGroups": [w.fleet],
            "deploymentStyle": {
                "deploymentType": "IN_PLACE",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            "loadBalancerInfo": {"targetGroupInfos": [{"name": w.targets()["name"]}]},
            "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
            "alarmConfiguration": {"enabled": True, "alarms": ["errors", "slow"]},
            "terminationHookEnabled": True,
            "tags": {"a": "1"},
        },
        lambda _: {"deploymentConfigName": "CodeDeployDefault.OneAtATime"},
        outputs=("arn", "deploymentGroupId", "computePlatform"),
    ),
    Case(
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        lambda w: {
            "appName": w.application["name"],
            "deploymentGroupName": "group",
            "serviceRoleArn": w.role_arn(),
            "ec2TagFilters": [{"type": "KEY_AND_VALUE", "key": "a", "value": "1"}],
        },
        lambda _: {"ec2TagFilters": [{"type": "KEY_AND_VALUE", "key": "a", "value": "2"}]},
        id="DeploymentGroupByTags",
    ),
    Case(
        "aws:codedeploy/deploymentConfig:DeploymentConfig",
        lambda _: {"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 66}},
        replace=lambda _: {"minimumHealthyHosts": {"type": "HOST_COUNT", "value": 4}},
        outputs=("arn", "deploymentConfigId"),
    ),
    Case(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        lambda w: {
            "alarmDescription": "errors",
            "namespace": "AWS/ApplicationELB",
            "metricName": "HTTPCode_Target_5XX_Count",
            "statistic": "Sum",
            "dimensions": {"LoadBalancer": "app/a/1", "TargetGroup": "targetgroup/b/2"},
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
            "threshold": 10.0,
            "period": 60,
            "evaluationPeriods": 3,
            "datapointsToAlarm": 2,
            "treatMissingData": "notBreaching",
            "alarmActions": [w.topic],
            "okActions": [w.topic],
            "tags": {"a": "1"},
        },
        lambda _: {"threshold": 20.5, "dimensions": {"LoadBalancer": "x"}, "tags": {"b": "2"}},
        lambda _: {"name": "given"},
        ("arn", "name"),
    ),
    Case(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        lambda _: {
            "namespace": "AWS/ApplicationELB",
            "metricName": "TargetResponseTime",
            "extendedStatistic": "p99",
            "evaluateLowSampleCountPercentiles": "ignore",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 1,
            "period": 60,
            "evaluationPeriods": 1,
        },
        lambda _: {"extendedStatistic": "p95"},
        id="MetricAlarmOfAPercentile",
    ),
    Case(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        lambda w: {
            "metricQueries": [
                {
                    "id": "share",
                    "expression": "100 * errors / requests",
                    "label": "errors in percent",
                    "returnData": True,
                },
                {
                    "id": "errors",
                    "returnData": False,
                    "metric": metric("HTTPCode_Target_5XX_Count"),
                },
                {"id": "requests", "metric": metric("RequestCount")},
            ],
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 1,
            "evaluationPeriods": 2,
            "alarmActions": [w.topic],
        },
        lambda _: {"threshold": 2},
        id="MetricAlarmOfMath",
    ),
    Case(
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        lambda w: {
            "alarmName": "both",
            "alarmRule": f'ALARM("{w.alarm("1")}") AND ALARM("{w.alarm("2")}")',
            "alarmDescription": "both at once",
            "alarmActions": [w.topic],
            "actionsSuppressor": {
                "alarm": w.alarm("3"),
                "extensionPeriod": 60,
                "waitPeriod": 120,
            },
            "tags": {"a": "1"},
        },
        lambda w: {
            "alarmRule": f'ALARM("{w.alarm("1")}") OR ALARM("{w.alarm("2")}")',
            "okActions": [w.topic],
            "tags": {"b": "2"},
        },
        lambda _: {"alarmName": "other"},
        ("arn",),
    ),
    Case(
        "aws:fis/experimentTemplate:ExperimentTemplate",
        lambda w: {
            "description": "stop one of two",
            "roleArn": w.role_arn(),
            "stopConditions": [{"source": "none"}],
            "actions": [
                {
                    "name": "stop",
                    "actionId": "aws:ec2:stop-instances",
                    "parameters": [{"key": "startInstancesAfterDuration", "value": "PT2M"}],
                    "target": {"key": "Instances", "value": "half"},
                },
                {
                    "name": "wait",
                    "actionId": "aws:fis:wait",
                    "description": "until it is seen",
                    "parameters": [{"key": "duration", "value": "PT1M"}],
                    "startAfters": ["stop"],
                },
            ],
            "targets": [
                {
                    "name": "half",
                    "resourceType": "aws:ec2:instance",
                    "selectionMode": "PERCENT(50)",
                    "resourceTags": [{"key": "app", "value": "notes"}],
                    "filters": [{"path": "State.Name", "values": ["running"]}],
                }
            ],
            "tags": {"a": "1"},
        },
        lambda w: {
            "description": "stop all",
            "stopConditions": [
                {
                    "source": "aws:cloudwatch:alarm",
                    "value": f"arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:{w.alarm('1')}",
                }
            ],
            "experimentOptions": {"emptyTargetResolutionMode": "skip"},
            "tags": {"b": "2"},
        },
    ),
    Case(
        "aws:rds/snapshot:Snapshot",
        lambda w: {
            "dbInstanceIdentifier": w.database,
            "dbSnapshotIdentifier": "before",
            "tags": {"a": "1"},
        },
        lambda _: {"tags": {"b": "2"}},
        lambda _: {"dbSnapshotIdentifier": "after"},
        ("dbSnapshotArn", "status", "allocatedStorage", "engine"),
    ),
    Case(
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "name": "drain",
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "notificationMetadata": "about",
        },
        lambda _: {"heartbeatTimeout": 60, "defaultResult": "CONTINUE"},
        lambda _: {"name": "other"},
    ),
    Case(
        "aws:autoscaling/attachment:Attachment",
        lambda w: {"autoscalingGroupName": w.fleet, "lbTargetGroupArn": w.targets()["arn"]},
        replace=lambda w: {"lbTargetGroupArn": w.targets("2")["arn"]},
    ),
    Case(
        "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "trafficSource": {"identifier": w.targets()["arn"], "type": "elbv2"},
        },
        replace=lambda w: {"trafficSource": {"identifier": w.targets("2")["arn"], "type": "elbv2"}},
    ),
    Case(
        "aws:cloudwatch/dashboard:Dashboard",
        lambda _: {"dashboardName": "board", "dashboardBody": '{"widgets": []}'},
        lambda _: {"dashboardBody": '{"widgets": [{"type": "text"}]}'},
        lambda _: {"dashboardName": "other"},
        ("dashboardArn",),
    ),
    Case(
        "aws:cloudwatch/logGroup:LogGroup",
        lambda _: {"name": "/aws/rds/x/postgresql", "retentionInDays": 30, "tags": {"a": "1"}},
        lambda _: {"retentionInDays": 0, "tags": {"b": "2"}},
        lambda _: {"name": "/other"},
        ("arn",),
    ),
    Case(
        "aws:sns/topic:Topic",
        lambda w: {"kmsMasterKeyId": w.key, "displayName": "Alarms", "tags": {"a": "1"}},
        lambda _: {"displayName": "Others", "tags": {"b": "2"}},
        lambda _: {"name": "given"},
        ("arn", "owner"),
    ),
    Case(
        "aws:sns/topicPolicy:TopicPolicy",
        lambda w: {"arn": w.topic, "policy": json.dumps(POLICY)},
        lambda _: {"policy": json.dumps(OTHER_POLICY)},
        lambda _: {"arn": "arn:aws:sns:ap-northeast-2:123456789012:other"},
        ("owner",),
    ),
    Case(
        "aws:sns/topicSubscription:TopicSubscription",
        lambda w: {"topic": w.topic, "protocol": "email", "endpoint": "ops@example.org"},
        replace=lambda _: {"endpoint": "dev@example.org"},
        outputs=("arn", "ownerId", "pendingConfirmation"),
    ),
    Case(
        "aws:kms/key:Key",
        lambda _: {
            "description": "alarms",
            "policy": json.dumps(POLICY),
            "enableKeyRotation": True,
            "deletionWindowInDays": 7,
            "tags": {"a": "1"},
        },
        lambda _: {
            "description": "others",
            "policy": json.dumps(OTHER_POLICY),
            "enableKeyRotation": False,
            "tags": {"b": "2"},
        },
        outputs=("arn", "keyId"),
    ),
    Case(
        "aws:budgets/budget:Budget",
        lambda w: {
            "budgetType": "COST",
            "timeUnit": "MONTHLY",
            "limitAmount": "25",
            "limitUnit": "USD",
            "notifications": [notification("ACTUAL", 80.0, w), notification("FORECASTED", 100, w)],
            "tags": {"a": "1"},
        },
        lambda w: {
            "limitAmount": "50",
            "notifications": [notification("ACTUAL", 90, w), notification("FORECASTED", 100, w)],
            "tags": {"b": "2"},
        },
        lambda _: {"name": "given"},
        ("arn", "accountId"),
    ),
]


def test_every_implemented_type_is_taken_through_its_life() -> None:
    assert {case.type for case in CASES} == set(all_handlers())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_life_of(case: Case, harness: Any, world: Any) -> None:
    inputs = case.inputs(world)
    resource = harness.create(case.type, **inputs)
    assert resource.id
    for name in case.outputs:
        assert name in resource.state, name
    stays_as_it_is(harness, resource, inputs)

    changed = {**inputs, **case.change(world)}
    if changed != inputs:
        difference = harness.diff(resource, **changed)
        assert {change.top for change in difference.changes} == set(case.change(world))
        assert not difference.replacing
        harness.update(resource, **changed)
        stays_as_it_is(harness, resource, changed)

    replacing = case.replace(world)
    if replacing:
        assert harness.diff(resource, **{**changed, **replacing}).replacing == set(replacing)

    harness.delete(resource)
    if case.type != "aws:s3/bucketVersioning:BucketVersioning":  # can only be suspended
        assert harness.read(resource) is None
    harness.delete(resource)


def stays_as_it_is(harness: Any, resource: Any, inputs: dict[str, Any]) -> None:
    """`up` again plans nothing, and a refresh finds no drift."""
    assert not harness.diff(resource, **inputs).changes
    outputs, refreshed = harness.read(resource)
    assert plain(refreshed) == plain(resource.inputs)
    assert plain(outputs) == resource.state
