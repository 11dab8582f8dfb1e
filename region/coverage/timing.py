"""The page `docs/timing.md`: how long AWS waits, from the `periods.py` of each service."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from region import services
from region.periods import Period

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


def by_service() -> Iterator[tuple[str, list[Period]]]:
    """Yield the services that have a `periods.py`, each with its periods in the order of the module."""
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
