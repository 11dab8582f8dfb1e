"""CloudWatch alarms that stop an experiment, to protect more than the stack's own users.

AWS FIS has them as stop conditions; everything else that an experiment does ends with them too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.errors import ExperimentError

MOST: Final = 5
"""AWS FIS takes no more stop conditions (Service Quotas, "Stop conditions per experiment template")."""
ASKED_EVERY_S: Final = 5.0


@dataclass
class StopAlarms:
    """The alarms of one experiment, by default none. `of` finds them."""

    cloudwatch: Any = None
    arns: dict[str, str] = field(default_factory=dict[str, str])
    """ARNs by the alarms' names."""
    _asked_at: float = 0.0

    @classmethod
    def of(cls, cloudwatch: Any, names: Sequence[str]) -> StopAlarms:
        """Find alarms by their names.

        Raises:
            ExperimentError: One does not exist or is in ALARM already, or there are too many.
        """
        if len(names) > MOST:
            raise ExperimentError(f"{len(names)} stop alarms: AWS FIS takes {MOST}; name fewer")
        found = _described(cloudwatch, names)
        if lacking := sorted(set(names) - {one["AlarmName"] for one in found}):
            raise ExperimentError(
                f"there is no alarm {', '.join(lacking)}: `aws cloudwatch describe-alarms` lists them"
            )
        if active := _active(found):
            raise ExperimentError(
                f"the stop alarm {', '.join(active)} is in ALARM already, so nothing was done"
            )
        return cls(cloudwatch, {one["AlarmName"]: one["AlarmArn"] for one in found})

    @property
    def conditions(self) -> list[dict[str, str]]:
        """The stop conditions of a template of AWS FIS."""
        return [{"source": "aws:cloudwatch:alarm", "value": arn} for arn in self.arns.values()] or [
            {"source": "none"}
        ]

    def reason(self) -> str | None:
        """Return why the experiment has to end; None if no alarm is in ALARM, or nobody answers.

        Asks every few seconds, however often it is called.
        """
        now = time.monotonic()
        if not self.arns or now - self._asked_at < ASKED_EVERY_S:
            return None
        self._asked_at = now
        try:
            active = _active(_described(self.cloudwatch, list(self.arns)))
        except (BotoCoreError, ClientError):
            return None
        return f"the stop alarm {', '.join(active)} went off" if active else None


def _described(cloudwatch: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    if not names:
        return []
    answer = cloudwatch.describe_alarms(
        AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return [*(answer.get("MetricAlarms") or []), *(answer.get("CompositeAlarms") or [])]


def _active(alarms: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(one["AlarmName"] for one in alarms if one["StateValue"] == "ALARM")
