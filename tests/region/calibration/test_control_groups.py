"""A calibration in a control group with little CPU, by the kernel: root, version 1 hierarchies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from region.calibration import measure
from region.machines.cgroups import CgroupProbe

pytestmark = [pytest.mark.region, pytest.mark.alone]

ROOT = Path(__file__).parents[3]
PERIOD_US = 100_000
OTHERS_CORES = 0.2
PAIRS = 4
PROGRAM = """
import json, os, sys
from pathlib import Path
for file in sys.argv[1:]:
    Path(file).write_text(str(os.getpid()))
from region.calibration import as_json, measure
from region.machines.cgroups import detect
print(json.dumps([as_json(measure()), str(detect().directories("g")[0])]))
"""


@pytest.fixture
def groups() -> Generator[list[Path]]:
    """A group of the same name in every version 1 hierarchy; the one of `cpu` comes first."""
    probe = CgroupProbe()
    if "cpu" not in probe.v1_mounts():
        pytest.skip("this host has no version 1 hierarchy for cpu")
    mounts = dict.fromkeys([*probe.v1_mounts().values(), *probe.other_mounts()])
    cpu = probe.v1_mounts()["cpu"]
    found = [mount / f"haproof-test-{os.getpid()}" for mount in [cpu, *(set(mounts) - {cpu})]]
    for group in found:
        group.mkdir()
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (group / name).exists():
                (group / name).write_text((group.parent / name).read_text())
    yield found
    for group in found:
        for child in (group / "haproof", group):
            if child.is_dir():
                child.rmdir()


def held(groups: list[Path], share: float) -> tuple[dict[str, float], Path]:
    """Calibrate in the groups, given `share` of the CPUs, and say where machines would be."""
    quota = round(share * len(os.sched_getaffinity(0)) * PERIOD_US)
    (groups[0] / "cpu.cfs_period_us").write_text(str(PERIOD_US))
    (groups[0] / "cpu.cfs_quota_us").write_text(str(quota))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *(str(group / "cgroup.procs") for group in groups)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=ROOT,
    )
    found, directory = json.loads(done.stdout)
    return found, Path(directory)


@pytest.mark.parametrize("share", [0.7, 0.5])
def test_a_group_with_less_cpu_changes_the_capacity_and_not_the_factor(
    groups: list[Path], share: float
):
    """Cores of a shared host change their speed between two measurements, so a pair may be tried again.

    A factor that followed the group's share would be off in every pair.
    """
    ratios: list[float] = []
    for _ in range(PAIRS):
        free = measure()
        found, directory = held(groups, share)
        # Machines are held by the same group.
        assert directory == groups[0] / "haproof/g"
        assert found["capacity_cores"] <= share * found["cpus"] * 1.12
        if max(free.others_cores, found["others_cores"]) > OTHERS_CORES:
            continue
        ratios.append(found["factor"] / free.factor)
        # Some of a burst's pauses are longer where the group is throttled, so caches are colder.
        if found["capacity_cores"] >= share * found["cpus"] * 0.85 and 0.8 <= ratios[-1] <= 1.2:
            return
    if not ratios:
        pytest.skip("other programs use the CPU: what is left for the group is unknown")
    pytest.fail(f"in {len(ratios)} pairs, none with its capacity and factor: ratios {ratios}")
