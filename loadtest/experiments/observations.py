"""What was observed around one experiment, on one timeline: the content of `observations.json`.

All times are seconds since the load's first phase began, on the clock of the computer that runs the
load. What AWS dates is shifted by the measured offset of its clock (`loadtest/stack/clock_offset.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from loadtest.models import Record
from loadtest.stack.clock_offset import ClockOffset

SCHEMA_VERSION = 1
FILE = "observations.json"
"""Beside `run.json` in the directory of the experiment's load run."""

Source = Literal["fault", "group", "target", "deployment", "alarm", "database"]
"""Whose event it is: of the experiment, the Auto Scaling group, the target group, CodeDeploy,
CloudWatch, RDS."""
HEALTHY = "healthy"


class TimelineEvent(Record):
    """Something that happened to a part of the stack."""

    source: Source
    subject: str
    """An instance, an alarm, a database, or what the experiment names its fault."""
    state: str
    """In AWS's words: `unhealthy`, `Launching`, `BeforeInstall`, `ALARM`."""
    was: str | None = None
    """Of a target: its state before; older records do not say it."""
    at_s: float
    until_s: float | None = None
    since_s: float | None = None
    """Of an alarm: when the first of the data points began that made it change, if AWS says so."""
    zone: str | None = None
    detail: str = ""
    resolution_s: float = Field(default=0.0, ge=0)
    """How much earlier it may have happened: the time between two polls."""


class HealthSample(Record):
    """How many targets got requests at one moment."""

    at_s: float
    healthy: int
    registered: int


class StackTiming(Record):
    """The stack's own settings that decide how long things take, and what was measured of it.

    Those of AWS are in seconds of AWS's clock; `speed` of the local region divides them. `boot_s`,
    `release_s` and `again_s` are measured on this stack and are not divided.
    """

    topology: Literal["single", "ha"]
    instances: int
    per_zone: dict[str, int] = Field(default_factory=dict[str, int])
    """Instances in service in each zone before the experiment."""
    interval_s: float | None = None
    check_timeout_s: float | None = None
    unhealthy_threshold: int | None = None
    healthy_threshold: int | None = None
    deregistration_delay_s: float | None = None
    grace_s: float | None = None
    youngest_in_service_s: float | None = None
    """When the youngest instance came into service, on the load's axis: its grace begins there."""
    in_service_s: dict[str, float] = Field(default_factory=dict[str, float])
    """The same of each instance, by its id."""
    replaces_first: bool = False
    """Whether the group launches a replacement before it terminates what is unhealthy."""
    boot_s: float | None = None
    """From the launch's activity to the beginning of its deployment, of the newest launch; without one, to
    InService without a deployment: the middle one of the first launches."""
    release_s: float | None = None
    """An instance's first deployment, without the events of traffic: the middle one of those seen."""
    release_beside: float = 1.0
    """How many instances shared one computer's CPUs during that deployment, itself among them: their mean.
    1 on AWS."""
    boot_beside: float = 1.0
    """The same of the boot."""
    one_computer: bool = False
    """Whether all instances share the CPUs of one computer, as in a local region."""
    again_s: float | None = None
    """The same of a later deployment to an instance; None if there was none yet."""
    batch: int | None = None
    """Instances that a deployment takes at a time."""
    most_batches: int | None = None
    """How many batches a deployment has once the group is as large as it may become."""
    zone_batches: list[int] = Field(default_factory=list[int])
    """In how many batches a deployment reaches each zone, in order; empty if it does not go by zones."""
    zone_watch_s: float = 0.0
    """For how long a deployment watches its zones before it goes on, all of them together."""
    own_check_s: float | None = None
    """How long the revision's own check may take before it fails: the timeouts of its last scripts. None
    unless it was asked for."""
    alarm_s: tuple[float, float] | None = None
    """How long an alarm that stops deployments takes, from the first bad answer."""
    multi_az: bool | None = None
    failover_s: tuple[float, float] = (60.0, 120.0)
    """What the RDS guide names as typical of a Multi-AZ failover."""
    name_ttl_s: float = 5.0
    """How long a client may keep the address of a database: RDS's DNS entries."""
    speed: float = Field(default=1.0, gt=0)

    def grace_until_s(self, instances: Iterable[str] = ()) -> float | None:
        """Return until when the group ignores failed checks of one of these instances, of any by default.

        None without a check that counts; minus infinity where nothing is known of when they came.
        """
        if self.grace_s is None:
            return None
        known = [self.in_service_s[name] for name in instances if name in self.in_service_s]
        since = max(known, default=self.youngest_in_service_s)
        return -math.inf if since is None else since + self.scaled(self.grace_s)

    def scaled(self, seconds: float) -> float:
        """Return how long a period of AWS takes here."""
        return seconds / self.speed


class Observations(Record):
    """Everything that was observed around one experiment."""

    schema_version: Literal[1] = SCHEMA_VERSION
    clock: ClockOffset = ClockOffset()
    timing: StackTiming
    events: list[TimelineEvent] = Field(default_factory=list[TimelineEvent])
    health: list[HealthSample] = Field(default_factory=list[HealthSample])
    problems: list[str] = Field(default_factory=list[str])
    """What could not be observed, and why: an action that the user may not call, for instance."""
