"""Shows a bottleneck's finding in a terminal."""

from __future__ import annotations

from rich.table import Table

from loadtest.analysis.bottleneck import Finding


def render(found: Finding) -> Table:
    """The finding's evidence, endpoint by endpoint; its sentence is the caption."""
    titles = ["endpoint", "requests", "of the requests", "of the time waited", "p95"]
    varied = found.low_rate is not None and found.high_rate is not None
    if varied:
        titles += [f"p95 at {found.low_rate:.0f}/s", f"p95 at {found.high_rate:.0f}/s", "per req/s"]
    shown = Table(*titles, caption=found.sentence, caption_justify="left")
    for one in found.evidence:
        cells = [
            f"[bold]{one.endpoint}[/]" if one.stands_out else one.endpoint,
            f"{one.requests:,}",
            f"{one.request_share:.0%}",
            f"{one.time_share:.0%}",
            str(one.p95),
        ]
        if varied:
            cells += [str(one.p95_low or "–"), str(one.p95_high or "–"), _slope(one.slope)]
        shown.add_row(*cells)
    return shown


def _slope(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f} ms"
