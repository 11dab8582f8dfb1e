"""Route tables, routes, their associations, and gateway endpoints."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from typing_extensions import override

from region.provider import checks
from region.provider.errors import Refusal, error_code
from region.provider.handler import Handler, changed, found, given, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import IN_USE, retag, tag_specifications
from region.provider.values import Properties

USE_ROUTE = "use aws.ec2.Route"
DESTINATION = "destinationCidrBlock"
TARGETS = {"GatewayId": "gatewayId", "NatGatewayId": "natGatewayId"}


class RouteTable(Handler):
    """``aws.ec2.RouteTable`` without inline routes."""

    resource_type = "aws:ec2/routeTable:RouteTable"
    supported = frozenset({"vpcId", "tags"})
    hints: ClassVar = {"routes": USE_ROUTE}
    force_new = frozenset({"vpcId"})
    computed = frozenset({"routes", "propagatingVgws"})

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateRouteTable."""
        response = op.aws.ec2.create_route_table(
            VpcId=inputs["vpcId"],
            TagSpecifications=tag_specifications("route-table", inputs.get("tags")),
        )
        return response["RouteTable"]["RouteTableId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Only the tags can change."""
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The route table."""
        for table in op.aws.ec2.describe_route_tables(RouteTableIds=[identity])["RouteTables"]:
            return {
                "vpcId": table["VpcId"],
                "propagatingVgws": [],
                "arn": op.arn("ec2", f"route-table/{identity}"),
                "ownerId": table.get("OwnerId", op.account),
                "tags": tag_map(table.get("Tags")),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteRouteTable, tried again while subnets are associated."""
        op.release(
            f"route table {identity}",
            lambda: op.aws.ec2.delete_route_table(RouteTableId=identity),
            *IN_USE,
        )


class Route(Handler):
    """``aws.ec2.Route`` to an internet gateway or a NAT gateway."""

    resource_type = "aws:ec2/route:Route"
    supported = frozenset({"routeTableId", DESTINATION, *TARGETS.values()})
    force_new = frozenset({"routeTableId", DESTINATION})
    volatile = frozenset({"state"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """A route has a destination and a target."""
        yield from checks.exactly_one(inputs, [DESTINATION])
        yield from checks.exactly_one(inputs, list(TARGETS.values()))
        yield from checks.cidr(DESTINATION, inputs.get(DESTINATION))

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateRoute. A route has no id of its own: the real provider builds one like this."""
        table, destination = inputs["routeTableId"], inputs[DESTINATION]
        op.aws.ec2.create_route(
            RouteTableId=table,
            DestinationCidrBlock=destination,
            **given(TARGETS, inputs),
        )
        return f"r-{table}{zlib.crc32(destination.encode())}"

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """ReplaceRoute."""
        if changed(new, old, *TARGETS.values()) and old is not None:
            op.aws.ec2.replace_route(
                RouteTableId=new["routeTableId"],
                DestinationCidrBlock=new[DESTINATION],
                **given(TARGETS, new),
            )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The route; to import one, its id is ``<route table>_<destination>``."""
        table, destination = _route_key(identity, state)
        response = op.aws.ec2.describe_route_tables(RouteTableIds=[table])
        routes = (route for item in response["RouteTables"] for route in item["Routes"])
        for route in routes:
            if route.get("DestinationCidrBlock") == destination:
                return {
                    "routeTableId": table,
                    DESTINATION: destination,
                    **found(TARGETS, route),
                    "origin": route.get("Origin", "CreateRoute"),
                    "state": route.get("State", "active"),
                    "instanceId": "",
                    "instanceOwnerId": "",
                }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteRoute."""
        table, destination = _route_key(identity, state)
        op.aws.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=destination)


def _route_key(identity: str, state: Properties) -> tuple[str, str]:
    if "routeTableId" in state:
        return state["routeTableId"], state[DESTINATION]
    table, _, destination = identity.partition("_")
    return table, destination


class RouteTableAssociation(Handler):
    """``aws.ec2.RouteTableAssociation`` of a subnet."""

    resource_type = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    supported = frozenset({"subnetId", "routeTableId"})
    force_new = frozenset({"subnetId"})
    fixed_identity = True  # a subnet has one association

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """Only subnets are associated here, gateways are not."""
        yield from checks.exactly_one(inputs, ["subnetId"])

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """AssociateRouteTable."""
        response = op.aws.ec2.associate_route_table(
            RouteTableId=inputs["routeTableId"], SubnetId=inputs["subnetId"]
        )
        return response["AssociationId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """ReplaceRouteTableAssociation. It gives a new id, so a subnet's is looked up from then on."""
        if old is not None and old["routeTableId"] != new["routeTableId"]:
            current = _association(op, identity, new)
            op.aws.ec2.replace_route_table_association(
                AssociationId=current["RouteTableAssociationId"] if current else identity,
                RouteTableId=new["routeTableId"],
            )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The association."""
        current = _association(op, identity, state)
        if current is None:
            return None
        return {"routeTableId": current["RouteTableId"], "subnetId": current["SubnetId"]}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DisassociateRouteTable."""
        current = _association(op, identity, state)
        if current is not None:
            association = current["RouteTableAssociationId"]
            op.aws.ec2.disassociate_route_table(AssociationId=association)


def _association(op: Operation, identity: str, state: Properties) -> Mapping[str, Any] | None:
    """The association with the id, else the one that the subnet has now."""
    by_id = {"Name": "association.route-table-association-id", "Values": [identity]}
    tables = op.aws.ec2.describe_route_tables(Filters=[by_id])["RouteTables"]
    if not tables and "subnetId" in state:
        by_subnet = {"Name": "association.subnet-id", "Values": [state["subnetId"]]}
        tables = op.aws.ec2.describe_route_tables(Filters=[by_subnet])["RouteTables"]
    for association in (item for table in tables for item in table["Associations"]):
        mine = association["RouteTableAssociationId"] == identity
        if mine or association.get("SubnetId", "") == state.get("subnetId"):
            return association
    return None


class VpcEndpoint(Handler):
    """``aws.ec2.VpcEndpoint`` of the gateway type (S3, DynamoDB)."""

    resource_type = "aws:ec2/vpcEndpoint:VpcEndpoint"
    supported = frozenset(
        {"vpcId", "serviceName", "vpcEndpointType", "routeTableIds", "policy", "tags"}
    )
    force_new = frozenset({"vpcId", "serviceName", "vpcEndpointType"})
    defaults: ClassVar = {"vpcEndpointType": "Gateway"}
    sets = frozenset({"routeTableIds"})
    documents = frozenset({"policy"})
    computed = frozenset({"policy", "routeTableIds"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """Interface endpoints have network interfaces, which the local region does not build."""
        yield from checks.one_of("vpcEndpointType", inputs.get("vpcEndpointType"), ["Gateway"])
        services = [f"com.amazonaws.{op.region}.{name}" for name in ("s3", "dynamodb")]
        if inputs.get("serviceName") is None:
            yield Refusal("serviceName", f"an endpoint needs 'serviceName', such as {services[0]}")
        yield from checks.one_of("serviceName", inputs.get("serviceName"), services)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateVpcEndpoint."""
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
        """ModifyVpcEndpoint."""
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
        """The endpoint."""
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
        """DeleteVpcEndpoints."""
        try:
            op.aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[identity])
        except ClientError as error:
            # moto takes back the endpoint's routes and stumbles over tables that were exchanged.
            if error_code(error) != "InvalidRoute.NotFound":
                raise
            tables = list((self.read(op, identity, state) or {}).get("routeTableIds", ()))
            op.aws.ec2.modify_vpc_endpoint(VpcEndpointId=identity, RemoveRouteTableIds=tables)
            op.aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[identity])


def _prefix_list(op: Operation, service: str) -> str:
    lists = op.aws.ec2.describe_managed_prefix_lists()["PrefixLists"]
    return next((item["PrefixListId"] for item in lists if item["PrefixListName"] == service), "")
