"""The rule about Kubernetes (EKS): not everybody may try the cluster's API."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.permits import is_vast
from guardrails.model import Level, Question, ResourceRule, Settings, Severity, Violation
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, is_absent, items, show

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

RULES = (ENDPOINT,)
