"""How long Artillery's garbage collections hold its visitors up, which is part of what it measures.

Runs the published scenario, profile `quick`, against a trivial server and reads what Node says of its
collections. Options for Node are passed on.

Examples:
    python -m benchmarks.pauses
    python -m benchmarks.pauses --max-semi-space-size=1      # MB: shorter pauses, and more of them
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from benchmarks.generators import load, target
from loadtest.cli import tools
from loadtest.profiles import PROFILES
from loadtest.runs import paths

_PAUSE = re.compile(
    r" (?P<ms>\d+) ms: (?P<kind>Scavenge|Mark-Compact) .*? MB, (?:pooled: \d+ MB, )?(?P<pause>[\d.]+) /"
)
_LONG_MS = 10.0


def pauses(log: str) -> dict[str, list[float]]:
    """Return the pauses in ms, by the kind of collection, from what `node --trace-gc` prints."""
    found: dict[str, list[float]] = {"Scavenge": [], "Mark-Compact": []}
    for one in _PAUSE.finditer(log):
        found[one["kind"]].append(float(one["pause"]))
    return found


def main(options: list[str]) -> None:
    """Measure once and print."""
    if "--help" in options:
        print(__doc__)
        return
    node, *rest = tools.generator("artillery")
    profile = PROFILES["quick"]
    with tempfile.TemporaryDirectory() as scratch, target() as url:
        command = [node, "--trace-gc", *options, *rest]
        summary = load("artillery", profile, "login", url, Path(scratch), command=command)
        (log,) = Path(scratch).glob(f"results/*/{paths.ARTILLERY_LOG}")
        found = pauses(log.read_text())
    for kind, each in found.items():
        longest = f"{sum(each):.0f} ms in all, {max(each):.1f} ms the longest" if each else "none"
        print(
            f"{kind}: {len(each)}, {longest}, {sum(one > _LONG_MS for one in each)} over {_LONG_MS:.0f} ms"
        )
    answered = summary.latency.answered or {}
    print(
        "latency: "
        + ", ".join(f"{name} {answered[name].value_ms:.1f} ms" for name in ("p50", "p99", "p99.9"))
    )


if __name__ == "__main__":
    main(sys.argv[1:])
