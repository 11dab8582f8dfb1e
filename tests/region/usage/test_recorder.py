"""The record of what the region uses: instances with their quota, its daemons, and itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from region import daemons
from region.machines.container.process import AdoptedProcess
from region.machines.machine_usage import MachineUsage
from region.usage import process_cpu, recorder

PIDS = frozenset({os.getpid()})
BURN = "end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"


class Machines:
    """A pool of one machine."""

    cpu_factor = 2.5

    def machines(self) -> list[Any]:
        kind = SimpleNamespace(memory_bytes=512 << 20)
        spec = SimpleNamespace(instance_id="i-1", availability_zone="a", type=kind)
        used = MachineUsage(
            2.5, 2.0, 0.5, nr_periods=40, nr_throttled=4, quota_cores=0.16, pids=PIDS
        )
        return [SimpleNamespace(spec=spec, usage=lambda: used)]


def recorded(root: Path) -> list[dict[str, Any]]:
    recorder.UsageRecorder(root, Machines())._record()
    return [json.loads(line) for line in recorder.usage_file(root).read_text().splitlines()]


@pytest.mark.parametrize("go_on", [False, True])
def test_what_a_killed_region_recorded_stays(tmp_path: Path, go_on: bool):
    recorded(tmp_path)
    one = recorder.UsageRecorder(tmp_path, Machines())
    one.start(go_on=go_on)
    one.stop()
    assert recorder.usage_file(tmp_path).exists() == go_on


def test_every_line_names_version_time_kind_and_cpu(tmp_path: Path):
    lines = recorded(tmp_path)
    assert {line["kind"] for line in lines} >= {"instance", "region"}
    for line in lines:
        assert line["version"] == 2
        assert abs(line["at"] - time.time()) < 5
        assert line["cpu_seconds"] >= 0


def test_an_instance_has_its_quota_and_throttling(tmp_path: Path):
    (found,) = [line for line in recorded(tmp_path) if line["kind"] == "instance"]
    assert (found["name"], found["zone"]) == ("i-1", "a")
    assert (found["quota_cores"], found["service_cpu_seconds"]) == (0.16, 2.0)
    assert found["memory_limit_bytes"] == 512 << 20
    assert found["vcpu_seconds"] == 2.5
    assert (found["nr_throttled"], found["nr_periods"], found["throttled_seconds"]) == (4, 40, 0.5)


def test_what_an_instance_waited_for_a_cpu_is_in_it(tmp_path: Path):
    one = recorder.UsageRecorder(tmp_path, Machines())
    one._record()
    one._record()
    lines = map(json.loads, recorder.usage_file(tmp_path).read_text().splitlines())
    first, second = [line["waited_seconds"] for line in lines if line["kind"] == "instance"]
    assert 0 <= first <= second


def test_a_daemon_is_in_it_while_it_runs(tmp_path: Path):
    script = tmp_path / "postgres"
    script.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    script.chmod(0o700)
    daemon = daemons.spawn(
        [str(script)], record=tmp_path / f"x{daemons.RECORD_SUFFIX}", log=tmp_path / "log"
    )
    try:
        names = {line["name"]: line["kind"] for line in recorded(tmp_path)}
        assert names[f"postgres-{daemon.pid}"] == "database"
    finally:
        daemon.stop()
    recorder.usage_file(tmp_path).unlink()
    assert f"postgres-{daemon.pid}" not in {line["name"] for line in recorded(tmp_path)}
    assert daemon not in daemons.running()


def test_what_a_machine_s_process_used_is_not_the_region_s():
    before = process_cpu.own()
    child = subprocess.Popen([sys.executable, "-c", f"import time\n{BURN}"])
    assert AdoptedProcess(child.pid).wait(20) == 0
    child.returncode = 0
    assert process_cpu.own() - before < 0.2


def test_what_a_process_and_its_children_use_counts_also_when_they_have_ended():
    child = f"import time\n{BURN}"
    parent = (
        f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {child!r}])\n{BURN}"
        "print(flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        used = process_cpu.used_by(process_cpu.tree(process.pid))
        assert used is not None
        assert used >= 0.55
        process.stdin.close()
    assert process_cpu.used_by(process_cpu.tree(process.pid)) is None


def test_a_child_that_runs_counts_even_where_the_kernel_lists_no_children(
    monkeypatch: pytest.MonkeyPatch,
):
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        listed = process_cpu._children(os.getpid())
        real = Path.read_text

        def without_lists(path: Path, *args: Any, **of: Any) -> str:
            if path.name == "children":
                raise FileNotFoundError
            return real(path, *args, **of)

        monkeypatch.setattr(Path, "read_text", without_lists)
        assert process.pid in process_cpu._children(os.getpid())
        process.stdin.close()
    assert process.pid in listed


def test_this_process_counts_itself_and_what_has_ended():
    before = process_cpu.own()
    subprocess.run([sys.executable, "-c", f"import time\n{BURN}"], check=True)
    assert process_cpu.own() - before >= 0.28


def test_a_clock_that_is_set_does_not_move_the_ticks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before = recorded(tmp_path)[-1]
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + 300)
    after = recorded(tmp_path)[-1]
    assert after["at"] - before["at"] > 299
    assert 0 <= after["ticks"] - before["ticks"] < 60


def test_samples_come_once_a_second_however_long_each_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    began = list[float]()

    def record(_: recorder.UsageRecorder) -> None:
        began.append(time.monotonic())
        time.sleep(0.07)

    monkeypatch.setattr(recorder, "INTERVAL_S", 0.1)
    monkeypatch.setattr(recorder.UsageRecorder, "_record", record)
    one = recorder.UsageRecorder(tmp_path, Machines())
    one.start()
    time.sleep(2.2)
    one.stop()
    # With a pause after each of them it would be 0.17 s.
    assert (began[-1] - began[0]) / (len(began) - 1) < 0.13


def test_whoever_waits_for_the_recorder_does_not_wait_for_a_lower_priority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    found = list[int]()

    def record(_: recorder.UsageRecorder) -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    monkeypatch.setattr(recorder, "INTERVAL_S", 0.01)
    monkeypatch.setattr(recorder.UsageRecorder, "_record", record)
    one = recorder.UsageRecorder(tmp_path, Machines())
    one.start()
    while not found:
        time.sleep(0.01)
    one.stop()
    assert found[0] == os.getpriority(os.PRIO_PROCESS, os.getpid())
