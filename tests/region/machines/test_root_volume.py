"""An instance's root volume: its own, of the size that was asked for, and gone with the instance."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.experiments.actions import scripts
from region.machines import machine_pool
from region.machines.errors import BootError
from region.machines.machine import Machine
from region.machines.volumes import GIBIBYTE, loop_device, root_volume, why_none
from toolchain.errors import ToolError

pytestmark = pytest.mark.region

MEBIBYTE = 1024**2


def run(machine: Machine, script: str) -> str:
    """What a script prints, as it is run by `rehearsal shell`: without writing anything itself."""
    runtime, name = machine._context.runtime, machine.spec.instance_id
    command = runtime.exec_command(
        name, ["sh", "-c", script], tty=False, environment={"LC_ALL": "C", "PATH": os.defpath}
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def by_run_command(machine: Machine, script: str) -> str:
    done = machine.run_command(
        script, working_directory="", timeout=60, environment={}, cancelled=threading.Event()
    )
    return done.stdout + done.stderr


def size_of(machine: Machine, path: str = "/") -> int:
    return int(run(machine, f"df -Pk {path} | awk 'NR == 2 {{print $2}}'")) * 1024


def launch(pool, spec, gibibytes: int = 1) -> Machine:
    machine = pool.launch(replace(spec, volume_gibibytes=gibibytes))
    machine.boot()
    return machine


def volume_of(machine: Machine) -> Path:
    return machine.directory / root_volume._FILE


def test_a_full_disk_is_full_inside_this_instance_only(pool, spec_of, eventually):
    full, other = (launch(pool, spec_of(b"", host)) for host in (11, 12))
    for path in ("/", "/var", "/opt", "/etc", "/srv", "/tmp"):
        assert 0.9 * GIBIBYTE < size_of(full, path) <= GIBIBYTE, path
    before = shutil.disk_usage(full.directory).free
    # Past the end, by writing as well.
    said = run(full, "fallocate -l 900M /var/most; head -c 200M /dev/zero >/opt/rest")
    assert "No space left on device" in said
    for path in ("/srv/mine", "/etc/mine", "/tmp/mine", "/var/lib/mine"):
        said = run(full, f"head -c 64K /dev/zero >{path}")
        assert "No space left on device" in said, path
    assert run(other, "head -c 1M /dev/zero >/srv/mine && stat -c %s /srv/mine") == f"{MEBIBYTE}\n"
    # What was allocated without being written takes nothing of the computer's disk.
    assert before - shutil.disk_usage(full.directory).free < 700 * MEBIBYTE
    taken = volume_of(full).stat().st_blocks * 512
    assert taken < 400 * MEBIBYTE
    assert run(full, "rm /var/most /opt/rest; echo again >/srv/mine; cat /srv/mine") == "again\n"
    run(full, "sync")
    # What is deleted becomes free on the computer, too.
    eventually(lambda: volume_of(full).stat().st_blocks * 512 < taken - 50 * MEBIBYTE, "discarded")


def test_a_full_instance_boots_again_from_its_disk(pool, spec_of):
    machine = launch(pool, spec_of(b"", 13))
    run(
        machine,
        "echo kept >/srv/kept; sync; fallocate -l 2G /var/all; head -c 2G /dev/zero >/srv/all",
    )
    pool.stop(machine.spec.instance_id)
    assert loop_device.attachments(volume_of(machine)) == []
    again = launch(pool, machine.spec)
    assert run(again, "cat /srv/kept") == "kept\n"
    assert "No space left" in run(again, "head -c 64K /dev/zero >/srv/more")


def test_a_volume_that_was_enlarged_is_larger_after_a_boot(pool, spec_of):
    machine = launch(pool, spec_of(b"", 14))
    run(machine, "echo kept >/srv/kept")
    pool.stop(machine.spec.instance_id)
    larger = launch(pool, machine.spec, 3)
    assert 2.8 * GIBIBYTE < size_of(larger) <= 3 * GIBIBYTE
    assert run(larger, "cat /srv/kept") == "kept\n"


def test_the_volume_ends_with_its_instance(pool, spec_of, eventually):
    machine = launch(pool, spec_of(b"", 15))
    file = volume_of(machine)
    (device,) = loop_device.attachments(file)
    # Nobody outside has it mounted: there is nothing to be left behind.
    assert str(device) not in Path("/proc/self/mountinfo").read_text()
    pool.terminate(machine.spec.instance_id)
    eventually(lambda: loop_device.attachments(file) == [], "the device is detached")
    assert not machine.directory.exists()


def test_two_mounts_of_one_volume_are_one_file_system(tmp_path: Path, eventually):
    volume = root_volume.RootVolume(tmp_path, 16 * MEBIBYTE)

    def keep(point: Path) -> subprocess.Popen[bytes]:
        (point / "a").write_text("from the first")
        return subprocess.Popen(["sleep", "60"])

    with volume.mounted(keep) as keeper:
        attached = loop_device.attachments(volume.file)
        assert len(attached) == 1
        assert volume.mounted(lambda point: (point / "a").read_text()) == "from the first"
        assert loop_device.attachments(volume.file) == attached
        keeper.kill()
    eventually(lambda: loop_device.attachments(volume.file) == [], "the device is detached")


def free_of(machine: Machine) -> int:
    return int(run(machine, "df -Pk /var/tmp | awk 'NR == 2 {print $4}'"))


@pytest.mark.parametrize("ends", ["by itself", "by what puts it back", "by a reboot"])
def test_the_fault_fills_the_disk_to_the_last_byte_until_it_ends(pool, spec_of, eventually, ends):
    machine, other = (launch(pool, spec_of(b"", host)) for host in (18, 19))
    before, theirs = free_of(machine), free_of(other)
    said = by_run_command(machine, scripts.fill_disk(1, 2 if ends == "by itself" else 600))
    assert scripts.began_ms(said) is not None, said
    if ends != "by itself":
        # As on AWS, whose agent writes a script to the disk before it runs it.
        assert "No space left on device" in by_run_command(machine, "true")
        assert "No space left on device" in run(machine, "head -c 64K /dev/zero >/srv/more")
        assert (free_of(machine), free_of(other)) == (0, theirs)
        # Allocated, not written.
        assert volume_of(machine).stat().st_blocks * 512 < 200 * MEBIBYTE
        run(machine, "rm /srv/more")
    if ends == "by what puts it back":
        run(machine, scripts.END_FULL_DISK)
        run(machine, scripts.END_FULL_DISK)
    if ends == "by a reboot":
        pool.stop(machine.spec.instance_id)
        machine = launch(pool, machine.spec)
    eventually(lambda: free_of(machine) > before - 4096, "there is room again")


def test_the_fault_leaves_a_shared_disk_alone(pool, spec_of):
    machine = launch(pool, spec_of(b"", 20), 3)
    said = by_run_command(machine, scripts.fill_disk(1, 600))
    assert "its file system has 2 GiB and its volume 1: it shares a disk" in said
    assert free_of(machine) > 2 * 1024**2


@pytest.mark.parametrize("missing", ["device", "command"])
def test_a_computer_without_volumes_says_so_and_goes_on(
    new_pool, spec_of, monkeypatch, tmp_path: Path, missing: str
):
    if missing == "device":
        monkeypatch.setattr(loop_device, "CONTROL", tmp_path / "none")
    else:

        def not_installed() -> Path:
            raise ToolError("mkfs.ext4 is not installed; install e2fsprogs")

        monkeypatch.setattr(root_volume.locate, "mkfs_ext4", not_installed)
    pool = new_pool()
    pool.start()
    wanted = "No such file or directory" if missing == "device" else "install e2fsprogs"
    assert wanted in pool.why_no_volumes
    machine = launch(pool, spec_of(b"", 16))
    assert size_of(machine, "/var") == shutil.disk_usage(tmp_path).total // 1024 * 1024
    assert not volume_of(machine).exists()


def test_a_disk_that_cannot_be_mounted_any_more_is_not_replaced_by_an_empty_one(
    pool, new_pool, spec_of, monkeypatch, tmp_path: Path
):
    machine = launch(pool, spec_of(b"", 21))
    pool.close()
    monkeypatch.setattr(loop_device, "CONTROL", tmp_path / "none")
    later = new_pool()
    later.start()
    again = later.launch(machine.spec)
    with pytest.raises(BootError, match="terminate the instance"):
        again.boot()


def test_a_region_without_root_has_none(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(root_volume, "OF_THE_HOST", False)
    assert "without" in why_none(tmp_path)


def test_no_instance_starts_on_a_computer_without_room(pool, spec_of, monkeypatch):
    usage = shutil.disk_usage(pool.launch(spec_of(b"", 17)).directory)
    monkeypatch.setattr(
        root_volume.shutil, "disk_usage", lambda _: usage._replace(free=GIBIBYTE // 2)
    )
    machine = pool.launch(spec_of(b"", 17))
    with pytest.raises(BootError, match=r"Only 0\.5 GiB are free .* --root"):
        machine.boot()


def test_the_pool_says_nothing_where_there_are_volumes(pool):
    assert pool.why_no_volumes == ""
    assert machine_pool.why_none is why_none
