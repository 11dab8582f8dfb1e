"""What breaks the rule about clusters that hold copies."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

DOORS = [Ref("instances-group")]
KIND = "aws:msk/configuration:Configuration"


def brokers(stack, copies=2, agree=1):
    """Add brokers in two zones, with how many copies of each topic there are and have to agree."""
    lines = f"default.replication.factor={copies}\nmin.insync.replicas={agree}\n"
    given = {"name": "clicks", "kafkaVersions": ["3.8.x"], "serverProperties": lines}
    stack.add("properties", KIND, given)
    stack.add(
        "clicks",
        "aws:msk/cluster:Cluster",
        {
            "clusterName": "clicks",
            "kafkaVersion": "3.8.x",
            "numberOfBrokerNodes": 2,
            "configurationInfo": {"arn": Ref("properties", "arn"), "revision": 1},
            "brokerNodeGroupInfo": {
                "clientSubnets": [Ref("subnet-a"), Ref("subnet-b")],
                "instanceType": "kafka.m7g.large",
                "securityGroups": DOORS,
            },
            "encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS"}},
        },
    )


@breaks("cluster-writable-without-node")
def topics_of_one_copy(stack):
    brokers(stack, copies=1)


@breaks("cluster-writable-without-node")
def every_copy_has_to_agree(stack):
    brokers(stack, agree=2)


decides(
    "cluster-writable-without-node",
    "properties",
    "serverProperties",
    absent=KEEPS,
    unknown=KEEPS,
    given=brokers,
)
