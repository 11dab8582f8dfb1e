"""For every rule: what it makes of its decisive property where that is missing, and where unknown."""

import pytest
from guardrails.values import UNKNOWN

from tests.policies.stacks import BY_ID, Draft, violations

BREAKS, KEEPS = True, False

# rule -> (resource, property, whether its absence, and whether its being unknown, breaks the rule)
DECISIVE = {
    "asg-multi-az": ("fleet", "vpcZoneIdentifiers", BREAKS, KEEPS),
    "asg-elb-health-check": ("fleet", "healthCheckType", BREAKS, BREAKS),
    "asg-launch-template": ("fleet", "mixedInstancesPolicy", BREAKS, KEEPS),
    "asg-behind-listener": ("fleet", "targetGroupArns", BREAKS, KEEPS),
    "asg-multiple-instance-types": (
        "fleet", "mixedInstancesPolicy.launchTemplate.overrides", BREAKS, BREAKS),
    "asg-capacity-rebalance": (
        "fleet", "mixedInstancesPolicy.instancesDistribution", KEEPS, KEEPS),
    "elbv2-multi-az": ("balancer", "subnets", BREAKS, KEEPS),
    "tg-health-check-defined": ("targets", "healthCheck", BREAKS, BREAKS),
    "alb-drop-invalid-headers": ("balancer", "dropInvalidHeaderFields", BREAKS, BREAKS),
    "alb-desync-mode": ("balancer", "desyncMitigationMode", KEEPS, BREAKS),
    "elb-deletion-protection": ("balancer", "enableDeletionProtection", BREAKS, BREAKS),
    "elb-access-logs": ("balancer", "accessLogs", BREAKS, BREAKS),
    "elb-tls-listener": ("listener", "protocol", KEEPS, KEEPS),
    "alb-http-to-https": ("plain", "defaultActions", BREAKS, BREAKS),
    "elb-tls-policy": ("listener", "sslPolicy", BREAKS, BREAKS),
    "codedeploy-deployment-group": ("deployment", "autoscalingGroups", BREAKS, KEEPS),
    "codedeploy-traffic-control": ("deployment", "deploymentStyle", BREAKS, BREAKS),
    "codedeploy-auto-rollback": ("deployment", "autoRollbackConfiguration", BREAKS, BREAKS),
    "codedeploy-rollback-and-alarms": ("deployment", "alarmConfiguration", BREAKS, BREAKS),
    "codedeploy-no-copy-asg-bluegreen": (
        "deployment", "blueGreenDeploymentConfig", KEEPS, KEEPS),
    "codedeploy-one-dg-per-asg": ("deployment", "autoscalingGroups", KEEPS, KEEPS),
    "codedeploy-outdated-instances-update": (
        "deployment", "outdatedInstancesStrategy", KEEPS, BREAKS),
    "codedeploy-min-healthy-hosts": ("deployment", "deploymentConfigName", KEEPS, BREAKS),
    # A predefined configuration is possible at every size.
    "codedeploy-healthy-hosts-possible": ("fleet", "minSize", KEEPS, KEEPS),
    "codedeploy-health-check-patience": ("targets", "deregistrationDelay", KEEPS, BREAKS),
    "rds-multi-az": ("database", "multiAz", BREAKS, BREAKS),
    "rds-deletion-protection": ("database", "deletionProtection", BREAKS, BREAKS),
    "rds-encrypted": ("database", "storageEncrypted", BREAKS, BREAKS),
    "rds-not-public": ("database", "publiclyAccessible", KEEPS, BREAKS),
    "rds-backups": ("database", "backupRetentionPeriod", BREAKS, BREAKS),
    "rds-managed-master-password": ("database", "manageMasterUserPassword", BREAKS, BREAKS),
    "rds-minor-upgrade": ("database", "autoMinorVersionUpgrade", KEEPS, BREAKS),
    "ec2-imdsv2": ("template", "metadataOptions", BREAKS, BREAKS),
    "ec2-metadata-hop-limit": ("template", "metadataOptions", BREAKS, BREAKS),
    "ebs-encrypted": ("template", "blockDeviceMappings", BREAKS, BREAKS),
    "ec2-instance-profile": ("template", "iamInstanceProfile", BREAKS, KEEPS),
    "ec2-managed-by-ssm": ("sessions", "policyArn", BREAKS, BREAKS),
    # Without a protocol every port is meant; an unknown address is the whole world.
    "sg-no-remote-admin": ("web", "ipProtocol", BREAKS, BREAKS),
    "sg-open-only-to-authorized-ports": ("web", "toPort", BREAKS, BREAKS),
    "no-public-ip": ("subnet-a", "mapPublicIpOnLaunch", KEEPS, BREAKS),
    "s3-public-access-blocked": ("access", "blockPublicPolicy", BREAKS, BREAKS),
    "s3-revision-bucket-versioning": ("versioning", "versioningConfiguration", BREAKS, BREAKS),
    "s3-encryption": ("encryption", "rules", BREAKS, BREAKS),
    "s3-tls-only": ("transport", "policy", BREAKS, KEEPS),
    "s3-revision-never-expires": ("bucket", "lifecycleRules", KEEPS, KEEPS),
    "alarm-has-action": ("alarm", "alarmActions", BREAKS, BREAKS),
}  # fmt: skip


def good():
    """The good stack as its inputs are, where what the program left open is absent."""
    return Draft().set("firewall", "ingress", ...)


def judged(rule, value):
    """Whether the good stack breaks the rule with this value of its decisive property."""
    part, path, _, _ = DECISIVE[rule]
    draft = good().set(part, path, UNKNOWN)  # so that there is something to take away
    return bool(violations(draft.set(part, path, value), rule, reportedElsewhere=[]))


def test_every_rule_is_here():
    assert set(DECISIVE) == set(BY_ID)


@pytest.mark.parametrize("rule", DECISIVE)
def test_a_missing_value(rule):
    assert judged(rule, ...) == DECISIVE[rule][2]


@pytest.mark.parametrize("rule", DECISIVE)
def test_an_unknown_value(rule):
    assert judged(rule, UNKNOWN) == DECISIVE[rule][3]


@pytest.mark.parametrize("rule", DECISIVE)
def test_the_good_stack_keeps_it(rule):
    assert not violations(good(), rule)
