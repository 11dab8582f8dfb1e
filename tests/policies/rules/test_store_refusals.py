"""What Amazon RDS refuses about names, windows, members, keys and proxies."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.mutations.data_stores import CACHE
from tests.policies.rules.cases import alone, test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

RULE = "rds-parts-accepted"


def windows(backup, maintenance):
    return lambda d: d.set("database", "backupWindow", backup).set(
        "database", "maintenanceWindow", maintenance
    )


def member(engine):
    def change(draft):
        draft.add("cluster", "aws:rds/cluster:Cluster", {"engine": "aurora-postgresql"})
        given = {"clusterIdentifier": Ref("cluster"), "engine": engine}
        draft.add("member", "aws:rds/clusterInstance:ClusterInstance", given)

    return change


def key(**properties):
    def change(draft):
        draft.add("key", "aws:kms/key:Key", properties)
        draft.set("database", "kmsKeyId", Ref("key", "arn"))

    return change


def proxy(*subnets):
    return login(
        vpcSubnetIds=[Ref(one) for one in subnets],
        auths=[{"secretArn": "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:db"}],
    )


def login(**more):
    properties = {"engineFamily": "POSTGRESQL", **more}
    return lambda d: d.add("proxy", "aws:rds/proxy:Proxy", properties)


REFUSED = {
    RULE: [
        windows("03:00-04:00", "sun:03:30-sun:04:30"),
        windows("23:30-00:30", "mon:00:00-mon:01:00"),
        windows("03:00-04:00", "Sat:22:00-Sun:04:00"),
        lambda d: d.set("database", "dbName", "web-shop"),
        lambda d: d.set("database", "dbName", "1shop"),
        lambda d: d.set("database", "performanceInsightsRetentionPeriod", 30.0),
        member("aurora-mysql"),
        key(isEnabled=False),
        proxy("subnet-a"),
        login(vpcSubnetIds=[Ref("subnet-a"), Ref("subnet-b")]),
        login(vpcSubnetIds=[Ref("subnet-a"), Ref("subnet-b")], defaultAuthScheme="NONE"),
        alone(CACHE, numCacheClusters=1.0, automaticFailoverEnabled=True),
        alone(CACHE, snapshotWindow="03:00-04:00", maintenanceWindow="sun:03:30-sun:04:30"),
    ]
}

SOUND = {
    RULE: [
        windows("03:00-04:00", "sun:04:00-sun:05:00"),
        windows("03:00-04:00", UNKNOWN),
        windows("23:30-00:30", "mon:01:00-mon:02:00"),
        lambda d: d.set("database", "dbName", "web_shop2"),
        lambda d: d.set("database", "performanceInsightsRetentionPeriod", 93.0),
        member("aurora-postgresql"),
        member(UNKNOWN),
        key(),
        proxy("subnet-a", "subnet-b"),
        login(vpcSubnetIds=[Ref("subnet-a"), Ref("subnet-b")], defaultAuthScheme="IAM_AUTH"),
    ]
}
