"""The waiting periods of AWS: each a constant with its source, in the `periods.py` of its service.

    DRAINING = Period(
        "Deregistration delay of a target", 300, "ELB guide, Edit target group attributes"
    )

`RegionConfig.seconds` turns one into seconds of this computer's clock: it divides by the region's speed,
which changes nothing else. `docs/timing.md` lists all of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
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


def by_service() -> Iterator[tuple[str, list[Period]]]:
    """Yield the services that have a `periods.py`, each with its periods in the order of the module."""
    services = importlib.import_module("region.services")
    for found in pkgutil.iter_modules(services.__path__):
        name = f"{services.__name__}.{found.name}"
        package = importlib.import_module(name)
        inside = (
            {module.name for module in pkgutil.iter_modules(package.__path__)}
            if found.ispkg
            else ()
        )
        if "periods" in inside:
            module = importlib.import_module(f"{name}.periods")
            yield (
                found.name,
                [value for value in vars(module).values() if isinstance(value, Period)],
            )


def render() -> str:
    """Return the page `docs/timing.md`."""
    lines = [_INTRODUCTION]
    for service, periods in by_service():
        lines += [f"## {service}\n", "| Period | Seconds | Source |", "| --- | ---: | --- |"]
        lines += [_row(period) for period in periods]
        lines.append("")
    return "\n".join(lines)


def _row(period: Period) -> str:
    source = period.source
    linked = f"<{source}>" if source.startswith("https://") and " " not in source else source
    cells = (period.name, f"{period.seconds:g}", linked)
    return "".join("| " + cell.replace("|", "\\|") + " " for cell in cells) + "|"


_INTRODUCTION = """\
# How long AWS waits

<!-- Written by `python -m docgen --write`; a test checks that it matches the code. -->

The local region waits as long as AWS does. These are the periods that AWS documents, or that were measured
of it, in seconds of AWS's clock. Those that can be set (a health check's interval, a cooldown) are listed
with their default.

`--speed N` divides all of them, set or not, by N, and nothing else: what this computer does itself (a boot,
a start of PostgreSQL, a request) takes the time that it takes. Times in answers of the API are those of
this computer's clock. Each report names the speed.
"""
