"""Rules see the states of instances."""

from __future__ import annotations

import json

from region.services.ec2.state_events import StateEventsController
from tests.region.fakes import queue_for_services


def test_each_state_is_told_once(plane, aws, network):
    url, arn = queue_for_services(aws, "inbox")
    aws.events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.ec2"]}))
    aws.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    controller = StateEventsController(plane)
    controller.reconcile()
    instance = aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnets[0],
    )["Instances"][0]["InstanceId"]
    controller.reconcile()
    controller.reconcile()
    aws.ec2.terminate_instances(InstanceIds=[instance])
    controller.reconcile()
    found = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    events = [json.loads(one["Body"]) for one in found]
    assert {one["detail"]["state"] for one in events} == {"pending", "shutting-down"}
    assert len(events) == 2
    assert {one["detail"]["instance-id"] for one in events} == {instance}
    assert events[0]["detail-type"] == "EC2 Instance State-change Notification"
