"""The limits on a recorded tree: what is written where, and what is read from where."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from region.machines.cgroups import CgroupProbe, CgroupV1, CgroupV2, detect, files
from region.machines.cgroups.detection import leftover_groups
from region.machines.errors import LimitsError, LimitsUnavailable


@pytest.fixture
def plain_rmdir(monkeypatch: pytest.MonkeyPatch):
    """Control files vanish with their group; ordinary files have to be removed."""
    monkeypatch.setattr(
        files, "_remove_one", lambda group, _: shutil.rmtree(group, ignore_errors=True)
    )


@pytest.fixture
def v1(tmp_path: Path) -> CgroupV1:
    return CgroupV1({name: tmp_path / name for name in ("cpu", "cpuacct", "memory", "pids")})


@pytest.fixture
def v2_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A unified hierarchy whose new groups come with the files that this code reads."""
    base = tmp_path / "unified"

    def make(directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "cgroup.controllers").write_text("cpuset cpu io memory pids")
        (directory / "cgroup.subtree_control").touch()
        (directory / "cgroup.procs").touch()

    make(base)
    monkeypatch.setattr(files, "make", make)
    return base


def test_v1_makes_a_group_in_every_hierarchy(v1: CgroupV1, tmp_path: Path):
    v1.create("region/i-1/services")
    for name in ("cpu", "cpuacct", "memory", "pids"):
        assert (tmp_path / name / "haproof/region/i-1/services").is_dir()
    assert len(v1.procs_files("region/i-1/services")) == 4


def test_all_machines_together_count_as_several_programs(
    v1: CgroupV1, tmp_path: Path, v2_base: Path
):
    v1.create("region/i-1")
    assert (tmp_path / "cpu/haproof/cpu.shares").read_text() == "4096"
    limits, weight = CgroupV2(v2_base), v2_base / "haproof/cpu.weight"
    limits.create("region/i-1")
    assert not weight.exists()  # a hierarchy without the controller cpu
    weight.touch()
    limits.create("region/i-2")
    assert weight.read_text() == "400"


def test_v1_controllers_that_share_a_mount_share_the_group(tmp_path: Path):
    both = tmp_path / "cpu,cpuacct"
    limits = CgroupV1({"cpu": both, "cpuacct": both, "memory": tmp_path / "memory"})
    assert len(limits.procs_files("x")) == 2


def test_v1_writes_quota_and_period(v1: CgroupV1, tmp_path: Path):
    v1.create("g")
    v1.set_cpu("g", 0.10)
    group = tmp_path / "cpu/haproof/g"
    assert (group / "cpu.cfs_period_us").read_text() == "200000"
    assert (group / "cpu.cfs_quota_us").read_text() == "20000"
    assert not (group / "cpu.cfs_burst_us").exists()  # a kernel before 5.14
    v1.set_cpu("g", None)
    assert (group / "cpu.cfs_quota_us").read_text() == "-1"


def test_v1_lets_unused_time_be_saved_up_to_the_quota(v1: CgroupV1, tmp_path: Path):
    v1.create("g")
    burst = tmp_path / "cpu/haproof/g/cpu.cfs_burst_us"
    burst.write_text("0")
    v1.set_cpu("g", 0.10)
    assert burst.read_text() == "20000"
    v1.set_cpu("g", None)
    assert burst.read_text() == "0"


@pytest.mark.region
def test_the_kernel_takes_a_smaller_quota_after_a_larger_one():
    limits = detect()
    group = f"test-{os.getpid()}"
    limits.create(group)
    try:
        for cores in (3.2, 0.069, 0.2, None, 0.05):
            limits.set_cpu(group, cores)
            quota = limits.usage(group).quota_cores
            assert quota is None if cores is None else quota == pytest.approx(cores, rel=0.01)
    finally:
        limits.remove(group)


def test_v1_limits_swap_with_memory_where_accounted(v1: CgroupV1, tmp_path: Path):
    v1.create("g")
    group = tmp_path / "memory/haproof/g"
    v1.set_memory("g", 1000)
    assert not (group / "memory.memsw.limit_in_bytes").exists()
    (group / "memory.memsw.limit_in_bytes").touch()
    v1.set_memory("g", 2000)
    assert (group / "memory.limit_in_bytes").read_text() == "2000"
    assert (group / "memory.memsw.limit_in_bytes").read_text() == "2000"


def test_v1_limits_processes_where_it_can(v1: CgroupV1, tmp_path: Path):
    v1.create("g")
    v1.set_processes("g", 4096)
    assert (tmp_path / "pids/haproof/g/pids.max").read_text() == "4096"
    without = CgroupV1({name: tmp_path / name for name in ("cpu", "cpuacct", "memory")})
    without.set_processes("g", 7)
    assert (tmp_path / "pids/haproof/g/pids.max").read_text() == "4096"


