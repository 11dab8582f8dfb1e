"""Four real workers, each in a network namespace and a control group of its own, against one server."""

from __future__ import annotations

import gzip
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from rich.console import Console

from loadtest.analysis.columns import nearest_rank
from loadtest.cli import tools
from loadtest.engine import runner
from loadtest.engine.generators.base import Turn
from loadtest.engine.workers import clocks, shares
from loadtest.engine.workers.generator import Split
from loadtest.errors import GeneratorError
from loadtest.profiles import Phase, Profile
from loadtest.runs import paths
from loadtest.stack import outputs
from tests.loadtest.engine.conftest import Oracle
from tests.loadtest.engine.stack_outputs import OUTPUTS

pytestmark = [pytest.mark.region, pytest.mark.alone, pytest.mark.slow]
WORKERS = 4
LOAD = Profile("ours", (Phase("ramp", 6, 10, 60), Phase("hold", 4, 60)))
SERVER = "10.79.255.1"
ROOT = Path(__file__).parents[4]
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
        runner.LoadTest(LOAD, workers=places, command=tools.artillery(), scenario=str(scenario)),
        console=Console(stderr=True),
        base=directory / "results",
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
    # Each said what its clock is, and it is this computer's.
    for one in done.directory.glob("worker-*"):
        turn = Turn(1, one / "ready", one / "begin")
        assert turn.dated.exists()
        assert abs(clocks.offset_ms(turn)) < clocks.WORST_MS
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


def begun(directory: Path) -> Path:
    """Wait until the workers have begun, and a while; return the third one's directory."""
    await_files(directory, "results/*/worker-3/begin", 1)
    time.sleep(3)
    return next(directory.glob("results/*/worker-3"))


def processes_in(directory: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cwd"])
        if str(process.info["cwd"]).startswith(str(directory))
    ]


def kill(directory: Path) -> None:
    for process in processes_in(directory):
        process.send_signal(signal.SIGKILL)


def hang(directory: Path) -> None:
    for process in processes_in(directory):
        process.send_signal(signal.SIGSTOP)


def cut(directory: Path) -> None:
    file = directory / f"{paths.REQUESTS}.gz"
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (kill, "worker-3 of 4 ended with status -9"),
        (hang, "worker-3 hangs: nothing was heard of it for 30 s"),
        (cut, "worker-3"),
    ],
)
def test_trouble_of_one_worker_makes_the_run_invalid(
    tmp_path: Path, places: Split, trouble: Callable[[Path], None], said: str
):
    maker = threading.Thread(target=lambda: trouble(begun(tmp_path)))
    maker.start()
    with Oracle(address=SERVER) as oracle, pytest.raises(GeneratorError) as caught:
        load(tmp_path, places, oracle)
    maker.join()

    assert said in str(caught.value)
    assert_invalid_and_nothing_left(tmp_path)


def assert_invalid_and_nothing_left(directory: Path) -> None:
    summary = json.loads(next(directory.glob("results/*/run.json")).read_text())
    assert summary["verdict"]["outcome"] == "invalid"
    assert processes_in(directory) == []


FULL = """
if [ {worker} = 3 ]; then
    had=$(mktemp -d) && cp -a . "$had" && size=$(($(du -sk "$had" | cut -f1) + 16))
    mount -t tmpfs -o size=${size}k none "$PWD" && cd "$PWD" && cp -a "$had"/. . && rm -r "$had"
fi
exec "$@"
"""


def test_a_full_disk_of_one_worker_makes_the_run_invalid(tmp_path: Path, places: Split):
    full = Split(WORKERS, ("sh", "-c", FULL, "sh", *places.prefix))
    try:
        with Oracle(address=SERVER) as oracle, pytest.raises(GeneratorError) as caught:
            load(tmp_path, full, oracle)
    finally:
        for one in tmp_path.glob("results/*/worker-3"):
            subprocess.run(["umount", str(one)], check=False)

    assert "worker-3: cannot write" in str(caught.value)
    assert "ENOSPC" in str(caught.value)
    assert_invalid_and_nothing_left(tmp_path)


@pytest.mark.parametrize("beginning", [True, False], ids=["at the barrier", "under load"])
def test_a_killed_coordinator_leaves_nobody(tmp_path: Path, *, beginning: bool):
    (tmp_path / "ours.yml").write_text(SCENARIO)
    with Oracle() as oracle:
        (tmp_path / "outputs.json").write_text(json.dumps({**OUTPUTS, "url": oracle.url}))
        # At the barrier one of them never comes. `timeout` is a program between.
        slow = (
            'if [ {worker} = 2 ]; then exec sleep 600; fi; exec "$@"' if beginning else 'exec "$@"'
        )
        prefix = f"timeout 600 sh -c {shlex.quote(slow)} sh"
        coordinator = subprocess.Popen(
            [
                *(sys.executable, "-m", "loadtest", "run", "--outputs", "outputs.json"),
                *("--scenario", "ours.yml", "--hold", "20:60s", "--workers", "3"),
                *("--worker-prefix", prefix),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "LOADTEST_RESULTS": str(tmp_path / "results"),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        file = "ready" if beginning else f"{paths.REQUESTS}.gz"
        try:
            await_files(tmp_path, f"results/*/worker-[13]/{file}", 2)
        finally:
            coordinator.kill()
            coordinator.wait()
        deadline = time.monotonic() + 30
        while left := nodes_in(tmp_path):
            assert time.monotonic() < deadline, left
            time.sleep(0.2)
    kill(tmp_path)  # what only sleeps


def nodes_in(directory: Path) -> list[psutil.Process]:
    return [one for one in processes_in(directory) if "node" in one.name()]


def await_files(directory: Path, pattern: str, count: int) -> None:
    deadline = time.monotonic() + 150
    while len(list(directory.glob(pattern))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.1)
