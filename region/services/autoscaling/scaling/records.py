"""What the region keeps about scaling policies, and about a group for them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from moto.autoscaling.models import FakeScalingPolicy

from region.api.records import Record


@dataclass
class PolicyRecord(Record[FakeScalingPolicy]):
    """A scaling policy.

    Attributes:
        identity: The part of its ARN that no other policy has.
        enabled: Whether alarms run it.
        alarms: The names of the alarms that it owns: those of a policy that tracks a target.
        warmup: Its `EstimatedInstanceWarmup`, in seconds of AWS's clock; None for the group's.
    """

    identity: str = field(default_factory=lambda: str(uuid.uuid4()))
    enabled: bool = True
    alarms: list[str] = field(default_factory=list[str])
    warmup: int | None = None


@dataclass
class ScalingState:
    """A group as scaling policies see it. Times are epoch seconds.

    Attributes:
        settled_at: When the group first had all instances that it was created with in service.
        cooldown: The cooldown that the last change of the capacity began, in seconds of AWS's
            clock; None for the group's default.
        cooldown_pending: Instances are still launched or terminated: the cooldown begins afterwards.
        cooldown_until: When it ends.
        missed_alarms: Alarms that went off while AlarmNotification was suspended, by the ARN of
            the policy that each of them would have run.
    """

    settled_at: float = 0.0
    cooldown: float | None = None
    cooldown_pending: bool = False
    cooldown_until: float = 0.0
    missed_alarms: dict[str, str] = field(default_factory=dict[str, str])

    def begin_cooldown(self, period: float | None = None) -> None:
        """Begin a cooldown once the instances of the present change are launched or terminated.

        What a group is created with begins none.
        """
        if self.settled_at:
            self.cooldown = period
            self.cooldown_pending = True
