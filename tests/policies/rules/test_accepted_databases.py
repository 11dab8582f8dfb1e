"""What Amazon RDS refuses."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules import test_store_refusals
from tests.policies.rules.cases import (
    alone,
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_it_is_not_refused",
    "test_it_is_refused",
]


DATABASE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
SUBNETS = "aws:rds/subnetGroup:SubnetGroup::web-database-subnets"


def database(**changes):
    properties = {"engine": "postgres", "skipFinalSnapshot": True, **changes}
    return alone(DATABASE, **{k: v for k, v in properties.items() if v is not ...})


def cluster(**changes):
    properties = {"engine": "aurora-postgresql", "skipFinalSnapshot": True, **changes}
    return alone(CLUSTER, **{k: v for k, v in properties.items() if v is not ...})


def serverless(draft, **changes):
    cluster(**changes)(draft)
    properties = {"instanceClass": "db.serverless", "clusterIdentifier": UNKNOWN}
    return draft.add("instance", INSTANCE, properties, {"clusterIdentifier": ["further"]})


# A change and the one rule that it breaks.
BREAKS = [
    ("rds-accepted", lambda d: d.set("database", "monitoringInterval", 60.0)),
]  # fmt: skip

REFUSED = {
    "rds-accepted": [
        lambda d: d.set("database", "identifier", "web--database"),
        database(storageType="io1", allocatedStorage=100.0),
        database(storageType="gp2", iops=1000.0),
        database(storageType="gp2", storageThroughput=500.0),
        database(storageType="gp3", allocatedStorage=10.0),
        database(backupRetentionPeriod=40.0),
        database(masterUserSecretKmsKeyId="arn:aws:kms:eu-west-1:1:key/1"),
        database(monitoringInterval=7.0, monitoringRoleArn="arn:aws:iam::1:role/r"),
        database(engine="mysql", username="rdsadmin"),
        database(engine="aurora-postgresql"),
        database(kmsKeyId="arn:aws:kms:eu-west-1:1:key/1"),
        database(instanceClass="t4g.micro"),
        database(port=80.0),
        cluster(masterUsername="admin"),
        cluster(backupRetentionPeriod=0.0),
        cluster(serverlessv2ScalingConfiguration={"minCapacity": 4.0, "maxCapacity": 2.0}),
        cluster(serverlessv2ScalingConfiguration={"minCapacity": 0.0, "maxCapacity": 300.0}),
    ],
    "rds-parts-accepted": [
        serverless,
        lambda d: d.set("database", "backupRetentionPeriod", 0.0)
            .set("database", "replicateSourceDb", "primary")
            .add("copy", DATABASE, {"replicateSourceDb": UNKNOWN},
                 {"replicateSourceDb": ["database"]}),
        *test_store_refusals.REFUSED["rds-parts-accepted"],
    ],
}  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("database", "maxAllocatedStorage", 100.0),
    lambda d: d.set("database", "maxAllocatedStorage", 0.0),
    lambda d: d.set("database", "skipFinalSnapshot", True)
        .set("database", "finalSnapshotIdentifier", ...),
    lambda d: d.set("database", "monitoringInterval", 60.0)
        .set("database", "monitoringRoleArn", UNKNOWN),
    lambda d: d.set("database", "iops", UNKNOWN),
    lambda d: d.set("database", "engineVersion", UNKNOWN),
    lambda d: d.set("database", "availabilityZone", UNKNOWN),
]  # fmt: skip

SOUND = {
    "rds-accepted": [
        database(storageType="io1", allocatedStorage=100.0, iops=3000.0),
        database(storageType="gp3", allocatedStorage=400.0, iops=12000.0),
        database(engine="sqlserver-ex", storageType="gp3", allocatedStorage=20.0, iops=4000.0),
        database(engine="mysql", username="admin"),
        database(multiAz=False, availabilityZone="eu-west-1a"),
        cluster(serverlessv2ScalingConfiguration={"minCapacity": 0.5, "maxCapacity": 4.0}),
    ],
    "rds-parts-accepted": [
        lambda d: serverless(d, serverlessv2ScalingConfiguration={"minCapacity": 0.5,
            "maxCapacity": 4.0}),
        lambda d: d.set(SUBNETS, "subnetIds", ["subnet-1", "subnet-2"]),
        lambda d: d.set("parameter-group", "family", UNKNOWN),
        lambda d: d.set("database", "engineVersion", "18.2"),
    ],
}  # fmt: skip
