"""What AWS refuses of entrances, functions, identities and buckets; roles that are of no use."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.programs import bricks
from tests.policies.programs.cases import CLOSED, DEPLOY, SERVE, SURVIVE, VALID, Edit, Ref, broken

WEB = "plain_web_service"
FARGATE = "containers_on_fargate"
FUNCTION = "lambda_behind_the_balancer"
REFUSED = "elbv2-accepted"


@broken(WEB, VALID, REFUSED)
def balancer_told_not_to_cross_zones(edit: Edit) -> None:
    edit.set("front", "enableCrossZoneLoadBalancing", False)


@broken(WEB, VALID, REFUSED)
def connections_kept_for_half_a_minute(edit: Edit) -> None:
    edit.set("front", "clientKeepAlive", 30)


@broken(WEB, VALID, REFUSED, engine=True)
def two_families_in_subnets_of_one(edit: Edit) -> None:
    edit.set("front", "ipAddressType", "dualstack")
    edit.set("public-a", "ipv6CidrBlock", "2001:db8::/64")


@broken("https_only", VALID, REFUSED)
def clients_checked_against_nothing(edit: Edit) -> None:
    edit.set("https", "mutualAuthentication", {"mode": "verify"})


@broken(WEB, VALID, REFUSED)
def certificates_of_clients_over_http(edit: Edit) -> None:
    edit.set("http", "mutualAuthentication", {"mode": "passthrough"})


@broken("canary_by_weight", VALID, REFUSED)
def visitors_kept_with_their_version_for_two_weeks(edit: Edit) -> None:
    stickiness = {"enabled": True, "duration": 1209600}
    edit.set("http", "defaultActions.0.forward.stickiness", stickiness)


@broken("https_only", VALID, REFUSED)
def sign_in_at_an_address_without_tls(edit: Edit) -> None:
    provider = {
        "issuer": "https://id.example.com",
        "authorizationEndpoint": "https://id.example.com/authorize",
        "tokenEndpoint": "http://id.example.com/token",
        "userInfoEndpoint": "https://id.example.com/userinfo",
        "clientId": "shop",
        "clientSecret": "$from-elsewhere",
    }
    edit.set(
        "https",
        "defaultActions",
        [
            {"type": "authenticate-oidc", "order": 1, "authenticateOidc": provider},
            {"type": "forward", "order": 2, "targetGroupArn": Ref("web", "arn")},
        ],
    )


@broken("logs_of_the_balancer", VALID, REFUSED)
def logs_into_a_bucket_with_a_key(edit: Edit) -> None:
    by_key = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}
    edit.set("logs-encryption", "rules", [by_key])


@broken("network_balancer_beside_it", VALID, REFUSED)
def firewall_before_a_network_balancer(edit: Edit) -> None:
    edit.add(
        "guard",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        {
            "resourceArn": Ref("devices-front", "arn"),
            "webAclArn": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/site/1",
        },
    )


@broken("spot_above_a_base", VALID, "asg-parts-accepted")
def pools_beside_another_strategy(edit: Edit) -> None:
    edit.set("fleet", "mixedInstancesPolicy.instancesDistribution.spotInstancePools", 4)


@broken("spot_above_a_base", (VALID, SURVIVE))
def spot_by_the_template_and_by_the_group(edit: Edit) -> None:
    edit.set("template", "instanceMarketOptions", {"marketType": "spot"})


@broken("spot_above_a_base", SURVIVE, "asg-survives-zone-loss")
def one_large_instance_by_weight(edit: Edit) -> None:
    """Sizes are in units of weight: two units of eight are one instance."""
    kinds = ("m7g.4xlarge", "m6g.4xlarge")
    overrides = [{"instanceType": one, "weightedCapacity": "8"} for one in kinds]
    edit.set("fleet", "mixedInstancesPolicy.launchTemplate.overrides", overrides)


@broken(WEB, (SURVIVE, VALID))
def all_on_one_dedicated_host(edit: Edit) -> None:
    edit.set("template", "placement", {"tenancy": "host", "hostId": "h-0123456789abcdef0"})


@broken(WEB, (SERVE, DEPLOY))
def nat_gateways_in_the_subnets_that_they_serve(edit: Edit) -> None:
    edit.set("nat-a", "subnetId", Ref("private-a"))
    edit.set("nat-b", "subnetId", Ref("private-b"))


def endpoint(edit: Edit, region: str = "eu-west-1", **more: Any) -> None:
    edit.add(
        "to-s3",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": Ref("vpc"),
            "serviceName": f"com.amazonaws.{region}.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [Ref("routes-a"), Ref("routes-b")],
            **more,
        },
    )


@broken(WEB, VALID, "vpc-accepted")
def gateway_endpoint_in_a_group(edit: Edit) -> None:
    endpoint(edit, securityGroupIds=[Ref("app")])


@broken(WEB, VALID, "vpc-accepted")
def gateway_endpoint_of_another_region(edit: Edit) -> None:
    endpoint(edit, "us-east-1")


# --- functions and tasks --------------------------------------------------------------------------


@broken(FUNCTION, VALID, "lambda-accepted", engine=True)
def function_of_a_runtime_that_is_gone(edit: Edit) -> None:
    edit.set("function", "runtime", "nodejs14.x")


@broken(FUNCTION, VALID, "lambda-accepted")
def function_that_works_for_twenty_minutes(edit: Edit) -> None:
    edit.set("function", "timeout", 1200)


@broken(FUNCTION, VALID, "lambda-accepted")
def queue_that_does_not_wait_for_its_function(edit: Edit) -> None:
    edit.set("function", "timeout", 120)
    edit.add("jobs", "aws:sqs/queue:Queue", {"visibilityTimeoutSeconds": 30})
    edit.add(
        "reads-jobs",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {"eventSourceArn": Ref("jobs", "arn"), "functionName": Ref("function", "arn")},
    )


@broken(FUNCTION, VALID, "service-role-trusted", engine=True)
def function_with_a_role_for_instances(edit: Edit) -> None:
    edit.set("function-role", "assumeRolePolicy", bricks.trust("ec2.amazonaws.com"))


@broken(FUNCTION, (SERVE, VALID), "service-role-permissions")
def function_that_may_not_enter_the_network(edit: Edit) -> None:
    inside = {
        "subnetIds": [Ref("private-a"), Ref("private-b")],
        "securityGroupIds": [Ref("balancer")],
    }
    edit.set("function", "vpcConfig", inside)


def containers(**more: Any) -> str:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"
    port = {"containerPort": 8080}
    return json.dumps([{"name": "web", "image": image, "portMappings": [port], **more}])


@broken(FARGATE, VALID, "service-role-trusted")
def tasks_with_a_role_for_instances(edit: Edit) -> None:
    edit.set("task-role", "assumeRolePolicy", bricks.trust("ec2.amazonaws.com"))


@broken(FARGATE, SERVE, "service-role-permissions", engine=True)
def tasks_that_may_not_fetch_their_image(edit: Edit) -> None:
    edit.set("task", "containerDefinitions", containers())
    edit.drop("task-policy")


@broken(FARGATE, SERVE, "service-role-permissions")
def tasks_that_may_not_read_their_secret(edit: Edit) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf"
    secrets = [{"name": "DATABASE", "valueFrom": f"{arn}:password::"}]
    edit.set("task", "containerDefinitions", containers(secrets=secrets))


@broken(FARGATE, VALID, "ecs-accepted")
def tasks_from_a_registry_without_a_role(edit: Edit) -> None:
    edit.set("task", "containerDefinitions", containers())
    edit.set("task", "executionRoleArn", ...)


@broken(FARGATE, VALID, "ecs-accepted")
def tasks_that_log_without_a_role(edit: Edit) -> None:
    options = {"awslogs-group": "web", "awslogs-region": "eu-west-1"}
    logs = {"logDriver": "awslogs", "options": options}
    edit.set("task", "executionRoleArn", ...)
    plain = [
        {
            "name": "web",
            "image": "web:1",
            "portMappings": [{"containerPort": 8080}],
            "logConfiguration": logs,
        }
    ]
    edit.set("task", "containerDefinitions", json.dumps(plain))


@broken("proxy_before_the_database", SERVE, "service-role-permissions")
def proxy_that_may_not_read_its_password(edit: Edit) -> None:
    edit.drop("proxy-reads")


@broken("proxy_before_the_database", VALID, "service-role-trusted")
def proxy_with_a_role_for_functions(edit: Edit) -> None:
    edit.set("proxy-role", "assumeRolePolicy", bricks.trust("lambda.amazonaws.com"))


@broken("shared_files_backed_up", SURVIVE, "backup-role-permissions", engine=True)
def backups_by_a_role_that_may_nothing(edit: Edit) -> None:
    edit.drop("backup-policy")


# --- identities, keys and buckets -----------------------------------------------------------------


def granted(edit: Edit, document: str) -> None:
    properties = {"role": Ref("app-role"), "policy": document}
    edit.add("further", "aws:iam/rolePolicy:RolePolicy", properties)


READS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::exports/*"}


@broken(WEB, VALID, "iam-accepted")
def policy_with_a_version_of_today(edit: Edit) -> None:
    granted(edit, json.dumps({"Version": "2026-11-26", "Statement": [READS]}))


@broken(WEB, VALID, "iam-accepted")
def policy_with_a_principal(edit: Edit) -> None:
    granted(edit, bricks.document({**READS, "Principal": "*"}))


@broken(WEB, VALID, "iam-accepted")
def policy_that_allows_in_small_letters(edit: Edit) -> None:
    granted(edit, bricks.document({**READS, "Effect": "allow"}))


@broken(WEB, VALID, "iam-accepted")
def trust_with_a_resource(edit: Edit) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Resource": "*",
    }
    edit.set("app-role", "assumeRolePolicy", bricks.document(statement))


@broken(WEB, VALID, "iam-accepted")
def sessions_of_a_day(edit: Edit) -> None:
    edit.set("app-role", "maxSessionDuration", 86400)


def key(edit: Edit, **more: Any) -> None:
    only = {
        "Effect": "Allow",
        "Principal": {"Service": "rds.amazonaws.com"},
        "Action": "kms:*",
        "Resource": "*",
    }
    edit.add(
        "key",
        "aws:kms/key:Key",
        {"enableKeyRotation": True, "policy": bricks.document(only), **more},
    )


@broken(WEB, VALID, "iam-accepted", engine=True)
def key_that_nobody_administers(edit: Edit) -> None:
    key(edit)


@broken(WEB, VALID, "iam-accepted")
def key_that_nobody_can_ever_administer(edit: Edit) -> None:
    """The check that keeps one from locking oneself out is switched off."""
    key(edit, bypassPolicyLockoutSafetyCheck=True)


@broken("exports_that_expire", VALID, "s3-parts-accepted")
def access_list_of_a_bucket_without_lists(edit: Edit) -> None:
    edit.add("list", "aws:s3/bucketAcl:BucketAcl", {"bucket": Ref("exports"), "acl": "private"})


@broken("exports_that_expire", VALID, "s3-parts-accepted")
def replicated_without_versions(edit: Edit) -> None:
    rule = {
        "status": "Enabled",
        "destination": {"bucket": "arn:aws:s3:::copies-of-exports"},
    }
    edit.add(
        "copies",
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        {
            "bucket": Ref("exports"),
            "role": "arn:aws:iam::123456789012:role/copies",
            "rules": [rule],
        },
    )


# --- what it was ----------------------------------------------------------------------------------


def run(edit: Edit, image: str) -> None:
    container = {"name": "web", "image": image, "portMappings": [{"containerPort": 8080}]}
    edit.set("task", "containerDefinitions", json.dumps([container]))


@broken(FARGATE, DEPLOY, "ecs-image-fixed", advisory=True)
def containers_of_the_latest_image(edit: Edit) -> None:
    run(edit, "registry.example.com:5000/web:latest")


@broken(FARGATE, DEPLOY, "ecs-image-fixed", advisory=True)
def containers_of_an_image_without_a_tag(edit: Edit) -> None:
    run(edit, "registry.example.com:5000/web")


@broken(FARGATE, DEPLOY, "ecr-images-kept")
def registry_of_one_image(edit: Edit) -> None:
    chosen = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    rule = {"rulePriority": 1, "selection": chosen, "action": {"type": "expire"}}
    edit.add(
        "expiry",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        {"repository": "web", "policy": json.dumps({"rules": [rule]})},
    )


@broken("function_by_alias", DEPLOY, "lambda-version-fixed", advisory=True)
def alias_of_what_was_uploaded_last(edit: Edit) -> None:
    edit.set("live", "functionVersion", "$LATEST")


@broken("function_by_alias", DEPLOY, "lambda-version-fixed", advisory=True)
def function_that_publishes_nothing(edit: Edit) -> None:
    edit.set("function", "publish", False)


@broken(WEB, CLOSED, "kms-key-rotation", advisory=True)
def key_for_ever(edit: Edit) -> None:
    edit.add("key", "aws:kms/key:Key", {"description": "volumes"})


@broken("signed_in_first", SERVE, "elb-reaches-identity-provider")
def identity_provider_out_of_reach(edit: Edit) -> None:
    edit.set("balancer", "egress.0.protocol", "tcp")
    edit.set("balancer", "egress.0.fromPort", 8080)
    edit.set("balancer", "egress.0.toPort", 8080)
