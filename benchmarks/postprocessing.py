"""How much time and memory it takes to summarize 54,000 recorded requests.

python -m benchmarks.postprocessing
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import memory
from benchmarks.command import Parser, run

REQUESTS_PER_USER = 2
PIECE = 50
"""Requests in each piece that the recorder appends: five pieces a second at 250 requests a second."""
BEGAN_MS = 1_790_000_000_000.0


def write(directory: Path) -> int:
    """Write the files of a run with the published profile, and return its number of requests."""
    from loadtest.models import ProbeSettings, RunSettings
    from loadtest.profiles import PROFILES
    from loadtest.runs import journal
    from loadtest.runs import paths as runs_paths
    from loadtest.scenario import scenario

    profile = PROFILES["seed"]
    settings = RunSettings(
        id=directory.name,
        topology="ha",
        target="http://127.79.0.10:8080",
        started_at=datetime.fromtimestamp(BEGAN_MS / 1000, UTC),
        profile=profile.record(),
        scenario=scenario.load().record(),
        slow_ms=1000.0,
        probe=ProbeSettings(path="/health"),
        artillery="2.0.34",
        node="24.19.0",
        python="3.11",
        workers=1,
        host_cpus=2,
    )
    (directory / runs_paths.SETTINGS).write_text(settings.model_dump_json())
    chance = random.Random(5)  # noqa: S311 - for latencies that are always the same
    lines = [
        line
        for user, at in enumerate(profile.schedule(), start=1)
        for line in _user(user, BEGAN_MS + float(at) * 1000, chance)
    ]
    for begin in range(0, len(lines), PIECE):
        text = "".join(lines[begin : begin + PIECE])
        journal.append(directory / f"{runs_paths.REQUESTS}.gz", text)
    return len(lines)


def _user(user: int, arrived: float, chance: random.Random) -> list[str]:
    made: list[str] = []
    for number in range(REQUESTS_PER_USER):
        start, ttfb = arrived + 15 * number, chance.lognormvariate(2, 0.6)
        line = {
            "vu": f"1-{user}", "endpoint": ("index page", "login")[number],
            "arrived": round(arrived, 3), "start": round(start, 3), "ttfb": round(ttfb, 3),
            "total": round(ttfb + 1, 3), "status": 200, "expected": True, "error": None,
            "sent": True, "instance": f"i-{chance.randrange(6):017x}",
            "zone": f"ap-northeast-2{chance.choice('abc')}", "version": "aca6e59bbd8a",
        }  # fmt: skip
        made.append(json.dumps(line, separators=(",", ":")) + "\n")
    return made


def process(directory: Path) -> None:
    """Compute the summary in this process, and print requests, seconds and peak memory as JSON."""
    began = time.perf_counter()
    from loadtest.analysis import run_loading

    summary = run_loading.load_summary(directory)
    seconds = time.perf_counter() - began
    peak = memory.peak_kib() * 1024
    print(json.dumps({"requests": summary.requests.total, "seconds": seconds, "bytes": peak}))


def measure() -> dict[str, float]:
    """Measure it in a process of its own; `seconds` includes imports, `bytes` the interpreter."""
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch))
        file = Path(scratch, "requests.ndjson.gz").stat().st_size
        code = f"from benchmarks import postprocessing as p; p.process(p.Path({scratch!r}))"
        answer = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        return {**json.loads(answer.stdout), "file": file}


def main() -> None:
    """Measure and print."""
    Parser(__doc__).parse_args()
    found = measure()
    print(
        f"{found['requests']:,.0f} requests ({found['file'] / 2**20:.1f} MiB on disk): "
        f"{found['seconds']:.1f} s, {found['bytes'] / 2**20:.0f} MiB"
    )


if __name__ == "__main__":
    run(main)
