"""Rules about Kubernetes (EKS): who may try the cluster's API, and where its nodes are."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture import zones
from guardrails.architecture.permits import is_vast
from guardrails.model import (
    Level,
    Question,
    ResourceRule,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, items, number, show

_EVERYBODY = "0.0.0.0/0"


def _open(cluster: Resource, _: Settings) -> Iterator[Violation]:
    access = cluster.get("vpcConfig", "endpointPublicAccess")
    given = cluster.get("vpcConfig", "publicAccessCidrs")
    if access in (False, "false", UNKNOWN) or given is UNKNOWN:
        return
    vast = [one for one in items(given) if one is not UNKNOWN and is_vast(one)]
    if is_absent(given) or vast:
        said = f"public_access_cidrs has {vast[0]}" if vast else "public_access_cidrs is not set"
        yield Violation(
            f'The whole internet may try the API of Kubernetes cluster "{cluster.name}": '
            f"endpoint_public_access is {show(access)}, and {said}.",
            cluster,
            (vast[0] if vast else _EVERYBODY, f'API of cluster "{cluster.name}"'),
        )


ENDPOINT = ResourceRule(
    id="eks-endpoint-limited",
    title="The API of a Kubernetes cluster is not open to the world",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    # As AWS creates it; whoever gets there still needs a role that the cluster admits.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("EKS_ENDPOINT_NO_PUBLIC_ACCESS",),
        "Security Hub": ("EKS.1",),
        "Checkov": ("CKV_AWS_38", "CKV_AWS_39"),
        "Prowler": ("eks_cluster_not_publicly_accessible",),
        "Well-Architected": ("SEC05-BP02",),
    },
    url="https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    remedy=(
        "set endpoint_public_access in vpc_config to false and endpoint_private_access to true, or "
        "public_access_cidrs to the addresses of the offices and of CI."
    ),
    steps=(
        "Set endpoint_private_access to true: nodes then reach the API inside the VPC.",
        "Set endpoint_public_access to false, and deploy from inside the VPC.",
        "Or list in public_access_cidrs who may reach it from outside.",
    ),
    unknown="Access or addresses that the preview does not know are not judged.",
    types=tokens.KUBERNETES_CLUSTER,
    check=_open,
)

# --- nodes ----------------------------------------------------------------------------------------

_CLUSTER_KEYS = ("name", "id", "arn")
_LEAST = 2


def _groups(stack: Stack) -> dict[Resource, list[Resource]]:
    """Return the node groups of each cluster of the stack."""
    found: dict[Resource, list[Resource]] = {}
    for group in stack.of(tokens.NODE_GROUP):
        for cluster in stack.references(
            group, "clusterName", tokens.KUBERNETES_CLUSTER, _CLUSTER_KEYS
        ).resources:
            found.setdefault(cluster, []).append(group)
    return found


def _nodes(stack: Stack, settings: Settings) -> Iterator[Violation]:
    outside = settings.mapping("subnetZones")
    for cluster, groups in _groups(stack).items():
        label = f'The fleet of nodes of Kubernetes cluster "{cluster.name}"'
        spans = zones.together(
            [zones.spread(stack, one, ("subnetIds",), outside) for one in groups]
        )
        apart = zones.shortfall(spans, groups[0], label, settings.integer("minimumZones"))
        if apart is not None:
            yield apart
            continue
        sizes = [number(one.get("scalingConfig", "minSize")) for one in groups]
        least = sum(size for size in sizes if size is not None)
        if None not in sizes and least < _LEAST:
            yield Violation(
                f"{label} may have {least:g} node{'' if least == 1 else 's'} (min_size of scaling_config, "
                "all groups together): with its zone nothing is left.",
                groups[0],
                (f'cluster "{cluster.name}"', *(f'node group "{one.name}"' for one in groups)),
                "set min_size of scaling_config to 2 or more, one node for each zone.",
            )


NODES = StackRule(
    id="eks-nodes-survive-zone-loss",
    title="The nodes of a Kubernetes cluster span several Availability Zones",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    # A cluster to try things out has one node; nothing else tells what it is for.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    controls={"Well-Architected": ("REL10-BP01", "REL11-BP02")},
    url="https://docs.aws.amazon.com/eks/latest/best-practices/data-plane.html",
    remedy="give subnet_ids of the node group subnets in different zones, and min_size 2 or more.",
    steps=(
        "Pass one subnet per Availability Zone to subnet_ids, or make a node group per zone.",
        "Set min_size of scaling_config to the number of zones.",
    ),
    unknown=f"{zones.UNKNOWN_MEANS} Nodes of Fargate, of Karpenter and of other stacks are not judged.",
    parameters=zones.PARAMETERS,
    check=_nodes,
)

RULES = (ENDPOINT, NODES)
