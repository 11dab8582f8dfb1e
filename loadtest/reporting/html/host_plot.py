"""The figure of the computer's CPU: who used it during the load, and what was left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

import numpy as np
from markupsafe import Markup

from loadtest.array_types import Floats
from loadtest.host_record import HostRecord
from loadtest.reporting.html import svg
from loadtest.reporting.html.charts import ChartedRun, PanelRenderer
from loadtest.reporting.html.tables import (
    ChartPanel,
    DataCell,
    DataRow,
    DataTable,
    Figure,
    HeaderCell,
    LegendEntry,
)
from loadtest.reporting.texts import Texts

USERS: Final[dict[str, Callable[[HostRecord], Sequence[float | None]]]] = {
    "ours": lambda host: host.ours,
    "target": lambda host: host.target,
    "others": lambda host: host.others,
    "steal": lambda host: host.steal,
}
"""Who may use the CPUs, from the bottom of the chart to its top."""
TABLE_ROWS = 20


def figure(runs: Sequence[ChartedRun], panels: PanelRenderer, texts: Texts) -> Figure | None:
    """Return the figure; None where no run has watched the computer."""
    watched = [(run, run.summary.host) for run in runs if run.summary.host is not None]
    if not watched:
        return None
    names = _names(texts)
    first = watched[0][1]
    drawing = _HostPanels(panels)
    return Figure(
        id="host",
        title=texts("chart.host"),
        note=texts("chart.host.note", cpus=first.cpus, step=texts.seconds(first.window_s)),
        legend=[LegendEntry(kind, name) for kind, name in names.items()],
        panels=[
            ChartPanel(run.title, Markup(drawing.host(run, host, texts)))  # noqa: S704
            for run, host in watched
        ],
        table=_table(watched, names, texts),
    )


def _names(texts: Texts) -> dict[str, str]:
    return {
        "ours": texts("chart.host.ours"),
        "target": texts("chart.host.target"),
        "others": texts("chart.host.others"),
        "steal": texts("chart.host.steal"),
    }


def _values(recorded: Sequence[float | None]) -> Floats:
    """Return what was recorded; a window that was not watched is drawn as nothing."""
    return np.array([0.0 if value is None else value for value in recorded])


class _HostPanels:
    """Draws a panel of each run, on the time axis of the other figures."""

    def __init__(self, panels: PanelRenderer) -> None:
        self._panels = panels

    def host(self, run: ChartedRun, host: HostRecord, texts: Texts) -> str:
        """Draw who used the CPUs, one on top of the other, up to all of them."""
        frame = self._panels.frame
        y = svg.Linear(host.cpus, frame.y1, frame.top)
        drawn = [*self._panels.background(run), *self._panels.counts(host.cpus, y)]
        below = np.zeros(len(host.ours))
        for kind, read in USERS.items():
            values = _values(read(host))
            if not values.any():
                continue
            above = below + values
            upper, lower = self._line(above, host, y), self._line(below, host, y)
            drawn.append(svg.area(upper, lower, f"fill s-{kind}", f"hatch-{kind}"))
            below = above
        most = {kind: max(_values(read(host)), default=0.0) for kind, read in USERS.items()}
        known = [value for value in host.idle if value is not None]
        description = texts(
            "chart.host.description", cpus=host.cpus, idle=min(known, default=0.0), **most
        )
        title = texts("chart.host.title", stack=run.title)
        return self._panels.picture("host", run, title, description, drawn)

    def _line(self, values: Floats, host: HostRecord, y: svg.Scale) -> list[tuple[float, float]]:
        """Return a line with a step per window: a mean says nothing of its middle."""
        x = self._panels.x
        return list(
            chain.from_iterable(
                ((x(n * host.window_s), y(float(v))), (x((n + 1) * host.window_s), y(float(v))))
                for n, v in enumerate(values)
            )
        )


def _table(
    watched: Sequence[tuple[ChartedRun, HostRecord]], names: dict[str, str], texts: Texts
) -> DataTable:
    """Return the means over some windows each, as many rows as the other tables have at most."""
    columns = [*names.values(), texts("chart.host.idle"), texts("chart.host.quota")]
    headers = [
        [
            HeaderCell(texts("column.time"), rowspan=2),
            *(HeaderCell(run.title, colspan=len(columns)) for run, _ in watched),
        ],
        [HeaderCell(name) for name in columns] * len(watched),
    ]
    windows = max(len(host.ours) for _, host in watched)
    step = -(-windows // TABLE_ROWS)
    length = watched[0][1].window_s
    rows = list[DataRow]()
    for start in range(0, windows, step):
        cells = list[str]()
        for _, host in watched:
            cells += _cells(host, slice(start, start + step), texts)
        bounds = (start * length, min(start + step, windows) * length)
        span = texts("value.step", start=bounds[0], end=bounds[1])
        rows.append(DataRow(span, [DataCell(text) for text in cells]))
    return DataTable(headers, rows)


def _cells(host: HostRecord, part: slice, texts: Texts) -> list[str]:
    series = [*(read(host) for read in USERS.values()), host.idle]
    means = [_mean(one[part]) for one in series]
    shares = [_mean(one[part]) for one in host.quota_shares.values()]
    busiest = max((share for share in shares if share is not None), default=None)
    nothing = texts("value.none")
    return [
        *(nothing if mean is None else texts("value.cpus", cpus=mean) for mean in means),
        nothing if busiest is None else texts("local.cpu.one", share=busiest),
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
