"""Events reach the queues and topics of the rules that match them."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from region.services.events import emit
from region.services.events.targets import text_for, value_at
from tests.region.fakes import queue_for_services

EVENT = {
    "detail-type": "Launch",
    "resources": ["arn:aws:x"],
    "detail": {"state": "running", "count": 2},
}


class Queues:
    """A queue, what arrives in it, and rules that send to it."""

    def __init__(self, aws):
        self.aws = aws
        self.url, self.arn = queue_for_services(aws, "inbox")

    def rule(self, name, pattern, **target):
        self.aws.events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        self.aws.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": self.arn} | target])

    def bodies(self):
        found = self.aws.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        return [one["Body"] for one in found.get("Messages", [])]


@pytest.fixture
def queues(aws):
    return Queues(aws)


def test_a_matching_rule_sends_the_whole_event(plane, queues):
    queues.rule("r", {"source": ["aws.autoscaling"], "detail": {"n": [1]}})
    emit(plane, "aws.autoscaling", "Launch", {"n": 2}, [])
    emit(plane, "aws.ec2", "Launch", {"n": 1}, [])
    emit(plane, "aws.autoscaling", "Launch", {"n": 1}, ["arn:aws:x"])
    (body,) = queues.bodies()
    event = json.loads(body)
    assert (event["source"], event["detail-type"]) == ("aws.autoscaling", "Launch")
    assert event["detail"] == {"n": 1}
    assert event["resources"] == ["arn:aws:x"]
    assert event["account"] == plane.config.account
    assert event["region"] == plane.config.region
    assert event["time"].endswith("Z")


def test_a_disabled_rule_sends_nothing(plane, queues):
    queues.rule("r", {"source": ["aws.ec2"]})
    queues.aws.events.disable_rule(Name="r")
    emit(plane, "aws.ec2", "x", {}, [])
    assert queues.bodies() == []


def test_events_of_the_user_are_delivered_with_their_time_as_text(queues):
    queues.rule("r", {"source": ["mine"]})
    queues.aws.events.put_events(
        Entries=[{"Source": "mine", "DetailType": "t", "Detail": json.dumps({"a": 1})}]
    )
    (body,) = queues.bodies()
    assert json.loads(body)["time"].endswith("Z")


def test_a_topic_hands_on_to_its_queue(plane, aws, queues):
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues.arn)
    aws.events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.ec2"]}))
    aws.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": topic}])
    emit(plane, "aws.ec2", "x", {"a": 1}, [])
    assert queues.bodies() == [], "a topic's first policy admits its own account only"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    aws.sns.set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    emit(plane, "aws.ec2", "x", {"a": 1}, [])
    (body,) = queues.bodies()
    assert json.loads(json.loads(body)["Message"])["detail"] == {"a": 1}


def test_a_queue_gets_what_its_policy_admits(plane, aws, queues):
    """EventBridge guide, "Using resource-based policies"; SNS guide, "Fanout to SQS queues"."""
    queues.rule("r", {"source": ["aws.ec2"]}, DeadLetterConfig={"Arn": queues.arn})
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues.arn)
    rule = aws.events.describe_rule(Name="r")["Arn"]

    def admit(service, source):
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": queues.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        aws.sqs.set_queue_attributes(QueueUrl=queues.url, Attributes={"Policy": policy})

    def arrived():
        emit(plane, "aws.ec2", "x", {"a": 1}, [])
        aws.sns.publish(TopicArn=topic, Message="told")
        return len(queues.bodies())

    admit("events.amazonaws.com", rule)
    aws.sqs.set_queue_attributes(QueueUrl=queues.url, Attributes={"DelaySeconds": "0"})
    assert arrived() == 1
    admit("events.amazonaws.com", f"{rule}-2")
    assert arrived() == 0
    admit("sns.amazonaws.com", topic)
    assert arrived() == 1
    aws.sqs.set_queue_attributes(QueueUrl=queues.url, Attributes={"Policy": ""})
    assert arrived() == 0


def test_a_log_group_takes_events_by_a_policy_of_the_account(plane, aws):
    aws.logs.create_log_group(logGroupName="/aws/events/r")
    group = f"arn:aws:logs:{plane.config.region}:{plane.config.account}:log-group:/aws/events/r"
    aws.events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.ec2"]}))
    aws.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": group}])
    emit(plane, "aws.ec2", "x", {}, [])
    streams = {"logGroupName": "/aws/events/r"}
    assert aws.logs.describe_log_streams(**streams)["logStreams"] == []
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{group}:*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.logs.put_resource_policy(policyName="events", policyDocument=policy)
    emit(plane, "aws.ec2", "x", {}, [])
    assert len(aws.logs.describe_log_streams(**streams)["logStreams"]) == 1


def test_what_a_missing_target_cannot_get_goes_to_the_dead_letter_queue(plane, queues):
    gone = queues.arn.replace("inbox", "gone")
    queues.rule("r", {"source": ["aws.ec2"]}, Arn=gone, DeadLetterConfig={"Arn": queues.arn})
    emit(plane, "aws.ec2", "x", {"a": 1}, [])
    (body,) = queues.bodies()
    assert json.loads(body)["detail"] == {"a": 1}


def test_what_nothing_would_serve_is_refused(aws):
    aws.events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.ec2"]}))
    function = "arn:aws:lambda:ap-northeast-2:123456789012:function:f"
    with pytest.raises(ClientError, match="SQS queues"):
        aws.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function}])


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Input": '{"a": 1}'}, '{"a": 1}'),
        ({"InputPath": "$.detail.state"}, '"running"'),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"s": "$.detail.state", "n": "$.detail.count"},
                    "InputTemplate": '{"state": <s>, "text": "is <s>", "n": <n>}',
                }
            },
            '{"state": "running", "text": "is running", "n": 2}',
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"s": "$.detail.state"},
                    "InputTemplate": "it is <s>",
                }
            },
            "it is running",
        ),
    ],
)
def test_what_a_target_is_sent(target, text):
    assert text_for(target, EVENT) == text


def test_a_path_that_leads_nowhere_finds_nothing():
    assert value_at(EVENT, "$.resources[0]") == "arn:aws:x"
    assert value_at(EVENT, "$.resources[3]") is None
    assert value_at(EVENT, "$.detail.none.at") is None


def test_what_topics_have_sent_is_not_kept(plane, aws):
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    for number in range(3):
        aws.sns.publish(TopicArn=topic, Message=str(number))
    assert plane.backend("sns").topics[topic].sent_notifications == []


@pytest.mark.parametrize("pattern", ["0", "[]", '"x"', "true"])
def test_a_pattern_is_an_object(aws, pattern):
    with pytest.raises(ClientError, match="InvalidEventPatternException"):
        aws.events.put_rule(Name="rule", EventPattern=pattern)


def test_a_policy_of_a_bus_has_statements(aws):
    with pytest.raises(ClientError, match="ValidationException"):
        aws.events.put_permission(Policy="0")
