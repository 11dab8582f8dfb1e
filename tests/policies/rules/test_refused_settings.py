"""What AWS refuses about names, texts and single settings of any resource, and what it takes."""

from __future__ import annotations

from tests.policies.rules.cases import alone, test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

ROLE, POLICY = "aws:iam/role:Role", "aws:iam/policy:Policy"
HOOK, SUBNET = "aws:autoscaling/lifecycleHook:LifecycleHook", "aws:ec2/subnet:Subnet"
RECORD, GROUP = "aws:route53/record:Record", "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:lb/listenerRule:ListenerRule"
LONG = '{"Version": "2012-10-17", "Statement": [], "Id": "' + "x" * 6200 + '"}'


def changed(handle, path, value):
    return lambda draft: draft.set(handle, path, value)


def answering(**response):
    actions = [{"type": "fixed-response", "fixedResponse": response}]
    return alone(RULE, actions=actions)


def redirecting(code):
    return alone(RULE, actions=[{"type": "redirect", "redirect": {"statusCode": code}}])


def record(kind, *values, **more):
    return alone(RECORD, zoneId="Z1", name="www.example.com", type=kind, records=values, **more)


REFUSED = {
    "iam-accepted": [
        alone(POLICY, policy="{'Version': '2012-10-17'}"),
        alone(POLICY, policy=LONG),
        alone(ROLE, name="r" * 65),
        alone(ROLE, name="a role"),
        alone(ROLE, path="app"),
    ],
    "alarm-accepted": [
        changed("alarm", "statistic", "p99"),
        changed("alarm", "name", "a" * 256),
        lambda d: d.set("alarm", "statistic", ...).set("alarm", "extendedStatistic", "99"),
    ],
    "rds-accepted": [
        changed("database", "engine", "postgresql"),
        changed("database", "storageType", "gp5"),
        changed("database", "username", "1shop"),
        changed("database", "backupWindow", "25:00-26:00"),
        changed("database", "maintenanceWindow", "Sunday:03:00-Sunday:04:00"),
    ],
    "sg-accepted": [
        alone(GROUP, name="sg-app"),
        alone(GROUP, name="default"),
        alone(GROUP, description="T\u00fcr"),
        alone(GROUP, description="x" * 256),
    ],
    "elbv2-accepted": [
        answering(statusCode="301", contentType="text/plain"),
        answering(statusCode="404", contentType="text"),
        answering(statusCode="404", contentType="text/plain", messageBody="x" * 1025),
        redirecting("301"),
    ],
    "dns-accepted": [
        record("A", "203.0.113.1"),
        record("A", "front.example.com", ttl=60),
        record("CNAME", "a.example.com", "b.example.com", ttl=60),
    ],
    "asg-parts-accepted": [
        alone(HOOK, heartbeatTimeout=10),
        alone(HOOK, lifecycleTransition="EC2_INSTANCE_TERMINATING"),
    ],
    "vpc-parts-accepted": [
        alone(SUBNET, cidrBlock="10.20.250.0/29"),
        alone(SUBNET, cidrBlock="10.20.250.0/24", availabilityZone="ap-northeast-2"),
    ],
}

SOUND = {
    "iam-accepted": [alone(ROLE, name="app@shop", path="/team/")],
    "alarm-accepted": [
        lambda d: d.set("alarm", "statistic", ...).set("alarm", "extendedStatistic", "p99.9"),
        lambda d: d.set("alarm", "statistic", ...).set("alarm", "extendedStatistic", "TM(10%:90%)"),
    ],
    "rds-accepted": [
        changed("database", "maintenanceWindow", "sun:03:00-sun:04:00"),
        lambda d: d.set("database", "engine", "mariadb").set(
            "database", "enabledCloudwatchLogsExports", ["error"]
        ),
    ],
    "sg-accepted": [alone(GROUP, name="shop-sg", description="App [web], port 8080")],
    "dns-accepted": [
        record("A", "203.0.113.1", "203.0.113.2", ttl=60),
        record("AAAA", "2001:db8::1", ttl=60),
        record("TXT", "v=spf1 -all", ttl=300),
    ],
    "asg-parts-accepted": [alone(HOOK, heartbeatTimeout=7200)],
    "vpc-parts-accepted": [
        alone(SUBNET, cidrBlock="10.20.250.0/28", availabilityZone="us-east-1-bos-1a")
    ],
}
