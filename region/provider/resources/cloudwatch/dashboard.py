"""CloudWatch dashboards."""

from __future__ import annotations

from typing_extensions import override

from region.provider.autoname import Naming
from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.values import Properties


class Dashboard(Handler):
    """`aws.cloudwatch.Dashboard`."""

    resource_type = "aws:cloudwatch/dashboard:Dashboard"
    supported = frozenset({"dashboardName", "dashboardBody"})
    documents = frozenset({"dashboardBody"})
    naming = Naming(
        prop="dashboardName", prefix="", pattern=r"[\w-]+", rule="letters, digits, - and _"
    )

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call PutDashboard; the id is the name."""
        self._put(op, inputs)
        return inputs["dashboardName"]

    def _put(self, op: Operation, inputs: Properties) -> None:
        op.aws.cloudwatch.put_dashboard(
            DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"]
        )

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutDashboard again."""
        if old is not None:
            self._put(op, new)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the dashboard."""
        board = op.aws.cloudwatch.get_dashboard(DashboardName=identity)
        return {
            "dashboardName": board["DashboardName"],
            "dashboardBody": board["DashboardBody"],
            "dashboardArn": board["DashboardArn"],
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteDashboards."""
        op.aws.cloudwatch.delete_dashboards(DashboardNames=[identity])
