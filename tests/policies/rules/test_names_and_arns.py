"""Names and ARNs."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "names-and-arns"
ARN = "arn:aws:iam::123456789012:role/web"
ATTACHMENT = "aws:autoscaling/attachment:Attachment"

# A change and the one rule that it breaks.
BREAKS = [
    (RULE, lambda d: d.set("alarm", "okActions", ["alarms"])),
    (RULE, lambda d: d.set("database", "kmsKeyId", "alias/database")),
    (RULE, lambda d: d.add("a", ATTACHMENT, {"autoscalingGroupName": ARN,
        "lbTargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b"})),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("database", "kmsKeyId", "arn:aws:kms:ap-northeast-2:123456789012:key/1"),
    lambda d: d.set("alarm", "okActions", ["arn:aws:sns:ap-northeast-2:123456789012:alarms"]),
    lambda d: d.set("target-group", "name", "web").set("deployment-group", "loadBalancerInfo",
        {"targetGroupInfos": [{"name": Ref("target-group", "name")}]})
        .set("target-group", "name", UNKNOWN),
]  # fmt: skip


def test_the_message_shows_what_was_given_and_names_the_output():
    draft = Draft().set("database", "dbSubnetGroupName", ARN)
    (found,) = violations(draft, RULE)
    assert f'db_subnet_group_name is "{ARN}", which is an ARN' in found.what
    assert "the output name" in found.remedy


def test_a_value_that_hides_although_the_name_is_known_is_another_output():
    draft = Draft().set("target-group", "name", "web")
    (found,) = violations(draft, RULE)
    assert not found.undecided
    assert 'target_group_infos[].name takes another output of "' in found.what
    assert "output name" in found.remedy


def test_an_alarm_that_hides_may_be_given_by_its_id_which_is_its_name():
    draft = Draft()
    for one in draft.parts["deployment-group"].dependencies["alarmConfiguration"]:
        draft.set(one, "name", one)
    (found,) = violations(draft, RULE)
    assert found.undecided
    assert "output name" in found.remedy


def test_a_name_where_an_id_belongs_is_told_with_the_form_of_ids():
    draft = Draft().set("template", "vpcSecurityGroupIds", ["app"])
    (found,) = violations(draft, RULE)
    assert 'vpc_security_group_ids[] is "app", and an id begins with "sg-"' in found.what
