"""What AWS refuses about clusters of Kubernetes, Kafka and OpenSearch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from guardrails import tokens
from guardrails.architecture import zones
from guardrails.architecture.network import Network
from guardrails.refusals import JointRefusal, alone
from guardrails.refused.launch_refusals import architecture
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_true, items, number, show

_EKS: Final = "https://docs.aws.amazon.com/eks/latest/"
_SEARCH: Final = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/"
_SEARCH_ZONES: Final = 2
"""How many zones a domain of OpenSearch spans that is aware of zones and does not say how many."""


def _unreachable(cluster: Resource) -> str | None:
    given = cluster.get("vpcConfig")
    if dig(given, "endpointPublicAccess") is False and dig(given, "endpointPrivateAccess") in (
        False,
        None,
    ):
        return "endpoint_public_access and endpoint_private_access are both false"
    return None


_OLDEST: Final = (1, 31)
"""Extended support of 1.30 ended in July 2026 (EKS user guide, "Kubernetes versions")."""


def _expired(cluster: Resource) -> str | None:
    version = cluster.get("version")
    parts = version.split(".") if isinstance(version, str) else []
    known = len(parts) > 1 and all(one.isdigit() for one in parts[:2])
    return f"version is {show(version)}" if known and tuple(map(int, parts[:2])) < _OLDEST else None


def _one_zone(stack: Stack, cluster: Resource) -> str | None:
    """Find a cluster whose subnets are certainly in one zone."""
    subnets = dig(cluster.get("vpcConfig"), "subnetIds")
    span = zones.spread(stack, cluster, ("vpcConfig",), value=subnets)
    if not span.known or len(span.zones) != 1:
        return None
    return f"subnet_ids are all in {span.zones[0]}"


def _architecture(nodes: Resource) -> Iterator[str]:
    """Find instance types that the image of the nodes is not made for."""
    image = str(nodes.get("amiType"))
    made_for = "Arm" if "ARM_64" in image else "x86" if "x86_64" in image else None
    for kind in items(nodes.get("instanceTypes")):
        if made_for is not None and isinstance(kind, str) and architecture(kind) != made_for:
            yield f"ami_type is {show(image)}, and instance type {kind} is {architecture(kind)}"


def _public_pods(stack: Stack, profile: Resource) -> Iterator[str]:
    network = stack.derived(Network)
    for subnet in stack.references(profile, "subnetIds", tokens.SUBNET, ("id",)).resources:
        if network.is_public(subnet).is_yes:
            yield f'subnet "{subnet.name}" has a route to an internet gateway'


def _brokers(cluster: Resource) -> str | None:
    given = dig(cluster.get("brokerNodeGroupInfo"), "clientSubnets")
    count, subnets = number(cluster.get("numberOfBrokerNodes")), items(given)
    if count is None or not subnets or count % len(subnets) == 0:
        return None
    return f"number_of_broker_nodes is {count:g}, client_subnets has {len(subnets)} subnets"


def _search_zones(domain: Resource) -> float | None:
    config = domain.get("clusterConfig")
    if not is_true(dig(config, "zoneAwarenessEnabled")):
        return None
    given = dig(config, "zoneAwarenessConfig", "availabilityZoneCount")
    return number(given) if given is UNKNOWN or given is not None else float(_SEARCH_ZONES)


def _search_nodes(domain: Resource) -> str | None:
    count = number(dig(domain.get("clusterConfig"), "instanceCount"))
    wanted = _search_zones(domain)
    if count is None or wanted != _SEARCH_ZONES or count % wanted == 0:
        return None
    return f"instance_count is {count:g}, and it is to span two Availability Zones"


def _search_subnets(domain: Resource) -> str | None:
    wanted, subnets = _search_zones(domain), items(dig(domain.get("vpcOptions"), "subnetIds"))
    if wanted is None or not subnets or len(subnets) == wanted:
        return None
    return f"availability_zone_count is {wanted:g}, and vpc_options has {len(subnets)} subnets"


TABLE = (
    JointRefusal(
        types=tokens.KUBERNETES_CLUSTER,
        says="InvalidParameterException: unsupported Kubernetes version.",
        source=f"{_EKS}userguide/kubernetes-versions.html",
        remedy="set version to one that is supported, or leave it out for the newest default.",
        find=alone(_expired),
    ),
    JointRefusal(
        types=tokens.KUBERNETES_CLUSTER,
        says=(
            "InvalidParameterException: Private and public endpoint access cannot both be disabled for a "
            "cluster."
        ),
        source=f"{_EKS}userguide/cluster-endpoint.html",
        remedy="set endpoint_private_access in vpc_config to true.",
        find=alone(_unreachable),
    ),
    JointRefusal(
        types=tokens.KUBERNETES_CLUSTER,
        says=(
            "InvalidParameterException: Subnets specified must be in at least two different Availability "
            "Zones."
        ),
        source=f"{_EKS}userguide/network-reqs.html",
        remedy="set subnet_ids in vpc_config to subnets in two Availability Zones or more.",
        find=_one_zone,
    ),
    JointRefusal(
        types=tokens.NODE_GROUP,
        says="InvalidParameterException: the instance types are not valid for the requested amiType.",
        source=f"{_EKS}APIReference/API_CreateNodegroup.html",
        remedy=(
            'set ami_type to AL2023_ARM_64_STANDARD for Graviton types (with a "g" after the generation), '
            "to AL2023_x86_64_STANDARD for others."
        ),
        find=alone(_architecture),
    ),
    JointRefusal(
        types=("aws:eks/fargateProfile:FargateProfile",),
        says="InvalidParameterException: Subnet provided in Fargate Profile is not a private subnet.",
        source=f"{_EKS}userguide/fargate-profile.html",
        remedy="set subnet_ids of the profile to private subnets, with a way out by a NAT gateway.",
        find=_public_pods,
    ),
    JointRefusal(
        types=tokens.STREAM_CLUSTER,
        says="BadRequestException: The number of broker nodes must be a multiple of Availability Zones.",
        source="https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html",
        remedy="set number_of_broker_nodes to a multiple of the number of client_subnets.",
        find=alone(_brokers),
    ),
    JointRefusal(
        types=tokens.SEARCH_DOMAIN,
        says=(
            "ValidationException: You must choose an even number of data nodes for a two Availability Zone "
            "deployment."
        ),
        source=f"{_SEARCH}managedomains-multiaz.html",
        remedy="set instance_count in cluster_config to an even number.",
        find=alone(_search_nodes),
    ),
    JointRefusal(
        types=tokens.SEARCH_DOMAIN,
        says=(
            "ValidationException: You must specify exactly as many subnets as Availability Zones."
        ),
        source=f"{_SEARCH}vpc.html",
        remedy=(
            "set subnet_ids in vpc_options to one subnet for each zone, as many as "
            "availability_zone_count says."
        ),
        find=alone(_search_subnets),
    ),
)
