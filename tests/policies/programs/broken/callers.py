"""Callers that are not let in, and others that are: events, APIs, accelerators, strangers."""

from __future__ import annotations

from tests.policies.programs import bricks
from tests.policies.programs.cases import (
    CLOSED,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)

WEB = "plain_web_service"
GATEWAY = "gateway_with_a_link_to_an_internal_balancer"
ORDERS = "orders_by_topic_and_queue"
HOURLY = "hourly_by_a_rule"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}

# --- events ---------------------------------------------------------------------------------------


@broken(ORDERS, SERVE, "events-reach-target", engine=True)
def topic_that_may_not_send(edit: Edit) -> None:
    edit.drop("jobs-policy")


@broken(ORDERS, SERVE, "events-reach-target")
def queue_that_admits_another_service(edit: Edit) -> None:
    admitted = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }
    edit.set("jobs-policy", "policy", bricks.document(admitted))


@broken(HOURLY, SERVE, "events-reach-target", engine=True)
def rule_that_may_not_call(edit: Edit) -> None:
    edit.drop("rule-may")


@broken(HOURLY, SERVE, "events-reach-target")
def permission_for_a_bucket_instead(edit: Edit) -> None:
    edit.set("rule-may", "principal", "s3.amazonaws.com")


@broken(ORDERS, SURVIVE, "queue-keeps-messages", engine=True)
def jobs_that_vanish_within_an_attempt(edit: Edit) -> None:
    edit.set("jobs", "messageRetentionSeconds", 60)


# --- APIs and accelerators ------------------------------------------------------------------------


@broken(GATEWAY, SERVE, "gateway-sends-requests", engine=True)
def gateway_that_admits_nothing(edit: Edit) -> None:
    limits = {"throttlingBurstLimit": 0, "throttlingRateLimit": 0}
    edit.set("stage", "defaultRouteSettings", limits)


@broken(GATEWAY, SERVE, "gateway-sends-requests")
def gateway_that_deploys_nothing(edit: Edit) -> None:
    edit.set("stage", "autoDeploy", False)


@broken(GATEWAY, SERVE, "gateway-sends-requests")
def gateway_without_a_stage(edit: Edit) -> None:
    edit.drop("stage")


@broken(GATEWAY, SERVE, "gateway-sends-requests")
def gateway_without_a_route(edit: Edit) -> None:
    edit.drop("everything")


@broken("accelerator_in_front", SERVE, "accelerator-sends-requests")
def accelerator_of_datagrams(edit: Edit) -> None:
    edit.set("accelerated", "protocol", "UDP")


@broken("accelerator_in_front", SERVE, "accelerator-sends-requests")
def accelerator_switched_off(edit: Edit) -> None:
    edit.set("accelerator", "enabled", False)


@broken(WEB, VALID)
def connections_kept_for_five_seconds(edit: Edit) -> None:
    edit.set("front", "clientKeepAlive", 5)


# --- strangers ------------------------------------------------------------------------------------


@broken(WEB, CLOSED, "copies-not-public", engine=True)
def layer_for_everybody(edit: Edit) -> None:
    given = {"layerName": "shop", "versionNumber": 1, "principal": "*", "statementId": "all"}
    action = {"action": "lambda:GetLayerVersion"}
    kind = "aws:lambda/layerVersionPermission:LayerVersionPermission"
    edit.add("layer", kind, {**given, **action})


@broken(WEB, CLOSED, "resource-policy-not-public")
def access_point_for_everybody(edit: Edit) -> None:
    given = {"bucket": "shop-exports", "name": "all", "policy": bricks.document(EVERYBODY)}
    edit.add("point", "aws:s3/accessPoint:AccessPoint", given)


@broken("files_through_access_points", CLOSED, "resource-policy-not-public")
def vault_for_everybody(edit: Edit) -> None:
    given = {"backupVaultName": Ref("vault", "name"), "policy": bricks.document(EVERYBODY)}
    edit.add("vault-policy", "aws:backup/vaultPolicy:VaultPolicy", given)


@broken(WEB, CLOSED, "resource-policy-not-public")
def bus_for_everybody(edit: Edit) -> None:
    sends = {**EVERYBODY, "Action": "events:PutEvents"}
    given = {"eventBusName": "shop", "policy": bricks.document(sends)}
    edit.add("bus-policy", "aws:cloudwatch/eventBusPolicy:EventBusPolicy", given)


@broken("secret_for_a_partner", CLOSED, "resource-policy-not-public")
def secret_for_everybody(edit: Edit) -> None:
    edit.set("partner", "policy", bricks.document(EVERYBODY))


@broken(WEB, CLOSED, "no-secret-in-program")
def replication_with_its_password(edit: Edit) -> None:
    given = {
        "endpointId": "old",
        "endpointType": "source",
        "engineName": "postgres",
        "serverName": "old.example.com",
        "username": "shop",
        "password": "correct-horse-battery",
    }
    edit.add("old", "aws:dms/endpoint:Endpoint", given)


@broken("app_runner", CLOSED, "environment-no-credentials", engine=True)
def password_in_an_app_runner(edit: Edit) -> None:
    variables = {"DB_PASSWORD": "correct-horse-battery"}
    image = "sourceConfiguration.imageRepository.imageConfiguration"
    edit.set("service", f"{image}.runtimeEnvironmentVariables", variables)


@broken("beanstalk", CLOSED, "environment-no-credentials")
def password_in_a_beanstalk(edit: Edit) -> None:
    setting = {
        "namespace": "aws:elasticbeanstalk:application:environment",
        "name": "DB_PASSWORD",
        "value": "correct-horse-battery",
    }
    least = {"namespace": "aws:autoscaling:asg", "name": "MinSize", "value": "2"}
    edit.set("web", "settings", [least, setting])


@broken(WEB, CLOSED, "environment-no-credentials")
def password_in_a_build(edit: Edit) -> None:
    variable = {"name": "DATABASE_PASSWORD", "value": "correct-horse-battery"}
    given = {
        "serviceRole": "arn:aws:iam::123456789012:role/build",
        "artifacts": {"type": "NO_ARTIFACTS"},
        "source": {"type": "GITHUB", "location": "https://github.com/example/shop.git"},
        "environment": {
            "computeType": "BUILD_GENERAL1_SMALL",
            "image": "aws/codebuild/standard:7.0",
            "type": "LINUX_CONTAINER",
            "environmentVariables": [variable],
        },
    }
    edit.add("build", "aws:codebuild/project:Project", given)


@broken("lambda_behind_the_balancer", CLOSED, "iam-no-administrator")
def function_that_may_do_everything(edit: Edit) -> None:
    given = {"role": Ref("function-role", "name"), "policyArn": ADMINISTRATOR}
    edit.add("all", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", given)


@broken("a_user_for_mail_of_its_own", CLOSED, "iam-no-administrator")
def mailer_that_may_do_everything(edit: Edit) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    edit.set("mailer-policy", "policy", bricks.document(everything))


@broken(WEB, CLOSED, "iam-no-administrator")
def developers_who_may_do_everything(edit: Edit) -> None:
    given = {"group": "developers", "policyArn": ADMINISTRATOR}
    edit.add("developers", "aws:iam/groupPolicyAttachment:GroupPolicyAttachment", given)
