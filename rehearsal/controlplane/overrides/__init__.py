"""Where moto's answers differ from AWS's, one module per service."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rehearsal.controlplane.server import ControlPlane

OVERRIDDEN_SERVICES = (
    "ec2",
    "autoscaling",
    "elbv2",
    "codedeploy",
    "rds",
    "s3",
    "cloudwatch",
    "budgets",
)


def install_all(plane: "ControlPlane") -> None:
    """Patch moto for every service that the region corrects. Idempotent."""
    for service in OVERRIDDEN_SERVICES:
        import_module(f"{__name__}.{service}").install(plane)
