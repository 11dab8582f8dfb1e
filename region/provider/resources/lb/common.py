"""What the handlers of Elastic Load Balancing's resources share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from region.provider.autoname import Naming
from region.provider.handler import sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

IN_USE = ("ResourceInUse", "ResourceInUseException")
NAMING = Naming(
    limit=32,
    pattern=r"(?!-|internal-)[A-Za-z0-9-]*[A-Za-z0-9]",
    rule="letters, digits and hyphens, not at either end, and not starting with internal-",
)


def retag(op: Operation, arn: str, new: Properties, old: Properties | None) -> None:
    """Update the tags of a load balancer, target group or listener to the new inputs."""
    elb = op.aws.elbv2
    sync_tags(
        new,
        old,
        lambda tags: elb.add_tags(ResourceArns=[arn], Tags=tag_list(tags)),
        lambda keys: elb.remove_tags(ResourceArns=[arn], TagKeys=keys),
    )


def tags_parameter(inputs: Properties) -> dict[str, Any]:
    """Return the `Tags` parameter, which must not be empty, as keyword arguments."""
    return {"Tags": tag_list(inputs["tags"])} if inputs.get("tags") else {}


def tags_of(op: Operation, arn: str) -> dict[str, str]:
    """Return the tags of a load balancer, target group or listener."""
    described = op.aws.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return tag_map(described[0]["Tags"]) if described else {}


def attribute_list(names: Mapping[str, str], inputs: Properties) -> list[dict[str, str]]:
    """Return attributes from inputs: `{"idle_timeout.timeout_seconds": "idleTimeout"}`."""
    return [
        {"Key": key, "Value": _text(inputs[name])}
        for key, name in names.items()
        if inputs.get(name) is not None
    ]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def described_attributes(names: Mapping[str, str], attributes: list[dict[str, str]]) -> Properties:
    """Return inputs from attributes: the reverse of `attribute_list`, without empty values."""
    values = {item["Key"]: item["Value"] for item in attributes if item.get("Value")}
    return {name: _typed(values[key]) for key, name in names.items() if key in values}


def _typed(text: str) -> Any:
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.isdigit() else text
