"""The watch of the computer: what it counts as ours, and that its file says what happened."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commandline.steady_clock import SteadyClock
from loadtest.engine import cpu_quota, host, processes, target_usage
from loadtest.engine.host import HostRecorder, OwnCpu
from loadtest.engine.processes import ProcessTable, ProcessTimes, parse_stat, snapshot
from loadtest.runs.host import read_host
from loadtest.runs.journal import Journal

BURN = "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass"


def table(*rows: tuple[int, str, int, float, float]) -> ProcessTable:
    return ProcessTable({pid: ProcessTimes(name, up, own, end) for pid, name, up, own, end in rows})


def test_a_name_with_parentheses_and_spaces_is_read():
    line = b"42 (a) (b c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 1 0 9 9 9"
    found = parse_stat(line)
    ticks = os.sysconf("SC_CLK_TCK")
    assert (found.name, found.parent) == ("a) (b c", 7)
    assert (found.own_s, found.ended_s) == (200 / ticks, 50 / ticks)


def test_a_child_that_ended_still_counts_in_its_parent():
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN.format(seconds=0.3)!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint('done', flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        found = snapshot()
        assert found.cpu_seconds(found.tree(process.pid)) >= 0.3
        assert os.getpid() in set(found.ancestors(process.pid))
        process.stdin.close()


@pytest.mark.skipif(sys.platform != "linux", reason="compares both ways of reading")
def test_both_ways_of_reading_find_the_same_processes():
    fast, portable = dict(processes._linux()), dict(processes._elsewhere())
    mine = os.getpid()
    assert fast[mine].parent == portable[mine].parent == os.getppid()
    assert abs(fast[mine].own_s - portable[mine].own_s) < 1
    assert len(fast.keys() & portable.keys()) > 0.8 * len(fast)


def test_the_engine_that_waits_and_what_it_started_are_ours_but_not_a_neighbor(
    monkeypatch: pytest.MonkeyPatch,
):
    found = table(
        (1, "init", 0, 100, 100),
        (10, "bash", 1, 5, 5),
        (11, "sh", 10, 900, 0),  # a busy loop that the same shell started
        (20, "python3", 10, 3, 0),  # a rehearsal
        (21, "sleep", 20, 800, 0),  # its child, but no engine
        (30, "pulumi", 20, 2, 0),
        (31, "pulumi-language", 30, 1, 0),
        (32, "pulumi-analyzer", 30, 4, 0),
        (40, "pulumi", 20, 7, 0),  # the engine of the other stack
        (50, "python", 31, 1, 0),
        (60, "python", 50, 11, 0),  # the load test
        (70, "node", 60, 13, 1),
        (71, "node", 70, 2, 0),
    )
    monkeypatch.setattr(os, "getpid", lambda: 60)
    used = OwnCpu([70]).read(found)
    assert used["generator"] == 16
    assert used["engine"] == 3 + 2 + 1 + 4 + 7 + 1


def test_what_ended_stays_counted():
    mine = os.getpid()
    counted = OwnCpu([70])
    assert (
        counted.read(table((mine, "python", 1, 1, 0), (70, "node", mine, 9, 0)))["generator"] == 9
    )
    assert counted.read(table((mine, "python", 1, 1, 0)))["generator"] == 9


def test_a_busy_neighbor_is_not_ours_and_a_busy_generator_is(tmp_path: Path):
    file = tmp_path / "host.ndjson"
    code = BURN.format(seconds=60)
    generator, neighbor = (subprocess.Popen([sys.executable, "-c", code]) for _ in range(2))
    try:
        with HostRecorder(file, [generator.pid]) as recorder:
            first = recorder.sample()
            time.sleep(1.2)
            last = recorder.sample()
    finally:
        for process in (generator, neighbor):
            process.kill()
            process.wait()
    seconds = (last.at_ms - first.at_ms) / 1000
    ours = sum(last.ours_s.values()) - sum(first.ours_s.values())
    busy = last.cpus * seconds - (last.idle_s - first.idle_s) - (last.steal_s - first.steal_s)
    assert 0 < ours < busy + 0.1
    samples = read_host(file)
    assert len(samples) >= 2
    assert samples[-1].ours_s["generator"] > samples[0].ours_s["generator"]
    assert recorder.failure is None


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path):
    with HostRecorder(tmp_path / "missing" / "host.ndjson", [os.getpid()]) as recorder:
        time.sleep(0.1)
    assert recorder.failure is not None
    assert "cannot watch this computer" in recorder.failure


def group(root: Path, path: str, **files: str) -> None:
    directory = root / path
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)


def test_the_tightest_quota_above_this_process_counts_version_2(tmp_path: Path):
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    group(tmp_path, "a", cpu__max="150000 100000", cpu__stat="throttled_usec 9000000\n")
    group(tmp_path, "a/b", cpu__max="max 100000", cpu__stat="throttled_usec 0\n")
    own = tmp_path / "own"
    own.write_text("0::/a/b\n")
    found = cpu_quota.find(tmp_path, own)
    assert found is not None
    assert (found.cores, found.throttled_s()) == (1.5, 9.0)


def test_the_tightest_quota_above_this_process_counts_version_1(tmp_path: Path):
    stat = "nr_periods 10\nnr_throttled 5\nthrottled_time 2500000000\n"
    group(tmp_path, "cpu,cpuacct", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    group(tmp_path, "cpu,cpuacct/x", cpu__cfs_quota_us="70000", cpu__cfs_period_us="100000",
          cpu__stat=stat)  # fmt: skip
    own = tmp_path / "own"
    own.write_text("4:memory:/x\n3:cpu,cpuacct:/x/y\n0::/\n")
    found = cpu_quota.find(tmp_path, own)
    assert found is not None
    assert (found.cores, found.throttled_s()) == (0.7, 2.5)


def test_without_a_quota_or_groups_there_is_none(tmp_path: Path):
    assert cpu_quota.find(tmp_path, tmp_path / "missing") is None
    own = tmp_path / "own"
    own.write_text("0::/\n")
    assert cpu_quota.find(tmp_path, own) is None


def lines(directory: Path) -> list[str]:
    return list(Journal(directory / "target.ndjson.gz"))


def test_only_the_runs_part_of_the_targets_usage_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = tmp_path / "usage.ndjson"
    source.write_text('{"n": 1}\n')
    monkeypatch.setenv(target_usage.VARIABLE, str(source))
    found = target_usage.find()
    assert found is not None
    with source.open("a") as file:
        file.write('{"n": 2}\n{"n": 3}\n{"n": 4')
    found.copy(tmp_path)
    assert lines(tmp_path) == ['{"n": 2}', '{"n": 3}']


def test_a_record_that_was_begun_anew_is_copied_whole(tmp_path: Path):
    source = tmp_path / "usage.ndjson"
    source.write_text('{"n": 1}\n{"n": 2}\n')
    found = target_usage.TargetUsage(source)
    source.write_text('{"n": 3}\n')
    found.copy(tmp_path)
    assert lines(tmp_path) == ['{"n": 3}']


def test_a_record_that_is_gone_leaves_no_copy(tmp_path: Path):
    target_usage.TargetUsage(tmp_path / "missing").copy(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nobody_plays_the_target_unless_the_environment_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(target_usage.VARIABLE, raising=False)
    assert target_usage.find() is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_runs_now_is_counted():
    running = host._running()
    assert running is not None
    assert running >= 1


def test_a_sample_says_how_far_the_clock_was_set_and_is_not_moved_by_it(tmp_path: Path):
    ahead = [0.0]
    clock = SteadyClock(lambda: time.time() + ahead[0])
    recorder = HostRecorder(tmp_path / "host.ndjson", [], clock)
    before = recorder.sample()
    ahead[0] = 3600.0
    after = recorder.sample()
    assert 0 <= after.at_ms - before.at_ms < 60_000
    assert before.clock_moved_s == pytest.approx(0, abs=0.5)
    assert after.clock_moved_s == pytest.approx(3600, abs=0.5)
