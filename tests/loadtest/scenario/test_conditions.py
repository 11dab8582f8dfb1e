# ruff: noqa: ISC004
"""Conditions of requests (`ifTrue`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.scenario import scenario
from tests.loadtest.scenario.brought import a_flow, refused, written


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name", None),
        ('name == "ann" and not (count > 3)', None),
        ('name in ("ann", "bob") or max(count, 2) >= 2', None),
        ("{{ name }}", "`ifTrue` takes variables without braces: with them, Artillery sends it always"),
        ("name === 3", "Artillery cannot read `name === 3` (at `= 3`) and would send it always; write "
         '`name == "value"`, `>`, `and`, `or`, `not`'),
        ("name && count", "Artillery cannot read `name && count` (at `&& count`) and would send it "
         'always; write `name == "value"`, `>`, `and`, `or`, `not`'),
        ("name ==", "Artillery cannot read `name ==` (it ends too early) and would send it always; "
         'write `name == "value"`, `>`, `and`, `or`, `not`'),
        ("name == 'ann'", 'write "ann": in single quotes it names a variable'),
        ("count == true", "a condition has no `true`: write 1"),
        ("1 == 1", "`1 == 1` has no variable: it is always the same"),
        ("nme", "nothing sets the variable `nme`; did you mean `name`?"),
        ("name.first", "a condition cannot look into `name`: capture `name.first` as a variable of its "
         "own"),
        ("length(name)", "a condition has no function `length`; there are abs, ceil, floor, log, max, "
         "min, random, round, sqrt"),
    ],
)  # fmt: skip
def test_conditions(tmp_path: Path, condition: str, expected: str | None):
    config = "http: {timeout: 5}\n  variables: {name: ann, count: 3}"
    step = f"get: {{url: /, ifTrue: {condition!r}}}"
    if "'" in condition:
        step = f'get: {{url: /, ifTrue: "{condition}"}}'
    file = written(tmp_path, a_flow(step, config=config))
    if expected is None:
        scenario.load(file)
    else:
        assert [line.partition(": ")[2] for line in refused(file)] == [expected]
