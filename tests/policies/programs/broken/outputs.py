"""Another output than the one that is meant, another resource, and alarms on the service next door."""

from __future__ import annotations

from tests.policies.programs.cases import DEPLOY, SERVE, SURVIVE, VALID, Edit, Ref, broken
from tests.policies.programs.innocents.fronts import alias, named
from tests.policies.programs.innocents.watching import (
    another_balancer,
    by_steps,
    by_steps_with_requests,
    watches,
)

WEB = "plain_web_service"
TWO = "two_balancers_two_services"


def of(edit: Edit, balancer: Ref, target: Ref, name: str = "errors") -> None:
    edit.set(name, "dimensions", {"LoadBalancer": balancer, "TargetGroup": target})


# --- dimensions that are not known yet --------------------------------------------------------------


@broken(WEB, DEPLOY, "alarm-can-go-off", engine=True)
def both_dimensions_of_the_balancer(edit: Edit) -> None:
    of(edit, Ref("front", "arnSuffix"), Ref("front", "arnSuffix"))


@broken(WEB, DEPLOY, "alarm-can-go-off", advisory=True)
def both_dimensions_of_the_target_group(edit: Edit) -> None:
    """Its load_balancer_arns would tell the load balancer."""
    of(edit, Ref("web", "arnSuffix"), Ref("web", "arnSuffix"))


@broken(WEB, DEPLOY, "alarm-can-go-off")
def unhealthy_hosts_of_a_balancer(edit: Edit) -> None:
    of(edit, Ref("front", "arnSuffix"), Ref("front", "arn"), "unhealthy")


@broken(WEB, DEPLOY, "alarm-can-go-off")
def share_of_errors_of_the_fleet(edit: Edit) -> None:
    """Metric math, whose errors are by the name of the Auto Scaling group."""
    edit.set("fleet", "name", "web-fleet")
    dimensions = {"LoadBalancer": Ref("fleet", "arn"), "TargetGroup": Ref("fleet", "arn")}
    errors = {
        "namespace": "AWS/ApplicationELB",
        "metricName": "HTTPCode_Target_5XX_Count",
        "period": 60,
        "stat": "Sum",
        "dimensions": dimensions,
    }
    for name in ("namespace", "metricName", "dimensions", "statistic", "period"):
        edit.set("errors", name, ...)
    edit.set("errors", "metricQueries", [{"id": "e", "returnData": True, "metric": errors}])


@broken(WEB, DEPLOY, "alarm-can-go-off")
def database_watched_by_its_resource_id(edit: Edit) -> None:
    """The output id of an aws.rds.Instance is "db-ABC…" since version 6 of the provider."""
    edit.set("database", "identifier", "shop")
    watches(edit, "AWS/RDS", {"DBInstanceIdentifier": Ref("database")})


@broken("orders_by_topic_and_queue", DEPLOY, "alarm-can-go-off")
def queue_watched_by_its_url(edit: Edit) -> None:
    edit.set("jobs", "name", "jobs")
    watches(
        edit,
        "AWS/SQS",
        {"QueueName": Ref("jobs")},
        metricName="ApproximateAgeOfOldestMessage",
        statistic="Maximum",
        threshold=600,
        evaluationPeriods=3,
        alarmActions=[Ref("orders", "arn")],
    )


@broken(WEB, DEPLOY, "alarm-can-go-off", advisory=True)
def fleet_watched_by_its_arn(edit: Edit) -> None:
    """The id would be its name, and neither is known."""
    edit.set("fleet", "name", "web-fleet")
    watches(edit, "AWS/EC2", {"AutoScalingGroupName": Ref("fleet", "arn")})


# --- names that are ARNs ----------------------------------------------------------------------------


@broken(WEB, VALID, "names-and-arns", engine=True)
def traffic_of_the_id_of_a_target_group(edit: Edit) -> None:
    edit.set("web", "name", "web")
    edit.set("deployment", "loadBalancerInfo.targetGroupInfos", [{"name": Ref("web")}])


@broken(WEB, VALID, "names-and-arns", advisory=True)
def stops_on_the_arn_of_an_alarm(edit: Edit) -> None:
    edit.set("errors", "name", "errors")
    edit.set("deployment", "alarmConfiguration.alarms", [Ref("errors", "arn")])


@broken(WEB, VALID, "names-and-arns")
def template_called_by_its_id(edit: Edit) -> None:
    edit.set("template", "name", "web")
    template = {"name": Ref("template"), "version": "$Latest"}
    edit.set("fleet", "launchTemplate", template)


