"""What cures the rules about events, queues, HTTP APIs, name servers and commits."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.durability import TLS
from tests.policies.remedies.registry import cures, sets

API = "aws:apigatewayv2/"


def policy(service: str, arn: str) -> str:
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": '
        f'"{service}"}}, "Action": "sqs:SendMessage", "Resource": "*", "Condition": '
        f'{{"ArnEquals": {{"aws:SourceArn": "{arn}"}}}}}}]}}'
    )


def admit(stack, service, arn):
    given = {"queueUrl": Ref("jobs", "id"), "policy": policy(service, arn)}
    stack.add("jobs-policy", "aws:sqs/queuePolicy:QueuePolicy", given)


@cures("topic_to_a_queue_without_a_policy")
def a_policy_for_the_topic(stack):
    admit(stack, "sns.amazonaws.com", "arn:aws:sns:eu-west-1:123456789012:orders")


@cures("rule_to_a_queue_that_admits_a_topic")
def a_policy_for_the_rule(stack):
    admit(stack, "events.amazonaws.com", "arn:aws:events:eu-west-1:123456789012:rule/hourly")


sets("queue-keeps-messages", ("jobs", "messageRetentionSeconds", ...))
sets("vpc-name-servers", ("options", "domainNameServers", ["AmazonProvidedDNS"]))
sets("rds-commits-durable", ("parameter-group", "parameters", [TLS]))


@cures("api_without_a_route")
def a_route(stack):
    stack.add("route", f"{API}route:Route", {"apiId": Ref("api"), "routeKey": "$default"})


@cures("api_without_a_stage")
def a_stage(stack):
    given = {"apiId": Ref("api"), "name": "$default", "autoDeploy": True}
    stack.add("stage", f"{API}stage:Stage", given)


sets("api_that_deploys_nothing", ("stage", "autoDeploy", True))
LIMITS = "defaultRouteSettings"
sets(
    "api_that_admits_no_request",
    ("stage", f"{LIMITS}.throttlingBurstLimit", 500),
    ("stage", f"{LIMITS}.throttlingRateLimit", 1000),
)
