"""Alarms, the topic that they notify, the dashboard and the budget."""

from __future__ import annotations

import json

import pytest

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"


BALANCER = "app/web-balancer-alb/50dc6c495c0c9188"


TARGETS = "targetgroup/web-balancer-targets-1234567/73e2d6bc24d8a067"


def alarms(recording):
    return {alarm.inputs["metricName"]: alarm.inputs for alarm in recording.of(ALARM)}


def stop_alarms(recording):
    """The inputs of the alarms that stop deployments, by metric."""
    names = recording.one(GROUP).inputs["alarmConfiguration"]["alarms"]
    return {
        alarm.inputs["metricName"]: alarm.inputs
        for alarm in recording.of(ALARM)
        if f"{alarm.name}-1234567" in names
    }


def test_the_ha_stack_watches_what_visitors_notice_and_what_runs_out(ha):
    assert set(alarms(ha)) == {
        "HTTPCode_Target_5XX_Count",
        "HTTPCode_ELB_5XX_Count",
        "TargetResponseTime",
        "UnHealthyHostCount",
        "CPUCreditBalance",
        "CPUUtilization",
        "FreeStorageSpace",
        "DatabaseConnections",
    }


def test_a_single_instance_watches_what_it_has_metrics_for(single):
    found = alarms(single)
    assert set(found) == {
        "StatusCheckFailed",
        "CPUCreditBalance",
        "CPUUtilization",
        "FreeStorageSpace",
        "DatabaseConnections",
    }
    assert found["StatusCheckFailed"]["dimensions"] == {"InstanceId": "web-instance-server-id"}


def test_every_alarm_notifies_the_topic_when_it_fires_and_when_it_resolves(either):
    topic = "arn:aws:sns:ap-northeast-2:123456789012:web-watch-alarms"
    for alarm in either.of(ALARM):
        assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == [topic]
        assert alarm.inputs["alarmDescription"]
        assert alarm.inputs["datapointsToAlarm"] <= alarm.inputs["evaluationPeriods"]


def test_alarms_are_created_after_the_permission_to_publish(either):
    policy = either.one("aws:sns/topicPolicy:TopicPolicy")
    for alarm in either.of(ALARM):
        assert policy.urn in alarm.property_dependencies["alarmActions"]


def test_alarms_watch_this_stacks_own_resources(ha):
    found = alarms(ha)
    assert found["HTTPCode_ELB_5XX_Count"]["dimensions"] == {"LoadBalancer": BALANCER}
    for metric in ("HTTPCode_Target_5XX_Count", "TargetResponseTime", "UnHealthyHostCount"):
        assert found[metric]["dimensions"] == {"LoadBalancer": BALANCER, "TargetGroup": TARGETS}
    group = {"AutoScalingGroupName": "web-fleet-group-1234567"}
    assert found["CPUCreditBalance"]["dimensions"] == group
    for metric in ("CPUUtilization", "FreeStorageSpace", "DatabaseConnections"):
        assert found[metric]["dimensions"] == {"DBInstanceIdentifier": "web-database-1234567"}


def test_a_percentile_is_an_extended_statistic(ha):
    every = [alarm.inputs for alarm in ha.of(ALARM)]
    slow = [alarm for alarm in every if alarm["metricName"] == "TargetResponseTime"]
    assert [alarm["extendedStatistic"] for alarm in slow] == ["p99", "p99.7"]
    for alarm in slow:
        assert alarm["evaluateLowSampleCountPercentiles"] == "ignore"
        assert "statistic" not in alarm
    others = [alarm for alarm in every if alarm not in slow]
    assert all("extendedStatistic" not in alarm and alarm["statistic"] for alarm in others)


def test_a_deployment_stops_on_errors_and_slowness_and_rolls_back(ha):
    assert set(stop_alarms(ha)) == {
        "HTTPCode_Target_5XX_Count",
        "HTTPCode_ELB_5XX_Count",
        "TargetResponseTime",
    }
    group = ha.one(GROUP).inputs
    assert group["alarmConfiguration"]["enabled"] is True
    assert group["alarmConfiguration"]["ignorePollAlarmFailure"] is False
    assert group["autoRollbackConfiguration"]["events"] == [
        "DEPLOYMENT_FAILURE",
        "DEPLOYMENT_STOP_ON_ALARM",
    ]


