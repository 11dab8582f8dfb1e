"""Figures and lines as every command and report prints them."""

from __future__ import annotations

import math
from collections.abc import Callable

from rich.console import Console

from commandline.text import visible

NOTHING = "–"
"""Stands in a table's cell that has no value."""


def line_printer(console: Console) -> Callable[[str], None]:
    """Return a function that prints one line: no markup read into it, not wrapped.

    Names come from files and from services: their control characters are escaped.
    """

    def print_line(line: str) -> None:
        console.print(visible(line), markup=False, highlight=False, soft_wrap=True)

    return print_line


def percent(share: float) -> str:
    """Format a share (0 to 1); what is not exactly none or all is never rounded to it."""
    if share in {0, 1}:
        return f"{share:.0%}".replace("%", " %")
    if share < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if share >= 0.9995 else f"{share * 100:.1f} %"


def floor_percent(share: float) -> str:
    """Format a share as a percentage that is never rounded up, with as many digits as its nines."""
    missing = (1 - share) * 100
    if missing <= 0:
        return "100 %"
    # A rounding error of the float must not cost a digit: 0.999 is 99.9 %, not 99.89 %.
    digits = max(1, math.ceil(-math.log10(missing) - 1e-9))
    scale = 10**digits
    return f"{math.floor(share * 100 * scale + 1e-7) / scale:.{digits}f} %"


def duration(seconds: float) -> str:
    """Format a length of time as people say it, rounded up: `12 s`, `3.4 min`, `14.5 days`."""
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    for limit, size, unit in ((3600, 60, "min"), (172_800, 3600, "h"), (math.inf, 86_400, "days")):
        if seconds < limit:
            return f"{math.ceil(seconds / size * 10) / 10:,.1f} {unit}"
    raise AssertionError  # the last limit is infinite
