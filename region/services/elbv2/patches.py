"""Elastic Load Balancing as AWS describes it: states and target health come from the data plane.

moto calls every target healthy at once and every load balancer active when it is described. Here
`region.services.elbv2.controller` reports both when they are true.
"""

from __future__ import annotations

from region.services.elbv2 import (
    certificate_patches,
    description_patches,
    listener_patches,
    load_balancer_patches,
    target_group_patches,
    target_patches,
)


def install() -> None:
    """Patch moto's Elastic Load Balancing."""
    for module in (
        load_balancer_patches,
        listener_patches,
        certificate_patches,
        target_group_patches,
        target_patches,
        description_patches,
    ):
        module.patches.install()
