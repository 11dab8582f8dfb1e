"""The bottleneck finding in a terminal."""

from __future__ import annotations

from rich.table import Table

from loadtest.analysis.bottleneck import BottleneckFinding
from loadtest.formatting import NOTHING


def render(found: BottleneckFinding) -> Table:
    """Return the finding's evidence, endpoint by endpoint, with the finding as its caption."""
    titles = ["endpoint", "requests", "of all requests", "of the time waited", "p95"]
    varied = found.low_rate is not None and found.high_rate is not None
    if varied:
        titles += [f"p95 at {found.low_rate:.0f}/s", f"p95 at {found.high_rate:.0f}/s", "per req/s"]
    shown = Table(*titles, caption=found.text, caption_justify="left")
    for one in found.evidence:
        cells = [
            f"[bold]{one.endpoint}[/]" if one.stands_out else one.endpoint,
            f"{one.requests:,}",
            f"{one.request_share:.0%}",
            f"{one.time_share:.0%}",
            str(one.p95),
        ]
        if varied:
            cells += [str(one.p95_low or NOTHING), str(one.p95_high or NOTHING), _slope(one.slope)]
        shown.add_row(*cells)
    return shown


def _slope(value: float | None) -> str:
    return NOTHING if value is None else f"{value:+.2f} ms"