def test_v2_limits_processes_where_it_can(v2_base: Path):
    limits = CgroupV2(v2_base)
    limits.create("g")
    limits.set_processes("g", 4096)
    file = v2_base / "haproof/g/pids.max"
    assert not file.exists()
    file.touch()
    limits.set_processes("g", 4096)
    assert file.read_text() == "4096"


def test_v1_usage_sums_oom_kills_of_the_tree(v1: CgroupV1, tmp_path: Path):
    v1.create("g/services")
    (tmp_path / "cpuacct/haproof/g/cpuacct.usage").write_text("1500000000\n")
    (tmp_path / "cpu/haproof/g/cpu.stat").write_text(
        "nr_periods 30\nnr_throttled 7\nthrottled_time 250000000\n"
    )
    (tmp_path / "memory/haproof/g/memory.max_usage_in_bytes").write_text("4096\n")
    oom = "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"
    (tmp_path / "memory/haproof/g/memory.oom_control").write_text(oom.format(1))
    (tmp_path / "memory/haproof/g/services/memory.oom_control").write_text(oom.format(2))
    usage = v1.usage("g")
    assert (usage.cpu_seconds, usage.throttled_seconds) == (1.5, 0.25)
    assert (usage.nr_periods, usage.nr_throttled) == (30, 7)
    assert (usage.memory_peak_bytes, usage.oom_kills) == (4096, 3)


def test_v1_usage_of_an_absent_group_is_zero(v1: CgroupV1):
    assert v1.usage("nothing").cpu_seconds == 0


def test_v1_forbids_forks_in_the_whole_tree_before_the_end(v1: CgroupV1, tmp_path: Path):
    v1.create("g/a")
    v1.forbid_forks("g")
    assert (tmp_path / "pids/haproof/g/pids.max").read_text() == "0"
    assert (tmp_path / "pids/haproof/g/a/pids.max").read_text() == "0"


def test_remove_takes_groups_that_only_some_hierarchies_have(
    v1: CgroupV1, tmp_path: Path, plain_rmdir: None
):
    (tmp_path / "cpu/haproof/g/a").mkdir(parents=True)
    v1.remove("g")
    assert not (tmp_path / "cpu/haproof/g").exists()
    v1.remove("g")


def test_v2_delegates_controllers_but_not_to_the_leaf(v2_base: Path):
    limits = CgroupV2(v2_base)
    limits.create("region/i-1/services")
    for parent in (".", "haproof", "haproof/region", "haproof/region/i-1"):
        control = v2_base / parent / "cgroup.subtree_control"
        assert control.read_text() == "+cpu +memory +pids", parent
    leaf = v2_base / "haproof/region/i-1/services/cgroup.subtree_control"
    assert leaf.read_text() == ""


def test_v2_moves_processes_of_a_containers_root_aside(
    v2_base: Path, monkeypatch: pytest.MonkeyPatch
):
    (v2_base / "cgroup.procs").write_text("11\n12\n")
    control = v2_base / "cgroup.subtree_control"
    real = Path.write_text
    refusals = [OSError(errno.EBUSY, "busy")]
    moved: list[str] = []

    def write(path: Path, text: str, **options: object) -> int:
        if path == control and refusals:
            raise refusals.pop()
        if path.name == "cgroup.procs":
            moved.append(f"{path.parent.name}:{text}")
        return real(path, text)

    monkeypatch.setattr(Path, "write_text", write)
    CgroupV2(v2_base).create("region")
    assert moved.count("haproof-outside:11") == moved.count("haproof-outside:12") == 1
    assert control.read_text() == "+cpu +memory +pids"


def test_v2_refusal_names_file_and_value(v2_base: Path, monkeypatch: pytest.MonkeyPatch):
    control = v2_base / "cgroup.subtree_control"
    real = Path.write_text

    def write(path: Path, text: str, **options: object) -> int:
        if path == control:
            raise OSError(errno.EACCES, "Permission denied")
        return real(path, text)

    monkeypatch.setattr(Path, "write_text", write)
    with pytest.raises(LimitsError, match=r"\+cpu.*subtree_control.*Permission denied"):
        CgroupV2(v2_base).create("region")


def test_v2_limits(v2_base: Path):
    limits = CgroupV2(v2_base)
    limits.create("g")
    group = v2_base / "haproof/g"
    (group / "memory.swap.max").touch()
    (group / "cpu.max.burst").write_text("0")
    limits.set_cpu("g", 0.2)
    limits.set_memory("g", 512)
    assert (group / "cpu.max").read_text() == "40000 200000"
    assert (group / "cpu.max.burst").read_text() == "40000"
    assert (group / "memory.max").read_text() == "512"
    assert (group / "memory.swap.max").read_text() == "0"
    limits.set_cpu("g", None)
    assert (group / "cpu.max").read_text() == "max 200000"
    assert (group / "cpu.max.burst").read_text() == "0"


