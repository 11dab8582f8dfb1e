"""Where a region has its sockets, and what all users may read."""

from __future__ import annotations

import tempfile

import pytest

from region.runtime_directories import (
    DirectoryError,
    remove_runtime_directory,
    remove_shared_directory,
    runtime_directory,
    shared_directory,
)


def test_the_runtime_directory_is_private_and_short(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/x" * 60)
    path = runtime_directory(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o700
    assert len(str(path)) < 80
    path.chmod(0o755)
    with pytest.raises(DirectoryError, match="not a private directory"):
        runtime_directory(tmp_path)
    path.chmod(0o700)
    remove_runtime_directory(tmp_path)
    assert not path.exists()


def test_what_all_may_read_is_where_all_may_enter(tmp_path, monkeypatch):
    # pam_tmpdir gives each user a TMPDIR of its own; PostgreSQL's user may not enter root's.
    closed = tmp_path / "user"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(closed))
    shared = shared_directory(tmp_path)
    try:
        steps = [shared, *shared.parents]
        assert all(step.stat().st_mode & 0o001 for step in steps)
    finally:
        monkeypatch.setattr(tempfile, "tempdir", None)
        remove_shared_directory(tmp_path)
    assert not shared.exists()
