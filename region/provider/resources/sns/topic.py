"""SNS topics. The region stores messages and sends none."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from region.provider.autoname import Naming
from region.provider.handler import (
    Handler,
    given,
    sync_tags,
    tag_list,
    tag_map,
)
from region.provider.operation import Operation
from region.provider.resources.sns.common import topic_attributes
from region.provider.values import Properties

_TOPIC = {"DisplayName": "displayName", "KmsMasterKeyId": "kmsMasterKeyId"}


class Topic(Handler):
    """`aws.sns.Topic`, not FIFO."""

    resource_type = "aws:sns/topic:Topic"
    supported = frozenset({"name", "namePrefix", "tags", *_TOPIC.values()})
    hints: ClassVar = {"policy": "use aws.sns.TopicPolicy"}
    naming = Naming(limit=256, pattern=r"[\w-]+", rule="letters, digits, - and _")

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateTopic; the id is the ARN."""
        response = op.aws.sns.create_topic(
            Name=inputs["name"],
            Attributes=given(_TOPIC, inputs),
            Tags=tag_list(inputs.get("tags")),
        )
        return response["TopicArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call SetTopicAttributes for each attribute that differs; empty those that are no longer set."""
        if old is None:
            return
        sns = op.aws.sns
        for attribute, name in _TOPIC.items():
            if new.get(name) != old.get(name):
                sns.set_topic_attributes(
                    TopicArn=identity,
                    AttributeName=attribute,
                    AttributeValue=new.get(name) or "",
                )
        sync_tags(
            new,
            old,
            lambda tags: sns.tag_resource(ResourceArn=identity, Tags=tag_list(tags)),
            lambda keys: sns.untag_resource(ResourceArn=identity, TagKeys=keys),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the topic."""
        attributes = topic_attributes(op, identity)
        tags = op.aws.sns.list_tags_for_resource(ResourceArn=identity)["Tags"]
        reported = {name: attributes[key] for key, name in _TOPIC.items() if attributes.get(key)}
        return {
            "name": identity.rpartition(":")[2],
            "arn": identity,
            "owner": attributes["Owner"],
            "tags": tag_map(tags),
            **reported,
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteTopic, with its subscriptions."""
        op.aws.sns.delete_topic(TopicArn=identity)
