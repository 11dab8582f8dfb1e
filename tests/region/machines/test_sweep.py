"""What a region leaves behind: nothing when it is stopped, nothing for good when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from region import runtime_directories
from region.identity import region_id
from region.machines.cgroups import CgroupProbe
from region.machines.container.runtime import Runtime
from region.machines.errors import RegionInUse
from region.machines.images import Image
from region.machines.machine_pool import MachinePool, sweep
from region.network import RegionNetwork, leftovers
from region.network.namespace import name_of
from region.region import clean_up
from tests.region.machines import dying_region
from tests.region.machines.revisions import Store, hook

pytestmark = pytest.mark.region

PROJECT = Path(__file__).parents[3]


def remains(root: Path) -> list[str]:
    """What of the region in `root` is on this host, whatever it should be found by."""
    identifier = region_id(root)
    hierarchies = [
        *CgroupProbe().v1_mounts().values(),
        *CgroupProbe().other_mounts(),
        *CgroupProbe().v2_candidates(),
    ]
    groups = {hierarchy / "haproof" / identifier for hierarchy in hierarchies}
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    runtime = runtime_directories._runtime_path(root)
    return [
        *(f"control group {group}" for group in groups if group.exists()),
        *(f"mount {line}" for line in mounts if str(root) in line or identifier in line),
        *leftovers(root),
        *([f"runtime directory {runtime}"] if runtime.exists() else []),
        *(f"process {process}" for process in _processes(root, identifier)),
        *volumes(root),
    ]


def volumes(root: Path) -> Iterator[str]:
    """Loop devices that a file of the region is attached to."""
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        with suppress(OSError):
            if str(root) in (file := backing.read_text()):
                yield f"{backing.parts[3]} {file}"


def _processes(root: Path, identifier: str) -> Iterator[str]:
    """Processes in the region's groups, in a mount namespace with its files, or about its root."""
    for process in psutil.process_iter():
        try:
            directory = Path("/proc", str(process.pid))
            groups = (directory / "cgroup").read_text()
            mounts = (directory / "mountinfo").read_text()
            command = " ".join(process.cmdline())
        except (OSError, psutil.Error):
            continue
        if process.pid != os.getpid() and (
            identifier in groups or f"{root}/" in mounts or str(root) in command
        ):
            yield f"{process.pid} {command[:100]}"


