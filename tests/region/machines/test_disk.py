from __future__ import annotations

import pytest

from region.machines.disk import Disk
from region.machines.errors import DiskError


def test_path_below_opt_is_on_the_disk_and_back(disk: Disk):
    host = disk.resolve("/opt/haproof/environment")
    assert host == disk.opt / "haproof" / "environment"
    assert str(disk.inside(host)) == "/opt/haproof/environment"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/opt", "/", "/opt/../etc/passwd", "/opt/a/../../etc/x"]
)
def test_path_outside_is_refused(disk: Disk, path: str):
    with pytest.raises(DiskError, match="outside the machine's private disk"):
        disk.resolve(path)


def test_relative_path_is_refused(disk: Disk):
    with pytest.raises(DiskError, match="relative"):
        disk.resolve("opt/haproof")


def test_absolute_link_is_followed_as_the_machine_sees_it(disk: Disk):
    (disk.opt / "haproof").mkdir()
    (disk.opt / "current").symlink_to("/opt/haproof")
    assert disk.resolve("/opt/current/file") == disk.opt / "haproof" / "file"


@pytest.mark.parametrize("target", ["/etc", "../../../../etc", "/"])
def test_link_that_leads_out_is_refused(disk: Disk, target: str):
    (disk.opt / "escape").symlink_to(target)
    with pytest.raises(DiskError, match="outside"):
        disk.resolve("/opt/escape/passwd")


def test_loop_of_links_is_refused(disk: Disk):
    (disk.opt / "a").symlink_to("/opt/b")
    (disk.opt / "b").symlink_to("/opt/a")
    with pytest.raises(DiskError, match="links"):
        disk.resolve("/opt/a")


def test_directory_of_the_hosts_opt_is_refused(disk: Disk, tmp_path):
    (tmp_path / "host-opt" / "vendor").mkdir()
    with pytest.raises(DiskError, match="host's own /opt/vendor"):
        disk.resolve("/opt/vendor/app")
    (tmp_path / "host-opt" / "haproof").mkdir()
    assert disk.resolve("/opt/haproof/x") == disk.opt / "haproof" / "x"
