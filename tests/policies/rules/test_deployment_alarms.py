"""The alarms that stop a deployment."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, broken, violations
from tests.policies.mutations.listening import sends_away
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_a_change_makes_exactly_its_rule_undecidable,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_a_change_makes_exactly_its_rule_undecidable",
]

GROUP = "deployment-group"
METRIC, COMPOSITE = (
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm",
)
ACTIONS = ["arn:aws:sns:ap-northeast-2:1:alarms"]


def alarm(draft, name, metric, dimensions=None, sources=(), **properties):
    given = {
        "namespace": metric[0],
        "metricName": metric[1],
        "dimensions": dimensions or {},
        "statistic": "Sum",
        "threshold": 1.0,
        "evaluationPeriods": 2.0,
        "period": 60.0,
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
        "alarmActions": ACTIONS,
        "name": name,
        **properties,
    }
    return draft.add(name, METRIC, given, {"dimensions": list(sources)})


def named(draft, *names):
    return draft.set(GROUP, "alarmConfiguration.alarms", list(names))


def watched(draft, name, *arguments, **properties):
    """The draft with one new alarm in place of all others."""
    return named(alarm(draft, name, *arguments, **properties), name)


def composite(draft, rule, sources=()):
    given = {"alarmName": "all", "alarmRule": rule, "alarmActions": ACTIONS}
    draft.add("all", COMPOSITE, given, {"alarmRule": list(sources)})
    return named(draft, "all")


def math(draft, *queries, sources=("target-group", "load-balancer")):
    given = {"name": "rate", "metricQueries": list(queries), "evaluationPeriods": 2.0,
             "alarmActions": ACTIONS, "treatMissingData": "notBreaching"}  # fmt: skip
    draft.add("rate", METRIC, given, {"metricQueries": list(sources)})
    return named(draft, "rate")


def query(metric, namespace="AWS/ApplicationELB", **dimensions):
    return {"id": "m1", "metric": {"namespace": namespace, "metricName": metric, "period": 60.0,
            "stat": "Sum", "dimensions": dimensions}}  # fmt: skip


ERRORS = ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count")
OWN = {"LoadBalancer": UNKNOWN, "TargetGroup": UNKNOWN}
SOURCES = ("load-balancer", "target-group")
LESS = {"comparisonOperator": "LessThanThreshold"}


def hosts(draft, threshold, comparison="LessThanThreshold", metric="HealthyHostCount"):
    alarm(draft, "hosts", ("AWS/ApplicationELB", metric), OWN, SOURCES,
          threshold=threshold, comparisonOperator=comparison, statistic="Minimum")  # fmt: skip
    return draft


# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-alarms-exist", lambda d: named(d.set("alarm", "name", "shop-5xx"), "shop-5x")),
    ("codedeploy-alarms-exist", lambda d: named(d, "arn:aws:cloudwatch:x:1:alarm:anything")),
    # None of this stack's, which has alarms on the service.
    ("codedeploy-alarms-exist", lambda d: named(d, "gone-since-last-year")),
    # The logical name is not the name that auto-naming makes of it.
    ("codedeploy-alarms-exist", lambda d: named(d, "database-alarm")),
    ("codedeploy-alarms-watch-service", lambda d: watched(d, "cpu", ("AWS/RDS", "CPUUtilization"))),
    ("codedeploy-alarms-watch-service", lambda d: watched(d, "cpu", ("AWS/EC2", "CPUUtilization"),
        {"AutoScalingGroupName": UNKNOWN}, ("group",))),
    ("codedeploy-alarms-watch-service", lambda d: watched(
        d.twin("target-group", "other").set("other", "arnSuffix", "targetgroup/other/1"),
        "errors", ERRORS, {"LoadBalancer": "app/web/1", "TargetGroup": "targetgroup/other/1"})),
    ("codedeploy-alarms-watch-service", lambda d: watched(
        sends_away(d.twin("load-balancer", "other"), "other"), "errors",
        ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"),
        {"LoadBalancer": UNKNOWN}, ("other",))),
    ("codedeploy-alarms-watch-service", lambda d: watched(d, "errors", ERRORS)),
    ("codedeploy-alarms-watch-service", lambda d: composite(d, UNKNOWN, ["database-alarm"])),
    ("codedeploy-alarms-watch-service", lambda d: math(d, query("CPUUtilization", "AWS/RDS"),
        sources=["database"])),
    ("codedeploy-alarms-not-moved", lambda d: named(hosts(d, 6.0), "hosts")),
    ("codedeploy-alarms-not-moved", lambda d: named(hosts(d, 4.0), "hosts")),
    ("codedeploy-alarms-not-moved", lambda d: named(
        hosts(d, 3.0, "LessThanOrEqualToThreshold"), "hosts")),
    ("codedeploy-alarms-not-moved", lambda d: named(
        hosts(d, 2.0, "GreaterThanThreshold", "UnHealthyHostCount"), "hosts")),
    ("codedeploy-alarms-not-moved", lambda d: composite(hosts(d, 6.0), 'ALARM("hosts")')),
    ("codedeploy-alarms-not-moved", lambda d: named(hosts(d, 13.0), "hosts")
        .set("group", "minSize", 13.0).set("group", "desiredCapacity", 13.0)
        .set("group", "maxSize", 15.0)
        .set(GROUP, "deploymentConfigName", "CodeDeployDefault.OneAtATime")),
    ("codedeploy-alarms-at-most-ten", lambda d: d.set(GROUP, "alarmConfiguration.alarms",
        [UNKNOWN] * 11)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: named(d.set("alarm", "name", "shop-5xx"), "shop-5xx"),
    lambda d: named(d.set("alarm", "name", "shop-5xx"), "shop-5xx", UNKNOWN),
    lambda d: d.set(GROUP, "alarmConfiguration.ignorePollAlarmFailure", ...),
    lambda d: watched(d, "errors", ERRORS, OWN, SOURCES),
    lambda d: watched(d, "errors", ERRORS, UNKNOWN, SOURCES),
    lambda d: watched(d, "failed", ("Shop", "FailedOrders")),
    lambda d: watched(d, "canary", ("CloudWatchSynthetics", "SuccessPercent"), **LESS),
    lambda d: watched(d, "rum", ("AWS/RUM", "JsErrorCount")),
    lambda d: composite(d.set("alarm", "name", "shop-5xx"),
        "ALARM(shop-5xx)"),
    lambda d: composite(d, UNKNOWN, ["alarm", "database-alarm"]),
    lambda d: composite(hosts(d.set("alarm", "name", "a"), 6.0), 'ALARM("hosts") AND ALARM("a")'),
    lambda d: math(d, query("HTTPCode_Target_5XX_Count", LoadBalancer=UNKNOWN, TargetGroup=UNKNOWN),
        {**query("RequestCount", LoadBalancer=UNKNOWN), "id": "m2"},
        {"id": "e", "expression": "m1 / m2", "returnData": True}),
    lambda d: math(d, {"id": "e", "expression":
        "SELECT SUM(HTTPCode_Target_5XX_Count) FROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer)"}),
    # All instances gone is not what a deployment does.
    lambda d: named(hosts(d, 1.0), "hosts"),
    lambda d: named(hosts(d, 3.0), "hosts"),
    lambda d: named(hosts(d, 4.0, "GreaterThanOrEqualToThreshold", "UnHealthyHostCount"), "hosts"),
    lambda d: named(hosts(d, 6.0), "hosts").set(GROUP, "deploymentStyle.deploymentType", "BLUE_GREEN")
        .set(GROUP, "blueGreenDeploymentConfig",
            {"greenFleetProvisioningOption": {"action": "DISCOVER_EXISTING"}}),
    lambda d: d.set(GROUP, "alarmConfiguration.alarms", [UNKNOWN] * 3),
]  # fmt: skip

# A change after which exactly this rule cannot be decided.
UNDECIDED = [
    ("codedeploy-alarms-exist", lambda d: named(d, UNKNOWN, "of-another-team")),
    ("codedeploy-alarms-exist", lambda d: named(
        d.set("alarm", "name", "shop-5xx"), "shop-5xx", "of-another-team")),
    ("codedeploy-alarms-watch-service", lambda d: watched(d, "errors", ERRORS, UNKNOWN)),
    ("codedeploy-alarms-watch-service", lambda d: watched(d, "errors", ERRORS,
        {"LoadBalancer": "app/of-another-stack/1"})),
    ("codedeploy-alarms-watch-service", lambda d: watched(d, "errors", (UNKNOWN, UNKNOWN))),
    ("codedeploy-alarms-watch-service", lambda d: composite(d, 'ALARM("of-another-team")')),
    ("codedeploy-alarms-watch-service", lambda d: composite(d, UNKNOWN)),
    ("codedeploy-alarms-watch-service", lambda d: math(d, {"id": "e", "expression": "SEARCH('x')"})),
]  # fmt: skip


def test_alarms_of_another_stack_can_be_named():
    draft = named(Draft(), "of-another-team")
    assert not violations(draft, "codedeploy-alarms-exist", otherAlarms=["of-another-team"])


def test_what_is_watched_is_named_with_its_path():
    draft = Draft().set(GROUP, "alarmConfiguration.alarms", [UNKNOWN])
    draft.link(GROUP, "alarmConfiguration", "database-alarm")
    (found,) = violations(draft, "codedeploy-alarms-watch-service")
    assert found.path == (
        'deployment group "deployment-group"',
        'alarm "database-alarm"',
        'metric AWS/RDS DatabaseConnections of "database"',
    )


def test_workers_have_no_visitors_to_watch():
    draft = Draft().twin("group", "workers").twin(GROUP, "for-workers")
    draft.set("workers", "targetGroupArns", []).set("workers", "healthCheckType", "EC2")
    draft.set("for-workers", "autoscalingGroups", [UNKNOWN])
    draft.link("for-workers", "autoscalingGroups", "workers")
    draft.set("for-workers", "alarmConfiguration", ...).set("for-workers", "loadBalancerInfo", ...)
    draft.set("for-workers", "deploymentStyle", ...)
    assert not {rule for rule in broken(draft) if rule.startswith("codedeploy")}
