"""What several checks find is told in one round."""

from __future__ import annotations

import pytest
import typer

from commandline.errors import UserError
from commandline.findings import Findings, SeveralError


def wrong(text: str) -> None:
    raise UserError(text)


def usage(text: str) -> None:
    raise typer.BadParameter(text)


def test_nothing_wrong_leaves_the_values():
    findings = Findings()
    found = findings.of(int, "5", base=8)
    assert not findings
    findings.report()
    assert found.value == 5
    assert found.otherwise(7) == 5


def test_one_error_stays_what_it_is():
    findings = Findings()
    found = findings.of(usage, "x is wrong")
    assert findings
    with pytest.raises(typer.BadParameter, match="x is wrong"):
        findings.report()
    with pytest.raises(typer.BadParameter):
        _ = found.value


def test_several_are_one_message_and_each_is_told_once():
    inner = Findings()
    inner.of(wrong, "b cannot be run:\n  b:1: c")
    inner.of(wrong, "d")

    findings = Findings()
    assert findings.of(wrong, "a").otherwise(None) is None
    findings.of(inner.report)
    findings.of(wrong, "a")
    findings.of(usage, "e")
    with pytest.raises(SeveralError) as caught:
        findings.report()
    assert str(caught.value).splitlines() == [
        "4 things are wrong:",
        "- a",
        "- b cannot be run:",
        "    b:1: c",
        "- d",
        "- Invalid value: e",
    ]


def test_what_is_no_finding_is_raised_at_once():
    findings = Findings()
    with pytest.raises(ZeroDivisionError):
        findings.of(lambda: 1 // 0)