def test_v2_usage_with_and_without_peak(v2_base: Path):
    limits = CgroupV2(v2_base)
    limits.create("g")
    group = v2_base / "haproof/g"
    (group / "cpu.stat").write_text(
        "usage_usec 2500000\nuser_usec 1\nnr_periods 9\nnr_throttled 3\nthrottled_usec 500000\n"
    )
    (group / "memory.current").write_text("10\n")
    (group / "memory.events").write_text("low 0\nmax 4\noom 2\noom_kill 1\n")
    usage = limits.usage("g")
    assert (usage.cpu_seconds, usage.throttled_seconds, usage.nr_throttled) == (2.5, 0.5, 3)
    assert (usage.memory_peak_bytes, usage.oom_kills) == (10, 1)
    (group / "memory.peak").write_text("99\n")
    assert limits.usage("g").memory_peak_bytes == 99


def test_v2_kills_all_at_once_where_the_kernel_can(v2_base: Path, plain_rmdir: None):
    limits = CgroupV2(v2_base)
    limits.create("g")
    (v2_base / "haproof/g/cgroup.kill").touch()
    limits.forbid_forks("g")
    assert (v2_base / "haproof/g/cgroup.kill").read_text() == "1"


def test_kill_gives_up_on_a_process_that_stays(tmp_path: Path):
    with subprocess.Popen(["true"]) as ended:
        pass
    (tmp_path / "cgroup.procs").write_text(f"{ended.pid}\n0\n")
    with pytest.raises(LimitsError, match=str(ended.pid)):
        files.kill([tmp_path], timeout=0.05)


def _recorded_probe(tmp_path: Path, mounts: list[str], own: str = "0::/\n") -> CgroupProbe:
    (tmp_path / "mounts").write_text("\n".join(mounts) + "\n")
    (tmp_path / "cgroup").write_text(own)
    return CgroupProbe(tmp_path / "mounts", tmp_path / "cgroup", live=False)


def _v1_mounts(tmp_path: Path, *names: str) -> list[str]:
    return [f"cgroup {tmp_path}/{name} cgroup rw,relatime,{name} 0 0" for name in names]


def test_detect_takes_v1_where_v2_has_no_cpu_controller(tmp_path: Path):
    unified = tmp_path / "unified"
    unified.mkdir()
    (unified / "cgroup.controllers").write_text("hugetlb\n")
    mounts = [
        *_v1_mounts(tmp_path, "cpu", "cpuacct", "memory"),
        f"cgroup2 {unified} cgroup2 rw 0 0",
    ]
    found = detect(_recorded_probe(tmp_path, mounts))
    assert isinstance(found, CgroupV1)
    assert found.name == "cgroup v1"


def test_detect_takes_v2_and_prefers_its_root(tmp_path: Path):
    unified = tmp_path / "cgroup"
    (unified / "user.slice").mkdir(parents=True)
    for group in (unified, unified / "user.slice"):
        (group / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "own").mkdir()
    found = detect(
        _recorded_probe(tmp_path / "own", [f"cgroup2 {unified} cgroup2 rw 0 0"], "0::/user.slice\n")
    )
    assert isinstance(found, CgroupV2)
    assert found.directories("g") == [unified / "haproof/g"]


def test_detect_goes_down_to_a_delegated_group(tmp_path: Path):
    """The root may not be written to; the user's own slice may."""
    unified = tmp_path / "unified"
    slice_ = unified / "user.slice"
    slice_.mkdir(parents=True)
    (unified / "cgroup.controllers").write_text("memory\n")
    (slice_ / "cgroup.controllers").write_text("cpu memory pids\n")
    mounts = [f"cgroup2 {unified} cgroup2 rw 0 0"]
    found = detect(_recorded_probe(tmp_path, mounts, "0::/user.slice/gone.scope\n"))
    assert found.directories("g") == [slice_ / "haproof/g"]


def test_the_own_group_of_version_1_is_the_one_in_every_hierarchy(tmp_path: Path):
    for name in ("cpu", "cpuacct", "memory", "systemd"):
        (tmp_path / name / "mine").mkdir(parents=True)
    mounts = [
        *_v1_mounts(tmp_path, "cpu", "cpuacct", "memory"),
        f"cgroup {tmp_path / 'systemd'} cgroup rw,name=systemd 0 0",
    ]
    lines = [
        "4:memory:/mine",
        "3:cpu:/mine",
        "2:cpuacct:/mine",
        "1:name=systemd:/mine",
        "0::/other",
    ]
    probe = _recorded_probe(tmp_path, mounts, "\n".join(lines))
    assert probe.v1_own_group() == "mine"
    (tmp_path / "memory/mine/haproof/abc").mkdir(parents=True)
    assert leftover_groups("abc", probe) == [tmp_path / "memory/mine/haproof/abc"]
    lines[1] = "3:cpu:/"
    assert _recorded_probe(tmp_path, mounts, "\n".join(lines)).v1_own_group() == ""


