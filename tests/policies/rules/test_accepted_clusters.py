"""What AWS refuses of clusters of Kubernetes, Kafka and OpenSearch."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.accepted_clusters import cluster, nodes
from tests.policies.rules.cases import (
    alone,
    test_a_change_breaks_exactly_its_rule,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_it_is_not_refused",
    "test_it_is_refused",
]

BREAKS = []

BOTH = [Ref("subnet-a"), Ref("subnet-b")]


def kubernetes(*subnets):
    def change(draft):
        cluster(draft)
        return draft.set("kubernetes", "vpcConfig.subnetIds", list(subnets))

    return change


def release(version):
    def change(draft):
        cluster(draft)
        return draft.set("kubernetes", "version", version)

    return change


def group(**given):
    return lambda draft: nodes(draft, **given) or draft


def brokers(count, *subnets):
    return alone(
        "aws:msk/cluster:Cluster",
        numberOfBrokerNodes=count,
        brokerNodeGroupInfo={"clientSubnets": list(subnets)},
    )


def search(count, zones=2, subnets=BOTH):
    aware = {"zoneAwarenessEnabled": True, "zoneAwarenessConfig": {"availabilityZoneCount": zones}}
    return alone(
        "aws:opensearch/domain:Domain",
        clusterConfig={"instanceCount": count, **aware},
        vpcOptions={"subnetIds": subnets},
    )


def profile(*subnets):
    return alone("aws:eks/fargateProfile:FargateProfile", subnetIds=list(subnets))


ARM, X86 = "AL2023_ARM_64_STANDARD", "BOTTLEROCKET_x86_64"

REFUSED = {
    "clusters-accepted": [
        kubernetes(Ref("subnet-a")),
        release("1.29"),
        group(amiType=ARM, instanceTypes=["m7i.large"]),
        brokers(3, *BOTH),
        search(3),
        search(3, 3),
        profile(Ref("public-a")),
    ]
}

SOUND = {
    "clusters-accepted": [
        kubernetes(*BOTH),
        release("1.31"),
        group(amiType=ARM, instanceTypes=["t4g.large", "m7gd.large"]),
        group(amiType=X86, instanceTypes=["m7i-flex.large", "g5.xlarge"]),
        group(amiType="CUSTOM"),
        brokers(4, *BOTH),
        search(4),
        profile(*BOTH),
    ]
}
