"""Four real workers, each in a network namespace and a control group of its own, against one server."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from rich.console import Console

from loadtest.analysis.columns import nearest_rank
from loadtest.cli import tools
from loadtest.engine import runner
from loadtest.engine.workers import shares
from loadtest.engine.workers.generator import Split
from loadtest.errors import GeneratorError
from loadtest.profiles import Phase, Profile
from loadtest.runs import paths
from loadtest.stack import outputs
from tests.loadtest.engine.conftest import Oracle
from tests.loadtest.engine.test_oracle import OUTPUTS

pytestmark = [pytest.mark.region, pytest.mark.alone, pytest.mark.slow]
WORKERS = 4
LOAD = Profile("ours", (Phase("ramp", 6, 10, 60), Phase("hold", 4, 60)))
SERVER = "10.79.255.1"
SCENARIO = """\
config: {http: {timeout: 5}}
scenarios:
  - flow:
      - get: {url: /, name: index page, expect: {statusCode: 200}}
"""


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def places() -> Iterator[Split]:
    """A network namespace and a control group per worker; the server has an address all of them reach."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    groups = [Path(f"/sys/fs/cgroup/cpu/load-{worker}") for worker in range(1, WORKERS + 1)]
    if not groups[0].parent.is_dir():
        groups = [Path(f"/sys/fs/cgroup/load-{worker}") for worker in range(1, WORKERS + 1)]
    run("ip", "address", "add", f"{SERVER}/32", "dev", "lo")
    for worker, group in enumerate(groups, 1):
        name, here, there = f"load-{worker}", f"10.79.{worker}.1", f"10.79.{worker}.2"
        group.mkdir(exist_ok=True)
        run("ip", "netns", "add", name)
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "address", "add", f"{here}/30", "dev", name)
        run("ip", "link", "set", name, "up")
        for words in (
            ["address", "add", f"{there}/30", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
            ["link", "set", "lo", "up"],
            ["route", "add", "default", "via", here],
        ):
            run("ip", "-netns", name, *words)
    enter = f'echo $$ >{groups[0].parent}/load-{{worker}}/cgroup.procs && exec "$@"'
    # First the group: in the namespace, control groups are out of sight.
    yield Split(WORKERS, ("sh", "-c", enter, "sh", "ip", "netns", "exec", "load-{worker}"))
    for worker, group in enumerate(groups, 1):
        run("ip", "netns", "delete", f"load-{worker}")
        group.rmdir()
    run("ip", "address", "delete", f"{SERVER}/32", "dev", "lo")


def load(directory: Path, places: Split, oracle: Oracle) -> runner.RunResult:
    scenario = directory / "ours.yml"
    scenario.write_text(SCENARIO)
    return runner.run_load(
        outputs.parse(json.dumps({**OUTPUTS, "url": oracle.url}), "oracle"),
        LOAD,
        console=Console(stderr=True),
        workers=places,
        command=tools.artillery(),
        base=directory / "results",
        scenario=str(scenario),
    )


def lines(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt") as text:
        return [json.loads(line) for line in text]


def test_the_sum_is_the_load_and_the_run_is_the_records_together(tmp_path: Path, places: Split):
    with Oracle({7: "503", 40: "reset"}, address=SERVER) as oracle:
        done = load(tmp_path, places, oracle)
        served = oracle.did

    summary = done.summary
    assert summary.users.created == LOAD.planned_users == sum(served.values())
    own = [lines(one) for one in sorted(done.directory.glob(f"worker-*/{paths.REQUESTS}.gz"))]
    assert len(own) == WORKERS
    together = [line for one in own for line in one]
    merged = lines(done.directory / f"{paths.REQUESTS}.gz")
    assert sorted(map(str, merged)) == sorted(map(str, together))
    assert len({line["vu"] for line in merged}) == LOAD.planned_users
    # The percentiles of the run are those of the concatenated records.
    times = np.sort([line["ttfb"] for line in together if line["ttfb"] is not None])
    assert summary.latency.answered is not None
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        expected = times[nearest_rank(len(times), share) - 1]
        assert summary.latency.answered[name].value_ms == pytest.approx(expected, abs=0.06)
    events = lines(done.directory / f"{paths.GENERATOR}.gz")
    began = min(event["at"] for event in events if event["event"] == "phase")
    seconds = np.floor((np.array([line["arrived"] for line in merged]) - began - 1) / 1000)
    arrived = np.bincount(np.clip(seconds, 0, 9).astype(int), minlength=10)
    planned = [n for phase in LOAD.phases for n in shares.visitors_per_second(phase)]
    # Nobody comes a second early. How late they are depends on how busy the computer is, and is for the
    # run's own checks; that the shares are the script second by second is `test_shares.py`'s.
    assert (np.cumsum(arrived) - np.cumsum(planned)).max() <= WORKERS
    assert arrived.sum() == sum(planned)


def test_a_killed_worker_makes_the_run_invalid(tmp_path: Path, places: Split):
    def kill() -> None:
        time.sleep(3)
        while not list(tmp_path.glob("results/*/worker-3/begin")):
            time.sleep(0.1)
        time.sleep(2)
        directory = next(tmp_path.glob("results/*/worker-3"))
        for process in psutil.process_iter(["cwd"]):
            if process.info["cwd"] == str(directory):
                process.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with Oracle(address=SERVER) as oracle, pytest.raises(GeneratorError, match="worker-3 of 4"):
        load(tmp_path, places, oracle)
    killer.join()

    summary = json.loads(next(tmp_path.glob("results/*/run.json")).read_text())
    assert summary["verdict"]["outcome"] == "invalid"
    left = [
        process
        for process in psutil.process_iter(["cwd"])
        if str(process.info["cwd"]).startswith(str(tmp_path))
    ]
    assert left == []
