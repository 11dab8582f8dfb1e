"""The layer above the host, on a small root directory that stands for the host's."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from region.machines.images import ImageError, privileges
from region.machines.images.host import host
from region.machines.images.image import Image

pytestmark = pytest.mark.skipif(not privileges.OF_THE_HOST, reason="needs root")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "host"
    for directory in ("etc/ssl/private", "etc/ssh", "usr/bin", "usr/sbin", "opt/tool", "opt/secret",
                      "opt/haproof", "var/lib/dpkg", "home/alice", "etc/cron.d", "sbin"):  # fmt: skip
        (made / directory).mkdir(parents=True)
    (made / "bin").symlink_to("usr/bin")
    (made / "etc/passwd").write_text(
        "root:x:0:0::/root:/bin/bash\nalice:x:1000:1000::/home/alice:\n"
    )
    for name, mode in (("etc/readable", 0o644), ("etc/key", 0o600), ("etc/ssl/private/key", 0o644)):
        (made / name).write_text("secret")
        (made / name).chmod(mode)
    (made / "etc/ssl/private").chmod(0o700)
    (made / "opt/secret").chmod(0o750)
    (made / "etc/cron.d/key").touch(0o600)
    (made / "sbin/service").touch()
    return made


def layer_of(image: Image) -> Path:
    return next(o for o in image.overlays if o.destination == "/etc").lowers[0].parent


def whiteouts(layer: Path) -> set[str]:
    return {
        f"/{path.relative_to(layer)}"
        for path in layer.rglob("*")
        if stat.S_ISCHR(path.lstat().st_mode) and path.lstat().st_rdev == 0
    }


def test_what_not_everybody_may_read_is_hidden(root: Path, cache: Path):
    layer = layer_of(host(cache, root=root))
    assert whiteouts(layer) == {"/etc/key", "/etc/ssl/private", "/opt/secret", "/opt/haproof"}


def test_directories_of_the_layer_have_the_mode_of_those_below(root: Path, cache: Path):
    (root / "etc/ssl").chmod(0o711)
    (root / "etc/ssl").chmod(0o755)
    (root / "usr").chmod(0o775)
    os.chown(root / "usr", 0, 50)
    found = (layer_of(host(cache, root=root)) / "usr").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o775, 50)


def test_directories_given_as_hidden_are_hidden_wherever_they_lie(root: Path, cache: Path):
    for name in ("opt/tool/project", "usr/local/src/project", "srv/project"):
        (root / name).mkdir(parents=True)
    (root / "link").symlink_to("opt/tool/project")
    hidden = (root / "link", root / "usr/local/src/project", root / "srv/project", root / "opt/no")
    found = whiteouts(layer_of(host(cache, hidden, root=root)))
    assert {"/opt/tool/project", "/usr/local/src/project"} <= found
    assert not {path for path in found if "srv" in path or path == "/opt/no"}


def test_links_of_a_merged_usr_stay_links(root: Path, cache: Path):
    image = host(cache, root=root)
    assert image.links == (("/bin", "usr/bin"),)
    assert "/bin" not in {overlay.destination for overlay in image.overlays}


def test_a_directory_that_is_a_link_to_another_disk_is_shown_all_the_same(root: Path, cache: Path):
    (root / "data").mkdir()
    (root / "opt").rename(root / "data/opt")
    (root / "opt").symlink_to(root / "data/opt")
    image = host(cache, root=root)
    opt = next(o for o in image.overlays if o.destination == "/opt")
    assert opt.lowers == (layer_of(image) / "opt", root / "data/opt")
    assert "/opt/secret" in whiteouts(layer_of(image))


def test_a_command_of_the_host_elsewhere_on_the_path_is_replaced_too(root: Path, cache: Path):
    layer = layer_of(host(cache, root=root))
    assert (layer / "sbin/service").read_bytes() == (layer / "usr/bin/service").read_bytes()
    assert not (layer / "usr/sbin/service").exists()


def test_databases_of_package_managers_are_the_hosts(root: Path, cache: Path):
    overlays = {o.destination: o.lowers for o in host(cache, root=root).overlays}
    assert overlays["/var/lib/dpkg"] == (root / "var/lib/dpkg",)
    assert "/var/lib/rpm" not in overlays
    assert len(overlays["/var"]) == 1


def test_an_equal_layer_is_used_again_and_a_changed_host_makes_another(root: Path, cache: Path):
    first = layer_of(host(cache, root=root))
    assert layer_of(host(cache, root=root)) == first
    (root / "etc/new-key").touch(0o600)
    second = layer_of(host(cache, root=root))
    assert second != first
    assert "/etc/new-key" in whiteouts(second)


def test_a_cache_inside_of_what_instances_see_is_rejected(root: Path):
    with pytest.raises(ImageError, match=r"lies in /opt.*XDG_CACHE_HOME"):
        host(root / "opt/cache", root=root)


def test_a_mount_comes_after_those_that_it_lies_in(root: Path, cache: Path):
    seen: list[str] = []
    for overlay in host(cache, root=root).overlays:
        assert not [other for other in seen if other.startswith(f"{overlay.destination}/")]
        seen.append(overlay.destination)
