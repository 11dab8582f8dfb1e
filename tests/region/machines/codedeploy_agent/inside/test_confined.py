"""The programs where they belong: in a root directory of their own that they cannot leave."""

from __future__ import annotations

import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from region.machines.codedeploy_agent import inside
from region.machines.root_file_system import RootFileSystem

pytestmark = pytest.mark.region

PROGRAMS = Path(inside.__file__).parent
ACCOUNTS = {"users": "/etc/passwd", "groups": "/etc/group"}


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "root"
    (made / "etc").mkdir(parents=True)
    (made / "etc/passwd").write_text("app:x:4711:4712::/:/bin/sh\n")
    (made / "etc/group").write_text("app:x:4712:\n")
    return made


def call(root, name, request):
    return RootFileSystem(lambda: root).call(PROGRAMS / f"{name}.py", request)


@pytest.fixture
def unpack(root, tmp_path):
    def made(kind):
        request = {"bundle": str(tmp_path / "bundle"), "archive": "/opt/agent/archive"}
        retain = {"group": "/opt", "current": "/opt/agent", "last_successful": "", "count": 1}
        more = {"type": kind, "limit": 10_000, "retain": retain}
        return call(root, "unpack", {**request, **ACCOUNTS, **more})

    return made


def test_a_zip_with_every_kind_of_name(root, tmp_path, unpack):
    with zipfile.ZipFile(tmp_path / "bundle", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("한글/é.txt", "x")
        opened.writestr("appspec.yml", "")
    assert unpack("zip") == {"stripped": False}
    assert (root / "opt/agent/archive/한글/é.txt").read_text() == "x"


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_every_compression_of_a_tar(root, tmp_path, unpack, compression):
    (tmp_path / "x").write_text("1")
    with tarfile.open(tmp_path / "bundle", f"w:{compression}") as opened:
        opened.add(tmp_path / "x", "top/appspec.yml")
    assert unpack("tar") == {"stripped": True}
    assert (root / "opt/agent/archive/appspec.yml").read_text() == "1"


def test_a_damaged_bundle_is_one_message(tmp_path, unpack):
    (tmp_path / "bundle").write_bytes(b"\x1f\x8b\x08garbage")
    for kind in ("zip", "tar", "tgz"):
        assert f"is not a {kind}" in unpack(kind)["error"]


def test_links_at_the_destination_lead_where_they_lead_in_the_machine(root, tmp_path):
    (root / "archive").mkdir()
    (root / "archive/x").write_text("1")
    (root / "srv").mkdir()
    victim = tmp_path / "victim"
    victim.mkdir()
    (root / "srv/out").symlink_to(victim)
    (root / "srv/up").symlink_to("../../../../../../data")
    permission = {"object": "/data", "pattern": "**", "except": [], "type": ["file"]}
    permission |= {"mode": "4750", "owner": "app", "group": "app", "default_acl": False}
    request = {"archive": "/archive", "behavior": "DISALLOW", "permissions": [permission]}
    request |= {"cleanup": "/i/g-cleanup", "record": "/i/g-install.json", **ACCOUNTS}
    request |= {"success": "/i/g_last", "deployment": "/d"}
    (root / "data").mkdir()
    for destination in ("/srv/up", "/../../data/more"):
        answer = call(
            root,
            "install",
            {**request, "files": [{"source": "x", "destination": destination}]},
        )
        assert answer["installed"] == 1
    found = (root / "data/more/x").stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (4711, 4712, 0o750)
    out = [{"source": "x", "destination": "/srv/out"}]
    # The absolute path of the link does not exist in the machine.
    assert "File exists" in call(root, "install", {**request, "files": out})["error"]
    assert list(victim.iterdir()) == []