def _await_commands(root: Path, seconds: float = 5.0) -> None:
    """Wait for the commands that the dead region had just started; they finish by themselves."""
    deadline = time.monotonic() + seconds
    while any(_configures(process, root) for process in psutil.process_iter()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _configures(process: psutil.Process, root: Path) -> bool:
    """Whether it is `ip` or `nft` for the region, or about to become it."""
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return dying_region.__file__ in command or (
        command[:1] != [] and Path(command[0]).name in {"ip", "nft"} and name_of(root) in command
    )


def await_nothing(root: Path, seconds: float = 5.0) -> list[str]:
    """Wait until the kernel has finished, and return what remains."""
    deadline = time.monotonic() + seconds
    while (found := remains(root)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    made = Store()
    made.upload(hook("sleep 600", timeout=600), name="hook")
    yield made
    made.close()


@pytest.fixture
def kill_in(tmp_path: Path, store: Store) -> Iterator[Callable[..., Path]]:
    """Runs a region, kills it with signal 9 in a phase, and returns its root."""
    root = tmp_path / "region"

    def kill(phase: str, delay: float = 0.0) -> Path:
        command = [sys.executable, dying_region.__file__, str(root), phase, store.endpoint]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment
        ) as region:
            assert region.stdout
            assert region.stdout.readline() == f"{phase}\n"
            time.sleep(delay)
            region.send_signal(signal.SIGKILL)
        _await_commands(root)
        return root

    yield kill
    clean_up(root)


MOMENTS = [
    *(("starting", delay) for delay in (0.0, 0.05, 0.1, 0.2)),
    *(("creating", delay) for delay in (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8)),
    *((phase, 0.0) for phase in ("booting", "running", "hook", "helper", "command")),
    *(("stopping", delay) for delay in (0.0, 1.0, 5.1, 5.3)),
]


@pytest.mark.parametrize(("phase", "delay"), MOMENTS)
def test_nothing_of_a_killed_region_stays_after_the_clean_up(
    kill_in: Callable[..., Path], phase: str, delay: float
):
    root = kill_in(phase, delay)
    if phase != "starting" and delay == 0.0:
        assert remains(root)
    clean_up(root)
    assert await_nothing(root) == []
    assert clean_up(root) == []


@pytest.mark.parametrize("phase", ["creating", "booting", "running", "hook", "stopping"])
def test_the_next_start_cleans_up_by_itself_and_boots_the_machine_again(
    kill_in: Callable[..., Path], image: Image, phase: str
):
    root = kill_in(phase, 0.2)
    before = set(_processes(root, region_id(root)))
    network = RegionNetwork(root)
    pool = MachinePool(root, network, "r", aws_endpoint="http://127.0.0.1:9", image=lambda _: image)
    try:
        network.start()
        pool.start()
        machine = pool.launch(dying_region.spec(dying_region.user_data(*dying_region.SERVICES)))
        machine.boot()
        assert machine.alive()
        assert not before & set(_processes(root, region_id(root)))
    finally:
        pool.close()
        network.stop()
        runtime_directories.remove_runtime_directory(root)
    assert await_nothing(root) == []


def test_a_region_that_stops_leaves_nothing(tmp_path: Path, image: Image, spec_of, store: Store):
    root = tmp_path / "region"
    network = RegionNetwork(root)
    pool = MachinePool(root, network, "r", aws_endpoint=store.endpoint, image=lambda _: image)
    network.start()
    pool.start()
    for host in (41, 42, 43):
        data = dying_region.user_data(*dying_region.SERVICES)
        pool.launch(spec_of(data, host)).boot()
    pool.stop(spec_of(b"", 41).instance_id)
    pool.terminate(spec_of(b"", 42).instance_id)
    after_terminate = [line for line in remains(root) if spec_of(b"", 42).instance_id in line]
    assert after_terminate == []
    pool.close()
    network.stop()
    runtime_directories.remove_runtime_directory(root)
    assert await_nothing(root) == []
    assert sorted(path.name for path in (root / "instances").iterdir()) == [
        spec_of(b"", 41).instance_id, spec_of(b"", 43).instance_id
    ]  # fmt: skip


def test_a_command_that_outlived_its_region_is_ended(tmp_path: Path):
    """As when the region died before runc had asked to die with it: its groups would come later."""
    state = str(Runtime(tmp_path).state)
    late = [sys.executable, "-c", "import time; time.sleep(60)", "--root", state, "create", "i-1"]
    with subprocess.Popen(late) as command:
        assert command.poll() is None
        sweep(tmp_path)
        assert command.poll() is not None


def test_leftovers_in_one_hierarchy_only(tmp_path: Path):
    hierarchies = [*CgroupProbe().v1_mounts().values(), *CgroupProbe().v2_candidates()]
    leftover = hierarchies[0] / "haproof" / region_id(tmp_path) / "i-1" / "services"
    leftover.mkdir(parents=True)
    found = sweep(tmp_path)
    assert len(found) == 1
    assert str(leftover.parent.parent) in found[0]
    assert not leftover.parent.parent.exists()


def test_a_live_region_is_not_swept(pool: MachinePool, new_pool, spec_of):
    machine = pool.launch(spec_of(b"", 44))
    machine.boot()
    with pytest.raises(RegionInUse, match="another live process"):
        sweep(pool._root)
    with pytest.raises(RegionInUse):
        new_pool().start()
    assert machine.alive()


def test_sweep_of_a_root_that_never_existed(tmp_path: Path):
    assert sweep(tmp_path / "nothing") == []
    assert not (tmp_path / "nothing").exists()
