"""Settings that look like mistakes and are none."""

from __future__ import annotations

import json

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    addresses,
    capacity,
    deliveries,
    doors,
    engines,
    fleets,
    networks,
    plain,
    releases,
    routing,
    stores,
    workloads,
)

WEB = "plain_web_service"
SCHEDULE = "aws:autoscaling/schedule:Schedule"
LINKED = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def at_night(edit: Edit, **sizes: object) -> None:
    edit.add(
        "night",
        SCHEDULE,
        {
            "scheduledActionName": "night",
            "autoscalingGroupName": Ref("fleet", "name"),
            "recurrence": "0 22 * * *",
            "timeZone": "Asia/Tokyo",
            **sizes,
        },
    )


# --- fleets ---------------------------------------------------------------------------------------


@also_sound(WEB)
def smaller_at_night_but_in_both_zones(edit: Edit) -> None:
    at_night(edit, minSize=2, maxSize=6, desiredCapacity=2)


@also_sound(WEB)
def larger_for_one_day(edit: Edit) -> None:
    at_night(edit, minSize=5, maxSize=9, desiredCapacity=5, startTime="2027-01-01T00:00:00Z")


@also_sound(WEB)
def waits_for_what_it_starts(edit: Edit) -> None:
    edit.set("fleet", "waitForElbCapacity", 2)


@also_sound(WEB)
def zones_balanced_as_far_as_possible(edit: Edit) -> None:
    strategy = {"capacityDistributionStrategy": "balanced-best-effort"}
    edit.set("fleet", "availabilityZoneDistribution", strategy)


@also_sound(WEB)
def placed_in_a_shared_tenancy(edit: Edit) -> None:
    edit.set("template", "placement", {"tenancy": "default"})


@also_sound(WEB)
def volume_with_a_key_that_admits_auto_scaling(edit: Edit) -> None:
    policy = bricks.document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::123456789012:{LINKED}"},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
            "Resource": "*",
        },
    )
    edit.add("disks", "aws:kms/key:Key", {"enableKeyRotation": True, "policy": policy})
    edit.set("template", "blockDeviceMappings.0.ebs.kmsKeyId", Ref("disks", "arn"))


@also_sound(WEB)
def volume_with_a_granted_key(edit: Edit) -> None:
    edit.add("disks", "aws:kms/key:Key", {"enableKeyRotation": True})
    edit.add(
        "granted",
        "aws:kms/grant:Grant",
        {
            "keyId": Ref("disks", "keyId"),
            "granteePrincipal": f"arn:aws:iam::123456789012:{LINKED}",
            "operations": ["Encrypt", "Decrypt", "GenerateDataKey", "CreateGrant"],
        },
    )
    edit.set("template", "blockDeviceMappings.0.ebs.kmsKeyId", Ref("disks", "arn"))


@also_sound(WEB)
def small_subnets_for_a_small_fleet(edit: Edit) -> None:
    edit.set("private-a", "cidrBlock", "10.0.10.0/28")
    edit.set("private-b", "cidrBlock", "10.0.11.0/28")


@also_sound("warm_pool")
def warm_pool_that_hibernates(edit: Edit) -> None:
    edit.set("fleet", "warmPool.poolState", "Hibernated")
    edit.set("template", "hibernationOptions", {"configured": True})


@also_sound("plain_web_service")
def one_healthy_target_is_enough(edit: Edit) -> None:
    rerouting = {"minimumHealthyTargetsCount": 1, "minimumHealthyTargetsPercentage": "off"}
    edit.set("web", "targetGroupHealth", {"unhealthyStateRouting": rerouting})


# --- the edge -------------------------------------------------------------------------------------


@also_sound(WEB)
def long_requests(edit: Edit) -> None:
    edit.set("front", "idleTimeout", 300)
    edit.set("front", "clientKeepAlive", 3600)


@also_sound(WEB)
def a_redirect_counts_as_healthy(edit: Edit) -> None:
    """The start page leads to the login."""
    edit.set("web", "healthCheck.matcher", "200,302")


@also_sound("certificate_proved_by_dns")
def certificate_for_every_name_of_the_domain(edit: Edit) -> None:
    edit.set("certificate", "domainName", "example.com")
    edit.set("certificate", "subjectAlternativeNames", ["*.example.com"])


@also_sound("accelerator_in_front")
def accelerator_at_half_strength(edit: Edit) -> None:
    edit.set("endpoints", "trafficDialPercentage", 50)


@also_sound("canary_by_weight")
def canary_gets_one_in_a_thousand(edit: Edit) -> None:
    weights = "defaultActions.0.forward.targetGroups"
    edit.set("http", f"{weights}.0.weight", 999)
    edit.set("http", f"{weights}.1.weight", 1)


@also_sound("lambda_behind_the_balancer")
def function_with_a_reserve(edit: Edit) -> None:
    edit.set("function", "reservedConcurrentExecutions", 50)


@also_sound("errors_as_a_share")
def share_that_fills_gaps(edit: Edit) -> None:
    edit.set("share", "metricQueries.0.expression", "100 * FILL(failed, 0) / FILL(total, 1)")


@also_sound(
    "own_configuration",
    advised={
        "codedeploy-works-without-a-zone": "Two of four are left without a zone, and both have to stay."
    },
)
def own_configuration_in_hosts(edit: Edit) -> None:
    edit.set("three-of-four", "minimumHealthyHosts", {"type": "HOST_COUNT", "value": 2})


# --- containers -----------------------------------------------------------------------------------


def _network(edit: Edit, **more: object) -> None:
    edit.set(
        "service",
        "networkConfiguration",
        {"subnets": [Ref("public-a"), Ref("public-b")], "securityGroups": [Ref("app")], **more},
    )


