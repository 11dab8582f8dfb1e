"""How many instances CodeDeploy may deploy to at a time. Pure arithmetic.

https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass

PERCENT, COUNT, CONCURRENCY = "FLEET_PERCENT", "HOST_COUNT", "MOST_CONCURRENCY"


@dataclass(frozen=True, slots=True)
class DeploymentProgress:
    """How many instances of a deployment are in which state."""

    pending: int
    running: int
    succeeded: int
    failed: int

    @property
    def total(self) -> int:
        """All instances of the deployment."""
        return self.pending + self.running + self.succeeded + self.failed

    @property
    def all_succeeded(self) -> bool:
        """Whether every instance has been deployed to with success."""
        return self.succeeded == self.total

    @property
    def done(self) -> bool:
        """Whether every instance has been deployed to."""
        return self.pending == 0 and self.running == 0


@dataclass(frozen=True, slots=True)
class MinimumHealthyHosts:
    """The minimum healthy hosts of a deployment configuration.

    `predefined` marks CodeDeployDefault's own configurations, and what works like them: they work on any
    number of instances, even one, whereas a custom configuration whose minimum is all instances can never
    start.
    """

    kind: str
    value: int
    predefined: bool = False

    def required(self, total: int) -> int:
        """Return how many of `total` instances must stay healthy; percentages are rounded up."""
        if self.kind == PERCENT:
            minimum = math.ceil(total * self.value / 100)
        elif self.kind == CONCURRENCY:
            minimum = max(total - self.value, 0)
        else:
            minimum = self.value
        return min(minimum, max(total - 1, 0)) if self.predefined else minimum

    def blocks_every_deployment(self, total: int) -> bool:
        """Return whether no instance could ever be taken out of `total`."""
        return self.required(total) >= total

    def startable_count(self, progress: DeploymentProgress) -> int:
        """Return how many pending instances may start now.

        An instance counts as unhealthy from its deployment's start to its success, and for good if
        it failed.
        """
        spare = progress.total - self.required(progress.total)
        return max(0, min(progress.pending, spare - progress.running - progress.failed))

    def satisfied(self, progress: DeploymentProgress) -> bool:
        """Return whether a finished deployment succeeded: enough healthy, at least one of them new."""
        healthy = progress.total - progress.failed
        return progress.succeeded > 0 and healthy >= self.required(progress.total)
