"""Internet gateways."""

from __future__ import annotations

from typing_extensions import override

from region.provider.handler import Handler, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import IN_USE, retag, tag_specifications
from region.provider.values import Properties


class InternetGateway(Handler):
    """`aws.ec2.InternetGateway`."""

    resource_type = "aws:ec2/internetGateway:InternetGateway"
    supported = frozenset({"vpcId", "tags"})

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateInternetGateway."""
        tags = tag_specifications("internet-gateway", inputs.get("tags"))
        response = op.aws.ec2.create_internet_gateway(TagSpecifications=tags)
        return response["InternetGateway"]["InternetGatewayId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Attach the gateway to its VPC."""
        attached = (self.read(op, identity, {}) or {}).get("vpcId")
        wanted = new.get("vpcId")
        if attached and attached != wanted:
            op.aws.ec2.detach_internet_gateway(InternetGatewayId=identity, VpcId=attached)
        if wanted and attached != wanted:
            op.aws.ec2.attach_internet_gateway(InternetGatewayId=identity, VpcId=wanted)
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the gateway and the VPC it is attached to."""
        response = op.aws.ec2.describe_internet_gateways(InternetGatewayIds=[identity])
        for gateway in response["InternetGateways"]:
            attachments = gateway.get("Attachments") or []
            attached = {"vpcId": attachments[0]["VpcId"]} if attachments else {}
            return {
                **attached,
                "arn": op.arn("ec2", f"internet-gateway/{identity}"),
                "ownerId": gateway.get("OwnerId", op.account),
                "tags": tag_map(gateway.get("Tags")),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DetachInternetGateway and DeleteInternetGateway."""
        attached = (self.read(op, identity, state) or {}).get("vpcId")
        if attached:
            op.release(
                f"internet gateway {identity}",
                lambda: op.aws.ec2.detach_internet_gateway(
                    InternetGatewayId=identity, VpcId=attached
                ),
                *IN_USE,
            )
        op.aws.ec2.delete_internet_gateway(InternetGatewayId=identity)
