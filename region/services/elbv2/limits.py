"""Quotas of Elastic Load Balancing, as DescribeAccountLimits tells them and calls keep to them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer, FakeTargetGroup

from region.services.elbv2 import conversion, target_groups
from region.services.elbv2.errors import invalid

LIMITS: Final[Mapping[str, int]] = {
    "application-load-balancers": 50,
    "certificates-per-application-load-balancer": 25,
    "condition-values-per-alb-rule": conversion.MOST_VALUES,
    "condition-wildcards-per-alb-rule": conversion.MOST_WILDCARDS,
    "listeners-per-application-load-balancer": 50,
    "rules-per-application-load-balancer": 100,
    "target-groups": 3000,
    "target-groups-per-action-on-application-load-balancer": conversion.MOST_GROUPS,
    "target-groups-per-application-load-balancer": 100,
    "target-id-registrations-per-application-load-balancer": 1000,
    "targets-per-application-load-balancer": 1000,
    "targets-per-target-group": 1000,
}
"""Those of Application Load Balancers, the only kind that the region has."""


def check(name: str, count: int, code: str) -> None:
    """Refuse what would be more than a quota allows.

    Args:
        name: The quota's name in DescribeAccountLimits.
        count: How many there would be.
        code: Of AWS's error.

    Raises:
        ELBClientError: It is more.
    """
    most = LIMITS[name]
    if count > most:
        what = name.replace("-", " ")
        raise invalid(f"The quota of {what} is {most}, and this would make {count}", code)


def check_target_groups(
    backend: ELBv2Backend, balancer: FakeLoadBalancer, added: Iterable[str]
) -> None:
    """Refuse more target groups than a load balancer may forward to.

    Args:
        backend: moto's load balancers.
        balancer: The load balancer.
        added: The ARNs of the groups that an action names.

    Raises:
        ELBClientError: There are too many, or too many targets in them.
    """
    arns = _groups_of(backend, balancer) | set(added)
    check(
        "target-groups-per-application-load-balancer",
        len(arns),
        "TooManyUniqueTargetGroupsPerLoadBalancer",
    )
    _check_targets_of(backend, arns)


def check_targets(
    backend: ELBv2Backend, group: FakeTargetGroup, targets: Iterable[Mapping[str, Any]]
) -> None:
    """Refuse more targets than a target group and its load balancer may have.

    Raises:
        ELBClientError: There would be too many.
    """
    added = {str(target["Id"]) for target in targets} - set(group.targets)
    check("targets-per-target-group", len(group.targets) + len(added), "TooManyTargets")
    balancer = target_groups.balancer_of(backend, group)
    if balancer is None:
        return
    _check_targets_of(backend, _groups_of(backend, balancer), len(added))


def _groups_of(backend: ELBv2Backend, balancer: FakeLoadBalancer) -> set[str]:
    """Return the ARNs of the target groups that a load balancer forwards to."""
    return {
        group.arn
        for group in backend.target_groups.values()
        if target_groups.balancer_of(backend, group) is balancer
    }


def _check_targets_of(backend: ELBv2Backend, arns: Iterable[str], more: int = 0) -> None:
    """Refuse target groups that together have more targets than one load balancer may have.

    Raises:
        ELBClientError: They have.
    """
    found = [backend.target_groups[arn] for arn in arns if arn in backend.target_groups]
    count = sum(len(group.targets) for group in found) + more
    check("targets-per-application-load-balancer", count, "TooManyTargets")
