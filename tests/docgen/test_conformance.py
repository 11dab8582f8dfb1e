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
TESTS = """
@pytest.mark.row("AB-1")
@pytest.mark.slow
def test_one(cloud): ...

@pytest.mark.row("AB-2")
@pytest.mark.xfail(reason="it is late")
def test_two(cloud): ...

CASES = [pytest.param(1, marks=pytest.mark.row("AB-5"))]
"""


def _page(suite: Path, tests: str) -> str:
    (suite / "rows.toml").write_text(ROWS)
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
