"""What an instance's root gets of what the computer's root owns, in a user namespace."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from region.machines.images import privileges
from region.machines.images.adoption import adopt
from region.machines.images.layers import Layer

TOPS = frozenset({"usr", "etc"})


@pytest.fixture
def below(tmp_path: Path) -> Path:
    root = tmp_path / "below"
    for directory in ("usr/bin", "usr/a/b/c/d", "usr/libexec/sudo", "etc/app/deep/er/and/er"):
        (root / directory).mkdir(parents=True)
    for file, mode in {
        "usr/bin/sudo": 0o4755,
        "usr/bin/wall": 0o2755,
        "usr/bin/ls": 0o755,
        "usr/libexec/sudo/sudoers.so": 0o644,
        "etc/app.conf": 0o644,
        "etc/key": 0o600,
        "etc/app/deep/er/and/er/x.conf": 0o644,
    }.items():
        (root / file).write_text(file)
        (root / file).chmod(mode)
    (root / "etc/link").symlink_to("app.conf")
    return root


@pytest.fixture
def built(below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # As for another user, to whom a `user.` attribute is open.
    monkeypatch.setattr(privileges, "_OPAQUE", "user.overlay.opaque")
    layer = Layer(below, TOPS)
    layer.hide("/etc/key")
    layer.file("/etc/app.conf", "of the instance")
    adopt(layer, below, ["/usr", "/etc"])
    return layer.build(tmp_path / "cache")


def files(directory: Path) -> set[str]:
    return {str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file()}


def test_settings_and_what_becomes_root_are_copied(built: Path):
    assert files(built) == {
        "usr/bin/sudo",
        "usr/libexec/sudo/sudoers.so",
        "etc/app.conf",
        "etc/app/deep/er/and/er/x.conf",
    }
    assert stat.S_IMODE((built / "usr/bin/sudo").stat().st_mode) == 0o4755


def test_what_the_layer_has_or_hides_stays(built: Path):
    assert (built / "etc/app.conf").read_text() == "of the instance"
    assert not (built / "etc/key").is_file()


def test_directories_are_adopted_to_the_fourth_level(built: Path):
    assert (built / "usr/a/b/c").is_dir()
    assert not (built / "usr/a/b/c/d").exists()


def test_the_computers_users_are_the_instances_root(monkeypatch: pytest.MonkeyPatch):
    found = os.stat_result((0o755, 0, 0, 0, 65_534, 65_534, 0, 0, 0, 0))
    own = os.stat_result((0o755, 0, 0, 0, 33, 0, 0, 0, 0, 0))
    monkeypatch.setattr(privileges, "OF_THE_HOST", False)
    assert privileges.owner_of(found) == (0, 0)
    assert privileges.owner_of(own) == (33, 0)
    monkeypatch.setattr(privileges, "OF_THE_HOST", True)
    assert privileges.owner_of(found) == (65_534, 65_534)
