"""What cures the rules about data stores, credentials, privileges and what AWS refuses."""

from __future__ import annotations

import base64
import json

from tests.policies.draft import Ref
from tests.policies.remedies.existing import CERTIFICATE
from tests.policies.remedies.registry import cures, sets

SECRET = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:db-AbCdEf"
SCRIPT = base64.b64encode(b"#!/bin/bash\naws secretsmanager get-secret-value\n").decode()

sets("rds-tls-required", ("parameter-group", "parameters.0.value", "1"))
sets("rds-logs-exported", ("database", "enabledCloudwatchLogsExports", ["postgresql"]))
sets("rds-copy-tags-to-snapshots", ("database", "copyTagsToSnapshot", True))
sets("rds-final-snapshot", ("database", "finalSnapshotIdentifier", "web-last"))
sets(
    "rds-supported-engine",
    ("database", "engineVersion", "18"),
    ("parameter-group", "family", "postgres18"),
)
sets("certificate_of_an_expired_authority", ("database", "caCertIdentifier", "rds-ca-rsa2048-g1"))
sets(
    "log-group-retention",
    ("aws:cloudwatch/logGroup:LogGroup::web-database-log", "retentionInDays", 30),
)
sets("data-store-encrypted", ("aurora", "storageEncrypted", True))
sets("unencrypted_cache", ("cache", "atRestEncryptionEnabled", True))
sets("unencrypted_files", ("files", "encrypted", True))
sets("data-store-encrypted-in-transit", ("cache", "transitEncryptionEnabled", True))
sets(
    "data-store-not-public",
    ("aurora-0", "publiclyAccessible", False),
    ("aurora-1", "publiclyAccessible", False),
)
sets("data-store-backups", ("aurora", "backupRetentionPeriod", 7))
sets("table_without_recovery", ("table", "pointInTimeRecovery", {"enabled": True}))
sets(
    "table_recoverable_for_a_day",
    ("table", "pointInTimeRecovery.recoveryPeriodInDays", 7),
)
sets("table_not_protected", ("table", "deletionProtectionEnabled", True))
sets("cache-snapshots", ("cache", "snapshotRetentionLimit", 1))
sets("data-store-deletion-protection", ("aurora", "deletionProtection", True))


@cures("files_without_backup")
def back_files_up(stack):
    stack.add(
        "backed-up",
        "aws:efs/backupPolicy:BackupPolicy",
        {"fileSystemId": Ref("files"), "backupPolicy": {"status": "ENABLED"}},
    )


@cures("files_mounted_in_one_zone")
def mount_everywhere(stack):
    stack.add(
        "mounted-too",
        "aws:efs/mountTarget:MountTarget",
        {
            "fileSystemId": Ref("files"),
            "subnetId": Ref("subnet-b"),
            "securityGroups": [Ref("files-group")],
        },
    )


sets(
    "cluster_in_one_zone",
    ("aurora-0", "availabilityZone", ...),
    ("aurora-1", "availabilityZone", ...),
)
sets(
    "cache_of_one_node",
    ("cache", "numCacheClusters", 2),
    ("cache", "automaticFailoverEnabled", True),
    ("cache", "multiAzEnabled", True),
)
sets("cache_without_failover", ("cache", "automaticFailoverEnabled", True))
sets("files_in_one_zone", ("files", "availabilityZoneName", ...))
sets("shards_without_replicas", ("cache", "replicasPerNodeGroup", 1))

# --- credentials and privileges -------------------------------------------------------------------

sets("user-data-no-credentials", ("template", "userData", SCRIPT))
sets(
    "ssm-parameter-secure",
    ("parameter", "type", "SecureString"),
    ("parameter", "value", Ref("database", "arn")),
)
sets("no-credential-passed-on", ("parameter", "type", "SecureString"))
sets("provider-no-access-keys", ("elsewhere", "accessKey", ...), ("elsewhere", "secretKey", ...))

# --- what AWS refuses -----------------------------------------------------------------------------

sets("alarm-accepted", ("alarm", "period", 60))
sets("values-accepted", ("alarm", "unit", "Count"))
sets("tags-accepted", ("vpc", "tags", {"team": "shop"}))
sets("tags-no-credentials", ("vpc", "tags", {"team": "shop"}))


@cures("quotas-suffice")
def _five_addresses(stack):
    stack.drop("address-3", "address-4", "address-5")


