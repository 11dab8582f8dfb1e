from __future__ import annotations

import pytest

from region.machines.systemd.search_path import SearchPath, UnitMasked, UnitNotFound

UNIT = "[Service]\nExecStart=/bin/true\n"


@pytest.fixture
def search(files):
    return SearchPath(files)


@pytest.mark.parametrize(
    "directory",
    [
        *("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system"),
        *("/usr/lib/systemd/system", "/lib/systemd/system"),
    ],
)
def test_units_are_found_where_systemd_looks(search, files, directory):
    with pytest.raises(UnitNotFound, match=r"Unit x\.service not found"):
        search.find("x.service")
    path = files.write(f"{directory}/x.service", UNIT)
    assert str(search.find("x.service").path) == path
    assert search.names() == ["x.service"]


def test_etc_comes_before_usr(search, files):
    files.write("/usr/lib/systemd/system/x.service", UNIT)
    path = files.write("/etc/systemd/system/x.service", UNIT)
    assert str(search.find("x.service").path) == path


def test_drop_ins_apply_by_name_and_may_be_replaced(search, files):
    files.write("/usr/lib/systemd/system/web-app@.service", f"{UNIT}Environment=A=0\n")
    for path, value in (
        ("/usr/lib/systemd/system/web-app@.service.d/10-a.conf", "10"),
        ("/usr/lib/systemd/system/web-app@.service.d/20-b.conf", "replaced"),
        ("/etc/systemd/system/web-app@.service.d/20-b.conf", "20"),
        ("/etc/systemd/system/web-app@1.service.d/15-c.conf", "15"),
        ("/etc/systemd/system/web-.service.d/30-d.conf", "30"),
        ("/etc/systemd/system/service.d/05-e.conf", "05"),
        ("/etc/systemd/system/web-app@1.service.d/ignored.txt", "no"),
    ):
        files.write(path, f"[Service]\nEnvironment=A={value} B={value}-%i\n")
    (files.root / "etc/systemd/system/web-app@1.service.d/10-a.conf").symlink_to("/dev/null")
    unit = search.load(search.find("web-app@1.service"))
    assert [path.name for path in unit.drop_ins] == [
        "05-e.conf", "15-c.conf", "20-b.conf", "30-d.conf",
    ]  # fmt: skip
    assert unit.environment == {"A": "30", "B": "30-1"}
    assert unit.name == "web-app@1.service"


def test_masked_by_link_or_by_an_empty_file(search, files):
    files.write("/usr/lib/systemd/system/x.service", UNIT)
    place = files.root / "etc/systemd/system/x.service"
    place.parent.mkdir(parents=True)
    place.symlink_to("/dev/null")
    with pytest.raises(UnitMasked):
        search.find("x.service")
    place.unlink()
    place.write_text("")
    with pytest.raises(UnitMasked):
        search.find("x.service")


def test_what_boots_depends_on_the_default_target(search, files):
    system = files.root / "etc/systemd/system"
    for target in ("multi-user", "graphical", "rescue"):
        directory = system / f"{target}.target.wants"
        directory.mkdir(parents=True)
        (directory / f"{target}.service").symlink_to(f"/etc/systemd/system/{target}.service")
    assert search.enabled_at_boot() == ["multi-user.service"]
    (system / "default.target").symlink_to("/usr/lib/systemd/system/graphical.target")
    assert search.enabled_at_boot() == ["graphical.service", "multi-user.service"]
