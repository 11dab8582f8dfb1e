"""What AWS refuses about clusters of Kubernetes, Kafka and OpenSearch."""

from __future__ import annotations

from guardrails.refusals import joint_refusal_rule
from guardrails.refused import cluster_refusals

CLUSTERS = joint_refusal_rule(
    cluster_refusals.TABLE,
    id="clusters-accepted",
    title="AWS accepts every cluster of Kubernetes, Kafka and OpenSearch",
    url="https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html",
    remedy="correct the cluster as the message says.",
)

RULES = (CLUSTERS,)
