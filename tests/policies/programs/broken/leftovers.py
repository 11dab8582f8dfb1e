"""What rules passed over until now: federation, pipelines, origins, platforms and guards of the account."""

from __future__ import annotations

from typing import Any

from tests.policies.programs.bricks import document
from tests.policies.programs.cases import (
    CLOSED,
    DEPLOY,
    SERVE,
    VALID,
    Edit,
    Ref,
    broken,
)

WEB = "plain_web_service"
FORGE = "token.actions.githubusercontent.com"
PIPELINE = "images_by_a_pipeline"
GREEN = "green_fleet_that_exists"
TRANSIT = "out_through_a_transit_gateway"

# --- federation -----------------------------------------------------------------------------------


def federated(
    edit: Edit,
    host: str = FORGE,
    *,
    action: str = "sts:AssumeRoleWithWebIdentity",
    condition: dict[str, Any] | None = None,
) -> None:
    """Add a role that somebody assumes with a token of an identity provider."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{host}"},
        "Action": action,
    }
    if condition is not None:
        statement["Condition"] = condition
    edit.add("releases", "aws:iam/role:Role", {"assumeRolePolicy": document(statement)})


@broken(WEB, CLOSED)
def any_audience_of_the_forge(edit: Edit) -> None:
    federated(edit, condition={"StringEquals": {f"{FORGE}:aud": "sts.amazonaws.com"}})


@broken(WEB, CLOSED)
def owners_whose_names_begin_alike(edit: Edit) -> None:
    federated(edit, condition={"StringLike": {f"{FORGE}:sub": "repo:acme*"}})


@broken(WEB, CLOSED)
def subject_only_if_there_is_one(edit: Edit) -> None:
    asked = {f"{FORGE}:sub": "repo:acme/shop:*"}
    federated(edit, condition={"ForAllValues:StringLike": asked})


@broken(WEB, CLOSED)
def every_subject_but_one(edit: Edit) -> None:
    federated(edit, condition={"StringNotEquals": {f"{FORGE}:sub": "repo:acme/test:*"}})


@broken(WEB, CLOSED)
def every_pod_of_the_cluster(edit: Edit) -> None:
    federated(edit, "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF")


@broken(WEB, CLOSED)
def everybody_at_the_identity_provider(edit: Edit) -> None:
    federated(edit, "login.example.com")


@broken(WEB, VALID)
def forge_that_asks_for_another_action(edit: Edit) -> None:
    asked = {f"{FORGE}:sub": "repo:acme/shop:ref:refs/heads/main"}
    federated(edit, action="sts:AssumeRole", condition={"StringEquals": asked})


# --- origins --------------------------------------------------------------------------------------


@broken("gateway_with_a_link_to_an_internal_balancer", CLOSED)
def every_site_in_the_name_of_visitors(edit: Edit) -> None:
    given = {"allowOrigins": ["*"], "allowMethods": ["*"], "allowCredentials": True}
    edit.set("api", "corsConfiguration", given)


@broken(WEB, CLOSED)
def every_site_by_a_policy_of_headers(edit: Edit) -> None:
    given = {
        "accessControlAllowCredentials": True,
        "accessControlAllowHeaders": {"items": ["*"]},
        "accessControlAllowMethods": {"items": ["ALL"]},
        "accessControlAllowOrigins": {"items": ["*"]},
        "originOverride": True,
    }
    kind = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
    edit.add("headers", kind, {"name": "headers", "corsConfig": given})


# --- pipelines ------------------------------------------------------------------------------------


@broken(PIPELINE, DEPLOY, advisory=True)
def pipeline_for_a_service_that_is_not_there(edit: Edit) -> None:
    path = "stages.2.actions.0.configuration"
    edit.set("pipeline", path, {"ClusterName": Ref("cluster", "name"), "ServiceName": "shop-old"})


@broken(PIPELINE, DEPLOY, advisory=True)
def images_built_without_privileges(edit: Edit) -> None:
    """What buildspec.yml runs is in the repository."""
    edit.set("build", "environment.privilegedMode", False)


@broken(PIPELINE, DEPLOY)
def docker_without_privileges(edit: Edit) -> None:
    steps = "version: 0.2\nphases:\n  build:\n    commands:\n      - docker build -t web .\n"
    edit.set("build", "source.buildspec", steps)
    edit.set("build", "environment.privilegedMode", False)


@broken(GREEN, DEPLOY, advisory=True)
def green_fleet_that_waits_for_a_click(edit: Edit) -> None:
    edit.set(
        "deployment",
        "blueGreenDeploymentConfig.deploymentReadyOption",
        {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 2880},
    )


# --- networks -------------------------------------------------------------------------------------


def dropped(edit: Edit, *, associated: bool) -> None:
    gateway = {"transitGatewayId": "tgw-0123456789abcdef0"}
    edit.add("table", "aws:ec2transitgateway/routeTable:RouteTable", gateway)
    edit.add(
        "nowhere",
        "aws:ec2transitgateway/route:Route",
        {
            "transitGatewayRouteTableId": Ref("table"),
            "destinationCidrBlock": "0.0.0.0/0",
            "blackhole": True,
        },
    )
    if associated:
        edit.add(
            "its-table",
            "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation",
            {
                "transitGatewayRouteTableId": Ref("table"),
                "transitGatewayAttachmentId": Ref("transit"),
            },
        )


@broken(TRANSIT, SERVE)
def transit_gateway_that_drops_everything(edit: Edit) -> None:
    dropped(edit, associated=True)


@broken(TRANSIT, SERVE, advisory=True)
def transit_gateway_that_may_drop_everything(edit: Edit) -> None:
    dropped(edit, associated=False)


# --- platforms ------------------------------------------------------------------------------------


@broken("eks_with_addons_and_irsa", VALID)
def kubernetes_of_yesterday(edit: Edit) -> None:
    edit.set("shop", "version", "1.28")


@broken("beanstalk_as_a_team_writes_it", VALID, advisory=True)
def environment_without_a_profile(edit: Edit) -> None:
    edit.set("prod", "settings.5.namespace", "aws:elasticbeanstalk:application:environment")


# --- guards of the account ------------------------------------------------------------------------


@broken(WEB, CLOSED)
def trail_that_is_switched_off(edit: Edit) -> None:
    given = {"s3BucketName": "logs-of-the-account", "enableLogging": False}
    edit.add("trail", "aws:cloudtrail/trail:Trail", given)


@broken(WEB, CLOSED)
def detector_that_is_switched_off(edit: Edit) -> None:
    edit.add("detector", "aws:guardduty/detector:Detector", {"enable": False})


@broken(WEB, CLOSED)
def recorder_that_is_switched_off(edit: Edit) -> None:
    given = {"name": "default", "isEnabled": False}
    edit.add("recorder", "aws:cfg/recorderStatus:RecorderStatus", given)


@broken(WEB, CLOSED)
def passwords_of_six_characters(edit: Edit) -> None:
    given = {"minimumPasswordLength": 6}
    edit.add("passwords", "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", given)
