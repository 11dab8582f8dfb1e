"""What enable, disable, link and mask do and print: compared once with systemctl 252 --root."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from region.machines.errors import UnitError
from region.machines.root_file_system import RootFileSystem
from region.machines.systemd.installation import NOT_INSTALLABLE, Installation
from region.machines.systemd.search_path import SearchPath

ETC = "/etc/systemd/system"
UNIT = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture
def installation(files):
    return Installation(files, SearchPath(files))


def test_enable_by_path_links_the_unit_too(installation, files):
    path = files.write("/opt/app/x.service", f"{UNIT}RequiredBy=own.target\n")
    links = [
        f"{ETC}/x.service",
        f"{ETC}/multi-user.target.wants/x.service",
        f"{ETC}/own.target.requires/x.service",
    ]
    assert installation.enable(path) == "".join(
        f"Created symlink {link} → {path}.\n" for link in links
    )
    assert SearchPath(files).state("x.service") == "enabled"
    printed = installation.disable("x.service")
    assert sorted(printed.splitlines()) == sorted(f'Removed "{link}".' for link in links)
    assert SearchPath(files).state("x.service") == ""
    assert not (files.root / "etc/systemd/system/multi-user.target.wants").exists()


def test_enable_by_a_path_that_systemd_searches_is_enable_by_name(installation, files):
    path = files.write(f"{ETC}/x.service", UNIT)
    assert installation.enable(path) == (
        f"Created symlink {ETC}/multi-user.target.wants/x.service → {path}.\n"
    )


def test_link_alone_makes_the_unit_known(installation, files):
    path = files.write("/opt/app/x.service", UNIT)
    assert installation.link(path) == f"Created symlink {ETC}/x.service → {path}.\n"
    assert installation.link(path) == ""
    assert SearchPath(files).state("x.service") == "linked"
    with pytest.raises(UnitError, match=r"/opt/no\.service does not exist"):
        installation.link("/opt/no.service")
    other = files.write("/opt/other/x.service", UNIT)
    with pytest.raises(UnitError, match="already exists and is a symlink to"):
        installation.link(other)
    assert other in installation.link(other, force=True)


def test_without_an_install_section_enable_only_says_so(installation, files):
    files.write(f"{ETC}/x.service", "[Service]\nExecStart=/bin/true\n")
    assert installation.enable("x.service") == NOT_INSTALLABLE
    assert SearchPath(files).state("x.service") == "static"


def test_templates_and_aliases(installation, files):
    template = files.write(f"{ETC}/app@.service", f"{UNIT}DefaultInstance=main\n")
    wants = f"{ETC}/multi-user.target.wants"
    assert installation.enable("app@1.service").endswith(f"{wants}/app@1.service → {template}.\n")
    assert installation.enable("app@.service").endswith(f"{wants}/app@main.service → {template}.\n")
    files.write(f"{ETC}/web.service", f"{UNIT}Alias=www.service\nAlso=side.service\n")
    files.write(f"{ETC}/side.service", UNIT)
    assert f"{wants}/side.service" in installation.enable("web.service")
    search = SearchPath(files)
    assert search.state("www.service") == "alias"
    assert search.find("www.service").name == "web.service"
    assert search.enabled_at_boot() == [
        "app@1.service", "app@main.service", "side.service", "web.service",
    ]  # fmt: skip


@pytest.mark.skipif(not shutil.which("systemctl"), reason="systemd is not installed")
@pytest.mark.parametrize(
    "words", [["enable", "/opt/app/x.service"], ["enable", "y.service"], ["enable", "t@1.service"]]
)
def test_links_are_those_that_systemd_makes(installation, files, tmp_path, words):
    for path in ("/opt/app/x.service", f"{ETC}/y.service", f"{ETC}/t@.service"):
        files.write(path, f"{UNIT}RequiredBy=own.target\n")
    shutil.copytree(files.root, tmp_path / "real")
    subprocess.run(
        ["systemctl", f"--root={tmp_path / 'real'}", *words], check=True, capture_output=True
    )
    installation.enable(words[1])
    found = [
        {
            str(path.relative_to(root)): str(path.readlink())
            for path in root.rglob("*")
            if path.is_symlink()
        }
        for root in (files.root, tmp_path / "real")
    ]
    assert found[0] == found[1] != {}


@pytest.mark.region
def test_a_link_of_the_machine_cannot_lead_it_out(files, tmp_path):
    confined = RootFileSystem(lambda: files.root)
    outside = tmp_path / "outside"
    outside.mkdir()
    (files.root / "etc/systemd").mkdir(parents=True)
    (files.root / "etc/systemd/system").symlink_to(outside)
    path = files.write("/opt/app/x.service", UNIT)
    inside = files.root / outside.relative_to("/")
    inside.mkdir(parents=True)
    Installation(confined, SearchPath(confined)).link(path)
    assert list(outside.iterdir()) == []
    assert (inside / "x.service").is_symlink()
