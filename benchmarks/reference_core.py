"""`python -m benchmarks.reference_core RESULT.json ...`: how the rate of the reference core was found.

The files are pyperf's results of the benchmarks below, run on this computer by the interpreter that runs
this program; docs/calibration.md has the commands. Measures the fixed work, prints the ratio of this
computer to the published Neoverse N1, and the rate that follows for region/calibration/reference.py.
Prints; asserts nothing.
"""

from __future__ import annotations

import json
import math
import os
import statistics
from pathlib import Path

from benchmarks.command import Parser, run
from region.calibration import measure, reference

# Seconds, CPython 3.12.0 (profile- and link-time optimized, GCC 11.4) on a Neoverse N1 of 80 cores:
# https://github.com/faster-cpython/benchmarking-public, results/bm-20231002-3.12.0-0fb18b0,
# machine "arminc". Those that resemble what an instance of a web service does and need no network.
PUBLISHED_S = {
    "chaos": 71.4e-3,
    "comprehensions": 25.4e-6,
    "deepcopy": 446e-6,
    "deltablue": 4.12e-3,
    "generators": 43.5e-3,
    "go": 157e-3,
    "hexiom": 6.98e-3,
    "html5lib": 65.1e-3,
    "json_dumps": 12.3e-3,
    "json_loads": 30.7e-6,
    "logging_format": 8.34e-6,
    "logging_simple": 7.63e-6,
    "mako": 12.9e-3,
    "pickle_pure_python": 365e-6,
    "raytrace": 353e-3,
    "regex_compile": 137e-3,
    "regex_effbot": 4.64e-3,
    "richards": 50.9e-3,
    "unpickle_pure_python": 260e-6,
}
PUBLISHED_GHZ = 3.0
"""Ampere Altra Q80-30, the usual N1 with 80 cores; the source does not name the model."""
GRAVITON2_GHZ = 2.5
"""https://github.com/aws/aws-graviton-getting-started: Graviton2, which T4g instances have."""


def medians(files: list[Path]) -> dict[str, float]:
    """Return the median of each benchmark's values, in seconds."""
    found: dict[str, float] = {}
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        for benchmark in content["benchmarks"]:
            name = {**content["metadata"], **benchmark.get("metadata", {})}["name"]
            values = [value for run in benchmark["runs"] for value in run.get("values", [])]
            if values:
                found[name] = statistics.median(values)
    return found


def one_core() -> float:
    """Measure the fixed work on one CPU alone, as pyperf runs its benchmarks."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        return statistics.median(measure().busy_rate for _ in range(5))
    finally:
        os.sched_setaffinity(0, allowed)


def main() -> None:
    """Measure, compare and print."""
    parser = Parser(__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="pyperf's JSON files")
    here = medians(parser.parse_args().results)
    ratios = {name: here[name] / PUBLISHED_S[name] for name in sorted(here.keys() & PUBLISHED_S)}
    for name, ratio in ratios.items():
        print(f"{name:22} {ratio:.2f} of the published N1's time")
    logs = [math.log(ratio) for ratio in ratios.values()]
    mean, sd = math.exp(statistics.fmean(logs)), statistics.stdev(logs)
    rate = one_core()
    print(
        f"geometric mean of {len(logs)}: {mean:.3f}, benchmarks differ by a factor of {math.exp(sd):.2f}"
    )
    print(f"fixed work here, one CPU: {rate:,.0f} units per CPU second")
    at_graviton = rate * mean * GRAVITON2_GHZ / PUBLISHED_GHZ
    print(
        f"reference core: {at_graviton:,.0f}; region/calibration/reference.py has {reference.RATE:,.0f}"
    )


if __name__ == "__main__":
    run(main)
