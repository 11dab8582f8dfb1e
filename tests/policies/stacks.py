"""A highly available stack as plain data, as a preview shows it, for the tests of pure rules."""

import copy

from guardrails.catalogue import RULES
from guardrails.model import ResourceRule, StackRule
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN

BY_ID = {rule.id: rule for rule in RULES}

# name -> (type, properties, property -> names of the resources the value came from)
HIGHLY_AVAILABLE = {
    "subnet-a": ("aws:ec2/subnet:Subnet", {"id": UNKNOWN, "availabilityZone": "a"}, {}),
    "subnet-b": ("aws:ec2/subnet:Subnet", {"id": UNKNOWN, "availabilityZone": "b"}, {}),
    "firewall": ("aws:ec2/securityGroup:SecurityGroup", {"ingress": UNKNOWN}, {}),
    "web": (
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 80.0, "toPort": 80.0},
        {},
    ),
    "balancer": (
        "aws:lb/loadBalancer:LoadBalancer",
        {
            "arn": UNKNOWN,
            "subnets": [UNKNOWN, UNKNOWN],
            "dropInvalidHeaderFields": True,
            "enableDeletionProtection": True,
            "accessLogs": {"bucket": UNKNOWN, "enabled": True},
        },
        {"subnets": ["subnet-a", "subnet-b"]},
    ),
    "targets": (
        "aws:lb/targetGroup:TargetGroup",
        {
            "arn": UNKNOWN,
            "name": UNKNOWN,
            "healthCheck": {"enabled": True, "protocol": "HTTP", "path": "/health"},
        },
        {},
    ),
    "listener": (
        "aws:lb/listener:Listener",
        {
            "arn": UNKNOWN,
            "loadBalancerArn": UNKNOWN,
            "port": 443.0,
            "protocol": "HTTPS",
            "certificateArn": UNKNOWN,
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "defaultActions": [{"type": "forward", "targetGroupArn": UNKNOWN}],
        },
        {"defaultActions": ["targets"], "loadBalancerArn": ["balancer"]},
    ),
    "plain": (
        "aws:lb/listener:Listener",
        {
            "arn": UNKNOWN,
            "loadBalancerArn": UNKNOWN,
            "port": 80.0,
            "protocol": "HTTP",
            "defaultActions": [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}],
        },
        {"loadBalancerArn": ["balancer"]},
    ),
    "role": ("aws:iam/role:Role", {"name": UNKNOWN}, {}),
    "sessions": (
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": UNKNOWN, "policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"},
        {"role": ["role"]},
    ),
    "profile": (
        "aws:iam/instanceProfile:InstanceProfile",
        {"name": UNKNOWN, "role": UNKNOWN},
        {"role": ["role"]},
    ),
    "template": (
        "aws:ec2/launchTemplate:LaunchTemplate",
        {
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1.0},
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}],
            "iamInstanceProfile": {"name": UNKNOWN},
        },
        {"iamInstanceProfile": ["profile"]},
    ),
    "fleet": (
        "aws:autoscaling/group:Group",
        {
            "name": UNKNOWN,
            "minSize": 4.0,
            "vpcZoneIdentifiers": [UNKNOWN, UNKNOWN],
            "availabilityZones": UNKNOWN,
            "healthCheckType": "ELB",
            "targetGroupArns": [UNKNOWN],
            "mixedInstancesPolicy": {
                "instancesDistribution": UNKNOWN,
                "launchTemplate": {
                    "launchTemplateSpecification": {"launchTemplateId": UNKNOWN},
                    "overrides": [{"instanceType": "t4g.nano"}, {"instanceType": "t4g.micro"}],
                },
            },
        },
        {
            "vpcZoneIdentifiers": ["subnet-a", "subnet-b"],
            "targetGroupArns": ["targets"],
            "mixedInstancesPolicy": ["template"],
        },
    ),
    "alarm": (
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {"name": UNKNOWN, "alarmActions": [UNKNOWN]},
        {},
    ),
    "deployment": (
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        {
            "autoscalingGroups": [UNKNOWN],
            "deploymentConfigName": "CodeDeployDefault.HalfAtATime",
            "deploymentStyle": {
                "deploymentType": "IN_PLACE",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            "loadBalancerInfo": {"targetGroupInfos": [{"name": UNKNOWN}]},
            "autoRollbackConfiguration": {
                "enabled": True,
                "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
            },
            "alarmConfiguration": {"enabled": True, "alarms": [UNKNOWN]},
            "blueGreenDeploymentConfig": UNKNOWN,
        },
        {"autoscalingGroups": ["fleet"], "loadBalancerInfo": ["targets"]},
    ),
    "database": (
        "aws:rds/instance:Instance",
        {
            "multiAz": True,
            "deletionProtection": True,
            "storageEncrypted": True,
            "backupRetentionPeriod": 7.0,
            "manageMasterUserPassword": True,
        },
        {},
    ),
    "bucket": ("aws:s3/bucket:Bucket", {"bucket": UNKNOWN, "arn": UNKNOWN}, {}),
    "object": (
        "aws:s3/bucketObjectv2:BucketObjectv2",
        {"bucket": UNKNOWN, "key": "revisions/1.zip"},
        {"bucket": ["bucket"]},
    ),
    "versioning": (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": UNKNOWN, "versioningConfiguration": {"status": "Enabled"}},
        {"bucket": ["bucket"]},
    ),
    "access": (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": UNKNOWN,
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        {"bucket": ["bucket"]},
    ),
    "encryption": (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": UNKNOWN,
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
        },
        {"bucket": ["bucket"]},
    ),
    "transport": (
        "aws:s3/bucketPolicy:BucketPolicy",
        {"bucket": UNKNOWN, "policy": UNKNOWN},
        {"bucket": ["bucket"]},
    ),
}


