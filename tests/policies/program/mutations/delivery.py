"""What breaks the rules about CodeDeploy."""

import pulumi_aws as aws

from .registry import breaks


@breaks("codedeploy-deployment-group")
def no_deployment_group_at_all(p):
    p.drop("deployment")


@breaks("codedeploy-deployment-group")
def deployment_by_tags(p):
    p["deployment"].set(
        autoscaling_groups=...,
        ec2_tag_filters=[{"key": "Name", "type": "KEY_AND_VALUE", "value": "web"}],
    )


@breaks("codedeploy-deployment-group")
def deployment_of_another_group(p):
    p["deployment"].set(autoscaling_groups=["somebody-elses"])


@breaks("codedeploy-traffic-control")
def no_traffic_control(p):
    p["deployment"].set(
        deployment_style={
            "deployment_type": "IN_PLACE",
            "deployment_option": "WITHOUT_TRAFFIC_CONTROL",
        }
    )


@breaks("codedeploy-traffic-control")
def deployment_style_left_to_the_default(p):
    p["deployment"].set(deployment_style=...)


@breaks("codedeploy-traffic-control")
def no_target_group_in_the_deployment(p):
    p["deployment"].set(load_balancer_info=...)


@breaks("codedeploy-traffic-control")
def another_target_group_in_the_deployment(p):
    p.add(
        "other",
        aws.lb.TargetGroup,
        lambda r: {"vpc_id": r["vpc"].id, "health_check": {"protocol": "HTTP", "path": "/"}},
    )
    p["deployment"] = p.pop("deployment")
    p["deployment"].set(
        load_balancer_info=lambda r: {"target_group_infos": [{"name": r["other"].name}]}
    )


@breaks("codedeploy-auto-rollback")
def no_rollback(p):
    p["deployment"].set(auto_rollback_configuration=...)


@breaks("codedeploy-auto-rollback")
def rollback_on_alarms_only(p):
    p["deployment"].set(
        auto_rollback_configuration={"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]}
    )


@breaks("codedeploy-no-copy-asg-bluegreen")
def copied_group(p):
    p["deployment"].set(
        deployment_style={
            "deployment_type": "BLUE_GREEN",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        blue_green_deployment_config={
            "green_fleet_provisioning_option": {"action": "COPY_AUTO_SCALING_GROUP"}
        },
    )


@breaks("codedeploy-one-dg-per-asg")
def two_deployment_groups(p):
    p.add("second", aws.codedeploy.DeploymentGroup, p["deployment"].arguments)


@breaks("codedeploy-outdated-instances-update")
def old_revision_stays(p):
    p["deployment"].set(outdated_instances_strategy="IGNORE")


@breaks("codedeploy-min-healthy-hosts")
def all_at_once(p):
    p["deployment"].set(deployment_config_name="CodeDeployDefault.AllAtOnce")


@breaks("codedeploy-healthy-hosts-possible")
def impossible_minimum(p):
    p["fleet"].set(min_size=2)
    p.add(
        "config",
        aws.codedeploy.DeploymentConfig,
        lambda r: {"minimum_healthy_hosts": {"type": "FLEET_PERCENT", "value": 66}},
    )
    p["deployment"] = p.pop("deployment")
    p["deployment"].set(deployment_config_name=lambda r: r["config"].deployment_config_name)


@breaks("codedeploy-rollback-and-alarms")
def no_alarms_in_the_deployment(p):
    p["deployment"].set(alarm_configuration=...)


@breaks("codedeploy-rollback-and-alarms")
def alarm_stops_without_rollback(p):
    p["deployment"].set(
        auto_rollback_configuration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    )


@breaks("codedeploy-healthy-hosts-possible")
def impossible_number_of_hosts(p):
    p.add(
        "config",
        aws.codedeploy.DeploymentConfig,
        lambda r: {"minimum_healthy_hosts": {"type": "HOST_COUNT", "value": 4}},
    )
    p["deployment"] = p.pop("deployment")
    p["deployment"].set(deployment_config_name=lambda r: r["config"].deployment_config_name)


@breaks("codedeploy-health-check-patience")
def sick_longer_than_the_grace_period(p):
    p["targets"].set(
        health_check={"enabled": True, "protocol": "HTTP", "path": "/", "interval": 300}
    )


@breaks("codedeploy-health-check-patience")
def an_hour_to_leave(p):
    p["targets"].set(deregistration_delay=3600)
