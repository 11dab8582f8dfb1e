"""The instance specification shared by the single instance and the Auto Scaling group. Pure data."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pulumi

from components.tags import Tags

ROOT_DEVICE = "/dev/xvda"
"""Root device of Amazon Linux 2023 images."""

ROOT_GIBIBYTES = 8
ROOT_TYPE = "gp3"

METADATA_TOKENS = "required"
"""IMDSv2 only (Security Hub EC2.8, EC2.170)."""

METADATA_HOPS = 1
"""Metadata responses do not leave the instance (AWS Config ec2-token-hop-limit-check)."""

_TYPE = re.compile(r"^(?P<family>[a-z]+)(?P<generation>\d+)(?P<options>[a-z0-9-]*)\.[a-z0-9-]+$")


@dataclass(frozen=True, kw_only=True)
class InstanceSpec:
    """How every instance of a stack is built.

    Attributes:
        instance_type: EC2 instance type.
        image_id: AMI id.
        pinned_image: Whether the user chose the image, rather than taking the newest.
        instance_profile_name: The instance profile with the instances' role.
        security_group_id: The instances' security group.
        user_data: Cloud-config as plain text, not base64.
        cpu_credits: Credit mode of burstable types.
        tags: Tags of instances and volumes.
        prerequisites: What must exist before an instance boots: its routes and its permissions.
    """

    instance_type: str
    image_id: str
    pinned_image: bool
    instance_profile_name: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    user_data: pulumi.Output[str]
    cpu_credits: str
    tags: Tags
    prerequisites: tuple[pulumi.Resource, ...]

    def __post_init__(self) -> None:
        """Reject a malformed type now, since EC2 does so only after the VPC is built."""
        architecture_of(self.instance_type)

    @property
    def credits(self) -> str | None:
        """The credit mode to request; None for types without credits, which reject one."""
        return self.cpu_credits if is_burstable(self.instance_type) else None


def architecture_of(instance_type: str) -> str:
    """Return `arm64` for Graviton types and `x86_64` for all others.

    By EC2's naming conventions: a `g` among the letters after the generation means Graviton
    ("Amazon EC2 instance type naming conventions"). a1 was Graviton before the letter existed.

    Raises:
        ValueError: The text is not an instance type.
    """
    match = _TYPE.match(instance_type)
    if match is None:
        raise ValueError(f'"{instance_type}" is not an EC2 instance type; write it like t4g.nano')
    graviton = "g" in match["options"].split("-")[0] or match["family"] == "a"
    return "arm64" if graviton else "x86_64"


def is_burstable(instance_type: str) -> bool:
    """Check whether the type earns CPU credits (families t2, t3, t3a, t4g)."""
    match = _TYPE.match(instance_type)
    return match is not None and match["family"] == "t"
