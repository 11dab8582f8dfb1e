"""The API of a Kubernetes cluster."""

from __future__ import annotations

from tests.policies.mutations.kubernetes import cluster, limited
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def given(**config):
    def change(draft):
        cluster(draft, **config)
        return draft

    return change


def offices(draft):
    limited(draft)
    return draft


BREAKS = [
    ("eks-endpoint-limited", given(endpointPrivateAccess=True)),
    (
        "eks-endpoint-limited",
        given(endpointPublicAccess=True, publicAccessCidrs=["198.51.100.0/24", "0.0.0.0/0"]),
    ),
]
KEEPS = [
    given(endpointPublicAccess=False, endpointPrivateAccess=True),
    given(
        endpointPublicAccess=False,
        endpointPrivateAccess=True,
        publicAccessCidrs=["0.0.0.0/0"],
    ),
    offices,
]
