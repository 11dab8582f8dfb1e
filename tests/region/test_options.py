"""Which directories a region may have."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from region.options import region_root


@pytest.mark.parametrize(
    "made",
    [
        (),
        ("lost+found/",),
        # A start that the disk ended at once: the next one, after the remedy, is not refused.
        ("log/",),
        ("log/serve.log", "anything.txt"),
        ("lock", "anything.txt"),
    ],
)
def test_a_directory_of_a_region_or_of_nobody_is_taken(made: tuple[str, ...], tmp_path: Path):
    make(tmp_path, made)
    assert region_root(tmp_path) == tmp_path


@pytest.mark.parametrize("made", [("a.txt",), ("log/a.log",), ("log/", "a.txt"), ("logs/",)])
def test_a_directory_of_somebody_is_not(made: tuple[str, ...], tmp_path: Path):
    make(tmp_path, made)
    with pytest.raises(typer.BadParameter, match="not a region's"):
        region_root(tmp_path)


def make(root: Path, names: tuple[str, ...]) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.touch()
