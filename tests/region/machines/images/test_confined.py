"""Paths inside a root file system."""

from __future__ import annotations

from pathlib import Path

import pytest

from region.machines.images.confined import on_host, resolve


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/absolute/x", "/etc/x"),
        ("/a/relative/x", "/etc/x"),
        ("/a/up/x", "/x"),
        ("/a/chain/x", "/etc/x"),
        ("/a/dangling", "/not/there"),
        ("/../../etc", "/etc"),
        ("/not/there/./x", "/not/there/x"),
        ("/", "/"),
    ],
)
def test_links_are_followed_as_the_systems_own_processes_would(
    path: str, expected: str, tmp_path: Path
):
    (tmp_path / "a").mkdir()
    (tmp_path / "etc").mkdir()
    links = {
        "absolute": "/etc", "relative": "../etc", "up": "../../../../..", "chain": "absolute",
        "dangling": "/not/there",
    }  # fmt: skip
    for name, target in links.items():
        (tmp_path / "a" / name).symlink_to(target)
    assert resolve(tmp_path, path) == expected
    assert on_host(tmp_path, path).is_relative_to(tmp_path)
