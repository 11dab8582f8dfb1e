"""What a run's summary keeps of the load that was planned."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from loadtest.messages.message import Message


class PhaseRecord(BaseModel):
    """A phase of the load; times in seconds after the first phase began."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    start_s: float
    duration_s: float
    arrival_rate: int | float | None = None
    """Users per second at the beginning of the phase."""
    ramp_to: int | float | None = None
    arrivals_in_all: int | None = None
    """How many users arrive, evenly; 0 is a pause. None: the rate says it."""
    most_at_once: int | None = None
    """Users beyond so many at a time are skipped; None: nobody is."""


class ProfileRecord(BaseModel):
    """The planned load."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: Message
    planned_users: int
    peak_rate: int
    phases: list[PhaseRecord]
    shows_percentiles: bool = True
    """Whether a run is long enough to judge a percentile; also True in runs that did not record it."""

    @property
    def closed(self) -> bool:
        """Whether arrivals wait for the target: beyond a number of users at a time, they are skipped."""
        return any(phase.most_at_once is not None for phase in self.phases)
