"""What breaks the rule about the network of containers."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.containers import service
from tests.policies.mutations.registry import KEEPS, breaks, decides

decides(
    "ecs-tasks-fetch-image",
    "tasks",
    "networkConfiguration.assignPublicIp",
    absent=KEEPS,
    unknown=KEEPS,
    given=service,
)


@breaks("ecs-tasks-fetch-image")
def tasks_in_public_subnets_without_addresses(stack):
    service(stack, subnets=[Ref("public-a"), Ref("public-b")])
