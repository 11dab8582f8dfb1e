"""Mount targets, proxies, records, plans, roles and schedules as somebody in a hurry leaves them."""

from __future__ import annotations

from typing import Any

from tests.policies.programs.cases import (
    CLOSED,
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)
from tests.policies.programs.innocents.fronts import alias, distribution
from tests.policies.programs.innocents.watching import another_balancer, long_policy
from tests.policies.switches import nightly_call

WEB = "plain_web_service"
HTTPS = "https_with_redirect"
FILES = "shared_files"
PROXY = "proxy_before_the_database"
CHECKED = "checked_from_outside"
FARGATE = "containers_on_fargate"
AURORA = "aurora_with_two_members"
CACHE = "cache_with_a_replica"
QUEUES = "orders_by_topic_and_queue"
HOURLY = "hourly_by_a_rule"


# --- files, proxies, stores ---------------------------------------------------------------------------


@broken(FILES, SERVE, "data-store-reachable", engine=True)
def mount_targets_without_a_group(edit: Edit) -> None:
    for letter in "ab":
        edit.set(f"files-{letter}", "securityGroups", ...)


@broken(FILES, SERVE, "data-store-reachable")
def one_mount_target_without_a_group(edit: Edit) -> None:
    edit.set("files-b", "securityGroups", ...)


@broken(PROXY, SERVE)
def proxy_without_a_target(edit: Edit) -> None:
    edit.drop("proxy-target")


@broken(AURORA, VALID)
def windows_of_a_cluster_that_overlap(edit: Edit) -> None:
    edit.set("cluster", "preferredBackupWindow", "02:00-03:00")
    edit.set("cluster", "preferredMaintenanceWindow", "sun:02:30-sun:03:30")


@broken(CACHE, VALID)
def windows_of_a_cache_that_overlap(edit: Edit) -> None:
    edit.set("cache", "snapshotWindow", "03:00-04:00")
    edit.set("cache", "maintenanceWindow", "mon:03:30-mon:04:30")


@broken(WEB, (VALID, SURVIVE))
def copy_of_a_database_without_backups(edit: Edit) -> None:
    """RDS makes a read replica only of a database that has automated backups."""
    edit.set("database", "backupRetentionPeriod", 0)
    edit.add(
        "reader",
        "aws:rds/instance:Instance",
        {
            "replicateSourceDb": Ref("database", "identifier"),
            "instanceClass": "db.t4g.medium",
            "skipFinalSnapshot": True,
        },
    )


@broken(WEB, (VALID, CLOSED, SURVIVE, SERVE), advisory=True)
def certificate_authority_of_2019(edit: Edit) -> None:
    edit.set("database", "caCertIdentifier", "rds-ca-2019")


def plan(edit: Edit, schedule: str, days: int) -> None:
    edit.add("vault", "aws:backup/vault:Vault", {"name": "vault"})
    rule = {
        "ruleName": "copies",
        "targetVaultName": "vault",
        "schedule": schedule,
        "lifecycle": {"deleteAfter": days},
    }
    edit.add("plan", "aws:backup/plan:Plan", {"rules": [rule]})
    edit.add(
        "selection",
        "aws:backup/selection:Selection",
        {
            "planId": Ref("plan"),
            "iamRoleArn": "arn:aws:iam::123456789012:role/backup",
            "resources": [Ref("files", "arn")],
        },
    )
    edit.drop("files-backup")


@broken(FILES, SURVIVE, "data-store-backups")
def copied_once_a_year(edit: Edit) -> None:
    plan(edit, "cron(0 3 1 1 ? *)", 35)


@broken(FILES, SURVIVE, "data-store-backups")
def copies_deleted_before_the_next(edit: Edit) -> None:
    """Copied each month, kept for two weeks: half of the time there is none."""
    plan(edit, "cron(0 3 1 * ? *)", 14)


# --- names ------------------------------------------------------------------------------------------


@broken(CHECKED, SURVIVE, "dns-fails-over")
def fails_over_to_where_it_failed(edit: Edit) -> None:
    edit.set("sorry", "aliases", [alias()])


@broken(CHECKED, SURVIVE, "dns-fails-over")
def check_that_asks_for_a_redirect(edit: Edit) -> None:
    """Port 80 redirects to HTTPS: 301 counts as healthy, whatever is behind 443."""
    edit.set("check", "type", "HTTP")
    edit.set("check", "port", 80)
    edit.set("first", "aliases.0.evaluateTargetHealth", False)


@broken(CHECKED, SURVIVE, "dns-fails-over")
def check_by_a_connection_only(edit: Edit) -> None:
    """The load balancer takes connections also when every application behind it is dead."""
    edit.set("check", "type", "TCP")
    edit.set("check", "resourcePath", ...)
    edit.set("first", "aliases.0.evaluateTargetHealth", False)


@broken(CHECKED, SURVIVE, "dns-fails-over")
def check_that_takes_five_minutes(edit: Edit) -> None:
    edit.set("check", "failureThreshold", 10)
    edit.set("first", "aliases.0.evaluateTargetHealth", False)


