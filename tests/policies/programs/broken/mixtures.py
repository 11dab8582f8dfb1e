"""Several services side by side, and single settings that nobody suspects: one fault in each."""

from __future__ import annotations

import json

from tests.policies.programs.broken.serve import opening
from tests.policies.programs.cases import CLOSED, SERVE, SURVIVE, VALID, Edit, Ref, broken

WEB = "plain_web_service"


# --- what a fleet needs and cannot reach ----------------------------------------------------------


@broken("cache_with_a_replica", SERVE)
def cache_behind_a_closed_door(edit: Edit) -> None:
    edit.set("cache-guard", "ingress", opening(6380, securityGroups=[Ref("app")]))


@broken("cache_in_shards", SERVE)
def cache_that_admits_the_balancer_only(edit: Edit) -> None:
    edit.set("cache-guard", "ingress", opening(6379, securityGroups=[Ref("balancer")]))


@broken("aurora_with_two_members", SERVE)
def aurora_that_admits_the_balancer_only(edit: Edit) -> None:
    edit.set("cluster-guard", "ingress", opening(5432, securityGroups=[Ref("balancer")]))


@broken("shared_files", SERVE)
def files_that_admit_the_balancer_only(edit: Edit) -> None:
    edit.set("files-guard", "ingress", opening(2049, securityGroups=[Ref("balancer")]))


# --- fleets that look after themselves no more ----------------------------------------------------


@broken(WEB, SURVIVE)
def terminations_suspended(edit: Edit) -> None:
    """An instance that fails its checks is unhealthy for ever, and in service."""
    edit.set("fleet", "suspendedProcesses", ["Terminate"])


@broken(WEB, SURVIVE)
def every_process_suspended(edit: Edit) -> None:
    edit.set("fleet", "suspendedProcesses", ["Launch", "Terminate", "AZRebalance"])


@broken(WEB, SURVIVE, advisory=True)
def alarms_no_longer_scale_it(edit: Edit) -> None:
    edit.set("fleet", "suspendedProcesses", ["AlarmNotification"])


@broken(WEB, SURVIVE, advisory=True)
def scaling_policy_switched_off(edit: Edit) -> None:
    edit.set("cpu", "enabled", False)


@broken(WEB, SURVIVE, advisory=True)
def tracks_what_a_processor_never_reaches(edit: Edit) -> None:
    edit.set("cpu", "targetTrackingConfiguration.targetValue", 150)


@broken("steps_by_an_alarm", SURVIVE, advisory=True)
def steps_that_no_alarm_takes(edit: Edit) -> None:
    edit.set("busy", "alarmActions", [Ref("operations", "arn")])


@broken("steps_by_an_alarm", SURVIVE, advisory=True)
def steps_downwards_when_it_is_busy(edit: Edit) -> None:
    edit.set("more", "stepAdjustments.0.scalingAdjustment", -2)


# --- several services -----------------------------------------------------------------------------


@broken("paths_of_two_services", SERVE)
def path_without_its_slash(edit: Edit) -> None:
    """A path begins with a slash, so that this pattern matches none."""
    edit.set("to-api", "conditions", [{"pathPattern": {"values": ["api", "api/*"]}}])


@broken("hosts_of_two_services", SERVE)
def host_with_its_scheme(edit: Edit) -> None:
    edit.set("to-shop", "conditions", [{"hostHeader": {"values": ["https://shop.example.com"]}}])


@broken("canary_by_weight", VALID)
def weight_of_a_thousand(edit: Edit) -> None:
    edit.set("http", "defaultActions.0.forward.targetGroups.0.weight", 1000)


@broken("three_zones", (SERVE, SURVIVE))
def a_node_without_instances(edit: Edit) -> None:
    """No node sends across zones, and the third zone has no instances."""
    edit.set("web", "loadBalancingCrossZoneEnabled", "false")
    edit.set("fleet", "vpcZoneIdentifiers", [Ref("private-a"), Ref("private-b")])


@broken(WEB, VALID)
def own_cookie_without_a_name(edit: Edit) -> None:
    edit.set("web", "stickiness", {"type": "app_cookie", "enabled": True, "cookieDuration": 600})


@broken(WEB, VALID)
def balancer_called_internal(edit: Edit) -> None:
    edit.set("front", "name", "internal-shop")


@broken("logs_of_the_balancer", (VALID, SERVE))
def logs_into_a_bucket_that_takes_none(edit: Edit) -> None:
    """Its policy has the denial of plain HTTP, and nothing that lets the load balancer write."""
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [denial]}
    edit.set("logs-policy", "policy", json.dumps(policy))


# --- who is told, and what is kept ----------------------------------------------------------------


@broken(WEB, SURVIVE, advisory=True)
def topic_with_a_key_that_alarms_may_not_use(edit: Edit) -> None:
    """CloudWatch cannot encrypt with the key that AWS manages for SNS: no alarm arrives."""
    edit.set("operations", "kmsMasterKeyId", "alias/aws/sns")


@broken(WEB, SURVIVE, advisory=True)
def topic_closed_to_alarms(edit: Edit) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": "*",
        },
    }
    edit.add(
        "operations-policy",
        "aws:sns/topicPolicy:TopicPolicy",
        {"arn": Ref("operations", "arn"), "policy": json.dumps(policy)},
    )


@broken(WEB, SURVIVE, advisory=True)
def alarm_without_its_actions(edit: Edit) -> None:
    edit.set("unhealthy", "actionsEnabled", False)


@broken("table_without_servers", SURVIVE)
def table_that_nobody_can_restore(edit: Edit) -> None:
    edit.set("carts", "pointInTimeRecovery", ...)


@broken("table_without_servers", SURVIVE, advisory=True)
def table_that_one_command_deletes(edit: Edit) -> None:
    edit.set("carts", "deletionProtectionEnabled", False)


@broken("only_through_cloudfront", CLOSED)
def door_behind_cloudfront_wide_open(edit: Edit) -> None:
    """Whoever knows the load balancer's name goes past CloudFront, on any port."""
    edit.set("balancer", "ingress", opening(8443, cidrBlocks=["0.0.0.0/0"]))


@broken("canary_by_weight", SERVE)
def canary_of_another_port(edit: Edit) -> None:
    edit.set("canary-targets", "port", 9090)


@broken("paths_of_two_services", SERVE)
def one_service_checked_where_the_other_listens(edit: Edit) -> None:
    edit.set("api-targets", "healthCheck.port", "8080")
