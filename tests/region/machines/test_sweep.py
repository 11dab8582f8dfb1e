"""What a region leaves behind when it is killed, and that it is found and removed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from region.machines import MachinePool, RegionInUse, sweep
from region.machines.cgroups import CgroupProbe
from region.machines.machine_pool import region_id

pytestmark = pytest.mark.region

REGION = """
import sys, time
import psutil
from pathlib import Path
from region.machines import MachinePool, MachineSpec

unit = b'''#cloud-config
write_files:
  - path: /opt/haproof/x.service
    content: "[Service]\\\\nExecStart=/bin/sleep 600\\\\nRestart=always\\\\n"
runcmd: [systemctl enable --now /opt/haproof/x.service, "setsid sleep 600 >/dev/null 2>&1 &"]
'''
pool = MachinePool(Path(sys.argv[1]), "http://127.0.0.1:9", "ap-northeast-2")
pool.start()
machine = pool.launch(
    MachineSpec("i-dead", "t4g.nano", "127.77.9.9", "10.77.9.9", "r", "ra", unit)
)
machine.boot()
def settled():
    # The launcher of each has become the program itself; its helpers are gone.
    try:
        names = [psutil.Process(pid).name() for pid in machine._processes.pids("")]
    except psutil.NoSuchProcess:
        return False
    return names == ["sleep"] * 3
while not settled():
    time.sleep(0.05)
print(*machine._processes.pids(""), flush=True)
time.sleep(600)
"""


@pytest.fixture
def killed_region(tmp_path: Path) -> Iterator[tuple[Path, list[int]]]:
    root = tmp_path / "region"
    with subprocess.Popen(
        [sys.executable, "-c", REGION, str(root)], stdout=subprocess.PIPE, text=True
    ) as region:
        assert region.stdout
        line = region.stdout.readline()
        region.send_signal(signal.SIGKILL)
    try:
        pids = [int(pid) for pid in line.split()]
        assert len(pids) == 3
        yield root, pids
    finally:
        sweep(root)


def _groups(root: Path) -> list[Path]:
    hierarchies = [*CgroupProbe().v1_mounts().values(), *CgroupProbe().v2_candidates()]
    paths = [hierarchy / "haproof" / region_id(root) for hierarchy in hierarchies]
    return [path for path in paths if path.exists()]


def test_sweep_removes_a_dead_regions_processes_and_groups(killed_region, runs):
    root, pids = killed_region
    assert all(runs(pid) for pid in pids)
    assert _groups(root)
    found = sweep(root)
    assert any("killed 3 processes" in line for line in found)
    assert not any(runs(pid) for pid in pids)
    assert _groups(root) == []
    assert sweep(root) == []


def test_the_next_start_sweeps_by_itself(killed_region, runs):
    root, pids = killed_region
    pool = MachinePool(root, "http://127.0.0.1:9", "ap-northeast-2")
    pool.start()
    try:
        assert not any(runs(pid) for pid in pids)
    finally:
        pool.close()
    assert _groups(root) == []


def test_leftovers_in_one_hierarchy_only(tmp_path: Path):
    hierarchies = [*CgroupProbe().v1_mounts().values(), *CgroupProbe().v2_candidates()]
    leftover = hierarchies[0] / "haproof" / region_id(tmp_path) / "i-1" / "services"
    leftover.mkdir(parents=True)
    found = sweep(tmp_path)
    assert len(found) == 1
    assert str(leftover.parent.parent) in found[0]
    assert not leftover.parent.parent.exists()


def test_process_that_never_joined_a_group_is_found_by_its_mark(tmp_path: Path):
    mark = {"HAPROOF_REGION_ID": region_id(tmp_path), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(["sleep", "600"], env=mark) as stray:
        assert sweep(tmp_path) == ["killed 1 processes outside of them"]
    assert stray.returncode == -signal.SIGKILL


def test_a_live_region_is_not_swept(pool: MachinePool):
    with pytest.raises(RegionInUse, match="another live process"):
        sweep(pool._root)
    with pytest.raises(RegionInUse):
        MachinePool(pool._root, "http://127.0.0.1:9", "ap-northeast-2").start()


def test_sweep_of_a_root_that_never_existed(tmp_path: Path):
    assert sweep(tmp_path / "nothing") == []
    assert not (tmp_path / "nothing").exists()
