"""What the handlers of Amazon SNS's resources share."""

from __future__ import annotations

from collections.abc import Mapping

from region.provider.operation import Operation


def topic_attributes(op: Operation, arn: str) -> Mapping[str, str]:
    """Return the attributes of a topic."""
    return op.aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
