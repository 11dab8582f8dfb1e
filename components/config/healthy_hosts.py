"""How many hosts CodeDeploy keeps healthy, and whether that leaves any to deploy to. Pure.

https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_FORM = re.compile(r"(?P<number>[0-9]{1,4})(?P<percent>%?)")


@dataclass(frozen=True, kw_only=True)
class MinimumHealthyHosts:
    """A deployment configuration's minimum: a share of the fleet, or a number of hosts."""

    kind: Literal["FLEET_PERCENT", "HOST_COUNT"]
    value: int

    def required_of(self, fleet: int) -> int:
        """Hosts that must stay healthy in a fleet of that size; CodeDeploy rounds shares up."""
        if self.kind == "HOST_COUNT":
            return self.value
        return -(-fleet * self.value // 100)

    def arithmetic(self, fleet: int) -> str:
        """The calculation in words, for an error message."""
        required = self.required_of(fleet)
        if self.kind == "HOST_COUNT":
            return f"{required} of {fleet} host(s) must stay healthy"
        share = fleet * self.value / 100
        return f"{self.value} % of {fleet} host(s) is {share:g}, rounded up {required}"

    def possible_for(self, fleet: int) -> bool:
        """Whether a fleet of that size has a host to deploy to; else every deployment fails."""
        return self.required_of(fleet) < fleet


def parse_minimum(text: str) -> MinimumHealthyHosts:
    """Reads `4` as a number of hosts and `66%` as a share; raises ValueError for anything else."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(
            "is neither a number of hosts nor a share of the fleet; write it like 4 or 66%"
        )
    value = int(match["number"])
    if not match["percent"]:
        return MinimumHealthyHosts(kind="HOST_COUNT", value=value)
    if value > 100:
        raise ValueError("is more than the whole fleet; use a share below 100%")
    return MinimumHealthyHosts(kind="FLEET_PERCENT", value=value)


def largest_possible(fleet: int) -> tuple[int, int]:
    """The largest number of hosts and the largest percentage that a fleet of that size can keep."""
    return fleet - 1, 100 * (fleet - 1) // fleet
