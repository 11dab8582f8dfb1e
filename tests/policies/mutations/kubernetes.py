"""What breaks the rule about Kubernetes."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.fleet_network import third_subnet
from tests.policies.mutations.registry import (
    ADVISORY,
    BREAKS,
    KEEPS,
    MANDATORY,
    breaks,
    decides,
    leaves_open,
)


def cluster(stack, **config):
    stack.add(
        "kubernetes",
        "aws:eks/cluster:Cluster",
        {
            "roleArn": "arn:aws:iam::123456789012:role/kubernetes",
            "vpcConfig": {"subnetIds": [Ref("subnet-a"), Ref("subnet-b")], **config},
        },
    )


def limited(stack):
    cluster(stack, endpointPublicAccess=True, publicAccessCidrs=["198.51.100.0/24"])


@breaks("eks-endpoint-limited", ADVISORY, production=MANDATORY)
def api_open_by_default(stack):
    cluster(stack)


@breaks("eks-endpoint-limited", ADVISORY, production=MANDATORY)
def api_open_to_both_halves_of_the_world(stack):
    cluster(stack, endpointPublicAccess=True, publicAccessCidrs=["0.0.0.0/1", "128.0.0.0/1"])


decides(
    "eks-endpoint-limited",
    "kubernetes",
    "vpcConfig.publicAccessCidrs",
    absent=BREAKS,
    unknown=KEEPS,
    given=limited,
)


def nodes(stack, **changes):
    """Add a limited cluster with nodes in two zones."""
    limited(stack)
    stack.add(
        "nodes",
        "aws:eks/nodeGroup:NodeGroup",
        {
            "clusterName": Ref("kubernetes", "name"),
            "nodeRoleArn": "arn:aws:iam::123456789012:role/nodes",
            "subnetIds": [Ref("subnet-a"), Ref("subnet-b")],
            "scalingConfig": {"minSize": 2, "maxSize": 2, "desiredSize": 2},
            **changes,
        },
    )


@breaks("eks-nodes-survive-zone-loss", ADVISORY, production=MANDATORY)
def nodes_in_one_zone(stack):
    nodes(stack, subnetIds=[Ref("subnet-a")])


@breaks("eks-nodes-survive-zone-loss", ADVISORY, production=MANDATORY)
def one_node_in_all(stack):
    nodes(stack, scalingConfig={"minSize": 1, "maxSize": 1, "desiredSize": 1})


decides(
    "eks-nodes-survive-zone-loss",
    "nodes",
    "scalingConfig.minSize",
    absent=KEEPS,
    unknown=KEEPS,
    given=nodes,
)


def _beside(stack, *subnets):
    """Add nodes in both zones and, where one is named, in a subnet without a way out."""
    nodes(stack)
    stack.add("nowhere", "aws:ec2/routeTable:RouteTable", {"vpcId": Ref("vpc")})
    third_subnet(stack, "cut-off", "nowhere", "10.20.200.0/24")
    stack.set("nodes", "subnetIds", [Ref("subnet-a"), Ref("subnet-b"), *map(Ref, subnets)])


@breaks("eks-nodes-join")
def nodes_in_a_subnet_without_a_way_out(stack):
    _beside(stack, "cut-off")


decides("eks-nodes-join", "nodes", "subnetIds", absent=KEEPS, unknown=KEEPS, given=_beside)


@breaks("eks-nodes-updated-in-turn")
def all_nodes_updated_together(stack):
    nodes(stack, updateConfig={"maxUnavailablePercentage": 100})


def _in_turn(stack):
    nodes(stack, updateConfig={"maxUnavailable": 1})


decides(
    "eks-nodes-updated-in-turn",
    "nodes",
    "updateConfig.maxUnavailable",
    absent=KEEPS,
    unknown=KEEPS,
    given=_in_turn,
)


def growing(stack):
    """Add nodes that may grow, by EKS Auto Mode."""
    nodes(stack, scalingConfig={"minSize": 2, "maxSize": 6, "desiredSize": 2})
    stack.set("kubernetes", "computeConfig", {"enabled": True})


@leaves_open("eks-nodes-scale", ADVISORY)
def nodes_that_nothing_adds(stack):
    nodes(stack, scalingConfig={"minSize": 2, "maxSize": 6, "desiredSize": 2})


decides(
    "eks-nodes-scale", "nodes", "scalingConfig.maxSize", absent=KEEPS, unknown=KEEPS, given=growing
)


def supported(stack):
    limited(stack)
    stack.set("kubernetes", "version", "1.34")


@breaks("eks-supported-version", ADVISORY)
def cluster_with_extended_support(stack):
    limited(stack)
    stack.set("kubernetes", "version", "1.32")


decides(
    "eks-supported-version", "kubernetes", "version", absent=KEEPS, unknown=KEEPS, given=supported
)