sets("more_datapoints_than_periods", ("alarm", "datapointsToAlarm", 3))
sets("asg-parts-accepted", ("template", "imageId", "ami-0123456789abcdef0"))
sets(
    "one_override_with_a_weight",
    ("group", "mixedInstancesPolicy.launchTemplate.overrides.0.weightedCapacity", ...),
)
sets("launch-template-accepted", ("template", "metadataOptions.httpPutResponseHopLimit", 1))
sets("iops_of_a_volume_that_takes_none", ("template", "blockDeviceMappings.0.ebs.iops", ...))
sets("rds-accepted", ("database", "iops", ...))
sets("storage_grows_to_less_than_it_is", ("database", "maxAllocatedStorage", 100))
sets("standby_in_a_chosen_zone", ("database", "availabilityZone", ...))
sets("reserved_master_user", ("database", "username", "app_admin"))
sets("parameters_of_another_version", ("parameter-group", "family", "postgres18"))
sets(
    "codedeploy-accepted",
    (
        "deployment-group",
        "autoRollbackConfiguration.events",
        ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
    ),
)
sets(
    "more_than_all_hosts_healthy",
    ("careful", "minimumHealthyHosts", {"type": "FLEET_PERCENT", "value": 50}),
)
sets("sg-accepted", ("further", "fromPort", 9000), ("further", "toPort", 9100))
sets("addresses_and_a_group_in_one_rule", ("further", "cidrIpv4", ...))
sets("address_with_host_bits", ("further", "cidrIpv4", "10.20.0.0/16"))
sets("s3-accepted", ("bucket", "bucket", ...))
sets("tg-accepted", ("target-group", "slowStart", ...))
sets(
    "anomaly_mitigation_without_weighted_random",
    ("target-group", "loadBalancingAlgorithmType", "weighted_random"),
)
sets("health_check_times_out_after_its_interval", ("target-group", "healthCheck.timeout", 2))
sets("prefix_too_long_for_a_target_group", ("target-group", "namePrefix", ...))
sets("elbv2-accepted", ("https", "certificateArn", CERTIFICATE))
sets(
    "two_balancer_subnets_in_one_zone",
    ("load-balancer", "subnets", [Ref("public-a"), Ref("public-b")]),
)
sets("listener_of_a_protocol_that_is_not_http", ("http", "protocol", "HTTP"))
sets("two_rules_with_one_priority", ("second-rule", "priority", 20))
sets("names-and-arns", ("https", "certificateArn", CERTIFICATE))
sets(
    "monitoring_role_by_its_name",
    ("database", "monitoringRoleArn", "arn:aws:iam::123456789012:role/rds"),
)
sets(
    "logs_archived_after_a_week",
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration::web-access-logs-lifecycle",
        "rules.1.transitions",
        [{"days": 30, "storageClass": "STANDARD_IA"}],
    ),
)
sets(
    "rds-parts-accepted",
    (
        "aws:rds/subnetGroup:SubnetGroup::web-database-subnets",
        "subnetIds",
        [Ref("subnet-a"), Ref("subnet-b")],
    ),
)
sets(
    "environment-no-credentials",
    (
        "worker",
        "environment",
        {"variables": {"SECRET_ARN": SECRET}},
    ),
)
sets(
    "password_in_a_containers_environment",
    ("task", "executionRoleArn", "arn:aws:iam::123456789012:role/starts-tasks"),
    (
        "task",
        "containerDefinitions",
        json.dumps(
            [
                {
                    "name": "web",
                    "image": "web:1",
                    "memory": 512,
                    "secrets": [
                        {
                            "name": "API_KEY",
                            "valueFrom": SECRET,
                        }
                    ],
                }
            ]
        ),
    ),
)
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::web-exports/*"}
    ],
}


@cures("iam-no-administrator")
def allow_what_is_needed(stack):
    stack.drop("further")
    stack.add(
        "needed",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": Ref("role"), "policy": json.dumps(POLICY)},
    )


@cures("iam-no-escalation")
def name_the_role(stack):
    statement = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::123456789012:role/web-worker",
    }
    stack.set("further", "policy", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


@cures("iam-trust-limited")
def trust_services_only(stack):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    stack.set(
        "role", "assumeRolePolicy", json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )


@cures("rds-failover-noticed")
def subscribe(stack):
    stack.add(
        "subscribed",
        "aws:rds/eventSubscription:EventSubscription",
        {
            "snsTopic": "arn:aws:sns:ap-northeast-2:123456789012:on-call",
            "sourceType": "db-instance",
            "eventCategories": ["availability", "failover"],
        },
    )


@cures("cluster_of_one_instance")
def a_second_instance(stack):
    stack.add(
        "aurora-1",
        "aws:rds/clusterInstance:ClusterInstance",
        {
            "clusterIdentifier": Ref("aurora"),
            "engine": "aurora-postgresql",
            "instanceClass": "db.t4g.medium",
        },
    )
