"""How many instances of a fleet CodeDeploy may deploy to at a time. Pure arithmetic.

https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

import math
from dataclasses import dataclass

PERCENT, COUNT = "FLEET_PERCENT", "HOST_COUNT"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the instances of a deployment stand."""

    pending: int
    running: int
    succeeded: int
    failed: int

    @property
    def total(self) -> int:
        """All instances of the deployment."""
        return self.pending + self.running + self.succeeded + self.failed

    @property
    def done(self) -> bool:
        """Whether every instance has been deployed to."""
        return self.pending == 0 and self.running == 0


@dataclass(frozen=True, slots=True)
class Rule:
    """The minimum of healthy hosts of a deployment configuration.

    `predefined` marks CodeDeployDefault's own: they work on every fleet, also of one instance,
    where a custom configuration whose minimum is the whole fleet can never start.
    """

    kind: str
    value: int
    predefined: bool = False

    def minimum_healthy(self, total: int) -> int:
        """Instances that must stay healthy out of `total`; percentages are rounded up."""
        minimum = math.ceil(total * self.value / 100) if self.kind == PERCENT else self.value
        return min(minimum, max(total - 1, 0)) if self.predefined else minimum

    def impossible(self, total: int) -> bool:
        """Whether no instance could ever be taken out of `total`."""
        return self.minimum_healthy(total) >= total

    def may_start(self, progress: Progress) -> int:
        """How many pending instances may start now.

        An instance counts as unhealthy from its deployment's start to its success, and for ever
        if it failed.
        """
        spare = progress.total - self.minimum_healthy(progress.total)
        return max(0, min(progress.pending, spare - progress.running - progress.failed))

    def broken(self, progress: Progress) -> bool:
        """Whether the minimum cannot be kept any more, with instances left to deploy to."""
        waiting = progress.pending > 0 and progress.running == 0
        return waiting and self.may_start(progress) == 0

    def satisfied(self, progress: Progress) -> bool:
        """Whether a finished deployment counts as successful: enough healthy, at least one new."""
        healthy = progress.total - progress.failed
        return progress.succeeded > 0 and healthy >= self.minimum_healthy(progress.total)
