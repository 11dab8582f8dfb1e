"""Directories of a region's state."""

from __future__ import annotations

from pathlib import Path

import pytest

from region import private


def test_the_state_is_closed_to_others(tmp_path: Path):
    made = private.root(tmp_path / "a" / "b")
    assert made.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("where", ["/proc/nowhere", "file/below"])
def test_where_nothing_can_be_made_the_option_is_named(where: str, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(private.StateError, match=r"cannot be kept in .*; name another .* --root"):
        private.root(tmp_path / where)
