"""How much CPU time the services of a machine get: all, what CPU credits are left for, or the baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from region.machines.cgroups import Limits
from region.machines.instance_types import InstanceType

_UNKNOWN: Final = -1.0
"""What a group that an earlier process has made is held to."""


class CpuQuota:
    """The quota of one control group. Its owner calls one method at a time."""

    def __init__(
        self, limits: Limits, group: str, marker: Path, kind: InstanceType, factor: float
    ) -> None:
        """Limit `group`.

        Args:
            limits: Where control groups are.
            group: The group.
            marker: The file that says that the group has the baseline for good, also after a restart.
            kind: The instance type, whose baseline counts.
            factor: CPU seconds of this computer that are one of a vCPU.
        """
        self._limits, self._group, self._marker = limits, group, marker
        self._factor, self._share = factor, kind.baseline_cpu
        self._held: float | None = _UNKNOWN
        self._spared = False
        self.baseline = kind.baseline_cpu * factor
        """In cores of this computer."""

    def __str__(self) -> str:
        """Return the baseline in words."""
        return f"{self._share:g} CPU: {self.baseline:.3g} of this computer's"

    def lift(self) -> None:
        """Let a group that was just made use all that there is."""
        self._limits.set_cpu(self._group, None)
        self._held = None

    def hold_to_baseline(self) -> None:
        """Limit the group to the baseline from now on; takes effect with `restore`."""
        self._marker.touch()

    def restore(self) -> None:
        """Limit the group to the baseline if that was said before."""
        if self._marker.exists():
            self._limits.set_cpu(self._group, self.baseline)

    def spare(self, *, during: bool) -> None:
        """Let credits hold nothing `during` a deployment, which starts what the group is for."""
        if during:
            self.hold_to(None)
        self._spared = during

    def hold_to(self, vcpus: float | None) -> None:
        """Limit the group to so many vCPUs, None to let go, unless it has the baseline for good."""
        if self._spared or vcpus == self._held or self._marker.exists():
            return
        self._held = vcpus
        self._limits.set_cpu(self._group, None if vcpus is None else vcpus * self._factor)