@pytest.mark.parametrize("names", [(), ("cpu", "memory")])
def test_detect_names_reason_and_remedy(tmp_path: Path, names: tuple[str, ...]):
    with pytest.raises(LimitsUnavailable, match=r"run as root.*systemd-run") as caught:
        detect(_recorded_probe(tmp_path, _v1_mounts(tmp_path, *names)))
    assert ("cpuacct" in str(caught.value).split(":", 1)[0]) == bool(names)


def test_detect_reports_a_hidden_hierarchy(tmp_path: Path):
    mounts = [f"cgroup2 {tmp_path / 'hidden'} cgroup2 rw 0 0"]
    with pytest.raises(LimitsUnavailable, match=r"hidden cannot be read .*run as root"):
        detect(_recorded_probe(tmp_path, mounts))


def test_detect_reports_why_the_probe_failed(tmp_path: Path):
    (tmp_path / "cpu").write_text("a file where the hierarchy should be")
    (tmp_path / "cpuacct").mkdir()
    (tmp_path / "memory").mkdir()
    recorded = _recorded_probe(tmp_path, _v1_mounts(tmp_path, "cpu", "cpuacct", "memory"))
    real = CgroupProbe(recorded.mounts, recorded.own_cgroups, live=True)
    with pytest.raises(LimitsUnavailable, match="Cannot create the control group"):
        detect(real)


def test_leftovers_are_found_in_any_hierarchy(tmp_path: Path):
    (tmp_path / "pids/haproof/abc/i-1").mkdir(parents=True)
    recorded = _recorded_probe(tmp_path, _v1_mounts(tmp_path, "cpu", "cpuacct", "memory", "pids"))
    assert leftover_groups("abc", recorded) == [tmp_path / "pids/haproof/abc"]
    assert leftover_groups("def", recorded) == []


def _caller_in(tmp_path: Path, quota: str) -> CgroupProbe:
    """A caller that is in the group `a/held` of every version 1 hierarchy, with a quota on `a`."""
    for name in ("cpu", "cpuacct", "memory"):
        (tmp_path / name / "a/held").mkdir(parents=True)
        (tmp_path / name / "cpu.cfs_quota_us").write_text("-1")
    (tmp_path / "cpu/a/cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu/a/held/cpu.cfs_quota_us").write_text("-1")
    lines = "3:cpu:/a/held\n2:cpuacct:/a/held\n1:memory:/a/held\n"
    return _recorded_probe(tmp_path, _v1_mounts(tmp_path, "cpu", "cpuacct", "memory"), lines)


def test_machines_of_version_1_are_held_by_what_holds_the_caller(tmp_path: Path):
    assert detect(_caller_in(tmp_path / "held", "140000")).directories("g")[0] == (
        tmp_path / "held/cpu/a/held/haproof/g"
    )
    free = detect(_caller_in(tmp_path / "free", "-1"))
    assert free.directories("g")[0] == tmp_path / "free/cpu/haproof/g"


@pytest.mark.parametrize(("limit", "expected"), [("max 100000", "."), ("140000 100000", "held")])
def test_machines_of_version_2_are_held_by_what_holds_the_caller(
    tmp_path: Path, limit: str, expected: str
):
    unified = tmp_path / "unified"
    scope = unified / "held/run.scope"
    scope.mkdir(parents=True)
    for group in (unified, unified / "held", scope):
        (group / "cgroup.controllers").write_text("cpu memory pids\n")
    (unified / "held/cpu.max").write_text(f"{limit}\n")
    mounts = [f"cgroup2 {unified} cgroup2 rw 0 0"]
    found = detect(_recorded_probe(tmp_path, mounts, "0::/held/run.scope\n"))
    assert found.directories("g") == [unified / expected / "haproof/g"]


def test_v1_leaves_a_quota_to_the_group_above_that_is_given_less(
    v1: CgroupV1, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The kernel refuses a group more than its parent has; the parent's quota holds it anyway."""
    v1.create("g")
    real = Path.write_text
    refusal = {"code": errno.EINVAL}

    def write(path: Path, text: str, **options: object) -> int:
        if path.name == "cpu.cfs_quota_us" and text != "-1":
            raise OSError(refusal["code"], "refused")
        return real(path, text)

    monkeypatch.setattr(Path, "write_text", write)
    v1.set_cpu("g", 3.2)
    assert (tmp_path / "cpu/haproof/g/cpu.cfs_quota_us").read_text() == "-1"
    refusal["code"] = errno.EACCES
    with pytest.raises(LimitsError, match="640000"):
        v1.set_cpu("g", 3.2)
