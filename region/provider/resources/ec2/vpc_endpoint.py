"""Gateway endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure, error_code
from region.provider.handler import Handler, given, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import retag, tag_specifications
from region.provider.values import Properties


class VpcEndpoint(Handler):
    """`aws.ec2.VpcEndpoint` of the gateway type (S3, DynamoDB)."""

    resource_type = "aws:ec2/vpcEndpoint:VpcEndpoint"
    supported = frozenset(
        {"vpcId", "serviceName", "vpcEndpointType", "routeTableIds", "policy", "tags"}
    )
    defaults: ClassVar = {"vpcEndpointType": "Gateway"}
    sets = frozenset({"routeTableIds"})
    documents = frozenset({"policy"})
    computed = frozenset({"policy", "routeTableIds"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check for a gateway endpoint: the local region has no interfaces for the other type."""
        yield from checks.one_of("vpcEndpointType", inputs.get("vpcEndpointType"), ["Gateway"])
        services = [f"com.amazonaws.{op.region}.{name}" for name in ("s3", "dynamodb")]
        if inputs.get("serviceName") is None:
            yield CheckFailure(
                "serviceName", f"an endpoint needs 'serviceName', such as {services[0]}"
            )
        yield from checks.one_of("serviceName", inputs.get("serviceName"), services)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateVpcEndpoint."""
        response = op.aws.ec2.create_vpc_endpoint(
            TagSpecifications=tag_specifications("vpc-endpoint", inputs.get("tags")),
            **given(
                {
                    "VpcId": "vpcId",
                    "ServiceName": "serviceName",
                    "VpcEndpointType": "vpcEndpointType",
                    "RouteTableIds": "routeTableIds",
                    "PolicyDocument": "policy",
                },
                inputs,
            ),
        )
        return response["VpcEndpoint"]["VpcEndpointId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifyVpcEndpoint."""
        if old is None:
            return
        before, after = set(old.get("routeTableIds") or ()), set(new.get("routeTableIds") or ())
        changes: dict[str, Any] = {
            "AddRouteTableIds": sorted(after - before),
            "RemoveRouteTableIds": sorted(before - after),
        }
        if new.get("policy") and new.get("policy") != old.get("policy"):
            changes["PolicyDocument"] = new["policy"]
        changes = {name: value for name, value in changes.items() if value}
        if changes:
            op.aws.ec2.modify_vpc_endpoint(VpcEndpointId=identity, **changes)
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the endpoint."""
        response = op.aws.ec2.describe_vpc_endpoints(VpcEndpointIds=[identity])
        for endpoint in response["VpcEndpoints"]:
            if str(endpoint.get("State", "")).lower() in {"deleted", "deleting"}:
                return None
            policy = endpoint.get("PolicyDocument")
            return {
                "vpcId": endpoint["VpcId"],
                "serviceName": endpoint["ServiceName"],
                "vpcEndpointType": endpoint.get("VpcEndpointType", "Gateway"),
                "routeTableIds": list(endpoint.get("RouteTableIds") or ()),
                **({"policy": policy} if policy else {}),
                "state": str(endpoint.get("State", "available")).lower(),
                "arn": op.arn("ec2", f"vpc-endpoint/{identity}"),
                "ownerId": endpoint.get("OwnerId", op.account),
                "prefixListId": _prefix_list(op, endpoint["ServiceName"]),
                "tags": tag_map(endpoint.get("Tags")),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteVpcEndpoints."""
        try:
            op.aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[identity])
        except ClientError as error:
            # moto removes the endpoint's routes and fails on tables that were exchanged.
            if error_code(error) != "InvalidRoute.NotFound":
                raise
            tables = list((self.read(op, identity, state) or {}).get("routeTableIds", ()))
            op.aws.ec2.modify_vpc_endpoint(VpcEndpointId=identity, RemoveRouteTableIds=tables)
            op.aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[identity])


def _prefix_list(op: Operation, service: str) -> str:
    lists = op.aws.ec2.describe_managed_prefix_lists()["PrefixLists"]
    return next((item["PrefixListId"] for item in lists if item["PrefixListName"] == service), "")
