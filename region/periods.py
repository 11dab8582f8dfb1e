"""The waiting periods of AWS: each a constant with its source, in the `periods.py` of its service.

    DRAINING = Period(
        "Deregistration delay of a target", 300, "ELB guide, Edit target group attributes"
    )

`RegionConfig.seconds` turns one into seconds of this computer's clock: it divides by the region's speed,
which changes nothing else. `docs/timing.md` lists all of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Period:
    """A period that AWS waits, by default if it can be set."""

    name: str
    """What is waited for, such as "Default cooldown of a group": it stands in the table."""

    seconds: float
    """In seconds of AWS's clock."""

    source: str
    """Where AWS says so: a URL, or guide and section; what measured it if AWS does not say."""

    def __post_init__(self) -> None:
        """Reject what could not be waited for or looked up."""
        if self.seconds < 0:
            raise ValueError(f"{self.name}: {self.seconds} is not a period.")
        if not self.name or not self.source:
            raise ValueError(f"The period of {self.seconds} s needs a name and a source.")
