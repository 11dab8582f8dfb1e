"""Pure rules: what they accept, refuse, and make of missing and unknown values."""

import pytest
from guardrails.values import UNKNOWN

from tests.policies.stacks import BY_ID, Draft, broken, violations

WORLD = {"ipProtocol": "tcp", "fromPort": 22.0, "toPort": 22.0}
SSH = {**WORLD, "cidrIpv4": "0.0.0.0/0"}
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
CONFIG = "aws:codedeploy/deploymentConfig:DeploymentConfig"
TLS = (
    '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition":'
    ' {"Bool": {"aws:SecureTransport": "false"}}}]}'
)

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
GRANT = '{"Statement": [{"Effect": "Allow", "Action": ["ssm:UpdateInstanceInformation"]}]}'


def lifecycle(draft, rule):
    """The draft with one lifecycle rule on the bucket of revisions."""
    return draft.add(
        "lifecycle",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {"bucket": UNKNOWN, "rules": [rule]},
        {"bucket": ["bucket"]},
    )


# A change and the one rule that it breaks.
BREAKS = [
    ("asg-multi-az", lambda d: d.drop("fleet").set("deployment", "autoscalingGroups", [])),
    ("asg-multi-az", lambda d: d
        .add("subnet-c", "aws:ec2/subnet:Subnet", {"id": UNKNOWN, "availabilityZone": "a"})
        .link("fleet", "vpcZoneIdentifiers", "subnet-a", "subnet-c")),
    ("asg-multi-az", lambda d: d.set("fleet", "vpcZoneIdentifiers", [UNKNOWN])),
    ("asg-multi-az", lambda d: d.set("fleet", "vpcZoneIdentifiers", ...)),
    ("asg-multi-az", lambda d: d.set("fleet", "vpcZoneIdentifiers", [])),
    ("asg-multi-az", lambda d: d.link("fleet", "vpcZoneIdentifiers", "subnet-a")),
    ("asg-multi-az", lambda d: d.link("fleet", "vpcZoneIdentifiers")),
    ("asg-elb-health-check", lambda d: d.set("fleet", "healthCheckType", "EC2")),
    ("asg-elb-health-check", lambda d: d.set("fleet", "healthCheckType", ...)),
    ("asg-elb-health-check", lambda d: d.set("fleet", "healthCheckType", UNKNOWN)),
    ("asg-launch-template", lambda d: d.set("fleet", "mixedInstancesPolicy", ...)),
    ("asg-launch-template", lambda d: d.set("fleet", "mixedInstancesPolicy", UNKNOWN)
        .link("fleet", "mixedInstancesPolicy")),
    ("asg-multiple-instance-types", lambda d: d.set("fleet", "mixedInstancesPolicy", ...)
        .set("fleet", "launchTemplate", {"id": UNKNOWN})),
    ("asg-multiple-instance-types", lambda d: d
        .set("fleet", "mixedInstancesPolicy.launchTemplate.overrides", UNKNOWN)),
    ("asg-multiple-instance-types", lambda d: d
        .set("fleet", "mixedInstancesPolicy.launchTemplate.overrides.1.instanceType", UNKNOWN)),
    ("asg-multiple-instance-types", lambda d: d
        .set("fleet", "mixedInstancesPolicy.launchTemplate.overrides.1.instanceType", "t4g.nano")),
    ("asg-capacity-rebalance", lambda d: d.set("fleet",
        "mixedInstancesPolicy.instancesDistribution", {"onDemandPercentageAboveBaseCapacity": 0})),
    ("asg-capacity-rebalance", lambda d: d.set("fleet",
        "mixedInstancesPolicy.instancesDistribution",
        {"onDemandPercentageAboveBaseCapacity": UNKNOWN})),
    ("asg-capacity-rebalance", lambda d: d
        .set("template", "instanceMarketOptions", {"marketType": "spot"})),
    ("asg-capacity-rebalance", lambda d: d
        .set("template", "instanceMarketOptions", {"marketType": "spot"})
        .set("fleet", "capacityRebalance", UNKNOWN)),
    ("asg-behind-listener", lambda d: d.set("fleet", "targetGroupArns", ...)),
    ("asg-behind-listener", lambda d: d.set("fleet", "targetGroupArns", UNKNOWN)
        .link("fleet", "targetGroupArns")),
    ("asg-behind-listener", lambda d: d.drop("listener", "plain")),
    ("asg-behind-listener", lambda d: d.set("listener", "defaultActions.0.type", "redirect")),
    ("elbv2-multi-az", lambda d: d.drop("balancer", "listener", "plain")),
    ("elbv2-multi-az", lambda d: d.set("balancer", "subnets", [UNKNOWN])),
    ("elbv2-multi-az", lambda d: d.link("balancer", "subnets", "subnet-b")),
    ("tg-health-check-defined", lambda d: d.set("targets", "healthCheck", ...)),
    ("tg-health-check-defined", lambda d: d.set("targets", "healthCheck", UNKNOWN)),
    ("tg-health-check-defined", lambda d: d.set("targets", "healthCheck.enabled", False)),
    ("tg-health-check-defined", lambda d: d.set("targets", "healthCheck.enabled", UNKNOWN)),
    ("tg-health-check-defined", lambda d: d.set("targets", "healthCheck.protocol", "TCP")),
    ("tg-health-check-defined", lambda d: d.set("targets", "healthCheck.protocol", UNKNOWN)),
    ("tg-health-check-defined", lambda d: d.set("targets", "healthCheck.path", ...)),
    ("tg-health-check-defined", lambda d: d.set("targets", "healthCheck.path", UNKNOWN)),
    ("alb-drop-invalid-headers", lambda d: d.set("balancer", "dropInvalidHeaderFields", ...)),
    ("alb-drop-invalid-headers", lambda d: d.set("balancer", "dropInvalidHeaderFields", UNKNOWN)),
    ("alb-desync-mode", lambda d: d.set("balancer", "desyncMitigationMode", "monitor")),
    ("alb-desync-mode", lambda d: d.set("balancer", "desyncMitigationMode", UNKNOWN)),
    ("elb-deletion-protection", lambda d: d.set("balancer", "enableDeletionProtection", ...)),
    ("elb-deletion-protection", lambda d: d.set("balancer", "enableDeletionProtection", UNKNOWN)),
    ("elb-access-logs", lambda d: d.set("balancer", "accessLogs", ...)),
    ("elb-access-logs", lambda d: d.set("balancer", "accessLogs", UNKNOWN)),
    ("elb-access-logs", lambda d: d.set("balancer", "accessLogs.enabled", False)),
    ("elb-access-logs", lambda d: d.set("balancer", "accessLogs.enabled", ...)),
    ("elb-access-logs", lambda d: d.set("balancer", "accessLogs.enabled", UNKNOWN)),
    ("elb-tls-listener", lambda d: d.drop("plain").set("listener", "protocol", "HTTP")
        .set("listener", "certificateArn", ...)),
    ("elb-tls-listener", lambda d: d.drop("plain").set("listener", "protocol", UNKNOWN)
        .set("listener", "certificateArn", ...)),
    ("alb-http-to-https", lambda d: d.set("plain", "defaultActions.0.type", "fixed-response")),
    ("alb-http-to-https", lambda d: d.set("plain", "defaultActions.0.type", UNKNOWN)),
    ("alb-http-to-https", lambda d: d.set("plain", "defaultActions", UNKNOWN)),
    ("alb-http-to-https", lambda d: d.set("plain", "defaultActions", ...)),
    ("alb-http-to-https", lambda d: d
        .set("plain", "defaultActions.0.redirect", {"protocol": "HTTP"})),
    ("alb-http-to-https", lambda d: d.set("plain", "defaultActions.0.redirect", UNKNOWN)),
    ("alb-http-to-https", lambda d: d.add("path", "aws:lb/listenerRule:ListenerRule",
        {"listenerArn": UNKNOWN, "actions": [{"type": "forward", "targetGroupArn": UNKNOWN}]},
        {"listenerArn": ["plain"], "actions": ["targets"]})),
    ("alb-http-to-https", lambda d: d.drop("plain").set("listener", "protocol", "HTTP")
        .set("listener", "certificateArn", ...)
        .add("certificate", "aws:acm/certificate:Certificate", {})),
    ("elb-tls-policy", lambda d: d.set("listener", "sslPolicy", ...)),
    ("elb-tls-policy", lambda d: d.set("listener", "sslPolicy", UNKNOWN)),
    ("elb-tls-policy", lambda d: d.set("listener", "sslPolicy", "ELBSecurityPolicy-2016-08")),
    ("codedeploy-deployment-group", lambda d: d.drop("deployment")),
    ("codedeploy-deployment-group", lambda d: d.set("deployment", "autoscalingGroups", ...)),
    ("codedeploy-deployment-group", lambda d: d.set("deployment", "autoscalingGroups", ["else"])
        .set("fleet", "name", "web")),
    ("codedeploy-deployment-group", lambda d: d.link("deployment", "autoscalingGroups")),
    ("codedeploy-traffic-control", lambda d: d.set("deployment", "deploymentStyle", ...)),
    ("codedeploy-traffic-control", lambda d: d
        .set("deployment", "deploymentStyle.deploymentOption", "WITHOUT_TRAFFIC_CONTROL")),
    ("codedeploy-traffic-control", lambda d: d
        .set("deployment", "deploymentStyle.deploymentOption", UNKNOWN)),
    ("codedeploy-traffic-control", lambda d: d.set("deployment", "loadBalancerInfo", ...)),
    ("codedeploy-traffic-control", lambda d: d.link("deployment", "loadBalancerInfo")),
    ("codedeploy-traffic-control", lambda d: d.twin("targets", "other")
        .link("deployment", "loadBalancerInfo", "other")),
    ("codedeploy-auto-rollback", lambda d: d.set("deployment", "autoRollbackConfiguration", ...)),
    ("codedeploy-auto-rollback", lambda d: d
        .set("deployment", "autoRollbackConfiguration.enabled", UNKNOWN)),
    ("codedeploy-auto-rollback", lambda d: d
        .set("deployment", "autoRollbackConfiguration.events", ["DEPLOYMENT_STOP_ON_ALARM"])),
    ("codedeploy-rollback-and-alarms", lambda d: d.set("deployment", "alarmConfiguration", ...)),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment", "alarmConfiguration", UNKNOWN)),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment", "alarmConfiguration.alarms", [])),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment", "alarmConfiguration.alarms", UNKNOWN)),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment", "alarmConfiguration.enabled", UNKNOWN)),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment", "alarmConfiguration.enabled", False)),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment", "autoRollbackConfiguration.events", ["DEPLOYMENT_FAILURE"])),
    ("codedeploy-no-copy-asg-bluegreen", lambda d: d.set("deployment", "blueGreenDeploymentConfig",
        {"greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"}})),
    ("codedeploy-no-copy-asg-bluegreen", lambda d: d
        .set("deployment", "deploymentStyle.deploymentType", "BLUE_GREEN")),
    ("codedeploy-one-dg-per-asg", lambda d: d.twin("deployment", "second")),
    ("codedeploy-outdated-instances-update", lambda d: d
        .set("deployment", "outdatedInstancesStrategy", "IGNORE")),
    ("codedeploy-outdated-instances-update", lambda d: d
        .set("deployment", "outdatedInstancesStrategy", UNKNOWN)),
    ("codedeploy-min-healthy-hosts", lambda d: d
        .set("deployment", "deploymentConfigName", "CodeDeployDefault.AllAtOnce")),
    ("codedeploy-min-healthy-hosts", lambda d: d
        .set("deployment", "deploymentConfigName", "elsewhere")),
    ("codedeploy-min-healthy-hosts", lambda d: d
        .set("deployment", "deploymentConfigName", UNKNOWN)),
    ("codedeploy-min-healthy-hosts", lambda d: d
        .set("deployment", "deploymentConfigName", UNKNOWN)
        .add("config", CONFIG, {"minimumHealthyHosts": UNKNOWN})
        .link("deployment", "deploymentConfigName", "config")),
    ("codedeploy-healthy-hosts-possible", lambda d: d.set("fleet", "minSize", 2.0)
        .set("deployment", "deploymentConfigName", "ours")
        .add("config", CONFIG, {"deploymentConfigName": "ours",
             "minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 66.0}})),
    ("codedeploy-healthy-hosts-possible", lambda d: d.set("fleet", "minSize", UNKNOWN)
        .set("deployment", "deploymentConfigName", "ours")
        .add("config", CONFIG, {"deploymentConfigName": "ours",
             "minimumHealthyHosts": {"type": "HOST_COUNT", "value": 1.0}})),
    ("codedeploy-health-check-patience", lambda d: d
        .set("targets", "healthCheck.interval", 300.0).set("targets", "deregistrationDelay", 10.0)),
    ("codedeploy-health-check-patience", lambda d: d.set("fleet", "healthCheckGracePeriod", 150.0)),
    ("codedeploy-health-check-patience", lambda d: d
        .set("fleet", "healthCheckGracePeriod", UNKNOWN)),
    ("codedeploy-health-check-patience", lambda d: d
        .set("targets", "healthCheck.interval", UNKNOWN)),
    ("codedeploy-health-check-patience", lambda d: d
        .set("targets", "healthCheck.healthyThreshold", UNKNOWN)),
    ("codedeploy-health-check-patience", lambda d: d
        .set("targets", "deregistrationDelay", UNKNOWN)),
    ("codedeploy-health-check-patience", lambda d: d
        .set("targets", "deregistrationDelay", 3600.0)),
    ("rds-minor-upgrade", lambda d: d.set("database", "autoMinorVersionUpgrade", False)),
    ("rds-minor-upgrade", lambda d: d.set("database", "autoMinorVersionUpgrade", UNKNOWN)),
    ("rds-multi-az", lambda d: d.set("database", "multiAz", UNKNOWN)),
    ("rds-multi-az", lambda d: d.set("database", "multiAz", False)),
    ("rds-deletion-protection", lambda d: d.set("database", "deletionProtection", ...)),
    ("rds-encrypted", lambda d: d.set("database", "storageEncrypted", ...)),
    ("rds-encrypted", lambda d: d.set("database", "storageEncrypted", UNKNOWN)),
    ("rds-not-public", lambda d: d.set("database", "publiclyAccessible", True)),
    ("rds-not-public", lambda d: d.set("database", "publiclyAccessible", UNKNOWN)),
    ("rds-backups", lambda d: d.set("database", "backupRetentionPeriod", 1.0)),
    ("rds-backups", lambda d: d.set("database", "backupRetentionPeriod", ...)),
    ("rds-backups", lambda d: d.set("database", "backupRetentionPeriod", UNKNOWN)),
    ("rds-managed-master-password", lambda d: d.set("database", "password", "s3cret")),
    ("rds-managed-master-password", lambda d: d.set("database", "password", UNKNOWN)),
    ("rds-managed-master-password", lambda d: d.set("database", "manageMasterUserPassword", ...)),
    ("ec2-imdsv2", lambda d: d.set("template", "metadataOptions.httpTokens", "optional")),
    ("ec2-imdsv2", lambda d: d.set("template", "metadataOptions.httpTokens", UNKNOWN)),
    ("ec2-metadata-hop-limit", lambda d: d
        .set("template", "metadataOptions.httpPutResponseHopLimit", 2.0)),
    ("ec2-metadata-hop-limit", lambda d: d
        .set("template", "metadataOptions.httpPutResponseHopLimit", ...)),
    ("ebs-encrypted", lambda d: d.set("template", "blockDeviceMappings", ...)),
    ("ebs-encrypted", lambda d: d.set("template", "blockDeviceMappings", UNKNOWN)),
    ("ebs-encrypted", lambda d: d.set("template", "blockDeviceMappings.0.ebs.encrypted", "false")),
    ("ebs-encrypted", lambda d: d.set("template", "blockDeviceMappings.0.ebs", UNKNOWN)),
    ("ebs-encrypted", lambda d: d.add("disk", "aws:ebs/volume:Volume", {})),
    ("ec2-instance-profile", lambda d: d.set("template", "iamInstanceProfile", ...)),
    ("ec2-instance-profile", lambda d: d.set("template", "iamInstanceProfile", {"name": ""})),
    ("ec2-managed-by-ssm", lambda d: d.drop("sessions")),
    ("ec2-managed-by-ssm", lambda d: d.set("sessions", "policyArn", UNKNOWN)),
    ("ec2-managed-by-ssm", lambda d: d.set("sessions", "policyArn", "arn:aws:iam::1:policy/mine")),
    ("ec2-managed-by-ssm", lambda d: d.link("sessions", "role")),
    ("ec2-managed-by-ssm", lambda d: d.link("profile", "role")),
    ("ec2-managed-by-ssm", lambda d: d.link("template", "iamInstanceProfile")),
    ("ec2-managed-by-ssm", lambda d: d.drop("sessions").add("grants", ROLE_POLICY,
        {"role": UNKNOWN, "policy": UNKNOWN}, {"role": ["role"]})),
    ("ec2-managed-by-ssm", lambda d: d.drop("sessions").add("grants", ROLE_POLICY,
        {"role": UNKNOWN, "policy": GRANT.replace("Allow", "Deny")}, {"role": ["role"]})),
    ("no-public-ip", lambda d: d.set("subnet-a", "mapPublicIpOnLaunch", True)),
    ("no-public-ip", lambda d: d.set("subnet-a", "mapPublicIpOnLaunch", UNKNOWN)),
    ("no-public-ip", lambda d: d
        .set("template", "networkInterfaces", [{"associatePublicIpAddress": "true"}])),
    ("no-public-ip", lambda d: d.set("template", "networkInterfaces", UNKNOWN)),
    ("no-public-ip", lambda d: d.add("one", "aws:ec2/instance:Instance",
        {"launchTemplate": {"id": UNKNOWN}, "associatePublicIpAddress": True})),
    ("alarm-has-action", lambda d: d.set("alarm", "alarmActions", ...)),
    ("alarm-has-action", lambda d: d.set("alarm", "alarmActions", [])),
    ("alarm-has-action", lambda d: d.set("alarm", "alarmActions", UNKNOWN)),
    ("alarm-has-action", lambda d: d.set("alarm", "actionsEnabled", False)),
    ("alarm-has-action", lambda d: d.set("alarm", "actionsEnabled", UNKNOWN)),
    ("sg-no-remote-admin", lambda d: d.add("ssh", INGRESS, SSH)),
    ("sg-no-remote-admin", lambda d: d.add("ssh", INGRESS, {**WORLD, "cidrIpv6": "::/0"})),
    ("sg-no-remote-admin", lambda d: d.add("all", INGRESS, {"ipProtocol": "-1",
        "cidrIpv4": "0.0.0.0/0"})),
    ("sg-no-remote-admin", lambda d: d.add("who", INGRESS, {**WORLD, "cidrIpv4": UNKNOWN})),
    ("sg-no-remote-admin", lambda d: d.add("old", GROUP_RULE, {"type": "ingress",
        "protocol": "tcp", "fromPort": 0.0, "toPort": 1024.0, "cidrBlocks": ["0.0.0.0/0"]})),
    ("sg-no-remote-admin", lambda d: d.set("firewall", "ingress", [{"protocol": "tcp",
        "fromPort": 22.0, "toPort": 22.0, "cidrBlocks": ["0.0.0.0/0"]}])),
    ("sg-open-only-to-authorized-ports", lambda d: d.set("web", "fromPort", 8080.0)
        .set("web", "toPort", 8080.0)),
    ("s3-public-access-blocked", lambda d: d.drop("access")),
    ("s3-public-access-blocked", lambda d: d.set("access", "blockPublicAcls", UNKNOWN)),
    ("s3-public-access-blocked", lambda d: d.link("access", "bucket")),
    ("s3-revision-bucket-versioning", lambda d: d.drop("versioning")),
    ("s3-revision-bucket-versioning", lambda d: d
        .set("versioning", "versioningConfiguration", UNKNOWN)),
    ("s3-encryption", lambda d: d.drop("encryption")),
    ("s3-encryption", lambda d: d.set("encryption", "rules", UNKNOWN)),
    ("s3-tls-only", lambda d: d.drop("transport")),
    ("s3-tls-only", lambda d: d.set("transport", "policy", '{"Statement": []}')),
    *(("s3-revision-never-expires", lambda d, rule=rule: lifecycle(d, rule)) for rule in (
        {"status": "Enabled", "expiration": {"days": 30.0}},
        {"status": "Enabled", "expiration": {"date": "2030-01-01T00:00:00Z"}},
        {"status": "Enabled", "expiration": UNKNOWN},
        {"status": UNKNOWN, "expiration": {"days": 30.0}},
        {"status": "Enabled", "expiration": {"days": UNKNOWN}},
        {"status": "Enabled", "filter": {"prefix": "rev"}, "expiration": {"days": 30.0}},
        {"status": "Enabled", "filter": {"prefix": UNKNOWN}, "expiration": {"days": 30.0}},
        {"status": "Enabled", "filter": {"and": {"prefix": "revisions/"}},
         "expiration": {"days": 30.0}},
        {"status": "Enabled", "transitions": [{"storageClass": "GLACIER"}]},
        {"status": "Enabled", "transitions": [{"storageClass": UNKNOWN}]},
        UNKNOWN,
    )),
    ("s3-revision-never-expires", lambda d: lifecycle(d, {}).set("lifecycle", "rules", UNKNOWN)),
    ("s3-revision-never-expires", lambda d: d.set("object", "key", UNKNOWN)
        .set("bucket", "lifecycleRules", [{"enabled": True, "prefix": "logs/",
             "expiration": {"days": 1.0}}])),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("fleet", "vpcZoneIdentifiers", UNKNOWN),
    lambda d: d.set("subnet-a", "availabilityZone", ...)
        .set("subnet-b", "availabilityZone", UNKNOWN)
        .set("subnet-a", "availabilityZoneId", "az1").set("subnet-b", "availabilityZoneId", "az2"),
    lambda d: d.set("subnet-a", "id", "s-1").set("subnet-b", "id", "s-2")
        .set("fleet", "vpcZoneIdentifiers", ["s-1", "s-2"]).link("fleet", "vpcZoneIdentifiers"),
    lambda d: d.set("fleet", "vpcZoneIdentifiers", ...)
        .set("fleet", "availabilityZones", ["a", "b"]),
    lambda d: d.set("balancer", "subnets", UNKNOWN).link("balancer", "subnets")
        .set("balancer", "subnetMappings", [{"subnetId": UNKNOWN}, {"subnetId": UNKNOWN}])
        .link("balancer", "subnetMappings", "subnet-a", "subnet-b"),
    lambda d: d.set("fleet", "mixedInstancesPolicy.launchTemplate.overrides",
        [{"instanceRequirements": {"vcpuCount": {"min": 2.0}}}]),
    lambda d: d.set("deployment", "alarmConfiguration.alarms", UNKNOWN)
        .link("deployment", "alarmConfiguration", "alarm"),
    lambda d: d.set("fleet", "launchTemplate", UNKNOWN).link("fleet", "launchTemplate", "template"),
    lambda d: d.set("template", "instanceMarketOptions", {"marketType": "spot"})
        .set("fleet", "capacityRebalance", True),
    lambda d: d.set("fleet", "mixedInstancesPolicy.instancesDistribution",
        {"onDemandPercentageAboveBaseCapacity": 100.0}),
    lambda d: d.set("balancer", "desyncMitigationMode", "strictest"),
    lambda d: d.set("plain", "port", 8080.0).set("web", "fromPort", 8080.0)
        .set("web", "toPort", 8080.0),
    lambda d: d.drop("plain"),
    lambda d: d.add("path", "aws:lb/listenerRule:ListenerRule", {"listenerArn": UNKNOWN,
        "actions": [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}]},
        {"listenerArn": ["plain"]}),
    lambda d: d.set("balancer", "loadBalancerType", "network")
        .set("balancer", "dropInvalidHeaderFields", ...).set("balancer", "accessLogs", ...)
        .set("listener", "protocol", "TCP").set("listener", "certificateArn", ...)
        .set("listener", "sslPolicy", ...).drop("plain"),
    lambda d: d.set("targets", "healthCheck.interval", 5.0)
        .set("targets", "healthCheck.healthyThreshold", 2.0)
        .set("fleet", "healthCheckGracePeriod", 11.0),
    lambda d: d.drop("sessions").add("grants", ROLE_POLICY,
        {"role": UNKNOWN, "policy": GRANT}, {"role": ["role"]}),
    lambda d: d.drop("sessions").set("role", "managedPolicyArns",
        ["arn:aws-cn:iam::aws:policy/AmazonSSMManagedInstanceCore"]),
    lambda d: d.drop("sessions").set("role", "inlinePolicies", [UNKNOWN, {"policy": GRANT}]),
    lambda d: d.set("profile", "name", "web").set("template", "iamInstanceProfile.name", "web")
        .link("template", "iamInstanceProfile"),
    lambda d: d.set("template", "networkInterfaces", [{"associatePublicIpAddress": "false"}]),
    lambda d: d.set("database", "autoMinorVersionUpgrade", True),
    lambda d: lifecycle(d, {"status": "Disabled", "expiration": {"days": 30.0}}),
    lambda d: lifecycle(d, {"status": "Enabled", "filter": {"prefix": "logs/"},
        "expiration": {"days": 30.0}}),
    lambda d: lifecycle(d, {"status": "Enabled", "noncurrentVersionExpiration":
        {"noncurrentDays": 30.0}, "expiration": {"expiredObjectDeleteMarker": True}}),
    lambda d: lifecycle(d, {"status": "Enabled", "transitions": [{"storageClass": "STANDARD_IA"}]}),
    lambda d: d.set("bucket", "lifecycleRules", UNKNOWN),
    lambda d: d.set("fleet", "targetGroupArns", UNKNOWN).link("fleet", "targetGroupArns")
        .add("join", "aws:autoscaling/attachment:Attachment",
             {"autoscalingGroupName": UNKNOWN, "lbTargetGroupArn": UNKNOWN},
             {"autoscalingGroupName": ["fleet"], "lbTargetGroupArn": ["targets"]}),
    lambda d: d.set("listener", "defaultActions", UNKNOWN),
    lambda d: d.set("listener", "defaultActions", [{"type": "forward",
        "forward": {"targetGroups": [{"arn": UNKNOWN}]}}]),
    lambda d: d.set("listener", "defaultActions", [{"type": "redirect"}])
        .add("path", "aws:lb/listenerRule:ListenerRule",
             {"listenerArn": UNKNOWN, "actions": [{"type": "forward", "targetGroupArn": UNKNOWN}]},
             {"listenerArn": ["listener"], "actions": ["targets"]}),
    lambda d: d.set("targets", "healthCheck.enabled", ...),
    lambda d: d.set("targets", "healthCheck.protocol", "HTTPS"),
    lambda d: d.set("deployment", "autoscalingGroups", ["web"]).set("fleet", "name", "web")
        .link("deployment", "autoscalingGroups"),
    lambda d: d.set("deployment", "deploymentConfigName", ...),
    lambda d: d.set("deployment", "blueGreenDeploymentConfig", ...),
    lambda d: d.add("workers", "aws:autoscaling/group:Group", {"healthCheckType": "EC2",
        "vpcZoneIdentifiers": [UNKNOWN, UNKNOWN], "mixedInstancesPolicy":
        {"launchTemplate": {"overrides": [{"instanceType": "a"}, {"instanceType": "b"}]}}},
        {"vpcZoneIdentifiers": ["subnet-a", "subnet-b"]}),
    lambda d: d.set("database", "multiAz", ...).set("database", "backupRetentionPeriod", ...)
        .set("database", "manageMasterUserPassword", ...).set("database", "storageEncrypted", ...)
        .set("database", "replicateSourceDb", "primary"),
    lambda d: d.add("one", "aws:ec2/instance:Instance", {"launchTemplate": {"id": UNKNOWN}}),
    lambda d: d.add("ping", INGRESS, {"ipProtocol": "icmp", "cidrIpv4": "0.0.0.0/0"}),
    lambda d: d.add("app", INGRESS, {"ipProtocol": "tcp", "fromPort": 8080.0, "toPort": 8080.0,
        "referencedSecurityGroupId": UNKNOWN}),
    lambda d: d.add("out", GROUP_RULE, {"type": "egress", "protocol": "-1",
        "cidrBlocks": ["0.0.0.0/0"]}),
    lambda d: d.set("listener", "port", 8080.0).set("web", "fromPort", 8080.0)
        .set("web", "toPort", 8080.0),
    lambda d: d.set("transport", "policy", TLS),
]  # fmt: skip


def test_the_good_stack_breaks_nothing():
    assert broken(Draft()) == set()


@pytest.mark.parametrize(
    ("rule", "change"), BREAKS, ids=[f"{i}-{case[0]}" for i, case in enumerate(BREAKS)]
)
def test_a_change_breaks_exactly_its_rule(rule, change):
    assert broken(change(Draft())) == {rule}


@pytest.mark.parametrize("change", KEEPS, ids=range(len(KEEPS)))
def test_a_change_breaks_nothing(change):
    assert broken(change(Draft())) == set()


def test_every_rule_is_broken_by_some_change():
    assert {rule for rule, _ in BREAKS} == set(BY_ID)


def test_a_violation_names_resource_value_and_remedy():
    draft = Draft().set("fleet", "healthCheckType", "EC2")
    (found,) = violations(draft, "asg-elb-health-check")
    text = BY_ID["asg-elb-health-check"].text(found)
    assert '"fleet"' in text
    assert '"EC2"' in text
    assert "Remedy: set the Auto Scaling group's health_check_type" in text
    assert found.resource.urn == "urn:fleet"


def test_something_missing_is_a_finding_about_the_whole_stack():
    (found,) = violations(Draft().drop("deployment"), "codedeploy-deployment-group")
    assert found.resource is None


def test_each_of_several_resources_is_judged():
    draft = Draft().twin("targets", "second").twin("targets", "third")
    draft.set("second", "healthCheck", ...).set("third", "healthCheck.protocol", "TCP")
    found = violations(draft, "tg-health-check-defined")
    assert [violation.resource.name for violation in found] == ["second", "third"]


def test_a_zone_that_is_not_known_counts_as_none():
    draft = Draft().set("subnet-b", "availabilityZone", UNKNOWN)
    (found,) = violations(draft, "asg-multi-az")
    assert 'spans 1 Availability Zone for certain (a; the zone of subnet "subnet-b"' in found.what


def test_subnets_of_another_stack_are_decided_by_configuration():
    draft = Draft().set("fleet", "vpcZoneIdentifiers", ["s-1", "s-2"])
    draft.link("fleet", "vpcZoneIdentifiers")
    (found,) = violations(draft, "asg-multi-az")
    assert "subnet s-1 (not of this stack)" in found.what
    assert not violations(draft, "asg-multi-az", subnetZones={"s-1": "a", "s-2": "b"})
    assert violations(draft, "asg-multi-az", subnetZones={"s-1": "a", "s-2": "a"})


@pytest.mark.parametrize(
    ("rule", "config"),
    [
        ("asg-multi-az", {"minimumZones": 3.0}),
        ("elbv2-multi-az", {"minimumZones": 3.0}),
        ("codedeploy-min-healthy-hosts", {"minimumFleetPercent": 66.0}),
        ("rds-backups", {"minimumDays": 8.0}),
        ("sg-no-remote-admin", {"ports": [80.0]}),
    ],
)
def test_a_threshold_comes_from_the_configuration(rule, config):
    draft = Draft().set("firewall", "ingress", ...)
    assert not violations(draft, rule)
    assert violations(draft, rule, **config)


@pytest.mark.parametrize(
    ("size", "kind", "value", "possible"),
    [
        (2, "FLEET_PERCENT", 50, True),
        (2, "FLEET_PERCENT", 51, False),
        (3, "FLEET_PERCENT", 66, True),
        (3, "FLEET_PERCENT", 67, False),
        (2, "HOST_COUNT", 1, True),
        (2, "HOST_COUNT", 2, False),
    ],
)
def test_percentages_round_up_to_hosts(size, kind, value, possible):
    draft = Draft().set("fleet", "minSize", float(size))
    draft.set("deployment", "deploymentConfigName", UNKNOWN)
    draft.add("config", CONFIG, {"minimumHealthyHosts": {"type": kind, "value": float(value)}})
    draft.link("deployment", "deploymentConfigName", "config")
    assert bool(violations(draft, "codedeploy-healthy-hosts-possible")) == (not possible)


def test_a_password_never_gets_into_a_message():
    (found,) = violations(
        Draft().set("database", "password", "s3cret"), "rds-managed-master-password"
    )
    assert "s3cret" not in found.what
