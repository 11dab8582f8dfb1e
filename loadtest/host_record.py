"""What a run's summary keeps of the computer that generated the load."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class HostRecord(BaseModel):
    """What the CPUs of the generator's computer did during the load, in CPUs, in equal windows.

    `others` is what is left: not the load test's (`ours`), the `target`'s on the same computer, or the
    hypervisor's (`steal`). None stands for a window that was not watched.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_s: float
    cpus: int
    ours: list[float | None]
    target: list[float | None]
    others: list[float | None]
    steal: list[float | None]
    idle: list[float | None]
    quota_shares: dict[str, list[float | None]] = {}
    """Of each instance on this computer that answered: what its services used of their quota."""
    target_here: bool | None = None
    """Whether the target is emulated on this computer; None in older runs."""
    vcpu_seconds: float | None = None
    """CPU seconds of this computer that were one of an instance's vCPU during the load, on average; None
    where that was not recorded."""
    vcpu_range: tuple[float, float] | None = None
    """The least and the most of them; None in older runs."""
