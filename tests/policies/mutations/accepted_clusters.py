"""What breaks the rule about what AWS refuses of clusters."""

from __future__ import annotations

from tests.policies.mutations.kubernetes import cluster, nodes
from tests.policies.mutations.registry import KEEPS, breaks, decides


@breaks("clusters-accepted")
def cluster_that_nobody_may_ask(stack):
    cluster(stack, endpointPublicAccess=False, endpointPrivateAccess=False)


@breaks("clusters-accepted")
def nodes_with_an_image_of_another_architecture(stack):
    nodes(stack, amiType="AL2023_x86_64_STANDARD", instanceTypes=["m7g.large"])


decides(
    "clusters-accepted",
    "kubernetes",
    "vpcConfig.endpointPublicAccess",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: cluster(
        stack,
        endpointPublicAccess=True,
        endpointPrivateAccess=False,
        publicAccessCidrs=["198.51.100.0/24"],
    ),
)
