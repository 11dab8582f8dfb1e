"""Databases, caches and other stores that an engineer in a hurry gets wrong."""

from __future__ import annotations

from tests.policies.programs.cases import (
    CLOSED,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)

WEB = "plain_web_service"
AURORA = "aurora_with_two_members"
CACHE = "cache_with_a_replica"


@broken(WEB, VALID)
def provisioned_storage_without_iops(edit: Edit) -> None:
    edit.set("database", "storageType", "io2")


@broken(WEB, VALID)
def storage_too_small(edit: Edit) -> None:
    edit.set("database", "allocatedStorage", 5)
    edit.set("database", "storageType", "gp3")


@broken(WEB, VALID)
def storage_that_shrinks(edit: Edit) -> None:
    edit.set("database", "maxAllocatedStorage", 40)


@broken("aurora_serverless", VALID)
def serverless_without_its_capacity(edit: Edit) -> None:
    edit.set("cluster", "serverlessv2ScalingConfiguration", ...)


@broken("aurora_serverless", VALID)
def serverless_upside_down(edit: Edit) -> None:
    edit.set("cluster", "serverlessv2ScalingConfiguration", {"minCapacity": 16, "maxCapacity": 2})


@broken(AURORA, CLOSED)
def aurora_with_a_password_in_the_program(edit: Edit) -> None:
    edit.set("cluster", "manageMasterUserPassword", ...)
    edit.set("cluster", "masterPassword", "s3cr3t-0f-th3-sh0p")


@broken(CACHE, CLOSED)
def cache_without_tls(edit: Edit) -> None:
    edit.set("cache", "transitEncryptionEnabled", False)


@broken(CACHE, (VALID, SURVIVE))
def failover_of_one_node(edit: Edit) -> None:
    edit.set("cache", "numCacheClusters", 1)


@broken("cache_in_shards", (VALID, SURVIVE))
def shards_without_failover(edit: Edit) -> None:
    edit.set("cache", "automaticFailoverEnabled", False)


def search(**more: object) -> dict[str, object]:
    return {
        "engineVersion": "OpenSearch_2.19",
        "clusterConfig": {
            "instanceType": "r7g.large.search",
            "instanceCount": 2,
            "zoneAwarenessEnabled": True,
            "zoneAwarenessConfig": {"availabilityZoneCount": 2},
        },
        "encryptAtRest": {"enabled": True},
        "nodeToNodeEncryption": {"enabled": True},
        "domainEndpointOptions": {
            "enforceHttps": True,
            "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
        },
        "vpcOptions": {"subnetIds": [Ref("private-a"), Ref("private-b")]},
        **more,
    }


SEARCH = "aws:opensearch/domain:Domain"


@broken(WEB, CLOSED)
def search_not_encrypted(edit: Edit) -> None:
    edit.add("search", SEARCH, search(encryptAtRest=None))


@broken(WEB, CLOSED)
def search_over_plain_http(edit: Edit) -> None:
    edit.add("search", SEARCH, search(domainEndpointOptions={"enforceHttps": False}))


@broken(WEB, SURVIVE)
def search_in_one_zone(edit: Edit) -> None:
    nodes = {"instanceType": "r7g.large.search", "instanceCount": 2}
    edit.add("search", SEARCH, search(clusterConfig=nodes))


@broken(WEB, SURVIVE, advisory=True)
def search_on_one_node(edit: Edit) -> None:
    nodes = {"instanceType": "r7g.large.search", "instanceCount": 1}
    edit.add("search", SEARCH, search(clusterConfig=nodes))


def queue(**more: object) -> dict[str, object]:
    return {
        "brokerName": "orders",
        "engineType": "RabbitMQ",
        "engineVersion": "4.2",
        "hostInstanceType": "mq.m7g.large",
        "deploymentMode": "CLUSTER_MULTI_AZ",
        "users": [{"username": "shop", "password": Ref("vpc", "arn")}],
        "subnetIds": [Ref("private-a"), Ref("private-b")],
        **more,
    }


BROKER = "aws:mq/broker:Broker"


@broken(WEB, SURVIVE, advisory=True)
def broker_of_one_instance(edit: Edit) -> None:
    edit.add("orders", BROKER, queue(deploymentMode="SINGLE_INSTANCE"))


@broken(WEB, CLOSED)
def broker_for_the_internet(edit: Edit) -> None:
    edit.add("orders", BROKER, queue(publiclyAccessible=True))


def memory(**more: object) -> dict[str, object]:
    return {
        "aclName": "open-access",
        "nodeType": "db.t4g.small",
        "numShards": 1,
        "numReplicasPerShard": 1,
        "tlsEnabled": True,
        "snapshotRetentionLimit": 7,
        **more,
    }


MEMORY = "aws:memorydb/cluster:Cluster"


@broken(WEB, SURVIVE, advisory=True)
def memory_without_replicas(edit: Edit) -> None:
    edit.add("sessions", MEMORY, memory(numReplicasPerShard=0))


@broken(WEB, CLOSED)
def memory_without_tls(edit: Edit) -> None:
    edit.add("sessions", MEMORY, memory(tlsEnabled=False))