class Draft:
    """The stack above, to be changed before it is built."""

    def __init__(self):
        self.parts = copy.deepcopy(HIGHLY_AVAILABLE)

    def set(self, name, path, value):
        """Sets a property, `...` removes it; ``path`` is dotted, numbers index lists."""
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        place = self.parts[name][1]
        for parent in parents:
            place = place[parent]
        if value is ...:
            del place[last]
        else:
            place[last] = value
        return self

    def link(self, name, prop, *sources):
        """Sets where a property's value came from."""
        self.parts[name][2][prop] = list(sources)
        return self

    def drop(self, *names):
        for name in names:
            del self.parts[name]
        return self

    def add(self, name, kind, properties, dependencies=None):
        self.parts[name] = (kind, properties, dependencies or {})
        return self

    def twin(self, name, other):
        """Adds a second resource like an existing one."""
        self.parts[other] = copy.deepcopy(self.parts[name])
        return self

    def build(self):
        return Stack(
            Resource(
                type=kind,
                name=name,
                urn=f"urn:{name}",
                properties=properties,
                dependencies={
                    prop: tuple(f"urn:{source}" for source in sources)
                    for prop, sources in dependencies.items()
                },
            )
            for name, (kind, properties, dependencies) in self.parts.items()
        )


def violations(draft, rule_id, **config):
    """The violations of one rule."""
    rule, stack = BY_ID[rule_id], draft.build()
    settings = rule.settings(config)
    if isinstance(rule, StackRule):
        return list(rule.check(stack, settings))
    assert isinstance(rule, ResourceRule)
    return [found for resource in stack.of(rule.types) for found in rule.check(resource, settings)]


def broken(draft):
    """The ids of all rules that the stack breaks.

    A resource rule sees inputs, where what the program left open is absent and not unknown.
    """
    if "firewall" in draft.parts and draft.parts["firewall"][1].get("ingress") is UNKNOWN:
        draft.set("firewall", "ingress", ...)
    return {rule_id for rule_id in BY_ID if violations(draft, rule_id)}