@also_sound("containers_on_fargate")
def tasks_with_public_addresses(edit: Edit) -> None:
    _network(edit, assignPublicIp=True)


@also_sound("containers_on_fargate")
def tasks_that_fetch_their_image_by_endpoints(edit: Edit) -> None:
    edit.drop("private-out-a", "private-out-b", "nat-a", "nat-b", "address-a", "address-b")
    edit.add(
        "endpoint-s3",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": Ref("vpc"),
            "serviceName": "com.amazonaws.eu-west-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [Ref("routes-a"), Ref("routes-b")],
        },
    )
    edit.add(
        "endpoint-door",
        "aws:ec2/securityGroup:SecurityGroup",
        {
            "vpcId": Ref("vpc"),
            "description": "endpoints",
            "ingress": bricks.opening(443, cidrBlocks=["10.0.0.0/16"]),
        },
    )
    for name in ("ecr.api", "ecr.dkr", "logs"):
        edit.add(
            f"endpoint-{name}",
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            {
                "vpcId": Ref("vpc"),
                "serviceName": f"com.amazonaws.eu-west-1.{name}",
                "vpcEndpointType": "Interface",
                "privateDnsEnabled": True,
                "subnetIds": [Ref("private-a"), Ref("private-b")],
                "securityGroupIds": [Ref("endpoint-door")],
            },
        )


@also_sound("containers_on_fargate")
def tasks_one_by_one(edit: Edit) -> None:
    edit.set("service", "deploymentMinimumHealthyPercent", 50)
    edit.set("service", "deploymentMaximumPercent", 100)


@also_sound("containers_on_fargate")
def a_container_beside_the_application(edit: Edit) -> None:
    containers = [
        {"name": "web", "image": "web:1", "portMappings": [{"containerPort": 8080}]},
        {"name": "log-router", "image": "fluent-bit:4"},
    ]
    edit.set("task", "containerDefinitions", json.dumps(containers))
    edit.set("task", "memory", "4096")


@also_sound("containers_on_own_instances")
def hosts_as_many_as_the_tasks_need(edit: Edit) -> None:
    """The capacity provider keeps as many hosts as the tasks need: the group has no minimum."""
    edit.set("fleet", "minSize", 0)
    edit.set("fleet", "desiredCapacity", 0)


# --- networks and rights --------------------------------------------------------------------------


@also_sound(WEB)
def shell_for_the_office(edit: Edit) -> None:
    edit.set(
        "app",
        "ingress",
        [
            *bricks.opening(8080, securityGroups=[Ref("balancer")]),
            *bricks.opening(22, cidrBlocks=["198.51.100.7/32"]),
        ],
    )


def grant(edit: Edit, *statements: dict[str, object]) -> None:
    edit.add(
        "more-rights",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": Ref("app-role"), "policy": bricks.document(*statements)},
    )


def allow(*actions: str, resource: object = "*", **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


@also_sound(WEB)
def instances_read_their_own_secret(edit: Edit) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/*"
    grant(edit, allow("secretsmanager:GetSecretValue", resource=arn))


@also_sound(WEB)
def instances_decrypt_by_one_service(edit: Edit) -> None:
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
    grant(edit, allow("kms:Decrypt", Condition=via))


@also_sound(WEB)
def instances_write_into_their_own_bucket(edit: Edit) -> None:
    own = ["arn:aws:s3:::shop-uploads", "arn:aws:s3:::shop-uploads/*"]
    grant(edit, allow("s3:*", resource=own))


@also_sound(WEB)
def instances_take_one_role(edit: Edit) -> None:
    grant(edit, allow("sts:AssumeRole", resource="arn:aws:iam::210987654321:role/reports"))


@also_sound(WEB)
def one_repository_deploys(edit: Edit) -> None:
    forge = "token.actions.githubusercontent.com"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{forge}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{forge}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{forge}:sub": "repo:example/shop:*"},
        },
    }
    edit.add("builder", "aws:iam/role:Role", {"assumeRolePolicy": bricks.document(statement)})


@also_sound("shared_files")
def files_by_their_mount_targets_only(edit: Edit) -> None:
    edit.add(
        "files-policy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        {
            "fileSystemId": Ref("files"),
            "policy": bricks.document(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": "elasticfilesystem:ClientMount",
                    "Resource": "*",
                    "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
                }
            ),
        },
    )


@also_sound(WEB)
def image_for_another_account(edit: Edit) -> None:
    edit.add(
        "share",
        "aws:ec2/amiLaunchPermission:AmiLaunchPermission",
        {"imageId": bricks.IMAGE, "accountId": "210987654321"},
    )


@also_sound(WEB)
def search_in_two_zones(edit: Edit) -> None:
    edit.add(
        "search",
        "aws:opensearch/domain:Domain",
        {
            "engineVersion": "OpenSearch_2.19",
            "clusterConfig": {
                "instanceType": "r7g.large.search",
                "instanceCount": 2,
                "zoneAwarenessEnabled": True,
                "zoneAwarenessConfig": {"availabilityZoneCount": 2},
            },
            "encryptAtRest": {"enabled": True},
            "nodeToNodeEncryption": {"enabled": True},
            "domainEndpointOptions": {"enforceHttps": True},
            "vpcOptions": {"subnetIds": [Ref("private-a"), Ref("private-b")]},
        },
    )


@also_sound(WEB)
def memory_with_a_replica(edit: Edit) -> None:
    edit.add(
        "sessions",
        "aws:memorydb/cluster:Cluster",
        {"aclName": "shop", "nodeType": "db.t4g.small", "numReplicasPerShard": 1},
    )