def test_no_alarm_can_stop_the_first_deployment_of_an_idle_stack(ha):
    for alarm in stop_alarms(ha).values():
        assert alarm["treatMissingData"] == "notBreaching"
        assert alarm["comparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["threshold"] > 0


def test_without_request_metrics_no_deployment_is_stopped(single):
    group = single.one(GROUP).inputs
    assert "alarmConfiguration" not in group
    assert group["autoRollbackConfiguration"]["events"] == ["DEPLOYMENT_FAILURE"]


def test_the_alarm_on_credits_depends_on_the_credit_mode(build):
    charged = alarms(build("ha", cpuCredits="unlimited"))
    assert charged["CPUSurplusCreditsCharged"]["threshold"] == 0
    assert charged["CPUSurplusCreditsCharged"]["comparisonOperator"] == "GreaterThanThreshold"
    assert "CPUCreditBalance" not in charged


def test_types_without_credits_have_no_alarm_on_them(build):
    assert not {m for m in alarms(build("ha", instanceType="m7g.medium")) if "Credit" in m}


def test_the_topic_is_encrypted_with_a_key_that_its_publishers_may_use(either):
    topic = either.one("aws:sns/topic:Topic")
    key = either.one("aws:kms/key:Key")
    assert topic.property_dependencies["kmsMasterKeyId"] == (key.urn,)
    assert key.inputs["enableKeyRotation"] is True
    statements = json.loads(key.inputs["policy"])["Statement"]
    users = {
        statement["Principal"]["Service"]: statement["Action"]
        for statement in statements
        if "Service" in statement["Principal"]
    }
    actions = ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert users == {"cloudwatch.amazonaws.com": actions, "budgets.amazonaws.com": actions}
    assert {"AWS": "arn:aws:iam::123456789012:root"} in [s["Principal"] for s in statements]


def test_only_this_accounts_alarms_and_budgets_may_publish_and_only_over_tls(either):
    policy = json.loads(either.one("aws:sns/topicPolicy:TopicPolicy").inputs["policy"])
    *allowed, refused = policy["Statement"]
    assert {s["Principal"]["Service"] for s in allowed} == {
        "cloudwatch.amazonaws.com",
        "budgets.amazonaws.com",
    }
    own = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert all(s["Effect"] == "Allow" and s["Condition"] == own for s in allowed)
    assert refused["Effect"] == "Deny"
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_an_address_is_subscribed_only_if_configured(build, ha):
    assert ha.of("aws:sns/topicSubscription:TopicSubscription") == []
    recording = build("ha", alarmEmail="ops@example.org")
    subscription = recording.one("aws:sns/topicSubscription:TopicSubscription").inputs
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "ops@example.org")


def test_a_budget_is_created_only_if_configured(build, single):
    assert single.of("aws:budgets/budget:Budget") == []
    recording = build("single", monthlyBudget="25")
    budget = recording.one("aws:budgets/budget:Budget").inputs
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == (
        "25",
        "USD",
        "MONTHLY",
    )
    thresholds = {n["notificationType"]: n["threshold"] for n in budget["notifications"]}
    assert thresholds == {"ACTUAL": 80, "FORECASTED": 100}
    topic = ["arn:aws:sns:ap-northeast-2:123456789012:web-watch-alarms"]
    assert all(n["subscriberSnsTopicArns"] == topic for n in budget["notifications"])
    # A filter would make it blind until its tag is activated for billing.
    assert "costFilters" not in budget


@pytest.mark.parametrize("stack", ["single", "ha"])
def test_the_dashboard_shows_every_alarm_and_every_watched_metric(build, stack):
    recording = build(stack)
    board = recording.one("aws:cloudwatch/dashboard:Dashboard").inputs
    assert board["dashboardName"] == f"haproof-{stack}-web"
    head, *graphs = json.loads(board["dashboardBody"])["widgets"]
    assert len(head["properties"]["alarms"]) == len(recording.of(ALARM))
    drawn = {line[1] for graph in graphs for line in graph["properties"]["metrics"]}
    assert set(alarms(recording)) <= drawn
    places = [(graph["x"], graph["y"]) for graph in graphs]
    assert len(set(places)) == len(places)
    assert all(graph["x"] + graph["width"] <= 24 for graph in graphs)
