"""How policies are broken on a running HA stack, and the experiment that each guards against.

Each break changes settings of the stack's own resources as somebody would who does without the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rehearsal import changes
from rehearsal.changes import Maker

LOAD_ALONE: Final = "load-alone"
"""Where users arrive and nothing else happens: what breaks a stack by itself."""
FLEET_PAUSES: Final = "fleet-pauses"
"""Where users have to wait for a moment: what keeps them from waiting."""


@dataclass(frozen=True)
class Break:
    """A rule, the experiment that it guards against, and how it is broken."""

    rule: str
    experiment: str
    what: str
    """What is changed, as a clause."""
    changes: Maker
    harmless: str = ""
    """Why it may do no damage here, where that is known."""


_IN_PLACE = "IN_PLACE"
_PAGE = {
    "Type": "fixed-response",
    "FixedResponseConfig": {
        "StatusCode": "503",
        "ContentType": "text/plain",
        "MessageBody": "down for maintenance",
    },
}
_CIRCLE = {
    "Type": "redirect",
    "RedirectConfig": {"Path": "/app/#{path}", "StatusCode": "HTTP_302"},
}

BREAKS = (
    Break(
        "elb-reaches-targets",
        LOAD_ALONE,
        "the instances' security group admits the load balancer on another port",
        changes.instances_admit_another_port,
    ),
    Break(
        "tg-health-check-port",
        LOAD_ALONE,
        "targets are checked on a port where nobody answers",
        changes.targets(HealthCheckPort="9000"),
    ),
    Break(
        "network-acl-passes-traffic",
        LOAD_ALONE,
        "the network ACL of the instances' subnets denies what comes in",
        changes.nothing_passes,
    ),
    Break(
        "elb-open-on-listener-ports",
        LOAD_ALONE,
        "the load balancer's security group admits private addresses only",
        changes.balancer_closed_to_visitors,
    ),
    Break(
        "elb-in-public-subnets",
        LOAD_ALONE,
        "the load balancer's subnets have no route to the internet",
        changes.no_route_out,
    ),
    Break(
        "listener-no-maintenance-page",
        LOAD_ALONE,
        "the listener answers everybody with a maintenance page",
        changes.listener(_PAGE),
    ),
    Break(
        "listener-redirect-ends",
        LOAD_ALONE,
        "the listener redirects in a circle",
        changes.listener(_CIRCLE),
    ),
    Break(
        "asg-behind-listener",
        LOAD_ALONE,
        "the group is not attached to the target group",
        changes.detached,
    ),
    Break(
        "codedeploy-role-permissions",
        "deployment-good",
        "CodeDeploy's role has no policy",
        changes.deployment_role_without_policy,
    ),
    Break(
        "codedeploy-role-trusted",
        "deployment-good",
        "CodeDeploy's role trusts instances only",
        changes.deployment_role_trusts_instances,
    ),
    Break(
        "codedeploy-healthy-hosts-possible",
        "deployment-good",
        "deployments have to keep all of the instances healthy",
        changes.impossible_minimum,
    ),
    Break(
        "codedeploy-traffic-control",
        "deployment-good",
        "instances stay behind the load balancer while they are deployed to",
        changes.deployments(
            deploymentStyle={
                "deploymentType": _IN_PLACE,
                "deploymentOption": "WITHOUT_TRAFFIC_CONTROL",
            }
        ),
    ),
    Break(
        "codedeploy-min-healthy-hosts",
        "deployment-good",
        "all instances are deployed to at once",
        changes.deployments(deploymentConfigName="CodeDeployDefault.AllAtOnce"),
    ),
    Break(
        "codedeploy-outdated-instances-update",
        "deployment-instance-dies",
        "instances that were launched during a deployment keep the revision before it",
        changes.deployments(outdatedInstancesStrategy="IGNORE"),
    ),
    Break(
        "asg-elb-health-check",
        "instance-hangs",
        "the group only asks EC2 whether an instance is healthy",
        changes.group("HealthCheckType", "EC2"),
    ),
    Break(
        "tg-failing-target-leaves",
        # One that hangs gets few requests, as the load balancer counts who is under way; one that answers
        # 500 is the fastest of all.
        "instance-errors",
        "a target fails after ten checks, 30 s apart",
        changes.targets(HealthCheckIntervalSeconds=30, UnhealthyThresholdCount=10),
    ),
    Break(
        "alb-idle-timeout",
        FLEET_PAUSES,
        "the load balancer waits one second for an answer",
        changes.balancer_attribute("idle_timeout.timeout_seconds", "1"),
    ),
    Break(
        "tg-deregistration-delay",
        # A deployment cuts off what is under way in one moment, and most requests take milliseconds.
        "instance-leaves",
        "targets that leave get no time to end their requests",
        changes.target_attribute("deregistration_delay.timeout_seconds", "0"),
        harmless="with --speed above 1 the long requests end before the instance does",
    ),
    Break(
        "asg-processes-run",
        "instance-dies",
        "the group's processes Launch and ReplaceUnhealthy are suspended",
        changes.suspended("Launch", "ReplaceUnhealthy"),
    ),
    Break(
        "asg-launch-hook-completed",
        "instance-dies",
        "launches wait for a lifecycle hook that nobody completes",
        changes.launch_hook("boot"),
    ),
    Break(
        "ec2-reads-revisions",
        "instance-dies",
        "instances may not read their revision",
        changes.instances_read_no_revision,
    ),
    Break(
        "database-reachable",
        "instance-dies",
        "the database's security group admits instances on another port",
        changes.database_admits_another_port,
    ),
    Break(
        "asg-grace-period",
        "instance-dies",
        "failed checks count from the first second of an instance",
        changes.group("HealthCheckGracePeriod", 0),
    ),
    Break(
        "rds-multi-az",
        "database-fails-over",
        "the database has no standby",
        changes.without_standby,
    ),
    Break(
        "codedeploy-rollback-and-alarms",
        "deployment-slow",
        "no alarm stops a deployment",
        changes.deployments(alarmConfiguration={"enabled": False, "alarms": []}),
    ),
    Break(
        "codedeploy-auto-rollback",
        "deployment-fails-its-hook",
        "a failed deployment is not rolled back",
        changes.deployments(autoRollbackConfiguration={"enabled": False}),
    ),
)
"""Those with the same experiment follow each other: it is run on the intact stack once. First what makes
health checks fail, while the group's grace period still spares the instances; of deployments last what sets
off the alarms that stop the next one, and at the very end what leaves a revision behind."""
