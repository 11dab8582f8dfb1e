"""The table of rows says what the tests' marks say."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandline.errors import UserError
from docgen import conformance

ROWS = """
[title]
AB = "A service"
[rows]
AB-1 = "first"
AB-2 = "second"
AB-3 = "third"
AB-4 = "fourth"
AB-5 = "fifth"
[refused]
AB-3 = "nobody needs it"
"""
BESIDE = """
[beside]
AB-4 = { test = "tests/docgen/test_conformance.py::NAME", why = "nothing brings it about" }
"""
TESTS = """
@pytest.mark.row("AB-1")
@pytest.mark.slow
def test_one(cloud): ...

@pytest.mark.row("AB-2")
@pytest.mark.xfail(reason="it is late")
def test_two(cloud): ...

CASES = [pytest.param(1, marks=pytest.mark.row("AB-5"))]
"""


def _page(suite: Path, tests: str, rows: str = ROWS) -> str:
    (suite / "rows.toml").write_text(rows)
    (suite / "test_some.py").write_text(tests)
    return conformance.render(suite)


def test_each_row_has_its_status(tmp_path: Path):
    page = _page(tmp_path, TESTS)
    assert "| AB-1 | first | shown: `test_some.py`, `test_one` |" in page
    assert "| AB-2 | second | differs: it is late (`test_some.py`, `test_two`) |" in page
    assert "| AB-3 | third | refused: nobody needs it |" in page
    assert "| AB-4 | fourth | open |" in page
    assert "| AB-5 | fifth | shown: `test_some.py` |" in page
    assert "| **all** | 5 | 2 | 1 | 2 |" in page


def test_a_row_that_does_not_exist_is_an_error(tmp_path: Path):
    with pytest.raises(UserError, match="AB-9"):
        _page(tmp_path, TESTS.replace("AB-1", "AB-9"))


def test_a_row_may_be_shown_outside_the_suite(tmp_path: Path):
    name = "test_a_row_may_be_shown_outside_the_suite"
    page = _page(tmp_path, TESTS, ROWS + BESIDE.replace("NAME", name))
    where = f"`tests/docgen/test_conformance.py`, `{name}`"
    assert f"| AB-4 | fourth | shown: {where}, outside the suite: nothing brings it about |" in page
    assert "| **all** | 5 | 3 | 1 | 1 |" in page
    with pytest.raises(UserError, match="test_gone"):
        _page(tmp_path, TESTS, ROWS + BESIDE.replace("NAME", "test_gone"))
