"""How much time and memory it takes to analyze a run of 54,000 requests.

Called from `python -m benchmarks.bench`; alone: `python -m benchmarks.confidence`. Each step is measured
in a process of its own, start-up and imports included, as for a user of the command line.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from rich.console import Console
from rich.table import Table

from benchmarks import memory
from benchmarks.command import Parser, run
from loadtest.analysis import columns, inference, run_comparison, run_loading
from loadtest.analysis.inference import Interval, Sample
from loadtest.profiles import PROFILES
from loadtest.runs import paths

SECONDS, MEGABYTES = 5, 300


def write_run(directory: Path, seed: int) -> None:
    """Write the requests of a run with the published profile: answers, and a few timeouts."""
    rng = np.random.default_rng(seed)
    directory.mkdir()
    path = directory / f"{paths.REQUESTS}.gz"
    with gzip.open(path, "wt", compresslevel=6, encoding="utf-8") as file:
        for user, at in enumerate(PROFILES["seed"].schedule()):
            for number, endpoint in enumerate(("index page", "login")):
                file.write(_line(user, endpoint, 1.79e12 + float(at) * 1000, number, rng))


def _line(user: int, endpoint: str, at: float, number: int, rng: np.random.Generator) -> str:
    failed = rng.random() < 0.002
    ttfb = round(float(rng.lognormal(2.5, 0.5)), 3)
    line = {
        "vu": f"1-{user}",
        "endpoint": endpoint,
        "arrived": round(at, 3),
        "start": round(at + 20 * number, 3),
        "ttfb": None if failed else ttfb,
        "total": 10_000.0 if failed else ttfb + 1,
        "status": None if failed else 200,
        "expected": None if failed else True,
        "error": "ETIMEDOUT" if failed else None,
        "sent": True,
        "instance": f"i-0{user % 6}",
        "zone": f"ap-northeast-2{'abc'[user % 3]}",
        "version": "0123456789ab",
    }
    return json.dumps(line) + "\n"


def percentile_interval(
    values_ms: ArrayLike, times_ms: ArrayLike, q: float, confidence: float = inference.CONFIDENCE
) -> Interval:
    """Return the interval of one run's q-quantile, by moving-block bootstrap.

    Commands show intervals of differences only; this is what one side of a difference costs.
    `values_ms` may contain `inf` for requests that were never answered.
    """
    drawn = inference._percentiles(Sample(values_ms, times_ms), q, inference.SEED)
    if drawn is None:
        return inference.unknown(confidence)
    return inference._of_draws(*drawn, confidence).within(0.0, math.inf)


def process(base: Path) -> int:
    """Read one run and compute every figure of it that has an interval."""
    requests = run_loading.load_requests(base / "a")
    sample = Sample(columns.latencies(requests), requests.start_ms)
    for q in (0.5, 0.9, 0.95, 0.99, 0.999):
        percentile_interval(*sample, q)
    users = columns.users(requests)
    inference.share_interval(users.failed, users.arrived_ms)
    inference.confidence_message(int(np.sum(users.failed)), len(requests))
    return len(requests)


def compare(base: Path) -> int:
    """Read two runs and compare them, including every endpoint."""
    a, b = (run_loading.load_requests(base / name) for name in "ab")
    run_comparison.compare_tables(a, b, timeout_s=10, endpoints=a.endpoint.labels)
    return len(a) + len(b)


STEPS: dict[str, Callable[[Path], int]] = {
    "intervals of one run": process,
    "comparison of two runs": compare,
}


def measure(rows: Table) -> None:
    """Add a row for each step."""
    with tempfile.TemporaryDirectory() as scratch:
        for seed, name in enumerate("ab"):
            write_run(Path(scratch, name), seed)
        for step in STEPS:
            command = [sys.executable, "-m", "benchmarks.confidence", step, scratch]
            found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            rows.add_row(
                f"{step} ({found['requests']:,} requests)",
                f"{found['seconds']:.1f} s ({found['cpu']:.1f} s of CPU), {found['mib']:.0f} MiB",
                f"<= {SECONDS} s, < {MEGABYTES} MB" if step == "intervals of one run" else "",
            )


def _step(name: str, base: Path, began: float) -> None:
    requests = STEPS[name](base)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "requests": requests,
                "seconds": time.time() - began,
                "cpu": usage.ru_utime + usage.ru_stime,
                "mib": memory.peak_kib() / 1024,
            }
        )
    )


def main() -> None:
    """Measure all steps, or run one of them."""
    parser = Parser(__doc__)
    parser.add_argument("step", nargs="?", choices=tuple(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("base", nargs="?", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step and given.base is None:
        parser.error("a step needs the directory that it works on")
    if given.step:
        # Since the process began, not since this line: users wait for the imports too.
        import psutil

        _step(given.step, given.base, psutil.Process().create_time())
        return
    rows = Table("what", "time and memory", "goal")
    measure(rows)
    Console().print(rows)


if __name__ == "__main__":
    run(main)
