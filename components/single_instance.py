"""The baseline: one EC2 instance."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import instance_spec
from components.base import Component
from components.instance_spec import InstanceSpec
from components.tags import named


@dataclass(frozen=True, kw_only=True)
class SingleInstanceArgs:
    """Arguments of `SingleInstance`.

    Attributes:
        spec: How the instance is built.
        subnet_id: The public subnet that it is launched in.
        deployment_tag: Key and value of the tag by which CodeDeploy finds the instance.
    """

    spec: InstanceSpec
    subnet_id: pulumi.Input[str]
    deployment_tag: tuple[str, str]


class SingleInstance(Component):
    """One instance with a public address that visitors connect to directly."""

    instance_id: pulumi.Output[str]
    public_ip: pulumi.Output[str]

    def __init__(
        self, name: str, args: SingleInstanceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        spec = args.spec
        super().__init__("compute:SingleInstance", name, {"instanceType": spec.instance_type}, opts)
        tag_key, tag_value = args.deployment_tag
        instance = aws.ec2.Instance(
            f"{name}-server",
            ami=spec.image_id,
            instance_type=spec.instance_type,
            subnet_id=args.subnet_id,
            associate_public_ip_address=True,
            vpc_security_group_ids=[spec.security_group_id],
            iam_instance_profile=spec.instance_profile_name,
            user_data=spec.user_data,
            # User data runs once per instance: changed user data needs a new instance.
            user_data_replace_on_change=True,
            credit_specification=_credits(spec.credits),
            metadata_options=aws.ec2.InstanceMetadataOptionsArgs(
                http_endpoint="enabled",
                http_tokens=instance_spec.METADATA_TOKENS,
                http_put_response_hop_limit=instance_spec.METADATA_HOPS,
            ),
            root_block_device=aws.ec2.InstanceRootBlockDeviceArgs(
                encrypted=True,
                volume_type=instance_spec.ROOT_TYPE,
                volume_size=instance_spec.ROOT_GIBIBYTES,
                delete_on_termination=True,
                tags=named(spec.tags, name),
            ),
            tags={**named(spec.tags, name), tag_key: tag_value},
            opts=self.child(
                depends_on=spec.prerequisites,
                # A new operating system release must not replace a running server unasked; a pinned
                # image is the user's explicit choice.
                ignore_changes=[] if spec.pinned_image else ["ami"],
                # CodeDeploy finds it by its tag. With the old one still there, the release would deploy to
                # both, and wait for one that may be replaced because it does not work.
                delete_before_replace=True,
            ),
        )
        self.instance_id = instance.id
        self.public_ip = instance.public_ip
        self.register({"instanceId": self.instance_id, "publicIp": self.public_ip})


def _credits(mode: str | None) -> aws.ec2.InstanceCreditSpecificationArgs | None:
    return aws.ec2.InstanceCreditSpecificationArgs(cpu_credits=mode) if mode else None