@broken(HTTPS, SERVE)
def cloudfront_before_a_balancer_without_a_listener(edit: Edit) -> None:
    another_balancer(edit)
    distribution(edit)
    edit.set("edge", "origins.0.domainName", Ref("other-front", "dnsName"))


# --- roles ------------------------------------------------------------------------------------------


@broken(WEB, VALID, "iam-accepted-together", engine=True)
def two_policies_that_do_not_fit_together(edit: Edit) -> None:
    for name in ("exports", "imports"):
        edit.add(
            name,
            "aws:iam/rolePolicy:RolePolicy",
            {"role": Ref("app-role"), "policy": long_policy(6000)},
        )


@broken(WEB, VALID, "iam-accepted-together")
def policies_of_both_kinds_that_do_not_fit_together(edit: Edit) -> None:
    edit.set("app-role", "inlinePolicies", [{"name": "own", "policy": long_policy(6000)}])
    edit.add(
        "exports",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": Ref("app-role"), "policy": long_policy(6000)},
    )


# --- schedules and switches -------------------------------------------------------------------------


def called(edit: Edit, call: str, given: dict[str, Any]) -> None:
    edit.add("night", "aws:scheduler/schedule:Schedule", nightly_call(call, given))


@broken(AURORA, SURVIVE, "service-not-switched-off")
def aurora_stopped_at_night(edit: Edit) -> None:
    edit.set("cluster", "clusterIdentifier", "shop")
    called(edit, "rds:stopDBCluster", {"DbClusterIdentifier": "shop"})


@broken(WEB, SURVIVE, "service-not-switched-off")
def processes_suspended_at_night(edit: Edit) -> None:
    edit.set("fleet", "name", "web-fleet")
    called(edit, "autoscaling:suspendProcesses", {"AutoScalingGroupName": "web-fleet"})


@broken(WEB, SURVIVE, "service-not-switched-off")
def fleet_deleted_at_night(edit: Edit) -> None:
    edit.set("fleet", "name", "web-fleet")
    given = {"AutoScalingGroupName": "web-fleet", "ForceDelete": True}
    called(edit, "autoscaling:deleteAutoScalingGroup", given)


@broken(WEB, SURVIVE, "service-not-switched-off")
def database_rebooted_every_night(edit: Edit) -> None:
    edit.set("database", "identifier", "shop")
    called(edit, "rds:rebootDBInstance", {"DbInstanceIdentifier": "shop"})


@broken(FARGATE, SURVIVE, "service-not-switched-off")
def tasks_deleted_at_night(edit: Edit) -> None:
    edit.set("service", "name", "shop")
    called(edit, "ecs:deleteService", {"Service": "shop", "Cluster": "shop", "Force": True})


@broken(HOURLY, SERVE, "events-reach-target", advisory=True)
def rule_switched_off(edit: Edit) -> None:
    edit.set("hourly", "state", "DISABLED")


@broken(QUEUES, SERVE, "events-reach-target")
def reader_of_the_queue_switched_off(edit: Edit) -> None:
    edit.set("work", "enabled", False)


# --- fleets -----------------------------------------------------------------------------------------


@broken(WEB, SURVIVE, "asg-launch-hook-completed")
def hook_inside_the_group_that_nobody_completes(edit: Edit) -> None:
    hook = {
        "name": "warm",
        "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
        "heartbeatTimeout": 300,
    }
    edit.set("fleet", "initialLifecycleHooks", [hook])


@broken("spot_above_a_base", DEPLOY)
def mixed_fleet_of_a_version_that_stays(edit: Edit) -> None:
    edit.set(
        "fleet",
        "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.version",
        "$Default",
    )
    edit.set("template", "updateDefaultVersion", False)


@broken("traffic_source_attachment", SURVIVE, "asg-elb-health-check")
def attached_by_a_source_and_checked_by_ec2(edit: Edit) -> None:
    edit.set("fleet", "healthCheckType", "EC2")


@broken(WEB, (SURVIVE, DEPLOY))
def requests_cut_off_by_a_string(edit: Edit) -> None:
    edit.set("web", "deregistrationDelay", "0")


@broken(WEB, (CLOSED, SURVIVE), advisory=True)
def metadata_for_everybody_on_the_host(edit: Edit) -> None:
    edit.set("template", "metadataOptions.httpPutResponseHopLimit", 64)


@broken(FARGATE, DEPLOY, advisory=True)
def tasks_stay_although_the_new_ones_fail(edit: Edit) -> None:
    edit.set("service", "deploymentCircuitBreaker", {"enable": True, "rollback": False})


@broken(FARGATE, SURVIVE, advisory=True)
def tasks_without_any_grace(edit: Edit) -> None:
    edit.set("service", "healthCheckGracePeriodSeconds", 0)


@broken("two_sets_of_tasks", DEPLOY)
def blue_tasks_gone_at_once(edit: Edit) -> None:
    ends = {"action": "TERMINATE", "terminationWaitTimeInMinutes": 0}
    edit.set(
        "deployment", "blueGreenDeploymentConfig.terminateBlueInstancesOnDeploymentSuccess", ends
    )
