"""Associations of subnets with route tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.values import Properties


class RouteTableAssociation(Handler):
    """`aws.ec2.RouteTableAssociation` of a subnet."""

    resource_type = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    supported = frozenset({"subnetId", "routeTableId"})
    fixed_identity = True  # a subnet has one association

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that a subnet is associated: gateways are not supported."""
        yield from checks.exactly_one(inputs, ["subnetId"])

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call AssociateRouteTable."""
        response = op.aws.ec2.associate_route_table(
            RouteTableId=inputs["routeTableId"], SubnetId=inputs["subnetId"]
        )
        return response["AssociationId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ReplaceRouteTableAssociation. The id changes: from then on the subnet's is looked up."""
        if old is not None and old["routeTableId"] != new["routeTableId"]:
            current = _association(op, identity, new)
            op.aws.ec2.replace_route_table_association(
                AssociationId=current["RouteTableAssociationId"] if current else identity,
                RouteTableId=new["routeTableId"],
            )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the association."""
        current = _association(op, identity, state)
        if current is None:
            return None
        return {"routeTableId": current["RouteTableId"], "subnetId": current["SubnetId"]}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DisassociateRouteTable."""
        current = _association(op, identity, state)
        if current is not None:
            association = current["RouteTableAssociationId"]
            op.aws.ec2.disassociate_route_table(AssociationId=association)


def _association(op: Operation, identity: str, state: Properties) -> Mapping[str, Any] | None:
    """Return the association with the id, or the one that the subnet has now."""
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
