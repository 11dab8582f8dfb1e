"""What a run's summary keeps of the program that generated the load."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from loadtest.generator_names import ARTILLERY, TITLES


class GeneratorRecord(BaseModel):
    """The load generator itself, so that its own limits are not mistaken for the target's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ARTILLERY
    version: str | None = None
    """None in runs from when Artillery was the only one."""
    artillery: str | None = None
    """Artillery's version; None of another generator."""
    node: str | None = None
    """Version of Artillery's Node; None of another generator."""
    python: str
    workers: int
    host_cpus: int
    cpu_seconds: float
    cpu_peak_cores: float
    peak_rss_bytes: int
    lag_p99_ms: float
    """How late its timers fired: each second's 99th percentile, of these the median."""
    lag_max_ms: float
    busy_mean: Annotated[float, Field(ge=0, le=1)]
    busy_max: Annotated[float, Field(ge=0, le=1)]
    schedule_lag_p99_ms: float
    computer: str = ""
    """Which kind of computer it ran on; empty in older runs."""

    @property
    def title(self) -> str:
        """Its name as its makers write it."""
        return TITLES.get(self.name, self.name)

    @property
    def release(self) -> str:
        """Its version, whichever generator it is."""
        return self.artillery or self.version or ""
