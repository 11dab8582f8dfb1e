"""CodeDeploy's minimum healthy hosts, and whether it leaves a host to deploy to. Pure.

https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from policies.availability import healthy_hosts, zones

_FORM = re.compile(r"(?P<number>[0-9]{1,4})(?P<percent>%?)")


@dataclass(frozen=True, kw_only=True)
class MinimumHealthyHosts:
    """A deployment configuration's minimum: a percentage of the instances, or a number of hosts."""

    kind: Literal["FLEET_PERCENT", "HOST_COUNT"]
    value: int

    def __str__(self) -> str:
        return f"{self.value}%" if self.kind == "FLEET_PERCENT" else str(self.value)

    def deadlock(self, size: int) -> str | None:
        """Return why no deployment to `size` hosts can begin, as a clause; None if one can."""
        return healthy_hosts.deadlock(self.kind, self.value, size)


def all_but_a_zone(zone_count: int, smallest: int) -> MinimumHealthyHosts:
    """Return the minimum that lets a zone at a time be out of service, and no more.

    If the instances of the first zone fail, a deployment then goes no further. Where the group is at its
    smallest, or has lost a zone, one instance is left to deploy to all the same.
    """
    sizes = (smallest, zones.left_after_loss(smallest, zone_count))
    possible = [healthy_hosts.largest_possible(int(size))[1] for size in sizes if size > 1]
    percent = min([100 * (zone_count - 1) // zone_count, *possible])
    return MinimumHealthyHosts(kind="FLEET_PERCENT", value=percent)


def parse_minimum(text: str) -> MinimumHealthyHosts:
    """Parse `4` as a number of hosts and `66%` as a percentage.

    Raises:
        ValueError: The text is neither.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(
            "is neither a number of hosts nor a percentage of them; write it like 4 or 66%, or none"
        )
    value = int(match["number"])
    if not match["percent"]:
        return MinimumHealthyHosts(kind="HOST_COUNT", value=value)
    if value > 100:
        raise ValueError("is more than all hosts; use a percentage below 100%")
    return MinimumHealthyHosts(kind="FLEET_PERCENT", value=value)
