"""What breaks the rule about HTTP APIs."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

API = "aws:apigatewayv2/"


def api(stack, *, route=True, **stage):
    """An API that hands everything to a page elsewhere."""
    stack.add("api", f"{API}api:Api", {"protocolType": "HTTP"})
    to = {"integrationType": "HTTP_PROXY", "integrationUri": "https://example.com"}
    stack.add("integration", f"{API}integration:Integration", {"apiId": Ref("api"), **to})
    if route:
        stack.add("route", f"{API}route:Route", {"apiId": Ref("api"), "routeKey": "$default"})
    if stage:
        given = {"apiId": Ref("api"), "name": "$default", **stage}
        stack.add("stage", f"{API}stage:Stage", given)


@breaks("gateway-sends-requests")
def api_without_a_route(stack):
    api(stack, route=False, autoDeploy=True)


@breaks("gateway-sends-requests")
def api_without_a_stage(stack):
    api(stack)


@breaks("gateway-sends-requests")
def api_that_deploys_nothing(stack):
    api(stack, autoDeploy=False)


@breaks("gateway-sends-requests")
def api_that_admits_no_request(stack):
    limits = {"throttlingBurstLimit": 0, "throttlingRateLimit": 0}
    api(stack, autoDeploy=True, defaultRouteSettings=limits)


decides(
    "gateway-sends-requests",
    "stage",
    "defaultRouteSettings",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: api(stack, autoDeploy=True),
)


@breaks("gateway-sends-requests")
def name_that_leads_to_no_api(stack):
    api(stack, autoDeploy=True)
    stack.add("api-name", f"{API}domainName:DomainName", {"domainName": "api.example.com"})
