"""The page of what the region supports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from region.coverage import PAGE
from region.provider.resources import all_handlers


def generated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command, in a process of its own: it patches moto to see what is patched."""
    return subprocess.run(
        [sys.executable, "-m", "region.coverage", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.moto
def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == generated().stdout, (
        "run `python -m region.coverage --write`"
    )


def test_the_page_names_every_type() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for token in all_handlers():
        assert f"\n`{token}`\n" in text


@pytest.mark.moto
def test_unknown_arguments_are_a_usage_error() -> None:
    done = generated("--wirte")
    assert done.returncode == 2
    assert "--write" in done.stderr
