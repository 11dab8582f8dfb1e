"""An HTTP API that is asked has to hand on."""

from __future__ import annotations

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.gateways import API, api

LIMIT = {"throttlingBurstLimit": 100, "throttlingRateLimit": 0}

BREAKS = [
    (
        "gateway-sends-requests",
        lambda d: api(d, autoDeploy=True, routeSettings=[{"routeKey": "$default", **LIMIT}]),
    ),
]


def test_a_deployment_by_hand_is_one():
    draft = Draft()
    api(draft, autoDeploy=False)
    assert violations(draft, "gateway-sends-requests")
    draft.add("once", f"{API}deployment:Deployment", {"apiId": Ref("api")})
    draft.set("stage", "deploymentId", Ref("once"))
    assert not violations(draft, "gateway-sends-requests")


def test_a_quick_target_and_a_description_bring_everything():
    for prop, value in (("target", "https://example.com"), ("body", "{}")):
        draft = Draft()
        api(draft, route=False)
        assert violations(draft, "gateway-sends-requests")
        draft.set("api", prop, value)
        assert not violations(draft, "gateway-sends-requests")
