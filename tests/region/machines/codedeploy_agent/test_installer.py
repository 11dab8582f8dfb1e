from __future__ import annotations

from pathlib import Path

import pytest

from region.machines.codedeploy_agent import appspec
from region.machines.codedeploy_agent.installer import Installer
from region.machines.disk import Disk
from region.machines.errors import InstallError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    made = tmp_path / "archive"
    (made / "app/sub").mkdir(parents=True)
    (made / "appspec.yml").write_text("version: 0.0\nos: linux\n")
    (made / "app/main.py").write_text("1")
    (made / "app/sub/util.py").write_text("2")
    (made / "app/link.py").symlink_to("main.py")
    (made / "run.sh").write_text("#!/bin/sh\n")
    return made


@pytest.fixture
def installer(disk: Disk) -> Installer:
    return Installer(disk, disk.resolve("/opt/codedeploy-agent/instructions"))


def _spec(text: str) -> appspec.AppSpec:
    return appspec.parse(f"version: 0.0\nos: linux\n{text}")


APP = "files: [{source: app, destination: /opt/app}]"


def test_directory_and_file_sources(disk: Disk, archive: Path, installer: Installer):
    spec = _spec(
        "files: [{source: app, destination: /opt/app}, {source: run.sh, destination: /opt/app/bin}]"
    )
    installer.install("g", archive, spec, "DISALLOW")
    assert (disk.opt / "app/sub/util.py").read_text() == "2"
    assert (disk.opt / "app/bin/run.sh").exists()
    assert (disk.opt / "app/link.py").readlink() == Path("main.py")


def test_whole_revision(disk: Disk, archive: Path, installer: Installer):
    installer.install(
        "g", archive, _spec("files: [{source: /, destination: /opt/app}]"), "DISALLOW"
    )
    assert (disk.opt / "app/appspec.yml").exists()


def test_previous_installation_is_removed_first(disk: Disk, archive: Path, installer: Installer):
    installer.install("g", archive, _spec(APP), "DISALLOW")
    (disk.opt / "app/own.log").write_text("kept: not installed by us")
    (archive / "app/sub/util.py").unlink()
    (archive / "app/sub").rmdir()
    (archive / "app/main.py").write_text("new")
    installer.install("g", archive, _spec(APP), "DISALLOW")
    assert (disk.opt / "app/main.py").read_text() == "new"
    assert not (disk.opt / "app/sub").exists()
    assert (disk.opt / "app/own.log").exists()


def test_existing_file_disallowed_before_anything_is_copied(
    disk: Disk, archive: Path, installer: Installer
):
    (disk.opt / "app/sub").mkdir(parents=True)
    (disk.opt / "app/sub/util.py").write_text("theirs")
    with pytest.raises(InstallError, match=r"/opt/app/sub/util\.py.*OVERWRITE"):
        installer.install("g", archive, _spec(APP), "DISALLOW")
    assert not (disk.opt / "app/main.py").exists()


@pytest.mark.parametrize(("behavior", "content"), [("OVERWRITE", "1"), ("RETAIN", "theirs")])
def test_existing_file(disk: Disk, archive: Path, installer: Installer, behavior, content):
    (disk.opt / "app").mkdir()
    (disk.opt / "app/main.py").write_text("theirs")
    installer.install("g", archive, _spec(APP), behavior)
    assert (disk.opt / "app/main.py").read_text() == content


def test_appspec_decides_over_the_deployment(disk: Disk, archive: Path, installer: Installer):
    (disk.opt / "app").mkdir()
    (disk.opt / "app/main.py").write_text("theirs")
    installer.install("g", archive, _spec(f"{APP}\nfile_exists_behavior: OVERWRITE"), "DISALLOW")
    assert (disk.opt / "app/main.py").read_text() == "1"


@pytest.mark.parametrize("destination", ["/etc", "/opt", "/opt/../etc", "/usr/local/bin"])
def test_destination_outside_the_disk(archive: Path, installer: Installer, destination: str):
    with pytest.raises(InstallError, match="outside the machine's private disk"):
        installer.install(
            "g", archive, _spec(f"files: [{{source: app, destination: {destination}}}]"), "DISALLOW"
        )


def test_destination_through_a_link_that_leads_out(
    disk: Disk, archive: Path, installer: Installer, tmp_path: Path
):
    (tmp_path / "victim").mkdir()
    (disk.opt / "app").mkdir()
    (disk.opt / "app/sub").symlink_to(tmp_path / "victim")
    with pytest.raises(InstallError, match="outside"):
        installer.install("g", archive, _spec(APP), "OVERWRITE")
    assert list((tmp_path / "victim").iterdir()) == []


def test_missing_source_and_double_target(archive: Path, installer: Installer):
    with pytest.raises(InstallError, match="'nothing'"):
        installer.install(
            "g", archive, _spec("files: [{source: nothing, destination: /opt/app}]"), "DISALLOW"
        )
    twice = "files: [{source: run.sh, destination: /opt/a}, {source: run.sh, destination: /opt/a}]"
    with pytest.raises(InstallError, match="twice"):
        installer.install("g", archive, _spec(twice), "DISALLOW")


def test_permissions(disk: Disk, archive: Path, installer: Installer):
    spec = _spec(
        f"{APP}\npermissions: [{{object: /opt/app, pattern: '*.py', except: [util.py], "
        "mode: 750, type: [file]}]"
    )
    installer.install("g", archive, spec, "DISALLOW")
    assert (disk.opt / "app/main.py").stat().st_mode & 0o777 == 0o750
    assert (disk.opt / "app/sub/util.py").stat().st_mode & 0o777 != 0o750
