"""SNS topics with their policies and subscriptions, and the KMS keys that encrypt them.

The region keeps messages and sends none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import Refusal
from region.provider.handler import (
    Handler,
    changed,
    document_text,
    given,
    sync_tags,
    tag_list,
    tag_map,
)
from region.provider.operation import Operation
from region.provider.values import Properties

PROTOCOLS = ("email", "email-json", "http", "https", "sms", "sqs")
_TOPIC = {"DisplayName": "displayName", "KmsMasterKeyId": "kmsMasterKeyId"}


class Topic(Handler):
    """``aws.sns.Topic``, not FIFO."""

    resource_type = "aws:sns/topic:Topic"
    supported = frozenset({"name", "namePrefix", "tags", *_TOPIC.values()})
    hints: ClassVar = {"policy": "use aws.sns.TopicPolicy"}
    force_new = frozenset({"name", "namePrefix"})
    naming = Naming(limit=256, pattern=r"[\w-]+", rule="letters, digits, - and _")

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateTopic; the id is the ARN."""
        response = op.aws.sns.create_topic(
            Name=inputs["name"],
            Attributes=given(_TOPIC, inputs),
            Tags=tag_list(inputs.get("tags")),
        )
        return response["TopicArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """SetTopicAttributes for each attribute that differs; an absent one is emptied."""
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
        """The topic."""
        attributes = _attributes(op, identity)
        tags = op.aws.sns.list_tags_for_resource(ResourceArn=identity)["Tags"]
        told = {name: attributes[key] for key, name in _TOPIC.items() if attributes.get(key)}
        return {
            "name": identity.rpartition(":")[2],
            "arn": identity,
            "owner": attributes["Owner"],
            "tags": tag_map(tags),
            **told,
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteTopic, with its subscriptions."""
        op.aws.sns.delete_topic(TopicArn=identity)


def _attributes(op: Operation, arn: str) -> Mapping[str, str]:
    return op.aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"]


class TopicPolicy(Handler):
    """``aws.sns.TopicPolicy``."""

    resource_type = "aws:sns/topicPolicy:TopicPolicy"
    supported = frozenset({"arn", "policy"})
    force_new = frozenset({"arn"})
    documents = frozenset({"policy"})
    fixed_identity = True

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """SetTopicAttributes; the id is the topic's ARN."""
        self._put(op, inputs["arn"], inputs["policy"])
        return inputs["arn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """SetTopicAttributes again."""
        if old is not None:
            self._put(op, identity, new["policy"])

    def _put(self, op: Operation, arn: str, policy: Any) -> None:
        op.aws.sns.set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=document_text(policy)
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The topic's policy; a topic never has none, so AWS's own counts as gone."""
        attributes = _attributes(op, identity)
        if DEFAULT_POLICY_ID in attributes["Policy"]:
            return None
        return {"arn": identity, "policy": attributes["Policy"], "owner": attributes["Owner"]}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Puts AWS's default policy back, as the real provider does."""
        owner = _attributes(op, identity)["Owner"]
        self._put(op, identity, _default_policy(identity, owner))


DEFAULT_POLICY_ID = "__default_policy_ID"


def _default_policy(arn: str, owner: str) -> Properties:
    """SNS developer guide, "Amazon SNS default access policy": the owner may do everything."""
    actions = ("Publish", "Subscribe", "GetTopicAttributes", "SetTopicAttributes", "DeleteTopic")
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
    }
    return {"Version": "2008-10-17", "Id": DEFAULT_POLICY_ID, "Statement": [statement]}


class TopicSubscription(Handler):
    """``aws.sns.TopicSubscription``."""

    resource_type = "aws:sns/topicSubscription:TopicSubscription"
    supported = frozenset({"topic", "protocol", "endpoint"})
    force_new = supported

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """A protocol that needs nothing else of the region."""
        yield from checks.one_of("protocol", inputs.get("protocol"), PROTOCOLS)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Subscribe; the id is the subscription's ARN."""
        response = op.aws.sns.subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            ReturnSubscriptionArn=True,
        )
        return response["SubscriptionArn"]

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The subscription."""
        attributes = op.aws.sns.get_subscription_attributes(SubscriptionArn=identity)["Attributes"]
        return {
            "topic": attributes["TopicArn"],
            "protocol": attributes["Protocol"],
            "endpoint": attributes["Endpoint"],
            "arn": identity,
            "ownerId": attributes.get("Owner", op.account),
            "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Unsubscribe."""
        op.aws.sns.unsubscribe(SubscriptionArn=identity)


class Key(Handler):
    """``aws.kms.Key``, symmetric."""

    resource_type = "aws:kms/key:Key"
    supported = frozenset(
        {"description", "policy", "enableKeyRotation", "deletionWindowInDays", "tags"}
    )
    defaults: ClassVar = {"enableKeyRotation": False}
    documents = frozenset({"policy"})
    computed = frozenset({"description", "policy"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """The window before a key is gone for good."""
        window = inputs.get("deletionWindowInDays")
        yield from checks.within("deletionWindowInDays", window, 7, 30, " days")

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateKey."""
        response = op.aws.kms.create_key(
            Tags=_key_tags(inputs.get("tags") or {}),
            **given({"Description": "description", "Policy": "policy"}, inputs),
        )
        return response["KeyMetadata"]["KeyId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Rotation, and on an update policy, description and tags."""
        kms, key = op.aws.kms, {"KeyId": identity}
        if bool(new["enableKeyRotation"]) != bool((old or {}).get("enableKeyRotation")):
            (kms.enable_key_rotation if new["enableKeyRotation"] else kms.disable_key_rotation)(
                **key
            )
        if old is None:
            return
        if changed(new, old, "policy") and new.get("policy"):
            kms.put_key_policy(**key, PolicyName="default", Policy=new["policy"])
        if changed(new, old, "description"):
            kms.update_key_description(**key, Description=new.get("description") or "")
        sync_tags(
            new,
            old,
            lambda tags: kms.tag_resource(**key, Tags=_key_tags(tags)),
            lambda keys: kms.untag_resource(**key, TagKeys=keys),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The key; one that waits for its deletion is gone."""
        kms, key = op.aws.kms, {"KeyId": identity}
        metadata = kms.describe_key(**key)["KeyMetadata"]
        if metadata["KeyState"] == "PendingDeletion":
            return None
        tags = kms.list_resource_tags(**key).get("Tags") or []
        return {
            "keyId": metadata["KeyId"],
            "arn": metadata["Arn"],
            "description": metadata.get("Description", ""),
            "policy": kms.get_key_policy(**key, PolicyName="default")["Policy"],
            "enableKeyRotation": kms.get_key_rotation_status(**key)["KeyRotationEnabled"],
            "tags": {tag["TagKey"]: tag["TagValue"] for tag in tags},
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """ScheduleKeyDeletion: AWS deletes no key at once."""
        op.aws.kms.schedule_key_deletion(
            KeyId=identity, PendingWindowInDays=state.get("deletionWindowInDays", 30)
        )


def _key_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
