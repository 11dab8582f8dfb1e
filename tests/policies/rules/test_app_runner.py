"""App Runner: who reaches a service that is not public."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.app_runner import service
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def connected(draft):
    service(draft, public=False)
    given = {
        "name": "shop",
        "serviceArn": Ref("runner", "arn"),
        "ingressVpcConfiguration": {"vpcId": Ref("vpc"), "vpcEndpointId": "vpce-0123456789abcdef0"},
    }
    kind = "aws:apprunner/vpcIngressConnection:VpcIngressConnection"
    return draft.add("inside", kind, given)


BREAKS = []

KEEPS = [connected, lambda draft: service(draft) or draft]
