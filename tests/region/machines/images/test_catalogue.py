"""Which image a setting names, and what is said about settings that name none."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from region.machines.images import (
    Image,
    ImageError,
    default_setting,
    interpreter,
    prepare,
    resolve,
)
from region.machines.images.cache import default
from tests.region.machines.images.roots import tarball


def overlay(image: Image, destination: str) -> tuple[Path, ...]:
    return next(o for o in image.overlays if o.destination == destination).lowers


def test_an_ami_has_its_own_image_or_that_of_all(small_root: Path, cache: Path):
    images = prepare("host", {"ami-1": str(small_root)}, cache)
    assert images.for_ami("ami-1").name == small_root.name
    assert images.for_ami("ami-2").name == "host"


def test_a_directory_is_used_where_it_is(small_root: Path, cache: Path):
    image = resolve(str(small_root), cache)
    assert overlay(image, "/usr")[-1] == small_root / "usr"
    assert overlay(image, "/srv") == (small_root / "srv",)
    assert {"/tmp", "/proc", "/dev", "/usr"} <= {path for path, _ in image.directories}
    assert not {"/tmp", "/proc", "/dev"} & {o.destination for o in image.overlays}


def test_links_and_files_at_the_top_of_a_directory_are_kept(
    small_root: Path, cache: Path, tmp_path: Path
):
    root = tmp_path / "root"
    shutil.copytree(small_root, root, symlinks=True)
    (root / "entry.sh").write_text("x")
    (root / "app").symlink_to("srv")
    image = resolve(str(root), cache)
    assert image.links == (("/app", "srv"),)
    assert [(b.destination, b.source) for b in image.binds] == [("/entry.sh", root / "entry.sh")]


def test_a_tarball_is_unpacked_once(small_root: Path, cache: Path, tmp_path: Path):
    path = tmp_path / "system.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(small_root, ".")
    first = resolve(str(path), cache)
    assert first.name == "system"
    unpacked = overlay(first, "/etc")[-1]
    assert (unpacked / "os-release").read_text() == 'PRETTY_NAME="Small"\n'
    copy = shutil.copy(path, tmp_path / "copy.tar")
    assert overlay(resolve(str(copy), cache), "/etc") == overlay(first, "/etc")


def test_a_link_to_the_host_is_not_followed(small_root: Path, cache: Path, tmp_path: Path):
    root = tmp_path / "root"
    shutil.copytree(small_root, root, symlinks=True)
    (tmp_path / "passwd").write_text("thief:x:1:1::/:\n")
    (root / "etc/passwd").unlink()
    (root / "etc/passwd").symlink_to(tmp_path / "passwd")
    passwd = (overlay(resolve(str(root), cache), "/etc")[0] / "passwd").read_text()
    assert "thief" not in passwd


@pytest.mark.parametrize(
    ("missing", "said"),
    [("etc", "no /etc"), ("bin/bash", "no /bin/bash.*install bash"), ("bin/sh", "no /bin/sh")],
)
def test_what_an_instance_cannot_do_without_is_asked_for(
    missing: str, said: str, small_root: Path, cache: Path, tmp_path: Path
):
    root = tmp_path / "root"
    shutil.copytree(small_root, root, symlinks=True)
    (root / missing).rename(tmp_path / "gone")
    with pytest.raises(ImageError, match=said):
        resolve(str(root), cache)


def test_what_else_is_missing_is_told(small_root: Path, cache: Path, tmp_path: Path):
    root = tmp_path / "root"
    shutil.copytree(small_root, root, symlinks=True)
    (root / "bin/curl").unlink()
    assert any("no curl" in note for note in resolve(str(root), cache).notes)


def test_a_c_library_that_is_too_old_gets_no_python(
    small_root: Path, monkeypatch: pytest.MonkeyPatch
):
    base = Path(sys.base_prefix)
    assert interpreter.runs_in(small_root, base)
    monkeypatch.setattr(interpreter, "_LIBC", ("/etc/passwd",))
    assert not interpreter.runs_in(small_root, base)


@pytest.mark.parametrize("name", ["file", "save"])
def test_files_that_are_no_root_file_system_are_rejected(name: str, cache: Path, tmp_path: Path):
    path = tmp_path / name
    path.write_text("text")
    if name == "save":
        tarball(path, {"manifest.json": b"[]", "layer.tar": b""})
    with pytest.raises(ImageError, match="docker export"):
        resolve(str(path), cache)
    assert not list(cache.rglob("tarball-*"))


def test_an_unknown_setting_is_rejected(cache: Path):
    with pytest.raises(ImageError, match="'nothing' does not exist; use host, al2023"):
        resolve("nothing", cache)


def test_two_processes_prepare_one_image(small_root: Path, cache: Path, tmp_path: Path):
    path = tmp_path / "system.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(small_root, ".")
    code = (
        "import sys; from pathlib import Path; from region.machines.images import resolve; "
        "print(resolve(sys.argv[1], Path(sys.argv[2])).overlays)"
    )
    command = [sys.executable, "-c", code, str(path), str(cache)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(answers) == 1
    assert len(list((cache / "roots").iterdir())) == 1


def test_what_a_killed_process_left_is_removed(small_root: Path, cache: Path):
    left = cache / "layers" / ".part-x"
    left.mkdir(parents=True)
    resolve(str(small_root), cache)
    assert not left.exists()


def test_the_cache_is_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default() == Path("/somewhere/haproof/images")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/x")
    assert default() == Path("/home/x/.cache/haproof/images")


@pytest.mark.parametrize(
    ("notes", "default"), [((), "al2023"), (("it has no Python",), "host"), (None, "host")]
)
def test_amazon_linux_is_the_default_where_it_is_there_and_complete(
    tmp_path, monkeypatch, notes, default
):
    found = None if notes is None else Image("al2023", (), (), (), (), notes=notes)
    monkeypatch.setattr("region.machines.images.amazon_linux.fetched", lambda _: found)
    assert default_setting(tmp_path) == default
