"""How much CPU time a machine gets: all, what CPU credits are left for, or the baseline.

Credits hold its services alone. The baseline, once it counts, also holds what later deployments do on
the machine: on AWS the agent, its scripts and the services share one instance.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from region.machines.cgroups import Limits
from region.machines.instance_types import InstanceType
from region.machines.processes import SERVICES, WORK

_UNKNOWN: Final = -1.0
"""The limit of a group that an earlier process created."""


class CpuQuota:
    """The quotas of one machine's control groups. Its owner calls one method at a time."""

    def __init__(
        self,
        limits: Limits,
        group: Callable[[str], str],
        marker: Path,
        kind: InstanceType,
        factor: float,
    ) -> None:
        """Limit what serves, and what deployments do.

        Args:
            limits: Where control groups are.
            group: Returns the full name of one of the machine's groups.
            marker: The file that says that both have the baseline for good, also after a restart.
            kind: The instance type, whose baseline counts.
            factor: CPU seconds of this computer that are one of a vCPU.
        """
        self._limits, self._marker = limits, marker
        self._services, self._work = group(SERVICES), group(WORK)
        self._factor, self._share = factor, kind.baseline_cpu
        self._held: float | None = _UNKNOWN
        self._spared = self._played = False
        self.baseline = kind.baseline_cpu * factor
        """In cores of this computer."""

    def __str__(self) -> str:
        """Return the baseline in words."""
        return f"{self._share:g} CPU: {self.baseline:.3g} of this computer's"

    def lift(self) -> None:
        """Let groups that were just made use all that there is."""
        for group in (self._services, self._work):
            self._limits.set_cpu(group, None)
        self._held = None

    def hold_to_baseline(self) -> None:
        """Limit both groups to the baseline from now on; takes effect with `restore`."""
        self._marker.touch()

    def restore(self) -> bool:
        """Limit both groups to the baseline if that was said before, and return whether they are.

        Not where credits are emulated after a deployment, too: they decide what the groups get.
        """
        if not self._marker.exists() or self._played:
            return False
        self._held = self._share
        for group in (self._services, self._work):
            self._limits.set_cpu(group, self.baseline)
        return True

    def follow(self, factor: float, *, powered: bool) -> None:
        """Go on with another factor: the computer has got faster or slower.

        What is not `powered` has no groups, and gets its quota with the next start.
        """
        self._factor, self.baseline = factor, self._share * factor
        if not powered or self._held is None or self._held == _UNKNOWN:
            return
        self._limits.set_cpu(self._services, self._held * factor)
        if self._marker.exists() and not self._played:
            self._limits.set_cpu(self._work, self.baseline)

    def spare(self, *, during: bool) -> None:
        """Let credits hold nothing `during` a deployment, which starts what the group is for."""
        if during:
            self.hold_to(None, also_deployed=self._played)
        self._spared = during

    def hold_to(self, vcpus: float | None, *, also_deployed: bool = False) -> None:
        """Limit the services to this many vCPUs; None lifts the limit.

        Those that have the baseline for good keep it, unless credits count for them as well.
        """
        limited = self._marker.exists()
        if limited and also_deployed and not self._played:
            self._limits.set_cpu(self._work, None)
        self._played = also_deployed
        if limited and not also_deployed:
            if self._held != self._share and not self._spared:
                self.restore()
            return
        if self._spared or vcpus == self._held:
            return
        self._held = vcpus
        self._limits.set_cpu(self._services, None if vcpus is None else vcpus * self._factor)