@broken("proxy_before_the_database", VALID, "names-and-arns")
def proxy_before_a_resource_id(edit: Edit) -> None:
    edit.set("database", "identifier", "shop")
    edit.set("proxy-target", "dbInstanceIdentifier", Ref("database"))


@broken(WEB, (VALID, SERVE), "names-and-arns")
def group_by_its_name_where_an_id_belongs(edit: Edit) -> None:
    edit.set("front", "securityGroups", ["balancer"])


@broken(WEB, (VALID, SURVIVE), "names-and-arns")
def subnets_by_their_names(edit: Edit) -> None:
    edit.set("fleet", "vpcZoneIdentifiers", ["private-a", "private-b"])


@broken("containers_on_fargate", (VALID, SERVE), "names-and-arns")
def target_group_of_the_tasks_by_its_name(edit: Edit) -> None:
    edit.set("web", "name", "web")
    entry = {"targetGroupArn": "web", "containerName": "web", "containerPort": 8080}
    edit.set("service", "loadBalancers", [entry])


@broken(WEB, (SERVE, VALID))
def fleet_behind_the_arn_of_a_balancer(edit: Edit) -> None:
    edit.set("fleet", "targetGroupArns", [Ref("front", "arn")])


@broken(WEB, (SERVE, VALID), advisory=True)
def listener_of_a_target_group(edit: Edit) -> None:
    edit.set("http", "loadBalancerArn", Ref("web", "arn"))


# --- who listens ------------------------------------------------------------------------------------


@broken(WEB, SERVE, "elb-has-listener", engine=True)
def name_that_leads_to_a_balancer_without_a_listener(edit: Edit) -> None:
    another_balancer(edit)
    named(edit, "www.example.com", aliases=[alias("other-front")])


@broken(WEB, SERVE, "elb-has-listener", advisory=True)
def balancer_that_nobody_asks(edit: Edit) -> None:
    another_balancer(edit)


# --- alarms of the service next door ----------------------------------------------------------------


@broken(TWO, DEPLOY, "codedeploy-alarms-watch-service")
def shop_watched_by_the_processors_of_the_admin(edit: Edit) -> None:
    dimensions = {"AutoScalingGroupName": Ref("admin-fleet", "name")}
    edit.set("shop-errors", "namespace", "AWS/EC2")
    edit.set("shop-errors", "metricName", "CPUUtilization")
    edit.set("shop-errors", "statistic", "Average")
    edit.set("shop-errors", "dimensions", dimensions)


@broken(TWO, DEPLOY, "codedeploy-alarms-watch-service")
def each_stops_on_the_errors_of_the_other(edit: Edit) -> None:
    edit.set("shop-deployment", "alarmConfiguration.alarms", [Ref("admin-errors", "name")])


@broken(TWO, SURVIVE, "asg-scaling-policy-works")
def grows_with_the_load_of_the_other_fleet(edit: Edit) -> None:
    by_steps(edit, {"AutoScalingGroupName": Ref("admin-fleet", "name")})


@broken(TWO, SURVIVE, "asg-scaling-policy-works")
def grows_with_the_requests_of_the_other_service(edit: Edit) -> None:
    by_steps_with_requests(edit, "admin")


@broken(TWO, SURVIVE, "asg-scaling-policy-works")
def tracks_a_metric_of_the_other_fleet(edit: Edit) -> None:
    metric = {
        "namespace": "CWAgent",
        "metricName": "mem_used_percent",
        "statistic": "Average",
        "metricDimensions": [{"name": "AutoScalingGroupName", "value": Ref("admin-fleet", "name")}],
    }
    edit.set(
        "shop-cpu",
        "targetTrackingConfiguration",
        {"customizedMetricSpecification": metric, "targetValue": 60},
    )


@broken("containers_on_fargate", DEPLOY, "ecs-service-rolls-back", advisory=True)
def tasks_stopped_by_the_alarm_of_a_queue(edit: Edit) -> None:
    """The alarm of the queue that somebody else works off."""
    edit.add("jobs", "aws:sqs/queue:Queue", {"name": "jobs"})
    edit.add("operations", "aws:sns/topic:Topic", {})
    watches(edit, "AWS/SQS", {"QueueName": Ref("jobs", "name")}, metricName="SentMessageSize")
    edit.set("busy", "name", "busy")
    alarms = {"enable": True, "rollback": True, "alarmNames": [Ref("busy", "name")]}
    edit.set("service", "alarms", alarms)
