"""Which tests the targets of the Makefile and CI run, by their markers."""

from __future__ import annotations

import re
import shlex

import pytest
from _pytest.mark.expression import Expression

from tests.document_blocks import ROOT

MARKERS = (ROOT / "pyproject.toml").read_text().partition("markers = [")[2].partition("\n]")[0]
_CALL = re.compile(r"-m pytest (.*)$", re.MULTILINE)


def calls(text: str) -> list[list[str]]:
    return [shlex.split(found) for found in _CALL.findall(text)]


def targets() -> dict[str, list[list[str]]]:
    """The calls of pytest by target of the Makefile, and those of CI's workflow."""
    parts = re.split(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    found = {name: calls(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    # There `make unit` comes before.
    return {**found, "CI": [*found["unit"], *calls(workflow)]}


def running(file: str, *markers: str) -> set[str]:
    """Return who runs a test of this file with these markers."""
    return {
        name for name, found in targets().items() if any(runs(one, file, markers) for one in found)
    }


def runs(call: list[str], file: str, markers: tuple[str, ...]) -> bool:
    folders = [word for word in call if word.startswith("tests/")]
    if folders and not any(file.startswith(folder) for folder in folders):
        return False
    if "-m" not in call:
        return True
    wanted = Expression.compile(call[call.index("-m") + 1])
    return wanted.evaluate(lambda name, /, **_: name in markers)


@pytest.mark.parametrize("others", [(), ("region",), ("e2e", "alone"), ("moto",), ("engine",)])
def test_what_is_slow_has_one_target(others: tuple[str, ...]):
    assert running("tests/e2e/test_some.py", "slow", *others) == {"slow"}


def test_what_is_slow_of_the_conformance_has_another_one():
    markers = ("conformance", "region")
    assert running("tests/conformance/test_some.py", "slow", *markers) == {"conformance"}
    assert running("tests/conformance/test_some.py", *markers) == {"conformance", "test", "CI"}


def test_the_examples_have_theirs():
    assert running("tests/e2e/test_examples.py", "e2e", "examples") == {"examples"}


@pytest.mark.parametrize(
    "marker", [None, "moto", "simulation", "browser", "engine", "region", "e2e"]
)
def test_everything_else_is_run_by_make_test_and_in_ci(marker: str | None):
    found = running("tests/some/test_some.py", *([marker] if marker else []))
    assert found == {"test", "CI", *(() if marker else ("unit",))}


def test_markers_name_targets_that_exist():
    assert set(re.findall(r"`make ([a-z]+)`", MARKERS)) <= set(targets())
