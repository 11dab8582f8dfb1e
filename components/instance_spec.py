"""What an instance is made of, the same for the single instance and for the fleet. Pure data."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pulumi

from components.tags import Tags

ROOT_DEVICE = "/dev/xvda"
"""Root device of Amazon Linux 2023's images."""

ROOT_GIBIBYTES = 8
ROOT_TYPE = "gp3"

METADATA_TOKENS = "required"
"""IMDSv2 only (Security Hub EC2.8, EC2.170)."""

METADATA_HOPS = 1
"""A metadata answer does not leave the instance (AWS Config ec2-token-hop-limit-check)."""

_TYPE = re.compile(r"^(?P<family>[a-z]+)(?P<generation>\d+)(?P<options>[a-z0-9-]*)\.[a-z0-9-]+$")


@dataclass(frozen=True, kw_only=True)
class MachineArgs:
    """How every instance of a stack is built. `user_data` is plain text, not base64."""

    instance_type: str
    image_id: str
    pinned_image: bool
    instance_profile_name: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    user_data: pulumi.Output[str]
    cpu_credits: str
    tags: Tags
    prerequisites: tuple[pulumi.Resource, ...]
    """What must exist before an instance boots: its routes and its permissions."""

    def __post_init__(self) -> None:
        """Refuses a type that is not one, since EC2 tells it only after the VPC is built."""
        architecture_of(self.instance_type)

    @property
    def credits(self) -> str | None:
        """The credit mode to ask for; None for types that have no credits and refuse one."""
        return self.cpu_credits if is_burstable(self.instance_type) else None


def architecture_of(instance_type: str) -> str:
    """`arm64` for Graviton types, else `x86_64`.

    From EC2's naming: a `g` among the letters after the generation is Graviton ("Amazon EC2
    instance type naming conventions"). a1 was Graviton before the letter existed.
    """
    match = _TYPE.match(instance_type)
    if match is None:
        raise ValueError(f'"{instance_type}" is no EC2 instance type; write it like t4g.nano')
    graviton = "g" in match["options"].split("-")[0] or match["family"] == "a"
    return "arm64" if graviton else "x86_64"


def is_burstable(instance_type: str) -> bool:
    """Whether the type earns CPU credits (families t2, t3, t3a, t4g)."""
    match = _TYPE.match(instance_type)
    return match is not None and match["family"] == "t"
