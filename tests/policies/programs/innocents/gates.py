"""API Gateway before a load balancer, in other forms."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent
from tests.policies.programs.innocents import entrances  # noqa: F401 - the program that is changed

API = "gateway_with_a_link_to_an_internal_balancer"


def custom_domain(edit: Edit) -> None:
    edit.add(
        "domain",
        "aws:apigatewayv2/domainName:DomainName",
        {
            "domainName": "api.example.com",
            "domainNameConfiguration": {
                "certificateArn": bricks.CERTIFICATE,
                "endpointType": "REGIONAL",
                "securityPolicy": "TLS_1_2",
            },
        },
    )


@also_sound(API, engine=True)
def gateway_with_a_name_of_its_own(edit: Edit) -> None:
    custom_domain(edit)
    edit.add(
        "mapping",
        "aws:apigatewayv2/apiMapping:ApiMapping",
        {
            "apiId": Ref("api"),
            "domainName": Ref("domain", "domainName"),
            "stage": Ref("stage", "name"),
        },
    )


@also_sound(API)
def gateway_for_the_paths_of_an_api(edit: Edit) -> None:
    """What is not listed is not for the world."""
    edit.set("everything", "routeKey", "GET /orders")
    edit.add(
        "order",
        "aws:apigatewayv2/route:Route",
        {"apiId": Ref("api"), "routeKey": "POST /orders", "target": Ref("integration")},
    )


@also_sound(API)
def gateway_for_hooks_of_partners(edit: Edit) -> None:
    edit.set("everything", "routeKey", "POST /hooks/payments")


@innocent()
def rest_api_before_the_balancer() -> None:
    """A REST API passes everything on by HTTP to the public load balancer."""
    service = bricks.web(bricks.network())
    api = aws.apigateway.RestApi("api", endpoint_configuration={"types": "REGIONAL"})
    pages = aws.apigateway.Resource(
        "pages", rest_api=api.id, parent_id=api.root_resource_id, path_part="{proxy+}"
    )
    integrations: list[pulumi.Resource] = []
    for name, at, path in (
        ("front-page", api.root_resource_id, "/"),
        ("any-page", pages.id, "/{proxy}"),
    ):
        method = aws.apigateway.Method(
            name, rest_api=api.id, resource_id=at, http_method="ANY", authorization="NONE"
        )
        integrations.append(
            aws.apigateway.Integration(
                f"to-{name}",
                rest_api=api.id,
                resource_id=at,
                http_method=method.http_method,
                integration_http_method="ANY",
                type="HTTP_PROXY",
                uri=pulumi.Output.concat("http://", service.front.dns_name, path),
            )
        )
    deployed = aws.apigateway.Deployment(
        "deployed", rest_api=api.id, opts=pulumi.ResourceOptions(depends_on=integrations)
    )
    aws.apigateway.Stage("stage", rest_api=api.id, deployment=deployed.id, stage_name="live")
