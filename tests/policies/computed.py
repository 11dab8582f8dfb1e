"""What the AWS provider leaves unknown in a preview, per resource type.

These are outputs, and optional inputs that the provider computes where a program leaves them out
(`Computed` in the Terraform schema). A stack rule reads outputs, so it sees them as unknown.
"""

from __future__ import annotations

_DEFAULT = ("arn",)

COMPUTED = {
    "aws:autoscaling/group:Group": (
        "arn",
        "name",
        "availabilityZones",
        "vpcZoneIdentifiers",
        "desiredCapacity",
        "healthCheckType",
        "targetGroupArns",
        "loadBalancers",
        "trafficSources",
    ),
    "aws:autoscaling/schedule:Schedule": ("arn", "minSize", "maxSize", "desiredCapacity"),
    "aws:lb/loadBalancer:LoadBalancer": (
        "arn",
        "name",
        "arnSuffix",
        "dnsName",
        "zoneId",
        "subnets",
        "subnetMappings",
        "internal",
        "securityGroups",
        "ipAddressType",
        "vpcId",
    ),
    "aws:lb/targetGroup:TargetGroup": (
        "arn",
        "name",
        "arnSuffix",
        "healthCheck",
        "ipAddressType",
        "loadBalancingAlgorithmType",
        "loadBalancingAnomalyMitigation",
        "loadBalancingCrossZoneEnabled",
        "preserveClientIp",
        "protocolVersion",
        "stickiness",
    ),
    "aws:lb/listener:Listener": ("arn", "protocol", "sslPolicy"),
    "aws:lb/listenerRule:ListenerRule": ("arn", "priority"),
    "aws:iam/role:Role": ("arn", "name", "inlinePolicies", "managedPolicyArns"),
    "aws:iam/instanceProfile:InstanceProfile": ("arn", "name"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("arn", "name"),
    "aws:ec2/vpc:Vpc": (
        "arn",
        "defaultSecurityGroupId",
        "mainRouteTableId",
        "defaultRouteTableId",
    ),
    "aws:ec2/routeTable:RouteTable": ("arn", "routes"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        "arn",
        "prefixListId",
        "privateDnsEnabled",
        "routeTableIds",
        "securityGroupIds",
        "subnetIds",
    ),
    "aws:ec2/subnet:Subnet": ("arn", "availabilityZone", "availabilityZoneId"),
    "aws:ec2/launchTemplate:LaunchTemplate": (
        "arn",
        "defaultVersion",
        "latestVersion",
        "metadataOptions",
        "name",
    ),
    "aws:ec2/securityGroup:SecurityGroup": ("arn", "name", "ingress", "egress"),
    "aws:ec2/instance:Instance": ("arn", "privateIp", "publicIp", "metadataOptions"),
    "aws:rds/instance:Instance": ("arn", "address", "endpoint", "masterUserSecrets", "multiAz"),
    "aws:rds/cluster:Cluster": ("arn", "availabilityZones", "endpoint", "port", "storageType"),
    "aws:rds/clusterInstance:ClusterInstance": ("arn", "availabilityZone", "publiclyAccessible"),
    "aws:rds/parameterGroup:ParameterGroup": ("arn", "name"),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ("arn", "ingress", "egress"),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        "arn",
        "atRestEncryptionEnabled",
        "numCacheClusters",
        "numNodeGroups",
        "replicasPerNodeGroup",
        "transitEncryptionEnabled",
    ),
    "aws:efs/fileSystem:FileSystem": ("arn", "availabilityZoneName", "encrypted", "kmsKeyId"),
    "aws:iam/accessKey:AccessKey": ("arn", "secret"),
    "aws:codedeploy/deploymentGroup:DeploymentGroup": ("arn", "blueGreenDeploymentConfig"),
    "aws:codedeploy/application:Application": ("arn", "applicationId"),
    "aws:s3/bucket:Bucket": ("arn", "bucket", "versioning", "lifecycleRules"),
    "aws:s3/bucketObjectv2:BucketObjectv2": ("arn", "versionId", "etag"),
}


def computed(kind: str) -> tuple[str, ...]:
    """Return the properties of a type that a preview does not know unless the program sets them."""
    return COMPUTED.get(kind, _DEFAULT)
