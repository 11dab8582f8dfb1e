"""All that was measured in a run, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loadtest.errors import ResultsError
from loadtest.messages.message import Message
from loadtest.models import RunSettings
from loadtest.profiles import Profile, from_record
from loadtest.runs.events import Event
from loadtest.runs.host import HostSample, TargetSample
from loadtest.runs.probes import Probe
from loadtest.runs.recording import GeneratorEvent, PhaseStart
from loadtest.runs.stalls import Stall
from loadtest.runs.table import RequestTable

STOPPED = "cut.stopped"
"""Why a run ended that only accompanied something else: an experiment."""


@dataclass(frozen=True)
class ArtilleryReport:
    """A generator's own report of a run: the totals, by Artillery's names, and those of windows of 10 s."""

    aggregate: Mapping[str, Any]
    windows: Sequence[Mapping[str, int]] | None
    """None of a generator that reports no windows."""

    @property
    def counters(self) -> dict[str, int]:
        """The counters of the whole run. One that never counted is absent, not 0."""
        return dict(self.aggregate.get("counters") or {})


@dataclass(frozen=True)
class Measurements:
    """All that was measured in a run."""

    settings: RunSettings
    finished_at: datetime
    cut_reason: Message | None
    """What ended the run early; None if it went to its end."""
    requests: RequestTable
    generator: Sequence[GeneratorEvent]
    artillery: ArtilleryReport | None
    """The generator's own report, by Artillery's names; None if it ended before it wrote one."""
    probes: Sequence[Probe] = ()
    events: Sequence[Event] = ()
    host: Sequence[HostSample] = ()
    """The computer of the generator, once a second; none in older runs."""
    stalls: Sequence[Stall] | None = None
    """When that computer stood still; None where nobody watched for it."""
    target: Sequence[TargetSample] = ()
    """What stands for the target on the same computer; none if nothing does."""

    @property
    def began_ms(self) -> float:
        """When the first phase began (epoch ms); otherwise the first arrival, otherwise the start."""
        starts = [event.at_ms for event in self.generator if isinstance(event, PhaseStart)]
        if not starts and len(self.requests):
            return float(self.requests.arrived_ms.min())
        return min(starts, default=self.settings.started_at.timestamp() * 1000)

    @property
    def duration_s(self) -> float:
        """For how long visitors arrived: as planned, or until what the load accompanied was over."""
        planned = float(self.profile.duration_s)
        if self.cut_reason is None or self.cut_reason.id != STOPPED or not len(self.requests):
            return planned
        last_ms = float(self.requests.arrived_ms.max())
        return min(planned, (last_ms - self.began_ms) / 1000)

    @property
    def profile(self) -> Profile:
        """The planned load."""
        profile = from_record(self.settings.profile)
        if profile is None:
            raise ResultsError(f"run {self.settings.id} does not record its arrival rates")
        return profile
