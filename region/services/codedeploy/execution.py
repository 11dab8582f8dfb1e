"""What all executions of deployments have in common: which deployment, on which machines, how long."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from moto.codedeploy.models import DeploymentInfo

from region.api.server import ControlPlane
from region.periods import Period
from region.services.codedeploy.oversight import Oversight
from region.services.codedeploy.rollout import Rollout
from region.services.codedeploy.target_deployment import Machine, TargetPlan


class Execution(ABC):
    """Carries one deployment out, on a thread of its own."""

    limit: ClassVar[Period]
    """How long it may take."""

    def __init__(
        self,
        plane: ControlPlane,
        find_machine: Callable[[str], Machine],
        deployment: DeploymentInfo,
        closing: threading.Event,
    ) -> None:
        """Prepare; `closing` is set when the region stops."""
        self._plane = plane
        self._find_machine = find_machine
        self._deployment = deployment
        self._closing = closing
        self._oversight = Oversight(plane, deployment, closing, self.limit)

    @abstractmethod
    def run(self) -> None:
        """Block until the deployment has ended."""

    def _rollout(self, targets: list[TargetPlan]) -> Rollout:
        """Return the deployment of these targets, of which none has begun."""
        return Rollout(self._plane, self._find_machine, self._deployment, targets, self._oversight)
